// Appends a batch's records to those of other batches. Each record keeps its key, value, headers and attributes byte
// for byte; its offset delta goes on from the records before, its timestamp delta counts from the first batch's base.

import { copyInto, type Viewed } from "../codec/copy_back.ts";
import type { BothChecksums } from "./both_checksums.ts";
import { writeRecordHead } from "../batch/record_head.ts";
import { forEachRecord, shiftedTimestampDelta } from "../batch/records.ts";

/** Bytes that a record may grow by: its length by 1, its timestamp delta from 1 to 10, its offset delta from 1 to 3. */
export const GROWTH_OF_RECORD = 12;

/** Timestamps are so far apart (2^53 ms) that their deltas are no safe integers: such batches are not worth merging. */
export class TooFarApartError extends Error {}

/** The records of one batch, decompressed. */
export interface OpenedRecords {
  readonly source: Viewed;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** What the records are appended to. */
export interface RecordsBefore {
  readonly recordCount: number;
  /** Milliseconds from the merged batch's base timestamp to that of the records to append. */
  readonly shift: number;
}

/**
 * Writes the records to `target`, which must have room for them and for the {@link GROWTH_OF_RECORD} of each.
 *
 * @param checksums the CRCs of source and target, up to where the records begin in each
 * @returns where the last record ends in the target
 * @throws {CorruptBatchError} where the records are not well formed
 * @throws {TooFarApartError}
 */
export function appendRecords(
  { source, start, end, count }: OpenedRecords,
  { recordCount, shift }: RecordsBefore,
  target: Viewed,
  position: number,
  checksums?: BothChecksums,
): number {
  let at = position;
  let offsetDelta = recordCount;
  forEachRecord(source.bytes, start, end, count, (record) => {
    const timestampDelta = shiftedTimestampDelta(record, shift);
    if (!Number.isSafeInteger(timestampDelta)) throw new TooFarApartError();
    const { bodyStart, end, attributes } = record;
    const bodySize = end - bodyStart;
    at = writeRecordHead(target.bytes, at, attributes, timestampDelta, offsetDelta++, bodySize);
    copyInto(target, at, source, bodyStart, end);
    checksums?.same(bodyStart, end, at);
    at += bodySize;
  });
  return at;
}
