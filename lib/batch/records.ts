// Walks the records of a decompressed batch (Kafka protocol guide, "Record") without decoding their keys, values and
// headers. Every length is checked against the batch; nothing is copied, and nothing is allocated for a record.

import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { TWO_32 } from "./record_batch.ts";
import { type ByteCursor, readVarint } from "./varint.ts";

/** Where a record is, and what its head holds. A walk reuses one object for all records: copy what must be kept. */
export interface RecordPosition {
  /** Where the record begins: at its length field. */
  readonly start: number;
  /** Where its body begins: key length, key, value length, value, header count, headers. */
  readonly bodyStart: number;
  /** Where the record ends. */
  readonly end: number;
  /** Kafka uses no bit of it. */
  readonly attributes: number;
  /** Where the encoded timestamp delta begins and ends. */
  readonly timestampDeltaStart: number;
  readonly timestampDeltaEnd: number;
  /** The timestamp delta's upper 32 bits, signed. */
  readonly timestampDeltaHigh: number;
  /** The timestamp delta's lower 32 bits, unsigned. */
  readonly timestampDeltaLow: number;
  /** Offset − base offset. */
  readonly offsetDelta: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The smallest record: attributes, two deltas, null key, null value, no headers. */
const SMALLEST_RECORD = 6;

/**
 * Visits the records of `bytes[start, end)` in order.
 *
 * @param count how many records the batch's header announces
 * @throws CorruptBatchError on an impossible length or varint, and when there are more or fewer records than `count`
 */
export function forEachRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  visit: (record: RecordPosition) => void,
): void {
  const cursor: ByteCursor = { position: start };
  const record: Mutable<RecordPosition> = {
    start,
    bodyStart: start,
    end: start,
    attributes: 0,
    timestampDeltaStart: start,
    timestampDeltaEnd: start,
    timestampDeltaHigh: 0,
    timestampDeltaLow: 0,
    offsetDelta: 0,
  };
  for (let i = 0; i < count; i++) {
    record.start = cursor.position;
    if (record.start === end) {
      throw new CorruptBatchError(end, `it holds ${i} records, its header says ${count}`);
    }
    const length = readVarint(bytes, cursor, end);
    if (length < SMALLEST_RECORD || length > end - cursor.position) {
      throw new CorruptBatchError(record.start, `a record's length is ${length}`);
    }
    record.end = cursor.position + length;
    record.attributes = bytes[cursor.position++]!;
    readTimestampDelta(bytes, cursor, record);
    record.offsetDelta = readVarint(bytes, cursor, record.end);
    record.bodyStart = cursor.position;
    visit(record);
    cursor.position = record.end;
  }
  if (cursor.position !== end) {
    throw new CorruptBatchError(
      cursor.position,
      `${end - cursor.position} bytes follow the last of its ${count} records`,
    );
  }
}

/** The timestamp delta as one number. */
export function timestampDelta(record: RecordPosition): bigint {
  return (BigInt(record.timestampDeltaHigh) << 32n) | BigInt(record.timestampDeltaLow);
}

/** The timestamp delta plus `shift` milliseconds; exact where the result is a safe integer. */
export function shiftedTimestampDelta(record: RecordPosition, shift: number): number {
  return record.timestampDeltaHigh * TWO_32 + record.timestampDeltaLow + shift;
}

/**
 * Reads the timestamp delta. Producers may send any timestamp (even nanoseconds), so it is kept exactly, in two halves.
 */
function readTimestampDelta(
  bytes: Uint8Array,
  cursor: ByteCursor,
  record: Mutable<RecordPosition>,
): void {
  const start = cursor.position;
  let low = 0;
  let high = 0;
  for (let i = start, shift = 0; i < record.end; i++, shift += 7) {
    const byte = bytes[i]!;
    if (shift === 63 && byte > 1) {
      throw new CorruptBatchError(start, "a varint does not fit 64 bits");
    }
    const bits = byte & 0x7f;
    if (shift < 32) low |= bits << shift;
    if (shift === 28) high = bits >>> 4;
    else if (shift > 32) high |= bits << (shift - 32);
    if (byte < 0x80) {
      const sign = -(low & 1);
      record.timestampDeltaStart = start;
      record.timestampDeltaEnd = i + 1;
      record.timestampDeltaLow = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
      record.timestampDeltaHigh = (high >>> 1) ^ sign;
      cursor.position = i + 1;
      return;
    }
  }
  throw new CorruptBatchError(start, "a varint is cut off");
}
