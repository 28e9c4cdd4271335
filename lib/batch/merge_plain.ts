// Merges plain batches into one, where they lie: the first stays as it is, and the records of the others move forward to
// it, over headers that they no longer need. Their heads may take more bytes than before, so there has to be room. Keys,
// values and headers are read once, for the CRC, in which damage stays visible to the target's broker. Batches of one record
// each are merged before they are cut (merge_in_place.ts).

import type { Viewed } from "../codec/copy_back.ts";
import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { crc32cAdvance, crc32cRegister } from "./crc32c.ts";
import { extendBatch, headerRegister, recordsRegister } from "./extend_batch.ts";
import type { BatchSpan } from "./merge.ts";
import {
  BASE_TIMESTAMP_POSITION,
  CRC_POSITION,
  int64Difference,
  maxTimestamp as maxTimestampOf,
  recordCount as recordCountOf,
  RECORDS_POSITION,
} from "./record_batch.ts";
import { sizeOfRecordHead, writeRecordHead } from "./record_head.ts";
import { forEachRecord, shiftedTimestampDelta } from "./records.ts";

/** The first `count` of the batches as one, at the position of the first. */
export interface MergedInPlace {
  readonly count: number;
  /** Bytes of the merged batch. */
  readonly size: number;
}

/** Where the records of a batch go. */
interface Destination {
  readonly end: number;
  /** How many records come before them. */
  readonly recordCount: number;
  /** Milliseconds between what timestamp deltas count from there and here. */
  readonly shift: number;
}

/**
 * Merges uncompressed batches without gaps, none of them a control batch or LogAppendTime, each behind the one before: as
 * many of the first as there is room for.
 *
 * What lies behind the merged batch, up to where the last of those merged ended, is of no use any more.
 *
 * @param from index of the first to merge
 * @param maxBytes of the merged batch, header included
 * @returns undefined, with nothing changed, where fewer than two can be merged so
 */
export function mergePlain(
  { bytes, view }: Viewed,
  spans: readonly BatchSpan[],
  from: number,
  maxBytes: number,
): MergedInPlace | undefined {
  const { position, size } = spans[from]!;
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  let end = position + size;
  let recordCount = recordCountOf(view, position);
  let maxTimestamp = maxTimestampOf(view, position);
  let register = recordsRegister(view, position, end);
  let count = 1;
  for (; from + count < spans.length; count++) {
    const span = spans[from + count]!;
    const shift = int64Difference(view, span.position + BASE_TIMESTAMP_POSITION, baseAt);
    const destination = { end, recordCount, shift };
    const added = sizeThere(bytes, view, span, destination);
    if (added === 0 || end + added - position > maxBytes) break;
    const newest = maxTimestampOf(view, span.position);
    if (newest > maxTimestamp) maxTimestamp = newest;
    recordCount += recordCountOf(view, span.position);
    register = moveRecords(bytes, view, span, destination, register);
    end += added;
  }
  if (count === 1) return undefined;
  extendBatch(view, position, { end, recordCount, maxTimestamp, register });
  return { count, size: end - position };
}

/** Bytes of a batch's records at their destination; 0 where they have no room there, cannot be put so, or make no sense. */
function sizeThere(
  bytes: Uint8Array,
  view: DataView,
  { position, size }: BatchSpan,
  { end, recordCount, shift }: Destination,
): number {
  let at = end;
  let offsetDelta = recordCount;
  let fits = Number.isSafeInteger(shift);
  try {
    forEachRecord(
      bytes,
      position + RECORDS_POSITION,
      position + size,
      recordCountOf(view, position),
      (record) => {
        const timestampDelta = shiftedTimestampDelta(record, shift);
        const bodySize = record.end - record.bodyStart;
        at += sizeOfRecordHead(timestampDelta, offsetDelta++, bodySize) + bodySize;
        // The record behind it must not have been written over before it is read.
        fits &&= Number.isSafeInteger(timestampDelta) && at <= record.end;
      },
    );
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
    return 0;
  }
  return fits ? at - end : 0;
}

/** Moves a batch's records. @returns the CRC's register after them */
function moveRecords(
  bytes: Uint8Array,
  view: DataView,
  { position, size }: BatchSpan,
  { end, recordCount, shift }: Destination,
  before: number,
): number {
  const stored = ~view.getInt32(position + CRC_POSITION);
  const count = recordCountOf(view, position);
  /** The CRC's register here, of what there is. */
  let here = headerRegister(view, position);
  let there = before;
  let at = end;
  let offsetDelta = recordCount;
  forEachRecord(bytes, position + RECORDS_POSITION, position + size, count, (record) => {
    const { start, bodyStart, end, attributes } = record;
    const timestampDelta = shiftedTimestampDelta(record, shift);
    const bodySize = end - bodyStart;
    const bodyAt = at + sizeOfRecordHead(timestampDelta, offsetDelta, bodySize);
    const body = crc32cRegister(0, view, bodyStart, end);
    here = crc32cAdvance(crc32cRegister(here, view, start, bodyStart), bodySize) ^ body;
    // The head may reach into where the body was.
    bytes.copyWithin(bodyAt, bodyStart, end);
    writeRecordHead(bytes, at, attributes, timestampDelta, offsetDelta++, bodySize);
    there = crc32cAdvance(crc32cRegister(there, view, at, bodyAt), bodySize) ^ body;
    at = bodyAt + bodySize;
  });
  // Where they differ, it is damaged, and stays so.
  return there ^ here ^ stored;
}
