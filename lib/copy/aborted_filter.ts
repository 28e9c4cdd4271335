// Which batches of a fetched range belong to aborted transactions (KIP-98): the Fetch response lists them by producer
// id and first offset, and a transaction ends with its producer's next marker.

import { attributes, isControlBatch, producerId, TRANSACTIONAL } from "../batch/record_batch.ts";

/** An entry of the response's aborted_transactions. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** Asked for every batch in order: whether it is a marker or was aborted, so that it must be left out. */
export type AbortedFilter = (view: DataView, position: number, lastOffset: bigint) => boolean;

/** Makes a filter for one response's batches of one partition. */
export function createAbortedFilter(transactions: readonly AbortedTransaction[]): AbortedFilter {
  const pending = transactions.toSorted((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0
  );
  const open = new Set<bigint>();
  let next = 0;
  return (view, position, lastOffset) => {
    for (
      let entry = pending[next];
      entry && entry.firstOffset <= lastOffset;
      entry = pending[++next]
    ) {
      open.add(entry.producerId);
    }
    if (isControlBatch(view, position)) {
      open.delete(producerId(view, position));
      return true;
    }
    return (attributes(view, position) & TRANSACTIONAL) !== 0 &&
      open.has(producerId(view, position));
  };
}
