import assert from "node:assert/strict";
import fc from "fast-check";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { crcMatches } from "../../../lib/batch/check.ts";
import { mergeRunInPlace } from "../../../lib/merge/merge_in_place.ts";
import type { PlacedRun, RunLimits } from "../../../lib/merge/merge_limits.ts";
import { damagedCopies, type LaidBatches } from "../../support/laid_batches.ts";
import {
  anyRecord,
  assertAllMerged,
  BEFORE,
  layRun,
  testRunEnds,
  type WayOfMerging,
} from "../../support/merged_runs.ts";
import {
  buildBatch,
  readBatch,
  type TestBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecord,
} from "../../support/record_batch_builder.ts";

function merge(
  { bytes, view, end }: LaidBatches,
  limits: Partial<RunLimits> = {},
  firstOffset = 0,
): PlacedRun | undefined {
  const all = { end, untilOffset: 1_000_000, maxBytes: 1_000_000, ...limits };
  const run = mergeRunInPlace(bytes, view, BEFORE, firstOffset, all);
  return run && { ...run, bytes, view, position: BEFORE };
}

const read = ({ bytes, position, size }: PlacedRun): TestBatch =>
  readBatch(bytes.subarray(position, position + size));

/** A batch of one record. */
const single = (offset: number, record: Partial<TestRecord> = {}, options?: TestBatchOptions) =>
  buildBatch([testRecord(offset, record)], options);

const way: WayOfMerging = { batches: "plain batches", single, merge, read };

Deno.test("whatever the records of a run, the merged batch holds them, where the first batch lay", () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord(fc.uint8Array({ maxLength: 300 }), 1n << 29n), {
        minLength: 2,
        maxLength: 80,
      }),
      fc.constantFrom(0, 7, 2 ** 32 - 3, 2 ** 53 - 100),
      (records, firstOffset) => {
        const all = records.map((more, index) => testRecord(firstOffset + index, more));
        const laid = layRun(all.map((each) => buildBatch([each], { producerId: 77n })));
        const run = merge(laid, { untilOffset: 2 ** 53 - 1 }, firstOffset);
        const batch = assertAllMerged(way, laid, run, all);
        assert.equal(batch.baseOffset, BigInt(firstOffset));
      },
    ),
  );
});

const others: readonly (readonly [string, Uint8Array])[] = [
  ["another offset than the next", single(3)],
  ["two records", buildBatch([testRecord(2), testRecord(3)])],
  ["a codec", single(2, {}, { attributes: 3 })],
  ["append times", single(2, {}, { attributes: 8 })],
  ["a transaction", single(2, {}, { attributes: 16 })],
  ["a control record", single(2, {}, { attributes: 48 })],
  ["a delete horizon", single(2, {}, { attributes: 64 })],
  ["a base timestamp that is not the record's", single(2, {}, { baseTimestamp: 5n })],
  ["a max timestamp that is not the record's", single(2, {}, { maxTimestamp: 5n })],
  ["more offsets than its record's", single(2, {}, { lastOffset: 3n })],
  ["a timestamp decades later", single(2, { timestamp: 1n << 60n })],
  ["a timestamp years earlier", single(2, { timestamp: 0n })],
  ["much in its record", single(2, { value: new Uint8Array(17_000) })],
  [
    "messages of magic 1",
    (() => {
      const batch = single(2);
      batch[16] = 1;
      return batch;
    })(),
  ],
  [
    "more than its record",
    (() => {
      const batch = new Uint8Array([...single(2), 0]);
      new DataView(batch.buffer).setInt32(8, batch.length - 12);
      return batch;
    })(),
  ],
];

testRunEnds(way, others);

Deno.test("what is damaged in one batch of a run, the merged batch's CRC tells", () => {
  const lengths = [200, 0, 17, 4_000];
  const laid = layRun(
    lengths.map((length, offset) => single(offset, { value: new Uint8Array(length).fill(offset) })),
  );
  fc.assert(
    fc.property(damagedCopies(laid), ({ batch, bytes }) => {
      const merged = merge({ ...laid, bytes, view: new DataView(bytes.buffer) });
      if (merged === undefined || merged.recordCount <= batch) return;
      assert.ok(!crcMatches(viewed(bytes).view, BEFORE, merged.size));
    }),
    { numRuns: 2_000 },
  );
});
