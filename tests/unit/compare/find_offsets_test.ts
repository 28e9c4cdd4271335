/** find_offsets.ts: records counted on one side and found on the other, through gaps and what compaction has thinned. */

import assert from "node:assert/strict";
import { countRecordsBefore, findRecords } from "../../../lib/compare/find_offsets.ts";
import type { LogBatch, SourceBatch } from "../../../lib/compare/log_batch.ts";
import { placedBatch, testRecord } from "../../support/record_batch_builder.ts";

const offsetsOf = (...numbers: readonly number[]) => numbers.map(BigInt);

/** A batch on either side: the offsets of its records, and the first and last that it has taken. */
function batchOf(records: readonly number[], first: number, last: number): LogBatch {
  const left = records.map((offset) => testRecord(offset));
  return {
    ...placedBatch(left, { baseOffset: BigInt(first), lastOffset: BigInt(last) }),
    offsetOf: (_index, delta) => BigInt(first + delta),
  };
}

const onSource = (records: readonly number[], first: number, last: number): SourceBatch => ({
  ...batchOf(records, first, last),
  nextOffset: BigInt(last + 1),
  recordsBefore: (offset) => records.filter((each) => BigInt(each) < offset).length,
});

const onTarget = (
  number: number,
  records: readonly number[],
  first: number,
  last: number,
): LogBatch => ({ ...batchOf(records, first, last), firstNumber: BigInt(number) });

async function* logOf<Batch extends LogBatch>(batches: readonly Batch[]): AsyncGenerator<Batch> {
  for (const batch of batches) yield await Promise.resolve(batch);
}

Deno.test("records before offsets are counted in one reading, gaps and ends among them", async () => {
  const log = logOf([onSource([3, 4, 8], 3, 9), onSource([15, 16], 15, 16)]);
  assert.deepEqual(await countRecordsBefore(log, offsetsOf(0, 3, 5, 8, 9, 12, 16, 17, 40)), {
    before: offsetsOf(0, 0, 2, 2, 3, 3, 4, 5, 5),
    total: 5n,
  });
});

Deno.test("records are found by their numbers, whatever lies between", async () => {
  const log = () => logOf([onTarget(10, [50, 51], 50, 51), onTarget(12, [60, 61, 62], 60, 62)]);
  assert.deepEqual(
    await findRecords(log(), offsetsOf(10, 11, 12, 14, 15), 70n),
    offsetsOf(50, 51, 60, 62, 70),
  );
  assert.deepEqual(await findRecords(log(), [], 70n), []);
});

Deno.test("of a record that compaction has taken on the target, the offset it had", async () => {
  // Of five records two are left, and the next batch is gone.
  const log = logOf([onTarget(10, [50, 54], 50, 54), onTarget(18, [58], 58, 58)]);
  assert.deepEqual(
    await findRecords(log, offsetsOf(10, 12, 13, 14, 15, 17, 18), 70n),
    offsetsOf(50, 52, 53, 54, 58, 58, 58),
  );
});
