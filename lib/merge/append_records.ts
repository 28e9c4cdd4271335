// Writes a batch's records behind those of others: each keeps key, value, headers and attributes byte for byte; offset
// deltas go on counting, timestamp deltas count from another base timestamp.

import { copyInto, type Viewed } from "../codec/copy_back.ts";
import type { BothChecksums } from "./both_checksums.ts";
import { writeRecordHead } from "../batch/record_head.ts";
import { forEachRecord, shiftedTimestampDelta } from "../batch/records.ts";

/** What a record may grow by: its length by 1, its timestamp delta from 1 to 10 bytes, its offset delta from 1 to 3. */
export const GROWTH_OF_RECORD = 12;

/** Timestamps lie so far apart (2^53 ms) that their deltas are no safe integers: not worth merging. */
export class TooFarApartError extends Error {}

/** The records of one batch, decompressed. */
export interface OpenedRecords {
  readonly source: Viewed;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** What they come behind. */
export interface RecordsBefore {
  readonly recordCount: number;
  /** Milliseconds from what timestamp deltas count from there to what these count from. */
  readonly shift: number;
}

/**
 * Writes the records to memory that has room for them, and for what each may grow by.
 *
 * @param checksums begun where the records do, here and there
 * @returns where the last ends
 * @throws {CorruptBatchError} where they make no sense
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
