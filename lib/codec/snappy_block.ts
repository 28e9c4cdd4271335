// Reads and writes one snappy block (google/snappy, format_description.txt): its length, then elements, which are
// literals and copies. Reading checks every length and offset; a block must decompress to exactly the length it
// announces.

import { CodecError } from "./codec_error.ts";
import { copyBack, copyInto, type Viewed } from "./copy_back.ts";
import { BLOCK_BYTES, findMatches, makeHashTable } from "./match_finder.ts";

/** A copy makes at most 64 bytes of 3 (or 11 of 2), so no block decompresses to more than this many times its size. */
const MOST_GROWTH = 32;

/** The beginning of a block. */
export interface SnappyPreamble {
  /** Bytes that the block decompresses to. */
  readonly length: number;
  /** Where its elements begin. */
  readonly bodyStart: number;
}

/**
 * Reads how many bytes the block in `bytes[start, end)` decompresses to.
 *
 * @throws CodecError when the length is cut off, or more than such a block can hold
 */
export function readPreamble(bytes: Uint8Array, start: number, end: number): SnappyPreamble {
  let length = 0;
  for (let i = start, factor = 1; i < end && i < start + 5; i++, factor *= 128) {
    const byte = bytes[i]!;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      if (length > (end - start) * MOST_GROWTH) {
        throw new CodecError(`a snappy block of ${end - start} bytes claims to hold ${length}`);
      }
      return { length, bodyStart: i + 1 };
    }
  }
  throw new CodecError("the length of a snappy block is cut off");
}

/**
 * Decompresses the elements `source[start, end)` of a block to `target[position, position + length)`.
 *
 * @throws CodecError when they are corrupt, cut off, or do not decompress to exactly `length` bytes
 */
export function decompressBlock(
  source: Viewed,
  start: number,
  end: number,
  target: Viewed,
  position: number,
  length: number,
): void {
  const targetEnd = position + length;
  const { bytes } = source;
  let from = start;
  let to = position;
  while (from < end) {
    const tag = bytes[from++]!;
    let size: number;
    if ((tag & 3) === 0) {
      size = (tag >> 2) + 1;
      if (size > 60) {
        const lengthBytes = size - 60;
        if (lengthBytes > end - from) throw cutOff();
        size = 1;
        for (let i = 0; i < lengthBytes; i++) size += bytes[from++]! * 2 ** (8 * i);
      }
      if (size > end - from) throw cutOff();
      if (size > targetEnd - to) throw wrongLength(length);
      copyInto(target, to, source, from, from + size);
      from += size;
    } else {
      const offsetBytes = (tag & 3) === 3 ? 4 : tag & 3;
      if (offsetBytes > end - from) throw cutOff();
      let offset = bytes[from]!;
      if (offsetBytes === 1) {
        size = ((tag >> 2) & 7) + 4;
        offset |= (tag >> 5) << 8;
      } else {
        size = (tag >> 2) + 1;
        for (let i = 1; i < offsetBytes; i++) offset += bytes[from + i]! * 2 ** (8 * i);
      }
      from += offsetBytes;
      if (offset === 0 || offset > to - position) {
        throw new CodecError(`a snappy block copies from ${offset} bytes back`);
      }
      if (size > targetEnd - to) throw wrongLength(length);
      copyBack(target, to, offset, size);
    }
    to += size;
  }
  if (to !== targetEnd) throw wrongLength(length);
}

function cutOff(): CodecError {
  return new CodecError("a snappy block is cut off");
}

function wrongLength(length: number): CodecError {
  return new CodecError(`a snappy block does not hold the ${length} bytes it announces`);
}

/** The most bytes that {@link compressBlock} writes for `length` bytes. */
export function maxCompressedBlock(length: number): number {
  return 32 + length + Math.floor(length / 6);
}

/** Writes `source[start, end)` as one block to `target` at a position; returns where it ends. */
export function compressBlock(
  source: Viewed,
  start: number,
  end: number,
  into: Viewed,
  position: number,
): number {
  const table = makeHashTable();
  const { bytes: target } = into;
  let at = position;
  let rest = end - start;
  for (; rest > 0x7f; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  for (let from = start; from < end; from += BLOCK_BYTES) {
    const to = Math.min(end, from + BLOCK_BYTES);
    const literals = findMatches(
      source.view,
      from,
      to,
      table,
      (literalStart, matchStart, offset, n) => {
        at = writeLiteral(source, literalStart, matchStart, into, at);
        at = writeCopies(target, at, offset, n);
      },
    );
    at = writeLiteral(source, literals, to, into, at);
  }
  return at;
}

function writeLiteral(
  source: Viewed,
  start: number,
  end: number,
  into: Viewed,
  position: number,
): number {
  const { bytes: target } = into;
  let at = position;
  const last = end - start - 1;
  if (last < 0) return at;
  if (last < 60) {
    target[at++] = last << 2;
  } else if (last < 256) {
    target[at++] = 60 << 2;
    target[at++] = last;
  } else {
    target[at++] = 61 << 2;
    target[at++] = last & 0xff;
    target[at++] = last >> 8;
  }
  copyInto(into, at, source, start, end);
  return at + last + 1;
}

function writeCopies(target: Uint8Array, position: number, offset: number, length: number): number {
  let at = position;
  let rest = length;
  while (rest > 0) {
    const size = Math.min(64, rest);
    if (size >= 4 && size < 12 && offset < 2048) {
      target[at++] = 1 | ((size - 4) << 2) | ((offset >> 8) << 5);
      target[at++] = offset & 0xff;
    } else {
      target[at++] = 2 | ((size - 1) << 2);
      target[at++] = offset & 0xff;
      target[at++] = offset >> 8;
    }
    rest -= size;
  }
  return at;
}
