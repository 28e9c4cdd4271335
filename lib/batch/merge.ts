// Merges small record batches into one: producers that batched little leave many of them, and a request a batch
// crawls. Records keep key, value, headers and timestamp byte for byte; offset deltas become 0, 1, 2, …, timestamp
// deltas count from the first batch's base timestamp. Every batch's CRC is checked, since nobody can check it afterwards.
// Plain batches of one record each are merged where they lie (merge_in_place.ts), lz4 ones without being opened
// (merge_lz4.ts).

import { OpensTooLargeError } from "../codec/codec.ts";
import { KEPT_BYTES, withRoom } from "../codec/with_room.ts";
import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { openRecordBatch } from "./open.ts";
import {
  attributes,
  BASE_TIMESTAMP_POSITION,
  CODEC_MASK,
  CONTROL,
  int64Difference,
  isLater,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_POSITION,
  recordCount as recordCountOf,
} from "./record_batch.ts";
import { MOST_OPENED_BYTES } from "./merge_limits.ts";
import { forEachRecord, type RecordPosition, shiftedTimestampDelta } from "./records.ts";
import { writeRecordHead } from "./record_head.ts";
import { sealRecordBatch } from "./seal.ts";

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

/** Timestamps lie so far apart (2^53 ms) that their deltas are no safe integers: not worth merging. */
class TooFarApartError extends Error {}

/** The first `count` of the batches as one. */
export interface MergedBatches {
  readonly count: number;
  /** Absent where the first cannot be merged with the next; `count` is 1 then. */
  readonly bytes?: Uint8Array;
}

/** Where records are written one after another; used again for every merged batch, and never handed out. */
let scratch: Uint8Array = new Uint8Array(0);

/**
 * Merges batches of one codec, none of them a control batch or LogAppendTime, in order, into one with that codec: as many
 * of the first as make a batch that consumers can open and whose timestamps are near enough.
 *
 * @param from index of the first to merge
 * @throws {DamagedMemberError} where one of them is damaged
 */
export function mergeBatches(
  bytes: Uint8Array,
  spans: readonly BatchSpan[],
  from = 0,
): MergedBatches {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = spans[from];
  if (first === undefined) throw new RangeError("Cannot merge no batches");
  const codec = attributes(view, first.position) & CODEC_MASK;
  const base = first.position + BASE_TIMESTAMP_POSITION;
  let end = 0;
  let recordCount = 0;
  let newest = first.position;
  let count = 0;
  for (; from + count < spans.length; count++) {
    const { position } = spans[from + count]!;
    if ((attributes(view, position) & (CONTROL | LOG_APPEND_TIME)) !== 0) {
      throw new Error("Cannot merge control or LogAppendTime batches");
    }
    let written = end;
    let records = recordCount;
    try {
      const shift = int64Difference(view, position + BASE_TIMESTAMP_POSITION, base);
      if (!Number.isSafeInteger(shift)) break;
      const opened = openRecordBatch(bytes, position, MOST_OPENED_BYTES, true);
      const { recordsStart, recordsEnd } = opened;
      const ofBatch = recordCountOf(view, position);
      if (written + recordsEnd - recordsStart > MOST_OPENED_BYTES) break;
      const room = recordsEnd - recordsStart + ofBatch * GROWTH_OF_RECORD;
      scratch = withRoom(scratch, written, room);
      forEachRecord(opened.bytes, recordsStart, recordsEnd, ofBatch, (record) => {
        written = writeRecord(opened.bytes, record, shift, records++, scratch, written);
      });
    } catch (error) {
      if (error instanceof TooFarApartError) break;
      if (!(error instanceof CorruptBatchError)) throw error;
      if (error.cause instanceof OpensTooLargeError) break;
      throw new DamagedMemberError(from + count, error.reason);
    }
    [end, recordCount] = [written, records];
    if (isLater(view, position + MAX_TIMESTAMP_POSITION, newest + MAX_TIMESTAMP_POSITION)) {
      newest = position;
    }
  }
  const records = scratch.subarray(0, end);
  // What was large once is not kept for ever.
  if (scratch.length > KEPT_BYTES) scratch = new Uint8Array(0);
  if (count < 2) return { count: 1 };
  const merged = sealRecordBatch({
    records,
    recordCount,
    baseTimestamp: view.getBigInt64(base),
    maxTimestamp: view.getBigInt64(newest + MAX_TIMESTAMP_POSITION),
    codec,
  });
  return { count, bytes: merged };
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
  const timestampDelta = shiftedTimestampDelta(record, shift);
  if (!Number.isSafeInteger(timestampDelta)) {
    throw new TooFarApartError();
  }
  const bodySize = record.end - record.bodyStart;
  const { attributes } = record;
  const position = writeRecordHead(target, at, attributes, timestampDelta, offsetDelta, bodySize);
  target.set(bytes.subarray(record.bodyStart, record.end), position);
  return position + bodySize;
}
