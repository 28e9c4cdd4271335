// Runs of small lz4 batches that become one as they are cut.

import assert from "node:assert/strict";
import { cutBatches } from "../../../lib/copy/cut.ts";
import type { TargetRules } from "../../../lib/copy/cut_types.ts";
import type { MergeBelow } from "../../../lib/copy/merge_below.ts";
import { compressLz4 } from "../../../lib/codec/lz4.ts";
import { layBatches, takeUsed } from "../../support/laid_batches.ts";
import { openStrictly } from "../../support/lz4_frames.ts";
import {
  buildBatch,
  contentsOf,
  readBatch,
  type TestRecord,
  testRecord,
  testRecords,
} from "../../support/record_batch_builder.ts";

const small: MergeBelow = { opened: [], lz4Bytes: 2_000, lz4Records: 1_000 };

const lz4 = (records: readonly TestRecord[]) =>
  buildBatch(records, { attributes: 3, compress: compressLz4 });

const threeOfTen = () => [0, 10, 20].map((from) => lz4(testRecords(from, from + 10)));

function cut(
  batches: readonly Uint8Array[],
  { below = small, rules = {}, ...range }: {
    readonly below?: MergeBelow | undefined;
    readonly rules?: Partial<TargetRules>;
    readonly fromOffset?: bigint;
    readonly untilOffset?: bigint;
    readonly behind?: number;
  } = {},
) {
  const { bytes, view, end } = layBatches(batches);
  const fetched = {
    bytes,
    view,
    recordsStart: 0,
    recordsEnd: end - (range.behind ?? 0),
    abortedTransactions: [],
  };
  const all = { fromOffset: 0n, untilOffset: 1_000_000n, ...range };
  const { batches: found, ...rest } = cutBatches(
    fetched,
    all,
    { logAppendTime: false, ...rules },
    below && { below, take: takeUsed },
  );
  return { ...rest, bytes, batches: found };
}

/** How many records each has, of source offsets from and until. */
const shape = ({ batches }: ReturnType<typeof cut>) =>
  batches.map((
    { recordCount, firstOffset, nextOffset },
  ) => [recordCount, Number(firstOffset), Number(nextOffset)]);

Deno.test("small lz4 batches become one, in their place in the response", () => {
  const found = cut(threeOfTen());
  assert.deepEqual(shape(found), [[30, 0, 30]]);
  assert.equal(found.nextOffset, 30n);
  const [batch] = found.batches;
  assert.ok(batch);
  assert.ok(batch.passedThrough && batch.bytes === found.bytes);
  const read = readBatch(
    batch.bytes.subarray(batch.position, batch.position + batch.size),
    openStrictly,
  );
  assert.ok(read.crcIsRight);
  assert.deepEqual(contentsOf(read.records), contentsOf(testRecords(0, 30)));
});

Deno.test("where they grow, they have bytes of their own, which somebody has to account for", () => {
  const equal = (from: number) =>
    Array.from(
      { length: 300 },
      (_, i) => testRecord(from + i, { key: null, value: null, timestamp: 1n }),
    );
  const found = cut([equal(0), equal(300), equal(600)].map(lz4));
  assert.deepEqual(shape(found), [[900, 0, 900]]);
  assert.ok(found.batches[0]?.passedThrough === false && found.batches[0].bytes !== found.bytes);
});

Deno.test("lz4 batches stay as they are where they are not small, or the target sets its own timestamps", () => {
  const apart = [[10, 0, 10], [10, 10, 20], [10, 20, 30]];
  assert.deepEqual(shape(cut(threeOfTen(), { below: { ...small, lz4Bytes: 100 } })), apart);
  assert.deepEqual(shape(cut(threeOfTen(), { below: { ...small, lz4Records: 10 } })), apart);
  assert.deepEqual(shape(cut(threeOfTen(), { rules: { logAppendTime: true } })), apart);
});

Deno.test("a merged batch is never larger than the target takes", () => {
  const two = lz4(testRecords(0, 10)).length + lz4(testRecords(10, 20)).length;
  const found = cut(threeOfTen(), { rules: { maxBatchBytes: two } });
  assert.deepEqual(shape(found), [[20, 0, 20], [10, 20, 30]]);
  assert.ok(found.batches[0]!.size <= two);
});

Deno.test("a run of lz4 batches begins and ends where the range and the response do", () => {
  assert.deepEqual(shape(cut(threeOfTen(), { untilOffset: 20n })), [[20, 0, 20]]);
  assert.deepEqual(shape(cut(threeOfTen(), { untilOffset: 25n })), [[20, 0, 20], [5, 20, 25]]);
  assert.deepEqual(shape(cut(threeOfTen(), { fromOffset: 5n })), [[5, 5, 10], [20, 10, 30]]);
  assert.deepEqual(shape(cut(threeOfTen(), { behind: 1 })), [[20, 0, 20]]);
});

Deno.test("a single small lz4 batch between others passes through", () => {
  const plain = buildBatch([testRecord(10)]);
  const found = cut([lz4(testRecords(0, 10)), plain, lz4(testRecords(11, 20))]);
  assert.deepEqual(shape(found), [[10, 0, 10], [1, 10, 11], [9, 11, 20]]);
  assert.ok(found.batches.every(({ passedThrough }) => passedThrough));
});
