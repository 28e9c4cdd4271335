// Zigzag variable-length integers, which the records of magic 2 use (protocol buffers' sint32 and sint64). A value that
// does not fit its type, or is cut off, is corrupt; an encoding that is longer than needed is read all the same.

import { CorruptBatchError } from "./corrupt_batch_error.ts";

/** The position of the next byte to read; every read moves it on. */
export interface ByteCursor {
  position: number;
}

/**
 * Reads a varint and moves the cursor past it.
 *
 * @param end where the bytes that may be read end
 * @throws CorruptBatchError when it is cut off or does not fit 32 bits
 */
export function readVarint(bytes: Uint8Array, cursor: ByteCursor, end: number): number {
  const start = cursor.position;
  let value = 0;
  for (let i = start, shift = 0; i < end; i++, shift += 7) {
    const byte = bytes[i]!;
    if (shift === 28 && byte > 0x0f) {
      throw new CorruptBatchError(start, "a varint does not fit 32 bits");
    }
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.position = i + 1;
      return (value >>> 1) ^ -(value & 1);
    }
  }
  throw new CorruptBatchError(start, "a varint is cut off");
}

/** Writes a varint and returns the position after it. */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = position;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at] = rest;
  return at + 1;
}

/** How many bytes {@link writeVarint} writes. */
export function sizeOfVarint(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0;
  return rest === 0 ? 1 : Math.ceil((32 - Math.clz32(rest)) / 7);
}

/** Writes a 64-bit varint and returns the position after it. */
export function writeVarlong(bytes: Uint8Array, position: number, value: bigint): number {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let at = position;
  for (; rest > 0x7fn; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
  bytes[at] = Number(rest);
  return at + 1;
}

/** How many bytes {@link writeVarlong} writes. */
export function sizeOfVarlong(value: bigint): number {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)) >> 7n;
  let size = 1;
  for (; rest > 0n; rest >>= 7n) size++;
  return size;
}
