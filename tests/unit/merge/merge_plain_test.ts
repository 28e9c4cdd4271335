import assert from "node:assert/strict";
import fc from "fast-check";
import { crcMatches } from "../../../lib/batch/check.ts";
import type { PlacedRun } from "../../../lib/merge/merge_limits.ts";
import { mergePlain } from "../../../lib/merge/merge_plain.ts";
import { damagedCopies, type LaidBatches, takeUsed } from "../../support/laid_batches.ts";
import {
  anyRecord,
  assertAllMerged,
  BEFORE,
  layRun,
  type WayOfMerging,
} from "../../support/merged_runs.ts";
import {
  buildBatch,
  contentsOf,
  fixCrc,
  readBatch,
  type TestRecord,
  testRecord,
  utf8,
} from "../../support/record_batch_builder.ts";

/** Merges what was laid, from its first batch on. */
function merge(
  laid: LaidBatches,
  { maxBytes = 1_000_000 }: { readonly maxBytes?: number } = {},
): PlacedRun | undefined {
  return mergePlain(laid, laid.spans, 0, maxBytes, takeUsed);
}

const way: WayOfMerging = {
  batches: "plain batches of several records",
  single: (offset, record, options) => buildBatch([testRecord(offset, record)], options),
  merge,
  read: ({ bytes, position, size }) => readBatch(bytes.subarray(position, position + size)),
};

/** Batches of so many records each, the offsets of all of them consecutive. */
function batchesOf(
  groups: readonly (readonly Partial<TestRecord>[])[],
): { readonly records: TestRecord[][]; readonly batches: Uint8Array[] } {
  let offset = 0;
  const records = groups.map((group) => group.map((more) => testRecord(offset++, more)));
  return { records, batches: records.map((group) => buildBatch(group)) };
}

/** Mostly few; what is long goes another way through the CRC. */
const anyBytes = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 70 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 380, maxLength: 500 }) },
);

/** Groups of records whose times are near one another; those of groups may be so far apart that deltas take more bytes. */
const groupsOfRecords = fc.array(
  fc.tuple(
    fc.constantFrom(0n, 1n << 7n, 1n << 14n, 1n << 30n),
    fc.array(anyRecord(anyBytes, 60n), {
      minLength: 1,
      maxLength: 40,
      size: "max",
    }),
  ).map(([later, records]) =>
    records.map((record) => ({ ...record, timestamp: record.timestamp + later }))
  ),
  { minLength: 2, maxLength: 12 },
);

Deno.test("whatever the records of plain batches, they become one, where they lie if there is room", () => {
  const seen = { inPlace: 0, apart: 0 };
  fc.assert(
    fc.property(groupsOfRecords, (groups) => {
      const { records, batches } = batchesOf(groups);
      const laid = layRun(batches);
      const before = laid.bytes.slice();
      const run = merge(laid);
      const batch = assertAllMerged(way, laid, run, records.flat());
      assert.equal(batch.baseTimestamp, records[0]![0]!.timestamp);
      const inPlace = run?.bytes === laid.bytes;
      assert.equal(inPlace, run!.size <= laid.end - BEFORE);
      assert.equal(run?.position, inPlace ? BEFORE : 0);
      if (!inPlace) assert.deepEqual(laid.bytes, before);
      seen[inPlace ? "inPlace" : "apart"]++;
    }),
    { numRuns: 300 },
  );
  assert.ok(seen.inPlace > 30 && seen.apart > 30, JSON.stringify(seen));
});

Deno.test("damage in plain batches that become one stays visible", () => {
  const laid = layRun(
    batchesOf([[{}, {}], [{ value: new Uint8Array(700) }, {}, {}], [{}], [{}, {}]]).batches,
  );
  let merged = 0;
  fc.assert(
    fc.property(damagedCopies(laid), ({ batch, bytes }) => {
      const view = new DataView(bytes.buffer);
      const alone = { view, position: BEFORE, size: laid.spans[0]!.size, count: 1 };
      const run = mergePlain({ bytes, view }, laid.spans, 0, 1_000_000, takeUsed) ?? alone;
      if (batch < run.count) merged++;
      assert.equal(crcMatches(run.view, run.position, run.size), batch >= run.count);
    }),
    { numRuns: 3_000 },
  );
  assert.ok(merged > 1_000, `${merged}`);
});

