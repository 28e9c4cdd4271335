// The copies that decompressing lz4 and snappy consists of. Most are of a few bytes, so that calling the engine's copy,
// or copying byte by byte, would take most of the time. So they copy words of four bytes where there is room: that
// overwrites up to three bytes after those copied, which is harmless in memory that is filled from front to back.

import { withRoom } from "./with_room.ts";

/** From this many bytes on the engine's own copy is faster. */
const CALL_FROM = 128;
const WORD = 4;

/** Bytes, and a view of the same bytes, kept together since making a view takes longer than a short copy. */
export interface Viewed {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The bytes with their view. */
export function viewed(bytes: Uint8Array): Viewed {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** `withRoom` for memory with a view: returns `memory` itself where there is room. */
export function viewedWithRoom(
  memory: Viewed,
  position: number,
  room: number,
  most?: number,
): Viewed {
  const bytes = withRoom(memory.bytes, position, room, most);
  return bytes === memory.bytes ? memory : viewed(bytes);
}

/**
 * Copies `length` bytes to `position` from `offset` (1 or more) bytes before it; an overlap repeats them. Unchecked.
 */
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

/** Copies `source[start, end)` to `target` at a position; both must not overlap. */
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
