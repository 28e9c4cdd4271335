// Work that mostly waits for a peer, some of it at a time.

/** Does `work` for each item, so many at once, in the order of the items. @throws what the first to fail threw */
export async function forEachAtOnce<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = Iterator.from(items);
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const item of queue) await work(item);
  }));
}
