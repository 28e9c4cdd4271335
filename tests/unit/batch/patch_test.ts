// The header patch: what changes, what does not, and the CRC that follows.

import assert from "node:assert/strict";
import fc from "fast-check";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { crcMatches } from "../../../lib/batch/check.ts";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import { patchForProduce, type ProduceStamp } from "../../../lib/batch/patch.ts";
import { buildBatch, fixCrc, readBatch, testRecords } from "../../support/record_batch_builder.ts";

const STAMP: ProduceStamp = { producerId: 2n ** 60n + 3n, producerEpoch: 2, baseSequence: 70_000 };
const PASSED_THROUGH = { attributes: 0x50, producerId: 9n, producerEpoch: 1, baseSequence: 5 };

function at(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const anyStamp = fc.record({
  producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  producerEpoch: fc.integer({ min: 0, max: 32767 }),
  baseSequence: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});

const anyBatch = fc.record({
  attributes: fc.constantFrom(0x00, 0x03, 0x10, 0x11, 0x40, 0x50, 0x54),
  baseOffset: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }),
  producerEpoch: fc.integer({ min: -1, max: 32767 }),
  baseSequence: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  records: fc.integer({ min: 1, max: 40 }),
});

Deno.test("patchForProduce() leaves the CRC right for any batch and any stamp", () => {
  fc.assert(fc.property(anyBatch, anyStamp, fc.nat(9), (options, stamp, position) => {
    const base = Number(options.baseOffset % 1000n);
    const batch = buildBatch(testRecords(base, base + options.records), {
      ...options,
      baseOffset: options.baseOffset - options.baseOffset % 1000n + BigInt(base),
      lastOffset: options.baseOffset + BigInt(options.records) - 1n,
    });
    const large = new Uint8Array(position + batch.length);
    large.set(batch, position);
    patchForProduce(at(large), position, stamp);
    const { crcIsRight, baseOffset } = readBatch(large.subarray(position));
    assert.ok(crcIsRight);
    assert.equal(baseOffset, 0n);
  }));
});

Deno.test("patchForProduce() changes base offset, producer and two bits, nothing else", () => {
  const bytes = buildBatch(testRecords(7, 12), PASSED_THROUGH);
  const before = readBatch(bytes);
  patchForProduce(at(bytes), 0, STAMP);
  const after = readBatch(bytes);
  assert.deepEqual(after, {
    ...before,
    ...STAMP,
    baseOffset: 0n,
    attributes: 0,
    records: before.records.map((record) => ({ ...record, offset: record.offset - 7n })),
  });
});

Deno.test("patchForProduce() leaves the bytes around the batch alone", () => {
  const batch = buildBatch(testRecords(0, 2));
  const large = new Uint8Array(batch.length + 40).fill(0xaa);
  large.set(batch, 20);
  patchForProduce(at(large), 20, STAMP);
  assert.ok(large.subarray(0, 20).every((byte) => byte === 0xaa));
  assert.ok(large.subarray(20 + batch.length).every((byte) => byte === 0xaa));
});

Deno.test("patchForProduce() keeps a wrong CRC wrong, whatever was damaged", () => {
  const whole = buildBatch(testRecords(0, 20), PASSED_THROUGH);
  for (let i = 21; i < whole.length; i++) {
    for (const bit of [0x01, 0x80]) {
      const damaged = whole.slice();
      damaged[i]! ^= bit;
      patchForProduce(at(damaged), 0, STAMP);
      assert.ok(!crcMatches(viewed(damaged).view, 0, damaged.length), `byte ${i}`);
    }
  }
});

Deno.test("patchForProduce() twice is the second stamp", () => {
  const once = buildBatch(testRecords(0, 3), PASSED_THROUGH);
  const twice = once.slice();
  patchForProduce(at(once), 0, STAMP);
  patchForProduce(at(twice), 0, { producerId: 1n, producerEpoch: 0, baseSequence: 0 });
  patchForProduce(at(twice), 0, STAMP);
  assert.deepEqual(twice, once);
});

Deno.test("patchForProduce() refuses control batches, other formats and impossible lengths", () => {
  const control = buildBatch(testRecords(0, 1), { attributes: 0x30 });
  assert.throws(() => patchForProduce(at(control), 0, STAMP), /control batch/);
  const old = buildBatch(testRecords(0, 1));
  old[16] = 1;
  assert.throws(() => patchForProduce(at(old), 0, STAMP), CorruptBatchError);
  const short = buildBatch(testRecords(0, 1));
  at(short).setInt32(8, 48);
  assert.throws(() => patchForProduce(at(short), 0, STAMP), CorruptBatchError);
});

Deno.test("patchForProduce() lets LogAppendTime pass only where its bit is to be cleared", () => {
  const bytes = buildBatch(testRecords(0, 3), { attributes: 0x1b });
  const before = bytes.slice();
  assert.throws(() => patchForProduce(at(bytes), 0, STAMP), /re-encode/);
  assert.deepEqual(bytes, before);
  patchForProduce(at(bytes), 0, { ...STAMP, clearLogAppendTime: true });
  const after = readBatch(bytes, () => new Uint8Array(0));
  assert.equal(after.attributes, 3);
  assert.ok(after.crcIsRight);
});

Deno.test("crcMatches() notices every changed byte after the CRC, and a size that cannot be", () => {
  const bytes = buildBatch(testRecords(0, 3));
  assert.ok(crcMatches(viewed(bytes).view, 0, bytes.length));
  for (let i = 17; i < bytes.length; i++) {
    bytes[i]! ^= 0x10;
    assert.ok(!crcMatches(viewed(bytes).view, 0, bytes.length), `byte ${i}`);
    bytes[i]! ^= 0x10;
  }
  assert.ok(!crcMatches(viewed(bytes).view, 0, bytes.length - 1));
  assert.ok(!crcMatches(viewed(bytes).view, 0, bytes.length + 1));
  assert.ok(!crcMatches(viewed(bytes).view, 0, 60));
  fixCrc(bytes);
  assert.ok(crcMatches(viewed(bytes).view, 0, bytes.length));
});
