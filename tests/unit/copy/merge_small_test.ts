import assert from "node:assert/strict";
import { compress } from "../../../lib/codec/codec.ts";
import { recordCount } from "../../../lib/batch/record_batch.ts";
import { recordsBefore } from "../../../lib/copy/cut.ts";
import type { Cut, CutBatch, TargetRules } from "../../../lib/copy/cut_types.ts";
import { mergeBelow } from "../../../lib/copy/merge_below.ts";
import { mergeSmall as mergeSmallBelow } from "../../../lib/copy/merge_small.ts";
import { layBatches, takeUsed } from "../../support/laid_batches.ts";
import { buildBatch, readBatch, testRecord, utf8 } from "../../support/record_batch_builder.ts";

const near = mergeBelow(0, 1).opened;
const mergeSmall = (cut: Cut, rules: TargetRules, checkEach = false) =>
  mergeSmallBelow(cut, rules, { below: near, checkEach, take: takeUsed });

const rules = { maxBatchBytes: 1_000_000, logAppendTime: false };

/**
 * A cut of batches that pass through, each of one record with a value of that many bytes.
 *
 * @param codecs of each batch, where not 0
 */
function cutOf(sizes: readonly number[], codecs: readonly number[] = []): Cut {
  const built = sizes.map((size, offset) => {
    const codec = codecs[offset] ?? 0;
    // Values that no codec makes smaller.
    const value = codec === 0
      ? utf8("x".repeat(size))
      : crypto.getRandomValues(new Uint8Array(size));
    return buildBatch([testRecord(offset, { value })], {
      baseOffset: BigInt(offset),
      attributes: codec,
      compress: (section) => compress(codec, section),
    });
  });
  return cutOfBatches(built);
}

/** A cut of these batches, which pass through. */
function cutOfBatches(built: readonly Uint8Array[]): Cut {
  const { bytes, view, spans } = layBatches(built);
  let nextOffset = 0n;
  const batches = spans.map(({ position, size }): CutBatch => {
    const count = recordCount(view, position);
    const firstOffset = nextOffset;
    nextOffset += BigInt(count);
    return {
      ...{ bytes, view, position, size, recordCount: count, firstOffset, nextOffset },
      passedThrough: true,
    };
  });
  return { batches, nextOffset, batchesLeftOut: 0 };
}

/** The batches' offsets and records, and which of them lie apart from the response. */
function shape({ batches }: Cut) {
  return batches.map(({ firstOffset, nextOffset, recordCount, passedThrough }) =>
    `${firstOffset}-${nextOffset} ${recordCount}${passedThrough ? "" : " apart"}`
  );
}

Deno.test("runs of small batches become one, large ones between them pass through", () => {
  const cut = mergeSmall(cutOf([10, 10, 40_000, 10, 10, 10, 40_000, 10]), rules);
  assert.deepEqual(shape(cut), [
    "0-2 2",
    "2-3 1",
    "3-6 3",
    "6-7 1",
    "7-8 1",
  ]);
  assert.equal(cut.nextOffset, 8n);
});

Deno.test("a merged batch never exceeds what the target takes", () => {
  const cut = mergeSmall(cutOf(Array(40).fill(500)), {
    maxBatchBytes: 5_000,
    logAppendTime: false,
  });
  assert.ok(cut.batches.length > 1 && cut.batches.length < 10);
  for (const { size } of cut.batches) assert.ok(size <= 5_000);
  assert.equal(cut.batches.reduce((sum, batch) => sum + batch.recordCount, 0), 40);
  for (const { view, position, recordCount: count } of cut.batches) {
    assert.equal(recordCount(view, position), count);
  }
});

for (const checkEach of [false, true]) {
  Deno.test(`records that grow in a merge never make it exceed what the target takes${checkEach ? ", each checked" : ""}`, () => {
    // Many records in little, and times that take more bytes from one base than from the batches' own.
    const built = Array.from({ length: 20 }, (_, index) =>
      buildBatch(
        Array.from({ length: 50 }, (_, at) =>
          testRecord(index * 50 + at, {
            key: null,
            value: null,
            timestamp: BigInt(index) << 40n,
          })),
      ));
    const cut = mergeSmall(
      cutOfBatches(built),
      { maxBatchBytes: 5_000, logAppendTime: false },
      checkEach,
    );
    for (const { size } of cut.batches) assert.ok(size <= 5_000, `${size}`);
    assert.equal(cut.batches.reduce((sum, batch) => sum + batch.recordCount, 0), 1_000);
  });
}

Deno.test("a merged batch stays around a megabyte, however much the target takes", () => {
  const cut = mergeSmall(cutOf(Array(100).fill(15_000)), { ...rules, maxBatchBytes: 12_000_000 });
  assert.equal(cut.batches.length, 2);
  for (const { size } of cut.batches) assert.ok(size <= 1024 * 1024);
});

Deno.test("batches of several codecs are not put into one", () => {
  const cut = mergeSmall(cutOf([10, 10, 10, 10, 10], [0, 0, 1, 1, 4]), rules);
  assert.deepEqual(shape(cut), ["0-2 2", "2-4 2 apart", "4-5 1"]);
});

Deno.test("compressed batches are merged only where they are tiny", () => {
  const sizes = [1_000, 1_000, 3_000, 3_000];
  assert.deepEqual(shape(mergeSmall(cutOf(sizes, [3, 3, 3, 3]), rules)), [
    "0-2 2 apart",
    "2-3 1",
    "3-4 1",
  ]);
  assert.deepEqual(shape(mergeSmall(cutOf(sizes), rules)), ["0-4 4"]);
});

