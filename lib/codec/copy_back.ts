// The copies both lz4 and snappy are made of: mostly of a few bytes, so that a call, or a step a byte, would take most of
// the time. They go in words of four bytes where there is room for it: up to three bytes behind what is copied are
// overwritten, which whoever fills memory from front to back writes later.

import { withRoom } from "./with_room.ts";

/** From here on the engine's own copy is faster. */
const CALL_FROM = 128;
const WORD = 4;

/** Bytes, and a view of the same bytes: making one takes longer than many a copy. */
export interface Viewed {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The bytes with their view. */
export function viewed(bytes: Uint8Array): Viewed {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** The same as `withRoom`, with its view: the ones given, where there is room. */
export function viewedWithRoom(
  memory: Viewed,
  position: number,
  room: number,
  most?: number,
): Viewed {
  const bytes = withRoom(memory.bytes, position, room, most);
  return bytes === memory.bytes ? memory : viewed(bytes);
}

/** Appends `length` bytes from `offset` (1 or more) before `position`; an overlap repeats them. Unchecked. */
export function copyBack(
  { bytes, view }: Viewed,
  position: number,
  offset: number,
  length: number,
): void {
  if (offset >= length && length >= CALL_FROM) {
    bytes.copyWithin(position, position - offset, position - offset + length);
  } else if (offset >= WORD && position + length + WORD <= bytes.length) {
    for (let i = position, end = position + length; i < end; i += WORD) {
      view.setInt32(i, view.getInt32(i - offset, true), true);
    }
  } else {
    for (let i = position, end = position + length; i < end; i++) bytes[i] = bytes[i - offset]!;
  }
}

/** Copies `source[start, end)` to `target` at a position; another buffer, no overlap. */
export function copyInto(
  { bytes: target, view: targetView }: Viewed,
  position: number,
  { bytes: source, view: sourceView }: Viewed,
  start: number,
  end: number,
): void {
  const length = end - start;
  const roomy = end + WORD <= source.length && position + length + WORD <= target.length;
  if (length < CALL_FROM && roomy) {
    for (let i = 0; i < length; i += WORD) {
      targetView.setInt32(position + i, sourceView.getInt32(start + i, true), true);
    }
  } else {
    target.set(source.subarray(start, end), position);
  }
}
