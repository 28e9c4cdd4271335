// Headers, and how batches tile a fetch response.

import assert from "node:assert/strict";
import fc from "fast-check";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import {
  attributes,
  baseOffset,
  baseSequence,
  batchMagic,
  batchSize,
  isControlBatch,
  isDense,
  lastOffset,
  lastOffsetDelta,
  maxTimestamp,
  nextBatchSize,
  producerId,
  readRecordBatchHeader,
  recordCount,
} from "../../../lib/batch/record_batch.ts";
import { buildBatch, readBatch, testRecords } from "../../support/record_batch_builder.ts";
import { JAVA_BATCHES, javaBytes } from "../../support/java_batches.ts";

const UNUSUAL = {
  baseOffset: 2n ** 40n,
  lastOffset: 2n ** 40n + 9n,
  leaderEpoch: 12,
  attributes: 0x50,
  maxTimestamp: 1_800_000_000_000n,
  producerId: 4711n,
  producerEpoch: 8,
  baseSequence: 2 ** 31 - 2,
};

function at(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The bytes after so many others, in a larger buffer. */
function shifted(bytes: Uint8Array, by: number): DataView {
  const large = new Uint8Array(bytes.length + by + 3).fill(0xee);
  large.set(bytes, by);
  return at(large);
}

Deno.test("readRecordBatchHeader() reads every field, at any position", () => {
  const bytes = buildBatch(testRecords(3, 6), UNUSUAL);
  const { records: _, crcIsRight: __, leaderEpoch, ...fields } = readBatch(bytes);
  for (const position of [0, 1, 17]) {
    assert.deepEqual(readRecordBatchHeader(shifted(bytes, position), position), {
      ...fields,
      partitionLeaderEpoch: leaderEpoch,
      magic: 2,
      sizeInBytes: bytes.length,
      crc: at(bytes).getUint32(17),
    });
  }
});

Deno.test("the single fields are those of the header", () => {
  const view = shifted(buildBatch(testRecords(3, 6), UNUSUAL), 5);
  const header = readRecordBatchHeader(view, 5);
  assert.equal(baseOffset(view, 5), header.baseOffset);
  assert.equal(lastOffset(view, 5), UNUSUAL.lastOffset);
  assert.equal(lastOffsetDelta(view, 5), 9);
  assert.equal(recordCount(view, 5), 3);
  assert.equal(attributes(view, 5), header.attributes);
  assert.equal(maxTimestamp(view, 5), header.maxTimestamp);
  assert.equal(producerId(view, 5), header.producerId);
  assert.equal(baseSequence(view, 5), header.baseSequence);
  assert.equal(batchSize(view, 5), header.sizeInBytes);
  assert.equal(batchMagic(view, 5), 2);
});

Deno.test("readRecordBatchHeader() refuses other formats and cut off headers", () => {
  const bytes = buildBatch(testRecords(0, 1));
  assert.throws(() => readRecordBatchHeader(at(bytes.subarray(0, 60)), 0), CorruptBatchError);
  assert.throws(() => readRecordBatchHeader(at(bytes), bytes.length - 60), CorruptBatchError);
  bytes[16] = 1;
  assert.throws(() => readRecordBatchHeader(at(bytes), 0), /its magic is 1, not 2/);
});

Deno.test("isDense() is true only where a broker would take the batch", () => {
  const records = testRecords(0, 3);
  assert.ok(isDense(at(buildBatch(records)), 0));
  assert.ok(!isDense(at(buildBatch(records, { lastOffset: 3n })), 0));
  assert.ok(!isDense(at(buildBatch([records[0]!, records[2]!])), 0));
  assert.ok(!isDense(at(buildBatch([], { lastOffset: 0n })), 0));
  assert.ok(!isDense(at(buildBatch([], { baseOffset: 4n, lastOffset: 3n })), 0));
});

Deno.test("isControlBatch() looks at one bit", () => {
  for (const [bits, expected] of [[0x20, true], [0x30, true], [0x5f, false]] as const) {
    assert.equal(isControlBatch(at(buildBatch([], { attributes: bits })), 0), expected);
  }
});

Deno.test("nextBatchSize() walks the batches of every format to the end", () => {
  const parts = JAVA_BATCHES.map(javaBytes);
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, p) => sum + p.length, 0));
  let position = 0;
  const seen: number[] = [];
  while (position < bytes.length) {
    const size = nextBatchSize(at(bytes), position, bytes.length);
    assert.notEqual(size, 0);
    position += size;
    seen.push(position);
  }
  assert.ok(ends.every((end) => seen.includes(end)));
});

Deno.test("nextBatchSize() gives 0 for a batch cut off anywhere", () => {
  const bytes = buildBatch(testRecords(0, 3));
  const view = shifted(bytes, 4);
  assert.equal(nextBatchSize(view, 4, 4 + bytes.length), bytes.length);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(nextBatchSize(view, 4, 4 + length), 0, `${length}`);
    assert.equal(nextBatchSize(at(bytes.subarray(0, length)), 0, length), 0, `${length}`);
  }
});

Deno.test("nextBatchSize() refuses lengths and magics that cannot be", () => {
  const table: readonly (readonly [number, number])[] = [
    [2, 48],
    [1, 21],
    [0, 13],
    [2, 0],
    [2, -1],
    [2, -(2 ** 31)],
    [3, 100],
    [-1, 100],
  ];
  for (const [magic, length] of table) {
    const view = at(new Uint8Array(200));
    view.setInt32(8, length);
    view.setInt8(16, magic);
    assert.throws(() => nextBatchSize(view, 0, 200), CorruptBatchError, `${magic} ${length}`);
  }
  for (const [magic, length] of [[2, 49], [1, 22], [0, 14]] as const) {
    const view = at(new Uint8Array(200));
    view.setInt32(8, length);
    view.setInt8(16, magic);
    assert.equal(nextBatchSize(view, 0, 200), length + 12);
  }
});

Deno.test("nextBatchSize() never leaves its range, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(100), (bytes, position) => {
    const start = Math.min(position, bytes.length);
    try {
      const size = nextBatchSize(at(bytes), start, bytes.length);
      assert.ok(size === 0 || (size >= 26 && start + size <= bytes.length));
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error;
      assert.equal(error.position, start);
    }
  }));
});