Deno.test("over a long link larger batches are merged, too", () => {
  const sizes = [40_000, 40_000, 3_000, 3_000, 300_000, 300_000];
  const codecs = [0, 0, 3, 3, 0, 0];
  const far = mergeBelow(50, 6).opened;
  assert.deepEqual(shape(mergeSmall(cutOf(sizes, codecs), rules)).length, 6);
  assert.deepEqual(
    shape(
      mergeSmallBelow(cutOf(sizes, codecs), rules, {
        below: far,
        checkEach: false,
        take: takeUsed,
      }),
    ),
    [
      "0-2 2",
      "2-4 2 apart",
      "4-5 1",
      "5-6 1",
    ],
  );
});

Deno.test("what cannot be merged with the next goes as it is, the rest of its run is merged", () => {
  const times = [1n, 2n, 1n << 60n, 3n, 4n];
  const built = times.map((timestamp, offset) => buildBatch([testRecord(offset, { timestamp })]));
  assert.deepEqual(shape(mergeSmall(cutOfBatches(built), rules)), [
    "0-2 2",
    "2-3 1",
    "3-5 2",
  ]);
});

Deno.test("damage behind what cannot be merged is found where it is", () => {
  const times = [1n, 2n, 1n << 60n, 3n, 4n];
  const cut = cutOfBatches(
    times.map((timestamp, offset) => buildBatch([testRecord(offset, { timestamp })])),
  );
  const last = cut.batches[4];
  assert.ok(last);
  const at = last.position + last.size - 1;
  last.bytes[at] = (last.bytes[at] ?? 0) ^ 1;
  const merged = mergeSmall(cut, rules, true);
  assert.equal(merged.nextOffset, 4n);
  assert.deepEqual(shape(merged), ["0-2 2 apart", "2-3 1", "3-4 1"]);
});

Deno.test("where the target sets its own times, batches pass through as they are", () => {
  const cut = cutOf([10, 10]);
  for (const { bytes, position } of cut.batches) bytes[position + 22] = 0x08;
  assert.equal(mergeSmall(cut, { ...rules, logAppendTime: true }), cut);
});

Deno.test("what comes before a damaged batch is kept, and reading goes on at it", () => {
  const cut = cutOf([10, 10, 10, 10]);
  const third = cut.batches[2];
  assert.ok(third);
  const last = third.position + third.size - 1;
  third.bytes[last] = (third.bytes[last] ?? 0) ^ 1;
  const carried = { dueOffset: 4n, unsettled: new Map() };
  const merged = mergeSmall({ ...cut, carried }, rules, true);
  assert.equal(merged.problem?.kind, "damaged");
  // What the next response has to fit is not what this one ended with.
  assert.equal(merged.carried, undefined);
  assert.equal(merged.nextOffset, 2n);
  assert.deepEqual(shape(merged), ["0-1 1", "1-2 1"]);
});

Deno.test("a merged batch holds the records of its parts", () => {
  const [merged] = mergeSmall(cutOf([3, 5, 7]), rules).batches;
  assert.ok(merged);
  const { bytes, position, size } = merged;
  const { records } = readBatch(bytes.subarray(position, position + size));
  assert.deepEqual(records.map(({ value }) => value?.length), [3, 5, 7]);
});

Deno.test("batches become one apart from the response where there is no room for it there", () => {
  // Times take more bytes when they count from the first batch's.
  const cut = cutOfBatches(
    [1n, 1n << 20n].map((timestamp) =>
      buildBatch(Array.from({ length: 200 }, (_, offset) => testRecord(offset, { timestamp })))
    ),
  );
  const merged = mergeSmall(cut, rules);
  assert.deepEqual(shape(merged), ["0-400 400 apart"]);
  const { bytes, position, size } = merged.batches[0]!;
  const { records, crcIsRight } = readBatch(bytes.subarray(position, position + size));
  assert.ok(crcIsRight);
  assert.equal(records.length, 400);
});

Deno.test("after damage nothing is merged unchecked", () => {
  const cut = cutOf([10, 10, 10]);
  const [first] = cut.batches;
  assert.ok(first);
  const at = first.position + first.size - 1;
  first.bytes[at] = first.bytes[at]! ^ 1;
  assert.deepEqual(mergeSmall(cut, rules, true).problem?.kind, "damaged");
});

Deno.test("how many records lie before an offset is told of a merged batch, too, where offsets are missing", () => {
  const cut = cutOf([10, 10, 10]);
  const apart = cut.batches.map((batch, index) => ({
    ...batch,
    firstOffset: BigInt(index * 10),
    nextOffset: BigInt(index * 10 + 1),
  }));
  const [merged] = mergeSmall({ ...cut, batches: apart }, rules).batches;
  assert.ok(merged);
  assert.deepEqual([0n, 1n, 10n, 11n, 20n, 21n].map((offset) => recordsBefore(merged, offset)), [
    0,
    1,
    1,
    2,
    2,
    3,
  ]);
});

Deno.test("what a batch calls compressed is opened, whatever it looks like", () => {
  const cut = cutOfBatches(
    [0, 1].map((offset) =>
      buildBatch([testRecord(offset)], { attributes: 1, compress: (section) => section })
    ),
  );
  const merged = mergeSmall(cut, rules);
  assert.deepEqual(shape(merged), []);
  assert.equal(merged.problem?.kind, "damaged");
});
