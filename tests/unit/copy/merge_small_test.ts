import assert from "node:assert/strict";
import { recordCount } from "../../../lib/batch/record_batch.ts";
import type { Cut, CutBatch } from "../../../lib/copy/cut.ts";
import { mergeSmall } from "../../../lib/copy/merge_small.ts";
import { buildBatch, readBatch, testRecord, utf8 } from "../../support/record_batch_builder.ts";

const rules = { maxBatchBytes: 1_000_000, logAppendTime: false };

/** A cut of batches that pass through, each of one record with a value of that many bytes. */
function cutOf(sizes: readonly number[]): Cut {
  const built = sizes.map((size, offset) =>
    buildBatch([testRecord(offset, { value: utf8("x".repeat(size)) })], {
      baseOffset: BigInt(offset),
    })
  );
  const bytes = new Uint8Array(built.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let position = 0;
  const batches = built.map((batch, offset): CutBatch => {
    bytes.set(batch, position);
    const cut = {
      bytes,
      view,
      position,
      size: batch.length,
      recordCount: 1,
      firstOffset: BigInt(offset),
      nextOffset: BigInt(offset + 1),
      passedThrough: true,
    };
    position += batch.length;
    return cut;
  });
  return { batches, nextOffset: BigInt(sizes.length), batchesLeftOut: 0 };
}

function shape({ batches }: Cut) {
  return batches.map(({ firstOffset, nextOffset, recordCount, passedThrough }) =>
    `${firstOffset}-${nextOffset} ${recordCount}${passedThrough ? "" : " merged"}`
  );
}

Deno.test("runs of small batches become one, large ones between them pass through", () => {
  const cut = mergeSmall(cutOf([10, 10, 40_000, 10, 10, 10, 40_000, 10]), rules);
  assert.deepEqual(shape(cut), [
    "0-2 2 merged",
    "2-3 1",
    "3-6 3 merged",
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
  assert.ok(cut.batches.length > 1);
  for (const { size } of cut.batches) assert.ok(size <= 5_000);
  assert.equal(cut.batches.reduce((sum, batch) => sum + batch.recordCount, 0), 40);
  for (const { view, position, recordCount: count } of cut.batches) {
    assert.equal(recordCount(view, position), count);
  }
});

Deno.test("what comes before a damaged batch is kept, and reading goes on at it", () => {
  const cut = cutOf([10, 10, 10, 10]);
  const third = cut.batches[2];
  assert.ok(third);
  const last = third.position + third.size - 1;
  third.bytes[last] = (third.bytes[last] ?? 0) ^ 1;
  const merged = mergeSmall(cut, rules);
  assert.equal(merged.problem?.kind, "damaged");
  assert.equal(merged.nextOffset, 2n);
  assert.deepEqual(shape(merged), ["0-1 1", "1-2 1"]);
});

Deno.test("a merged batch holds the records of its parts", () => {
  const [merged] = mergeSmall(cutOf([3, 5, 7]), rules).batches;
  assert.ok(merged);
  const { records } = readBatch(merged.bytes);
  assert.deepEqual(records.map(({ value }) => value?.length), [3, 5, 7]);
});
