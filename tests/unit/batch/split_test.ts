// Splitting: no batch larger than allowed, no record lost, none too large passed over in silence.

import assert from "node:assert/strict";
import fc from "fast-check";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import type { ReencodedBatch } from "../../../lib/batch/reencode.ts";
import { RecordTooLargeError, splitBatch } from "../../../lib/batch/split.ts";
import { compress, decompress } from "../../../lib/codec/codec.ts";
import {
  buildBatch,
  readBatch,
  type TestRecord,
  testRecord,
  testRecords,
} from "../../support/record_batch_builder.ts";
import { repetitive } from "../codec/sample_bytes.ts";

const CODECS = [0, 1, 2, 3, 4];

function build(codec: number, records: readonly TestRecord[], more = {}): Uint8Array {
  return buildBatch(records, {
    attributes: codec,
    compress: (section) => compress(codec, section),
    ...more,
  });
}

/** Checks what every part owes, and gives the records with their source offsets, as far as the parts tell them. */
function recordsOf(
  parts: readonly ReencodedBatch[],
  codec: number,
  maxBytes: number,
): TestRecord[] {
  return parts.flatMap(({ bytes, recordCount }) => {
    assert.ok(bytes.length <= maxBytes);
    const batch = readBatch(bytes, (section) => decompress(codec, section, 1 << 24));
    assert.ok(batch.crcIsRight);
    assert.equal(batch.attributes, codec);
    assert.equal(batch.recordCount, recordCount);
    assert.deepEqual(batch.records.map(({ offset }) => Number(offset)), [...batch.records.keys()]);
    return batch.records;
  });
}

function withoutOffset(records: readonly TestRecord[]): Omit<TestRecord, "offset">[] {
  return records.map(({ offset: _, ...rest }) => rest);
}

for (const codec of CODECS) {
  Deno.test(`all records are there, in order, in batches that fit, codec ${codec}`, () => {
    const sizes = fc.array(fc.tuple(fc.nat(400), fc.nat(2)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 600, max: 5000 }), (contents, maxBytes) => {
        let offset = 100;
        const records = contents.map(([size, gap], i) => {
          offset += gap + 1;
          return testRecord(offset, { value: repetitive(size, 1 + (i * 50) % 256) });
        });
        const bytes = build(codec, records, { baseOffset: 50n, lastOffset: 1000n });
        const parts = splitBatch(bytes, maxBytes);
        const seen = recordsOf(parts, codec, maxBytes);
        assert.deepEqual(withoutOffset(seen), withoutOffset(records));
        let index = 0;
        for (const { firstOffset, lastOffset, recordCount } of parts) {
          assert.equal(firstOffset, records[index]!.offset);
          index += recordCount;
          assert.equal(lastOffset, records[index - 1]!.offset);
        }
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("uncompressed batches are filled to nine tenths at least", () => {
  const parts = splitBatch(build(0, testRecords(0, 500)), 1000);
  assert.ok(parts.length > 1);
  // A record takes less than 40 bytes, and each can lose some when its offset delta gets smaller.
  assert.ok(parts.slice(0, -1).every(({ bytes }) => bytes.length > 900));
});

Deno.test("a compressed batch is not cut into more parts than its size calls for", () => {
  const records = Array.from(
    { length: 2000 },
    (_, i) => testRecord(i, { value: repetitive(200, 3) }),
  );
  for (const codec of [1, 2, 3, 4]) {
    const bytes = build(codec, records);
    const maxBytes = Math.ceil(bytes.length / 4);
    const parts = splitBatch(bytes, maxBytes);
    assert.ok(parts.length <= 12, `${codec}: ${parts.length}`);
    assert.equal(recordsOf(parts, codec, maxBytes).length, 2000);
  }
});

Deno.test("a batch that fits stays one", () => {
  const bytes = build(0, testRecords(3, 6));
  const parts = splitBatch(bytes, bytes.length);
  assert.equal(parts.length, 1);
  assert.equal(splitBatch(bytes, bytes.length - 1).length, 2);
});

Deno.test("only the records of the range are in the parts", () => {
  const bytes = build(0, testRecords(10, 100));
  const parts = splitBatch(bytes, 300, { fromOffset: 20n, untilOffset: 30n });
  assert.equal(parts[0]!.firstOffset, 20n);
  assert.equal(parts.at(-1)!.lastOffset, 29n);
  assert.equal(parts.reduce((sum, { recordCount }) => sum + recordCount, 0), 10);
  assert.deepEqual(splitBatch(bytes, 300, { fromOffset: 100n }), []);
});

Deno.test("LogAppendTime becomes CreateTime in every part", () => {
  const bytes = build(3, testRecords(0, 100), { attributes: 11, maxTimestamp: 1_800_000_000_000n });
  const times = recordsOf(splitBatch(bytes, 500), 3, 500).map(({ timestamp }) => timestamp);
  assert.equal(times.length, 100);
  assert.ok(times.every((timestamp) => timestamp === 1_800_000_000_000n));
});

Deno.test("records that fit no batch are named, all of them, with what they need", () => {
  for (const codec of CODECS) {
    const records = testRecords(0, 40).map((record, i) =>
      i === 7 || i === 31 ? { ...record, value: repetitive(3000, 256) } : record
    );
    assert.throws(() => splitBatch(build(codec, records), 1000), (error) => {
      assert.ok(error instanceof RecordTooLargeError);
      assert.deepEqual(error.records.map(({ offset }) => offset), [7n, 31n]);
      assert.ok(error.records.every(({ sizeInBytes }) => sizeInBytes > 3000 && sizeInBytes < 3300));
      assert.match(
        error.message,
        /offset 7 \(and 1 more in its batch\) needs .* bytes, the target takes 1000$/,
      );
      return true;
    });
  }
});

Deno.test("a limit below any batch names every record", () => {
  assert.throws(() => splitBatch(build(0, testRecords(0, 3)), 10), (error) => {
    return error instanceof RecordTooLargeError && error.records.length === 3;
  });
});

Deno.test("control batches, wrong CRCs and offsets that go back are refused", () => {
  const records = testRecords(0, 3);
  assert.throws(() => splitBatch(build(0, records, { attributes: 0x20 }), 999), /control batch/);
  const damaged = build(0, records);
  damaged[70]! ^= 1;
  assert.throws(() => splitBatch(damaged, 999), CorruptBatchError);
  const backwards = build(0, [records[0]!, records[2]!, records[1]!], { lastOffset: 2n });
  assert.throws(() => splitBatch(backwards, 80), CorruptBatchError);
});

Deno.test("splitting a large batch into small ones takes time in proportion to its size", () => {
  const bytes = build(0, testRecords(0, 20_000));
  const parts = splitBatch(bytes, 200);
  assert.equal(parts.reduce((sum, { recordCount }) => sum + recordCount, 0), 20_000);
});
