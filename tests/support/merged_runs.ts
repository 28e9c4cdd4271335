/**
 * What holds however a run of small batches becomes one: tests that each way of merging declares, and what is asserted of
 * a merged batch.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { crcMatches } from "../../lib/batch/check.ts";
import type { PlacedRun, RunLimits } from "../../lib/merge/merge_limits.ts";
import { AROUND, type LaidBatches, layBatches } from "./laid_batches.ts";
import {
  contentsOf,
  type TestBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecord,
} from "./record_batch_builder.ts";

/** Where the first batch lies. */
export const BEFORE = 3;
const BEHIND = 5;

/** A way to merge runs. */
export interface WayOfMerging {
  /** What it merges, in titles. */
  readonly batches: string;
  /** A batch of one record that it merges. */
  readonly single: (
    offset: number,
    record?: Partial<TestRecord>,
    options?: TestBatchOptions,
  ) => Uint8Array;
  /** Merges what lies at `BEFORE`, with limits that are far away unless told. */
  readonly merge: (
    laid: LaidBatches,
    limits?: Partial<RunLimits>,
    firstOffset?: number,
  ) => PlacedRun | undefined;
  readonly read: (run: PlacedRun) => TestBatch;
}

/** Lays batches with something before and behind them. */
export function layRun(batches: readonly Uint8Array[]): LaidBatches {
  return layBatches(batches, { before: BEFORE, behind: BEHIND });
}

/**
 * Records of any content.
 *
 * @param bytes what keys and values are made of
 * @param longestMs how far apart their timestamps may lie
 */
export function anyRecord(
  bytes: fc.Arbitrary<Uint8Array>,
  longestMs: bigint,
): fc.Arbitrary<Pick<TestRecord, "key" | "value" | "timestamp" | "headers">> {
  const earliest = 1n << 40n;
  const value = fc.option(bytes);
  const header = { key: fc.uint8Array({ maxLength: 9 }), value };
  return fc.record({
    key: value,
    value,
    timestamp: fc.bigInt({ min: earliest, max: earliest + longestMs }),
    headers: fc.array(fc.record(header, { noNullPrototype: true }), { maxLength: 2 }),
  });
}

/** That all of these records, from the first laid batch to the last, became one batch. @returns it */
export function assertAllMerged(
  { read }: WayOfMerging,
  laid: LaidBatches,
  run: PlacedRun | undefined,
  records: readonly TestRecord[],
): TestBatch {
  assert.ok(run);
  assert.equal(run.recordCount, records.length);
  assert.equal(run.end, laid.end);
  const batch = read(run);
  assert.ok(batch.crcIsRight && crcMatches(run.view, run.position, run.size));
  assert.deepEqual(contentsOf(batch.records), contentsOf(records));
  assert.deepEqual(
    batch.records.map(({ offset }) => Number(offset - batch.baseOffset)),
    records.map((_, i) => i),
  );
  assert.deepEqual(
    [batch.lastOffsetDelta, batch.recordCount],
    [records.length - 1, records.length],
  );
  const newest = records.reduce((max, { timestamp }) => timestamp > max ? timestamp : max, 0n);
  assert.equal(batch.maxTimestamp, newest);
  assert.deepEqual(laid.bytes.subarray(0, BEFORE), new Uint8Array(BEFORE).fill(AROUND));
  assert.deepEqual(laid.bytes.subarray(laid.end), new Uint8Array(BEHIND).fill(AROUND));
  return batch;
}

/** Declares tests of where runs end. @param others batches for offset 2 that it does not merge, and what they have */
export function testRunEnds(
  way: WayOfMerging,
  others: readonly (readonly [what: string, batch: Uint8Array])[],
): void {
  const { batches, single, merge, read } = way;
  for (const [what, batch] of others) {
    Deno.test(`a run of ${batches} ends before one with ${what}`, () => {
      const laid = layRun([single(0), single(1), batch, single(3)]);
      const run = merge(laid);
      assert.ok(run);
      assert.equal(run.recordCount, 2);
      assert.equal(run.end, laid.spans[2]?.position);
      assert.deepEqual(laid.bytes.subarray(run.end, run.end + batch.length), batch);
      assert.ok(crcMatches(run.view, run.position, run.size));
      assert.deepEqual(
        contentsOf(read(run).records),
        contentsOf([testRecord(0), testRecord(1)]),
      );
    });

    Deno.test(`nothing changes where one of ${batches} is followed by one with ${what}`, () => {
      const moved = batch.slice();
      const view = new DataView(moved.buffer);
      view.setBigInt64(0, view.getBigInt64(0) - 1n);
      const laid = layRun([single(0), moved, single(2)]);
      const before = laid.bytes.slice();
      assert.equal(merge(laid), undefined);
      assert.deepEqual(laid.bytes, before);
    });
  }

  Deno.test(`a run of ${batches} ends where the range, the response or the room in a batch does`, () => {
    const laid = () => layRun([0, 1, 2, 3].map((offset) => single(offset)));
    assert.equal(merge(laid(), { untilOffset: 3 })?.recordCount, 3);
    assert.equal(merge(laid(), { untilOffset: 1 }), undefined);
    assert.equal(merge(laid(), { end: laid().end - 1 })?.recordCount, 3);
    const { size } = merge(laid()) ?? { size: 0 };
    assert.equal(merge(laid(), { maxBytes: size })?.recordCount, 4);
    for (let less = 1; less < 20; less++) {
      assert.equal(merge(laid(), { maxBytes: size - less })?.recordCount, 3);
    }
  });
}
