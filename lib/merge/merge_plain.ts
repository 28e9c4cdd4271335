// Merges uncompressed batches into one. The records of the first batch stay unchanged and unread, and those of the
// others are appended: in place, if they fit where the batches and their headers were, else in other memory. The new
// CRC is derived from the old ones, so that damage in any of the batches stays visible to the target's broker. Batches
// of one record each are merged earlier, while the response is cut (merge_in_place.ts).

import { type Viewed, viewed, viewedWithRoom } from "../codec/copy_back.ts";
import {
  appendRecords,
  GROWTH_OF_RECORD,
  type RecordsBefore,
  TooFarApartError,
} from "./append_records.ts";
import { BothChecksums } from "./both_checksums.ts";
import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { extendBatch, recordsRegister } from "./extend_batch.ts";
import type { BatchSpan } from "./merge.ts";
import type { PlacedRun, TakeMemory } from "./merge_limits.ts";
import {
  ATTRIBUTES_POSITION,
  BASE_TIMESTAMP_POSITION,
  CRC_POSITION,
  int64Difference,
  maxTimestamp as maxTimestampOf,
  recordCount as recordCountOf,
  RECORDS_POSITION,
} from "../batch/record_batch.ts";

/** The first `count` of the batches, merged into one. */
export interface MergedPlain extends PlacedRun {
  readonly count: number;
}

/** Memory to write the records of all but the first batch to: about `maxBytes`, reused, and never handed out. */
let scratch: Viewed = viewed(new Uint8Array(0));

/** What `scratch` holds. */
interface Written {
  /** Bytes of the records written. */
  readonly size: number;
  /** The CRC's register after the first batch's records and these. */
  readonly register: number;
}

/**
 * Merges uncompressed batches without gaps, none of them a control batch or LogAppendTime, that lie one after the
 * other: as many as timestamps and `maxBytes` allow.
 *
 * Where they are merged in place, the bytes after the merged batch, up to where the last of those merged ended, are
 * garbage then.
 *
 * @param from index of the first to merge
 * @param maxBytes of the merged batch, header included
 * @param take gives memory where the merged batch does not fit in their place
 * @returns undefined, with nothing changed, where fewer than two can be merged
 */
export function mergePlain(
  source: Viewed,
  spans: readonly BatchSpan[],
  from: number,
  maxBytes: number,
  take: TakeMemory,
): MergedPlain | undefined {
  const { bytes, view } = source;
  const { position, size: firstSize } = spans[from]!;
  const firstEnd = position + firstSize;
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  let written: Written = { size: 0, register: recordsRegister(view, position, firstEnd) };
  let recordCount = recordCountOf(view, position);
  let maxTimestamp = maxTimestampOf(view, position);
  let end = firstEnd;
  let count = 1;
  for (; from + count < spans.length; count++) {
    const span = spans[from + count]!;
    const shift = int64Difference(view, span.position + BASE_TIMESTAMP_POSITION, baseAt);
    const next = appendBatch(source, span, { recordCount, shift }, written);
    if (next === undefined || firstSize + next.size > maxBytes) break;
    written = next;
    recordCount += recordCountOf(view, span.position);
    const newest = maxTimestampOf(view, span.position);
    if (newest > maxTimestamp) maxTimestamp = newest;
    end = span.position + span.size;
  }
  if (count === 1) return undefined;
  const size = firstSize + written.size;
  const inPlace = position + size <= end;
  const place = inPlace ? source : take(size);
  const at = inPlace ? position : 0;
  if (!inPlace) place.bytes.set(bytes.subarray(position, firstEnd));
  place.bytes.set(scratch.bytes.subarray(0, written.size), at + firstSize);
  const { register } = written;
  extendBatch(place.view, at, { end: at + size, recordCount, maxTimestamp, register });
  return { bytes: place.bytes, view: place.view, position: at, count, size, recordCount, end };
}

/** Appends a batch's records to `scratch`. @returns undefined where they cannot be merged, or are not well formed */
function appendBatch(
  source: Viewed,
  { position, size }: BatchSpan,
  before: RecordsBefore,
  written: Written,
): Written | undefined {
  const { view } = source;
  const count = recordCountOf(view, position);
  // The count is unchecked, and memory is allocated by it: it cannot be larger than the batch's bytes.
  if (count > size || !Number.isSafeInteger(before.shift)) return undefined;
  scratch = viewedWithRoom(scratch, written.size, size + count * GROWTH_OF_RECORD);
  const end = position + size;
  const checksums = new BothChecksums(
    { memory: source, position: position + ATTRIBUTES_POSITION, register: -1 },
    { memory: scratch, position: written.size, register: written.register },
  );
  const records = { source, start: position + RECORDS_POSITION, end, count };
  try {
    const next = appendRecords(records, before, scratch, written.size, checksums);
    const sums = checksums.finish(end, next);
    // The bits in which the batch's CRC differs from that of its content (none unless it is damaged) must differ still.
    const wrong = sums.read ^ ~view.getInt32(position + CRC_POSITION);
    return { size: next, register: sums.written ^ wrong };
  } catch (error) {
    if (error instanceof CorruptBatchError || error instanceof TooFarApartError) return undefined;
    throw error;
  }
}
