// Zigzag varints against a builder that knows only arithmetic.

import assert from "node:assert/strict";
import fc from "fast-check";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import {
  readVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeVarint,
  writeVarlong,
} from "../../../lib/batch/varint.ts";
import { zigzag } from "../../support/record_batch_builder.ts";

const int32 = fc.oneof(fc.integer(), fc.integer({ min: -300, max: 300 }));
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -300n, max: 300n }),
);

Deno.test("varints of 32 bits are written, measured and read", () => {
  fc.assert(fc.property(int32, (value) => {
    const expected = zigzag(BigInt(value));
    const bytes = new Uint8Array(12).fill(0xff);
    const end = writeVarint(bytes, 3, value);
    assert.deepEqual([...bytes.subarray(3, end)], expected);
    assert.equal(sizeOfVarint(value), expected.length);
    const cursor = { position: 3 };
    assert.equal(readVarint(bytes, cursor, end), value);
    assert.equal(cursor.position, end);
    assert.throws(() => readVarint(bytes, { position: 3 }, end - 1), CorruptBatchError);
  }));
});

Deno.test("varints of 64 bits are written and measured", () => {
  fc.assert(fc.property(int64, (value) => {
    const expected = zigzag(value);
    const bytes = new Uint8Array(14);
    const end = writeVarlong(bytes, 3, value);
    assert.deepEqual([...bytes.subarray(3, end)], expected);
    assert.equal(sizeOfVarlong(value), expected.length);
  }));
});

Deno.test("the ends of both ranges are exact", () => {
  for (const value of [2 ** 31 - 1, -(2 ** 31), 0, -1]) {
    const bytes = Uint8Array.from(zigzag(BigInt(value)));
    assert.equal(readVarint(bytes, { position: 0 }, bytes.length), value);
    assert.equal(sizeOfVarint(value), bytes.length);
  }
});

Deno.test("readVarint() reads longer encodings than needed, but nothing beyond 32 bits", () => {
  assert.equal(readVarint(Uint8Array.of(0x82, 0x80, 0), { position: 0 }, 3), 1);
  for (const bytes of [[255, 255, 255, 255, 0x1f], [128, 128, 128, 128, 128, 0], [128], []]) {
    const given = Uint8Array.from(bytes);
    assert.throws(() => readVarint(given, { position: 0 }, given.length), CorruptBatchError);
  }
});
