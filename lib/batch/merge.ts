// Merges small record batches into one: producers that never batched leave a batch a record, and a request a batch
// crawls. Records keep key, value, headers and timestamp byte for byte; offset deltas become 0, 1, 2, …, timestamp
// deltas count from the first batch's base timestamp. Every batch's CRC is checked, since nobody can check it afterwards.

import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { openRecordBatch } from "./open.ts";
import { CODEC_MASK, CONTROL, LOG_APPEND_TIME } from "./record_batch.ts";
import { forEachRecord, type RecordPosition } from "./records.ts";
import { sealRecordBatch } from "./seal.ts";
import { sizeOfVarint, writeVarint } from "./varint.ts";

/** Where a batch lies. */
export interface BatchSpan {
  readonly position: number;
  readonly size: number;
}

/** The batches could not all be merged: the one at `index` is damaged. */
export class DamagedMemberError extends Error {
  override readonly name = "DamagedMemberError";

  constructor(readonly index: number, readonly reason: string) {
    super(`Batch ${index} of those to merge is damaged: ${reason}`);
  }
}

/** What a record may grow by: its length by 1, its timestamp delta from 1 to 10 bytes, its offset delta from 1 to 3. */
const GROWTH_OF_RECORD = 12;
const TWO_32 = 2 ** 32;

/** Timestamps lie so far apart that their deltas are no safe integers: not worth merging. */
class TooFarApartError extends Error {}

/**
 * Merges batches of one codec, none of them a control batch or LogAppendTime, in order, into one with that codec.
 *
 * @returns undefined where their timestamps lie too far apart (2^53 ms)
 * @throws {DamagedMemberError} where one of them is damaged
 */
export function mergeBatches(
  bytes: Uint8Array,
  spans: readonly BatchSpan[],
): Uint8Array | undefined {
  try {
    return merge(bytes, spans);
  } catch (error) {
    if (error instanceof TooFarApartError) return undefined;
    throw error;
  }
}

function merge(bytes: Uint8Array, spans: readonly BatchSpan[]): Uint8Array {
  let target: Uint8Array = new Uint8Array(0);
  let end = 0;
  let recordCount = 0;
  let codec = 0;
  let baseTimestamp = 0n;
  let maxTimestamp = 0n;
  spans.forEach(({ position, size }, index) => {
    try {
      const batch = openRecordBatch(bytes.subarray(position, position + size));
      const { header } = batch;
      if ((header.attributes & (CONTROL | LOG_APPEND_TIME)) !== 0) {
        throw new Error("Cannot merge control or LogAppendTime batches");
      }
      if (index === 0) {
        codec = header.attributes & CODEC_MASK;
        baseTimestamp = header.baseTimestamp;
        maxTimestamp = header.maxTimestamp;
      } else if (header.maxTimestamp > maxTimestamp) maxTimestamp = header.maxTimestamp;
      const room = batch.recordsEnd - batch.recordsStart + header.recordCount * GROWTH_OF_RECORD;
      target = withRoom(target, end, room, bytes.length);
      const shift = Number(header.baseTimestamp - baseTimestamp);
      if (!Number.isSafeInteger(shift)) {
        throw new TooFarApartError();
      }
      forEachRecord(
        batch.bytes,
        batch.recordsStart,
        batch.recordsEnd,
        header.recordCount,
        (record) => {
          end = writeRecord(batch.bytes, record, shift, recordCount, target, end);
          recordCount++;
        },
      );
    } catch (error) {
      if (error instanceof CorruptBatchError) throw new DamagedMemberError(index, error.reason);
      throw error;
    }
  });
  return sealRecordBatch({
    records: target.subarray(0, end),
    recordCount,
    baseTimestamp,
    maxTimestamp,
    codec,
  });
}

/** The buffer, or a larger one with the same beginning. */
function withRoom(target: Uint8Array, end: number, room: number, first: number): Uint8Array {
  if (end + room <= target.length) return target;
  const larger = new Uint8Array(Math.max(target.length * 2, end + room, Math.min(first, 1 << 20)));
  larger.set(target.subarray(0, end));
  return larger;
}

/** Writes a record with a new offset delta and a shifted timestamp delta. @returns where it ends */
function writeRecord(
  bytes: Uint8Array,
  record: RecordPosition,
  shift: number,
  offsetDelta: number,
  target: Uint8Array,
  at: number,
): number {
  const timestampDelta = record.timestampDeltaHigh * TWO_32 + record.timestampDeltaLow + shift;
  if (!Number.isSafeInteger(timestampDelta)) {
    throw new TooFarApartError();
  }
  const zigzag = timestampDelta >= 0 ? timestampDelta * 2 : -timestampDelta * 2 - 1;
  const bodySize = record.end - record.bodyStart;
  const length = 1 + sizeOfUnsigned(zigzag) + sizeOfVarint(offsetDelta) + bodySize;
  let position = writeVarint(target, at, length);
  target[position++] = record.attributes;
  position = writeUnsigned(target, position, zigzag);
  position = writeVarint(target, position, offsetDelta);
  target.set(bytes.subarray(record.bodyStart, record.end), position);
  return position + bodySize;
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
