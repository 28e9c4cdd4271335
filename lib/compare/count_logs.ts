// What a connector has written on a target partition, counted in one reading: how many records, and at which offsets
// those lie that are asked for by their number.

import type { LogBatch } from "./log_batch.ts";

/** What counting comes to. */
export interface TargetCount {
  readonly records: bigint;
  /** Of the first record. */
  readonly firstOffset?: bigint;
  /** For each number: the record's offset; the end offset for numbers after the last record. */
  readonly offsets: readonly bigint[];
}

/** Counts the records of a log without gaps in its batches. @param numbers ascending */
export async function countTarget(
  log: AsyncIterable<LogBatch>,
  numbers: readonly bigint[],
  endOffset: bigint,
): Promise<TargetCount> {
  const offsets: bigint[] = [];
  let firstOffset: bigint | undefined;
  let records = 0n;
  for await (const { recordCount, offsetOf } of log) {
    if (recordCount === 0) continue;
    firstOffset ??= offsetOf(0, 0);
    const next = records + BigInt(recordCount);
    for (let number; (number = numbers[offsets.length]) !== undefined && number < next;) {
      const index = Number(number - records);
      offsets.push(offsetOf(index, index));
    }
    records = next;
  }
  return {
    records,
    offsets: numbers.map((_, index) => offsets[index] ?? endOffset),
    ...(firstOffset !== undefined && { firstOffset }),
  };
}
