// Reads and writes the head of a record (Kafka protocol guide, "Record"): its length, attributes, timestamp delta and
// offset delta. The rest of the record (key, value and headers) is called its body.

import { sizeOfVarint, writeVarint } from "./varint.ts";

/** The most bytes of a head whose timestamp delta is a safe integer. */
export const MOST_HEAD_BYTES = 5 + 1 + 8 + 5;

/**
 * Where the body of the record `bytes[start, end)` begins, if its attributes and both deltas are 0, as those of a
 * batch's only record are, and its length field has at most three bytes; else 0.
 */
export function onlyRecordBody(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let zigzag = 0;
  for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
    if (shift > 14) return 0;
    byte = bytes[at++]!;
    zigzag |= (byte & 0x7f) << shift;
  }
  const exact = zigzag === 2 * (end - at);
  if (!exact || bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0) return 0;
  return at + 3;
}

/**
 * Writes a head and returns the position after it.
 *
 * @param timestampDelta milliseconds, a safe integer
 * @param bodySize bytes of the record's body
 */
export function writeRecordHead(
  target: Uint8Array,
  at: number,
  attributes: number,
  timestampDelta: number,
  offsetDelta: number,
  bodySize: number,
): number {
  const zigzag = timestampDelta >= 0 ? timestampDelta * 2 : -timestampDelta * 2 - 1;
  const length = 1 + sizeOfUnsigned(zigzag) + sizeOfVarint(offsetDelta) + bodySize;
  let position = writeVarint(target, at, length);
  target[position++] = attributes;
  position = writeUnsigned(target, position, zigzag);
  return writeVarint(target, position, offsetDelta);
}

/** Bytes of an unsigned varint; exact up to 2^54. */
function sizeOfUnsigned(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

function writeUnsigned(target: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[position++] = (rest % 128) | 0x80;
  target[position++] = rest;
  return position;
}
