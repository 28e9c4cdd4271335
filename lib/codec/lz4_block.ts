// Reads and writes one lz4 block (lz4_Block_format.md), which consists of sequences: each a token, literals, and a
// match that copies earlier bytes. Reading checks every length and offset.

import { CodecError } from "./codec_error.ts";
import { copyBack, copyInto, type Viewed } from "./copy_back.ts";
import { BLOCK_BYTES, findMatches, MIN_MATCH } from "./match_finder.ts";

/**
 * Decompresses the block `source[start, end)` to `target`, from a position on.
 *
 * @param reach where in the target matches may begin to copy from: the block's own start, or the frame's
 * @param most the position in the target at which the block's content must have ended
 * @returns where the content ends in the target
 * @throws CodecError when the block is corrupt, cut off, holds too much, or copies from further back
 */
export function decompressBlock(
  source: Viewed,
  start: number,
  end: number,
  target: Viewed,
  position: number,
  reach: number,
  most: number,
): number {
  const { bytes, view } = source;
  let from = start;
  let to = position;
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
    if (literals > end - from) throw cutOff();
    if (literals > most - to) throw tooMuch(most - position);
    copyInto(target, to, source, from, from + literals);
    from += literals;
    to += literals;
    // A block ends with literals.
    if (from === end) return to;
    if (end - from < 2) throw cutOff();
    const offset = view.getUint16(from, true);
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
    if (length > most - to) throw tooMuch(most - position);
    if (offset === 0 || offset > to - reach) {
      throw new CodecError(`an lz4 block copies from ${offset} bytes back`);
    }
    copyBack(target, to, offset, length);
    to += length;
  }
  throw cutOff();
}

/** The error for a block that decompresses to more than its frame allows. */
export function tooMuch(room: number): CodecError {
  return new CodecError(`an lz4 block holds more than the ${room} bytes its frame allows`);
}

function cutOff(): CodecError {
  return new CodecError("an lz4 block is cut off");
}

/** The most bytes {@link compressBlock} writes for {@link BLOCK_BYTES}. */
export const MAX_COMPRESSED_BLOCK = BLOCK_BYTES + Math.ceil(BLOCK_BYTES / 255) + 16;

/**
 * Writes `source[start, end)`, at most {@link BLOCK_BYTES}, as one block that refers to nothing before itself.
 *
 * @param table from makeHashTable
 * @returns where the block ends in the target
 */
export function compressBlock(
  source: Viewed,
  start: number,
  end: number,
  into: Viewed,
  position: number,
  table: Uint16Array,
): number {
  const { bytes: target } = into;
  let at = position;
  const literals = findMatches(
    source.view,
    start,
    end,
    table,
    (literalStart, matchStart, offset, length) => {
      at = writeLiterals(source, literalStart, matchStart, length, into, at);
      at = writeMatch(offset, length, target, at);
    },
  );
  return writeLiterals(source, literals, end, MIN_MATCH, into, at);
}

/**
 * Writes a sequence's token and literals.
 *
 * @param matchLength length of the match after them; for the last sequence, which has none, {@link MIN_MATCH}
 * @returns where they end
 */
export function writeLiterals(
  source: Viewed,
  start: number,
  end: number,
  matchLength: number,
  into: Viewed,
  position: number,
): number {
  const count = end - start;
  const at = writeToken(count, matchLength, into.bytes, position);
  copyInto(into, at, source, start, end);
  return at + count;
}

/** Writes a sequence's token, and how many literals follow. @returns where the literals begin */
export function writeToken(
  literals: number,
  matchLength: number,
  target: Uint8Array,
  position: number,
): number {
  let at = position;
  target[at++] = (Math.min(15, literals) << 4) | Math.min(15, matchLength - MIN_MATCH);
  return literals >= 15 ? writeLength(target, at, literals - 15) : at;
}

/** Writes a sequence's match. @returns where it ends */
export function writeMatch(
  offset: number,
  length: number,
  target: Uint8Array,
  position: number,
): number {
  let at = position;
  target[at++] = offset & 0xff;
  target[at++] = offset >> 8;
  if (length - MIN_MATCH >= 15) at = writeLength(target, at, length - MIN_MATCH - 15);
  return at;
}

function writeLength(target: Uint8Array, position: number, length: number): number {
  let at = position;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}
