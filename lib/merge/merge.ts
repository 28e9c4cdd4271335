// Merges small record batches into one by decompressing them: producers that batched little leave many of them, and a
// request for each would be slow. Records keep key, value, headers and timestamp; offset deltas become 0, 1, 2, …,
// timestamp deltas count from the first batch's base timestamp. Every batch's CRC is checked, since nobody can check it
// afterwards. Uncompressed batches (merge_in_place.ts, merge_plain.ts) and most lz4 batches (merge_lz4.ts) do not come
// here: they are merged without being decompressed.

import { OpensTooLargeError } from "../codec/codec.ts";
import { type Viewed, viewed, viewedWithRoom } from "../codec/copy_back.ts";
import { KEPT_BYTES } from "../codec/with_room.ts";
import { appendRecords, GROWTH_OF_RECORD, TooFarApartError } from "./append_records.ts";
import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { openRecordBatch } from "../batch/open.ts";
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
} from "../batch/record_batch.ts";
import { MOST_OPENED_BYTES } from "./merge_limits.ts";
import { sealRecordBatch } from "../batch/seal.ts";

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

/** The first `count` of the batches as one. */
export interface MergedBatches {
  readonly count: number;
  /** Absent where the first cannot be merged with the next; `count` is 1 then. */
  readonly bytes?: Uint8Array;
}

/** Memory to write the records to; reused for every merged batch, and never handed out. */
let scratch: Viewed = viewed(new Uint8Array(0));

/**
 * Merges batches of one codec, none of them a control batch or LogAppendTime, in order, into one with that codec. It
 * takes batches for as long as the merged one decompresses to a size that suits consumers, and their timestamps are
 * near enough.
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
    const ofBatch = recordCountOf(view, position);
    let written: number;
    try {
      const shift = int64Difference(view, position + BASE_TIMESTAMP_POSITION, base);
      if (!Number.isSafeInteger(shift)) break;
      const opened = openRecordBatch(bytes, position, MOST_OPENED_BYTES, true);
      const { recordsStart, recordsEnd } = opened;
      if (end + recordsEnd - recordsStart > MOST_OPENED_BYTES) break;
      const room = recordsEnd - recordsStart + ofBatch * GROWTH_OF_RECORD;
      scratch = viewedWithRoom(scratch, end, room);
      const records = { start: recordsStart, end: recordsEnd, count: ofBatch };
      written = appendRecords(
        { source: viewed(opened.bytes), ...records },
        { recordCount, shift },
        scratch,
        end,
      );
    } catch (error) {
      if (error instanceof TooFarApartError) break;
      if (!(error instanceof CorruptBatchError)) throw error;
      if (error.cause instanceof OpensTooLargeError) break;
      throw new DamagedMemberError(from + count, error.reason);
    }
    end = written;
    recordCount += ofBatch;
    if (isLater(view, position + MAX_TIMESTAMP_POSITION, newest + MAX_TIMESTAMP_POSITION)) {
      newest = position;
    }
  }
  const records = scratch.bytes.subarray(0, end);
  // Memory that was needed only for one large batch is not kept forever.
  if (scratch.bytes.length > KEPT_BYTES) scratch = viewed(new Uint8Array(0));
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
