// Offsets of the source and of the target that belong together, found by counting: how many records lie before an offset
// on the source, and where on the target the record with so many before it lies. Each log is read once, however many
// offsets are asked about. It fetches nothing itself.

import { lastOffsetDelta } from "../batch/record_batch.ts";
import type { LogBatch, SourceBatch } from "./log_batch.ts";

/** What counting came to. */
export interface RecordCounts {
  /** For each offset: how many records lie before it. */
  readonly before: readonly bigint[];
  readonly total: bigint;
}

/** Counts the records of a source log before each of some offsets. @param offsets ascending */
export async function countRecordsBefore(
  log: AsyncIterable<SourceBatch>,
  offsets: readonly bigint[],
): Promise<RecordCounts> {
  const before: bigint[] = [];
  let total = 0n;
  for await (const batch of log) {
    for (let offset; (offset = offsets[before.length]) !== undefined;) {
      if (offset >= batch.nextOffset) break;
      before.push(total + BigInt(batch.recordsBefore(offset)));
    }
    total += BigInt(batch.recordCount);
  }
  return { before: offsets.map((_, index) => before[index] ?? total), total };
}

/**
 * Finds the target offsets of records by their numbers. Of one that compaction has taken it is the offset it had, or
 * that of the next batch where nothing tells: the same records follow it.
 *
 * @param numbers ascending
 * @param endOffset the answer for those after the last record
 */
export async function findRecords(
  log: AsyncIterable<LogBatch>,
  numbers: readonly bigint[],
  endOffset: bigint,
): Promise<readonly bigint[]> {
  const found: bigint[] = [];
  for await (const { firstNumber = 0n, view, position, offsetOf } of log) {
    // Compaction leaves offsets as they were: the header tells how many records a batch has held.
    const next = firstNumber + BigInt(lastOffsetDelta(view, position)) + 1n;
    for (let number; (number = numbers[found.length]) !== undefined;) {
      if (number >= next) break;
      found.push(offsetOf(0, number > firstNumber ? Number(number - firstNumber) : 0));
    }
    if (found.length === numbers.length) break;
  }
  return numbers.map((_, index) => found[index] ?? endOffset);
}
