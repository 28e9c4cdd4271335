// One lz4 block (lz4_Block_format.md): sequences of literals and matches. Reading takes two passes, one that
// measures and one that writes into memory of exactly that size; every length and offset is checked.

import { CodecError } from "./codec_error.ts";
import { copyBack, copyInto } from "./copy_back.ts";
import { BLOCK_BYTES, findMatches, MIN_MATCH } from "./match_finder.ts";

/**
 * How many bytes the block `bytes[start, end)` opens to.
 *
 * @throws CodecError when it is corrupt or cut off
 */
export function measureBlock(bytes: Uint8Array, start: number, end: number): number {
  let size = 0;
  let from = start;
  while (from < end) {
    const token = bytes[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (from >= end) throw cutOff();
        more = bytes[from++]!;
        literals += more;
      } while (more === 255);
    }
    from += literals;
    size += literals;
    if (from > end) throw cutOff();
    // A block ends with literals.
    if (from === end) return size;
    from += 2;
    let length = (token & 15) + MIN_MATCH;
    if ((token & 15) === 15) {
      let more: number;
      do {
        if (from >= end) throw cutOff();
        more = bytes[from++]!;
        length += more;
      } while (more === 255);
    }
    size += length;
  }
  throw cutOff();
}

/**
 * Opens the block, which {@link measureBlock} has passed, into `target` at a position.
 *
 * @param reach where in the target matches may begin to copy from: the block's own start, or the frame's
 * @returns where the block's content ends
 * @throws CodecError when a match copies from further back
 */
export function decompressBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
  reach: number,
): number {
  let from = start;
  let to = position;
  while (true) {
    const token = bytes[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        more = bytes[from++]!;
        literals += more;
      } while (more === 255);
    }
    copyInto(target, to, bytes, from, from + literals);
    from += literals;
    to += literals;
    if (from >= end) return to;
    const offset = bytes[from]! | (bytes[from + 1]! << 8);
    from += 2;
    let length = (token & 15) + MIN_MATCH;
    if ((token & 15) === 15) {
      let more: number;
      do {
        more = bytes[from++]!;
        length += more;
      } while (more === 255);
    }
    if (offset === 0 || offset > to - reach) {
      throw new CodecError(`an lz4 block copies from ${offset} bytes back`);
    }
    copyBack(target, to, offset, length);
    to += length;
  }
}

function cutOff(): CodecError {
  return new CodecError("an lz4 block is cut off");
}

/** The most bytes {@link compressBlock} writes for {@link BLOCK_BYTES}. */
export const MAX_COMPRESSED_BLOCK = BLOCK_BYTES + Math.ceil(BLOCK_BYTES / 255) + 16;

/**
 * Writes `bytes[start, end)`, at most {@link BLOCK_BYTES}, as one block that refers to nothing before itself.
 *
 * @param table from makeHashTable
 * @returns where the block ends in the target
 */
export function compressBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
  table: Uint16Array,
): number {
  let at = position;
  const literals = findMatches(bytes, start, end, table, (literalStart, matchStart, offset, n) => {
    at = writeLiterals(bytes, literalStart, matchStart, Math.min(15, n - MIN_MATCH), target, at);
    target[at++] = offset & 0xff;
    target[at++] = offset >> 8;
    if (n - MIN_MATCH >= 15) at = writeLength(target, at, n - MIN_MATCH - 15);
  });
  return writeLiterals(bytes, literals, end, 0, target, at);
}

/** A token, its literal length and the literals. */
function writeLiterals(
  bytes: Uint8Array,
  start: number,
  end: number,
  matchBits: number,
  target: Uint8Array,
  position: number,
): number {
  const count = end - start;
  let at = position;
  target[at++] = (Math.min(15, count) << 4) | matchBits;
  if (count >= 15) at = writeLength(target, at, count - 15);
  copyInto(target, at, bytes, start, end);
  return at + count;
}

function writeLength(target: Uint8Array, position: number, length: number): number {
  let at = position;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}
