// Memory that is filled from front to back, grows as needed, and is reused.

/** Memory of up to this size is kept for reuse: most batches need less. */
export const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Returns memory with room for `room` bytes after a position, and the same bytes before it. If `memory` is too small,
 * that is a copy twice as large, but no larger than `most` unless more is needed.
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

/** Returns an array for at least `count` numbers: `numbers` itself, or, if it is shorter, a longer copy. */
export function withRoomFor(
  numbers: Int32Array<ArrayBuffer>,
  count: number,
): Int32Array<ArrayBuffer> {
  if (count <= numbers.length) return numbers;
  const longer = new Int32Array(2 * count);
  longer.set(numbers);
  return longer;
}