Deno.test("plain batches become no larger than told", () => {
  const laid = () => layRun(batchesOf([[{}, {}], [{}, {}], [{}]]).batches);
  const size = merge(laid())?.size ?? 0;
  assert.equal(merge(laid(), { maxBytes: size })?.recordCount, 5);
  assert.equal(merge(laid(), { maxBytes: size - 1 })?.recordCount, 4);
  assert.equal(merge(laid(), { maxBytes: 100 }), undefined);
});

Deno.test("plain batches are merged up to timestamps that no safe integer can tell apart", () => {
  const far = 1n << 60n;
  const times = (...all: readonly bigint[]) => all.map((timestamp) => ({ timestamp }));
  const run = merge(layRun(batchesOf([times(1n, 2n), times(3n), times(far, far)]).batches));
  assert.equal(run?.recordCount, 3);
  // The batches' own are near, a record's is not.
  const inOne = batchesOf([times(1n), times(2n, far + 1n)]).batches;
  assert.equal(merge(layRun(inOne)), undefined);
  // The timestamps are near, what they count from is not.
  const apart = [0n, 2n ** 60n + 1n].map((baseTimestamp, offset) =>
    buildBatch([testRecord(offset, { timestamp: 1n })], { baseTimestamp })
  );
  assert.equal(merge(layRun(apart)), undefined);
});

Deno.test("the attributes of records move with them", () => {
  const { batches } = batchesOf([[{}], [{}]]);
  for (const [index, attributes] of [0x55, 0x2a].entries()) {
    batches[index]![62] = attributes;
    fixCrc(batches[index]!);
  }
  const laid = layRun(batches);
  const run = merge(laid);
  assert.ok(run && crcMatches(run.view, run.position, run.size));
  const second = laid.spans[1]!.position;
  assert.deepEqual([laid.bytes[BEFORE + 62], laid.bytes[second + 1]], [0x55, 0x2a]);
});

Deno.test("merging plain batches may begin behind the first", () => {
  const { records, batches } = batchesOf([[{}, {}], [{}], [{}, {}], [{}]]);
  const laid = layRun(batches);
  const first = laid.bytes.slice(0, laid.spans[1]!.position);
  const run = mergePlain(laid, laid.spans, 1, 1_000_000, takeUsed);
  assert.equal(run?.count, 3);
  assert.equal(run.bytes, laid.bytes);
  const { position } = laid.spans[1]!;
  const merged = readBatch(laid.bytes.subarray(position, position + run.size));
  assert.ok(merged.crcIsRight);
  assert.deepEqual(contentsOf(merged.records), contentsOf(records.slice(1).flat()));
  assert.deepEqual(laid.bytes.subarray(0, position), first);
});

Deno.test("what records grow by may take all of a header's room, and no more", () => {
  // From offset delta 64 on it takes two bytes.
  const small = (count: number): Partial<TestRecord>[] =>
    Array(count).fill({ key: null, value: utf8("xy"), timestamp: 5n });
  const grown = (count: number) => {
    const { records, batches } = batchesOf([small(64), small(count)]);
    const laid = layRun(batches);
    const run = merge(laid);
    assertAllMerged(way, laid, run, records.flat());
    return run?.position;
  };
  assert.equal(grown(61), BEFORE);
  assert.equal(grown(62), 0);
});

Deno.test("no memory is taken by a count of records that cannot be", () => {
  const laid = layRun(batchesOf([[{}], [{}], [{}]]).batches);
  laid.view.setInt32(laid.spans[1]!.position + 57, 2 ** 31 - 1);
  assert.equal(merge(laid), undefined);
});
