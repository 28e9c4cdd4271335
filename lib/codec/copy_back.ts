// The copy both lz4 and snappy decompress by: bytes already written, again, where source and target may overlap.

/** Below this many bytes a loop is faster than a call. */
const LOOP_BELOW = 32;

/** Appends `length` bytes from `offset` (1 or more) before `position`; an overlap repeats them. Unchecked. */
export function copyBack(
  bytes: Uint8Array,
  position: number,
  offset: number,
  length: number,
): void {
  if (offset >= length && length >= LOOP_BELOW) {
    bytes.copyWithin(position, position - offset, position - offset + length);
    return;
  }
  for (let i = position, end = position + length; i < end; i++) bytes[i] = bytes[i - offset]!;
}

/** Copies `source[start, end)` to `target` at a position; another buffer, no overlap. */
export function copyInto(
  target: Uint8Array,
  position: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start >= LOOP_BELOW) {
    target.set(source.subarray(start, end), position);
    return;
  }
  for (let i = start, at = position; i < end; i++, at++) target[at] = source[i]!;
}
