// Merges plain batches into one: the first stays as it is, unread, and the records of the others follow it, where it lies
// if their heads take no more bytes than their headers leave, else in memory of its own. The CRC goes on from the one that the
// first had; damage, in whichever of them, stays visible to the target's broker. Batches of one record each are merged
// before they are cut (merge_in_place.ts).

import { type Viewed, viewed, viewedWithRoom } from "../codec/copy_back.ts";
import { appendRecords, GROWTH_OF_RECORD, TooFarApartError } from "./append_records.ts";
import { BothChecksums } from "./both_checksums.ts";
import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { extendBatch, recordsRegister } from "./extend_batch.ts";
import type { BatchSpan } from "./merge.ts";
import {
  ATTRIBUTES_POSITION,
  BASE_TIMESTAMP_POSITION,
  CRC_POSITION,
  int64Difference,
  maxTimestamp as maxTimestampOf,
  recordCount as recordCountOf,
  RECORDS_POSITION,
} from "./record_batch.ts";

/** The first `count` of the batches as one. */
export interface MergedPlain extends Viewed {
  readonly count: number;
  readonly position: number;
  /** Bytes of the merged batch. */
  readonly size: number;
}

/** Where the records of all but the first are written one after another: some `maxBytes`, used again, and never handed out. */
let scratch: Viewed = viewed(new Uint8Array(0));
const checksums = new BothChecksums();

/**
 * Merges uncompressed batches without gaps, none of them a control batch or LogAppendTime, each behind the one before: as
 * many of the first as timestamps and `maxBytes` allow.
 *
 * Where they become one in the place of the first, what lies behind it, up to where the last of those merged ended, is of no
 * use any more.
 *
 * @param from index of the first to merge
 * @param maxBytes of the merged batch, header included
 * @returns undefined, with nothing changed, where fewer than two can be merged
 */
export function mergePlain(
  source: Viewed,
  spans: readonly BatchSpan[],
  from: number,
  maxBytes: number,
): MergedPlain | undefined {
  const { bytes, view } = source;
  const { position, size: firstSize } = spans[from]!;
  const firstEnd = position + firstSize;
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  let register = recordsRegister(view, position, firstEnd);
  let recordCount = recordCountOf(view, position);
  let maxTimestamp = maxTimestampOf(view, position);
  /** Bytes in `scratch`. */
  let written = 0;
  let end = firstEnd;
  let count = 1;
  for (; from + count < spans.length; count++) {
    const span = spans[from + count]!;
    const shift = int64Difference(view, span.position + BASE_TIMESTAMP_POSITION, baseAt);
    checksums.begin(-1, span.position + ATTRIBUTES_POSITION, register, written);
    const next = appendBatch(source, span, { recordCount, shift }, written);
    if (next === undefined || firstSize + next > maxBytes) break;
    const sums = checksums.finish(source, span.position + span.size, scratch, next);
    // By which bits the batch's CRC is not that of its content; none where nothing is damaged.
    const wrong = sums.read ^ ~view.getInt32(span.position + CRC_POSITION);
    register = sums.written ^ wrong;
    written = next;
    recordCount += recordCountOf(view, span.position);
    const newest = maxTimestampOf(view, span.position);
    if (newest > maxTimestamp) maxTimestamp = newest;
    end = span.position + span.size;
  }
  if (count === 1) return undefined;
  const size = firstSize + written;
  const inPlace = position + size <= end;
  const place = inPlace
    ? { ...source, position }
    : { ...viewed(new Uint8Array(size)), position: 0 };
  if (!inPlace) place.bytes.set(bytes.subarray(position, firstEnd));
  place.bytes.set(scratch.bytes.subarray(0, written), place.position + firstSize);
  const extended = { end: place.position + size, recordCount, maxTimestamp, register };
  extendBatch(place.view, place.position, extended);
  return { ...place, count, size };
}

/** @returns where the batch's records end in `scratch`; undefined where they cannot be put there, or make no sense */
function appendBatch(
  source: Viewed,
  { position, size }: BatchSpan,
  before: { readonly recordCount: number; readonly shift: number },
  written: number,
): number | undefined {
  const count = recordCountOf(source.view, position);
  // Nobody has checked it yet, and memory is taken by it: a record takes some bytes.
  if (count > size || !Number.isSafeInteger(before.shift)) return undefined;
  scratch = viewedWithRoom(scratch, written, size + count * GROWTH_OF_RECORD);
  const records = { source, start: position + RECORDS_POSITION, end: position + size, count };
  try {
    return appendRecords(records, before, scratch, written, checksums);
  } catch (error) {
    if (error instanceof CorruptBatchError || error instanceof TooFarApartError) return undefined;
    throw error;
  }
}
