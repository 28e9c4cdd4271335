// The walk over the records of an opened batch, and everything it refuses.

import assert from "node:assert/strict";
import fc from "fast-check";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import { forEachRecord, type RecordPosition, timestampDelta } from "../../../lib/batch/records.ts";
import {
  buildBatch,
  testRecord,
  testRecords,
  utf8,
  zigzag,
} from "../../support/record_batch_builder.ts";

/** A record of nothing but nulls at offset delta 0. */
const SMALLEST = [12, 0, 0, 0, 1, 1, 0];

function walk(bytes: Uint8Array, start: number, end: number, count: number): RecordPosition[] {
  const seen: RecordPosition[] = [];
  forEachRecord(bytes, start, end, count, (record) => seen.push({ ...record }));
  return seen;
}

Deno.test("forEachRecord() finds where each record, its head and its body lie", () => {
  const records = testRecords(10, 300);
  const bytes = buildBatch(records);
  const seen = walk(bytes, 61, bytes.length, records.length);
  assert.equal(seen.length, records.length);
  let expectedStart = 61;
  seen.forEach((record, i) => {
    assert.equal(record.start, expectedStart);
    assert.equal(record.offsetDelta, i);
    assert.equal(timestampDelta(record), BigInt(i));
    assert.equal(record.attributes, 0);
    const key = [...zigzag(BigInt(records[i]!.key!.length)), ...records[i]!.key!];
    assert.deepEqual([...bytes.subarray(record.bodyStart, record.bodyStart + key.length)], key);
    const delta = bytes.subarray(record.timestampDeltaStart, record.timestampDeltaEnd);
    assert.deepEqual([...delta], zigzag(BigInt(i)));
    expectedStart = record.end;
  });
  assert.equal(expectedStart, bytes.length);
});

Deno.test("timestampDelta() is exact over all 64 bits", () => {
  const edges = [
    0n,
    -1n,
    1n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ];
  const delta = fc.oneof(
    fc.constantFrom(...edges),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 36n), max: 2n ** 36n }),
  );
  fc.assert(
    fc.property(delta, (expected) => {
      const bytes = buildBatch([testRecord(0, { timestamp: expected })], { baseTimestamp: 0n });
      assert.equal(timestampDelta(walk(bytes, 61, bytes.length, 1)[0]!), expected);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("forEachRecord() does not mind millions of records", () => {
  const count = 1_000_000;
  const bytes = new Uint8Array(count * SMALLEST.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = SMALLEST[i % SMALLEST.length]!;
  let seen = 0;
  forEachRecord(bytes, 0, bytes.length, count, () => seen++);
  assert.equal(seen, count);
});

Deno.test("forEachRecord() refuses more or fewer records than the header announces", () => {
  const bytes = buildBatch(testRecords(0, 3));
  assert.throws(() => walk(bytes, 61, bytes.length, 2), /follow the last of its 2 records/);
  assert.throws(() => walk(bytes, 61, bytes.length, 4), /holds 3 records, its header says 4/);
  assert.throws(() => walk(bytes, 61, bytes.length, 0), CorruptBatchError);
  assert.deepEqual(walk(new Uint8Array(0), 0, 0, 0), []);
});

Deno.test("forEachRecord() refuses records that cannot be", () => {
  const long = new Array<number>(9).fill(0x80);
  const table: readonly number[][] = [
    [10, 0, 0, 0, 1, 1],
    [14, 0, 0, 0, 1, 1, 0],
    [1, 0, 0, 0, 1, 1, 0],
    [0],
    [0x80],
    [255, 255, 255, 255, 15, 0, 0, 0, 1, 1, 0],
    [12, 0, 0x80, 0x80, 0x80, 0x80, 0x80],
    [12, 0, 0, 0x80, 0x80, 0x80, 0x80],
    [32, 0, ...long, 2, 0, 1, 1, 0, 0],
    [32, 0, ...long, 0x80, 0, 1, 1, 0, 0],
  ];
  for (const bytes of table) {
    const given = Uint8Array.from(bytes);
    assert.throws(() => walk(given, 0, given.length, 1), CorruptBatchError, `${bytes}`);
  }
});

Deno.test("forEachRecord() answers any bytes with records inside them or CorruptBatchError", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(0, 1, 2, 12, 14, 16, 128), { maxLength: 60 })
      .map((bytes) => Uint8Array.from(bytes)),
    fc.array(fc.constant(SMALLEST)).map((records) => Uint8Array.from(records.flat())),
  );
  fc.assert(
    fc.property(anyBytes, fc.nat(8), (bytes, count) => {
      let at = 0;
      try {
        forEachRecord(bytes, 0, bytes.length, count, (record) => {
          assert.equal(record.start, at);
          assert.ok(record.start < record.bodyStart && record.bodyStart <= record.end);
          assert.ok(record.end <= bytes.length);
          at = record.end;
        });
        assert.equal(at, bytes.length);
      } catch (error) {
        if (!(error instanceof CorruptBatchError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("positions in errors are those of the buffer", () => {
  const bytes = buildBatch([testRecord(0, { key: utf8("k") })]);
  bytes[61] = 0;
  assert.throws(
    () => walk(bytes, 61, bytes.length, 1),
    (error) => error instanceof CorruptBatchError && error.position === 61,
  );
});
