// Memory that is written from its beginning on, grows as it fills, and is used again.

/** So much of it stays for the next time: most batches need less. */
export const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Memory with room for `room` more bytes behind a position; what lies before the position stays. Where that is more than
 * it has, it becomes twice as large, or `most`, or what is needed.
 */
export function withRoom(
  memory: Uint8Array,
  position: number,
  room: number,
  most = Infinity,
): Uint8Array {
  if (position + room <= memory.length) return memory;
  const larger = new Uint8Array(Math.max(Math.min(2 * memory.length, most), position + room));
  larger.set(memory.subarray(0, position));
  return larger;
}

/** Numbers with room for so many: longer, and the same at the beginning, where they have less. */
export function withRoomFor(
  numbers: Int32Array<ArrayBuffer>,
  count: number,
): Int32Array<ArrayBuffer> {
  if (count <= numbers.length) return numbers;
  const longer = new Int32Array(2 * count);
  longer.set(numbers);
  return longer;
}
