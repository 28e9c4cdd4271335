import assert from "node:assert/strict";
import fc from "fast-check";
import { crcMatches } from "../../../lib/batch/check.ts";
import { mergeRunInPlace } from "../../../lib/batch/merge_in_place.ts";
import type { MergedRun, RunLimits } from "../../../lib/batch/merge_limits.ts";
import { AROUND, damagedCopies, type LaidBatches, layBatches } from "../../support/laid_batches.ts";
import {
  buildBatch,
  contentsOf,
  readBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecord,
} from "../../support/record_batch_builder.ts";

/** With something before and behind them. */
const lay = (batches: readonly Uint8Array[]) => layBatches(batches, { before: 3, behind: 5 });

function merge(
  { bytes, view, end }: LaidBatches,
  limits: Partial<RunLimits> = {},
  firstOffset = 0,
): MergedRun | undefined {
  const all = { end, untilOffset: 1_000_000, maxBytes: 1_000_000, ...limits };
  return mergeRunInPlace(bytes, view, 3, firstOffset, all);
}

const read = ({ bytes }: LaidBatches, { size }: MergedRun) =>
  readBatch(bytes.subarray(3, 3 + size));

/** A batch of one record. */
const single = (offset: number, record: Partial<TestRecord> = {}, options?: TestBatchOptions) =>
  buildBatch([testRecord(offset, record)], options);

Deno.test("whatever the records of a run, the merged batch holds them, where the first batch lay", () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 300 }));
  const record = fc.record({
    key: bytes,
    value: bytes,
    timestamp: fc.bigInt({ min: 1n << 40n, max: (1n << 40n) + (1n << 29n) }),
    headers: fc.array(
      fc.record({ key: fc.uint8Array({ maxLength: 9 }), value: bytes }, { noNullPrototype: true }),
      {
        maxLength: 2,
      },
    ),
  });
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 2, maxLength: 80 }),
      fc.constantFrom(0, 7, 2 ** 32 - 3, 2 ** 53 - 100),
      (records, firstOffset) => {
        const all = records.map((more, index) => testRecord(firstOffset + index, more));
        const laid = lay(all.map((each) => buildBatch([each], { producerId: 77n })));
        const merged = merge(laid, { untilOffset: 2 ** 53 - 1 }, firstOffset);
        assert.ok(merged);
        assert.equal(merged.recordCount, records.length);
        assert.equal(merged.end, laid.end);
        const batch = read(laid, merged);
        assert.ok(batch.crcIsRight && crcMatches(laid.bytes, 3, merged.size));
        assert.deepEqual(contentsOf(batch.records), contentsOf(all));
        assert.deepEqual(
          batch.records.map(({ offset }) => Number(offset)),
          all.map(({ offset }) => Number(offset)),
        );
        assert.equal(batch.lastOffsetDelta, records.length - 1);
        const newest = all.reduce((max, { timestamp }) => timestamp > max ? timestamp : max, 0n);
        assert.equal(batch.maxTimestamp, newest);
        assert.deepEqual(laid.bytes.subarray(0, 3), new Uint8Array(3).fill(AROUND));
        assert.deepEqual(laid.bytes.subarray(laid.end), new Uint8Array(5).fill(AROUND));
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

for (const [what, batch] of others) {
  Deno.test(`a run ends before a batch with ${what}`, () => {
    const laid = lay([single(0), single(1), batch, single(3)]);
    const merged = merge(laid);
    assert.ok(merged);
    assert.equal(merged.recordCount, 2);
    assert.equal(merged.end, laid.spans[2]?.position);
    assert.deepEqual(laid.bytes.subarray(merged.end, merged.end + batch.length), batch);
    assert.ok(crcMatches(laid.bytes, 3, merged.size));
  });

  Deno.test(`nothing changes where a single batch is followed by one with ${what}`, () => {
    const moved = batch.slice();
    const view = new DataView(moved.buffer);
    view.setBigInt64(0, view.getBigInt64(0) - 1n);
    const laid = lay([single(0), moved, single(2)]);
    const before = laid.bytes.slice();
    assert.equal(merge(laid), undefined);
    assert.deepEqual(laid.bytes, before);
  });
}

Deno.test("a run ends where the range, the response or the room in a batch does", () => {
  const laid = () => lay([0, 1, 2, 3].map((offset) => single(offset)));
  assert.equal(merge(laid(), { untilOffset: 3 })?.recordCount, 3);
  assert.equal(merge(laid(), { untilOffset: 1 }), undefined);
  assert.equal(merge(laid(), { end: laid().end - 1 })?.recordCount, 3);
  const { size } = merge(laid()) ?? { size: 0 };
  assert.equal(merge(laid(), { maxBytes: size })?.recordCount, 4);
  assert.equal(merge(laid(), { maxBytes: size - 1 })?.recordCount, 3);
});

Deno.test("what is damaged in one batch of a run, the merged batch's CRC tells", () => {
  const lengths = [200, 0, 17, 4_000];
  const laid = lay(
    lengths.map((length, offset) => single(offset, { value: new Uint8Array(length).fill(offset) })),
  );
  fc.assert(
    fc.property(damagedCopies(laid), ({ batch, bytes }) => {
      const merged = merge({ ...laid, bytes, view: new DataView(bytes.buffer) });
      if (merged === undefined || merged.recordCount <= batch) return;
      assert.ok(!crcMatches(bytes, 3, merged.size));
    }),
    { numRuns: 2_000 },
  );
});
