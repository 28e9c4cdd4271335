// Merges plain batches into one: the first stays as it is, and the records of the others move to it, over headers that they
// no longer need. Their heads may take more bytes than before; where the headers leave too little room for that, the merged
// batch gets memory of its own. Keys, values and headers are read once, for the CRC, in which damage stays visible to the
// target's broker. Batches of one record each are merged before they are cut (merge_in_place.ts).

import { copyInto, type Viewed, viewed } from "../codec/copy_back.ts";
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

/** The first `count` of the batches as one. */
export interface MergedPlain extends Viewed {
  readonly count: number;
  readonly position: number;
  /** Bytes of the merged batch. */
  readonly size: number;
}

/** A batch whose records go behind others. */
interface Joining extends BatchSpan {
  /** How many records come before its own. */
  readonly recordsBefore: number;
  /** Milliseconds from what timestamp deltas count from there to what they count from here. */
  readonly shift: number;
}

/** Where records have got to. */
interface Written {
  /** Where the last ends. */
  readonly end: number;
  /** The CRC's register there. */
  readonly register: number;
}

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
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  const joining: Joining[] = [];
  let recordCount = recordCountOf(view, position);
  let maxTimestamp = maxTimestampOf(view, position);
  let size = firstSize;
  let inPlace = true;
  for (let index = from + 1; index < spans.length; index++) {
    const span = spans[index]!;
    const shift = int64Difference(view, span.position + BASE_TIMESTAMP_POSITION, baseAt);
    const batch = { ...span, recordsBefore: recordCount, shift };
    const there = measure(source, batch, position + size);
    if (there === undefined || size + there.size > maxBytes) break;
    joining.push(batch);
    size += there.size;
    inPlace &&= there.hasRoom;
    recordCount += recordCountOf(view, span.position);
    const newest = maxTimestampOf(view, span.position);
    if (newest > maxTimestamp) maxTimestamp = newest;
  }
  if (joining.length === 0) return undefined;
  const register = recordsRegister(view, position, position + firstSize);
  const place = inPlace
    ? { ...source, position }
    : { ...viewed(new Uint8Array(size)), position: 0 };
  if (!inPlace) place.bytes.set(bytes.subarray(position, position + firstSize));
  const written = joining.reduce<Written>(
    (before, batch) => moveRecords(source, batch, place, before),
    { end: place.position + firstSize, register },
  );
  extendBatch(place.view, place.position, { ...written, recordCount, maxTimestamp });
  return { ...place, count: 1 + joining.length, size };
}

/**
 * How many bytes a batch's records take behind others, and whether there is room for that at `end` of the same memory;
 * undefined where they cannot be put there, or make no sense.
 */
function measure(
  { bytes, view }: Viewed,
  { position, size, recordsBefore, shift }: Joining,
  end: number,
): { readonly size: number; readonly hasRoom: boolean } | undefined {
  let at = end;
  let offsetDelta = recordsBefore;
  let safe = Number.isSafeInteger(shift);
  let hasRoom = true;
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
        safe &&= Number.isSafeInteger(timestampDelta);
        // The record behind it must not have been written over before it is read.
        hasRoom &&= at <= record.end;
      },
    );
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
    return undefined;
  }
  return safe ? { size: at - end, hasRoom } : undefined;
}

/** Moves a batch's records behind what has been written, within the same memory or to other. */
function moveRecords(
  source: Viewed,
  { position, size, recordsBefore, shift }: Joining,
  target: Viewed,
  before: Written,
): Written {
  const { bytes, view } = source;
  const within = bytes === target.bytes;
  const stored = ~view.getInt32(position + CRC_POSITION);
  const count = recordCountOf(view, position);
  /** The CRC's register here, of what there is. */
  let here = headerRegister(view, position);
  let { end: at, register: there } = before;
  let offsetDelta = recordsBefore;
  forEachRecord(bytes, position + RECORDS_POSITION, position + size, count, (record) => {
    const { start, bodyStart, end, attributes } = record;
    const timestampDelta = shiftedTimestampDelta(record, shift);
    const bodySize = end - bodyStart;
    const bodyAt = at + sizeOfRecordHead(timestampDelta, offsetDelta, bodySize);
    const body = crc32cRegister(0, view, bodyStart, end);
    here = crc32cAdvance(crc32cRegister(here, view, start, bodyStart), bodySize) ^ body;
    if (within) bytes.copyWithin(bodyAt, bodyStart, end);
    else copyInto(target, bodyAt, source, bodyStart, end);
    writeRecordHead(target.bytes, at, attributes, timestampDelta, offsetDelta++, bodySize);
    there = crc32cAdvance(crc32cRegister(there, target.view, at, bodyAt), bodySize) ^ body;
    at = bodyAt + bodySize;
  });
  // Where they differ, it is damaged, and stays so.
  return { end: at, register: there ^ here ^ stored };
}
