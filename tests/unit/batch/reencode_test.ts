// Re-encoding: which records stay, what of them stays, and what kind of batch comes out.

import assert from "node:assert/strict";
import fc from "fast-check";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import { patchForProduce } from "../../../lib/batch/patch.ts";
import { reencodeBatch } from "../../../lib/batch/reencode.ts";
import { compress, decompress } from "../../../lib/codec/codec.ts";
import {
  buildBatch,
  fixCrc,
  readBatch,
  slowCrc32c,
  type TestBatch,
  type TestRecord,
  testRecord,
  testRecords,
  utf8,
} from "../../support/record_batch_builder.ts";
import {
  JAVA_APPEND_TIME,
  JAVA_BATCHES,
  javaBatch,
  javaBytes,
  javaRecords,
} from "../../support/java_batches.ts";

const CODECS = [0, 1, 2, 3, 4];

function read(bytes: Uint8Array): TestBatch {
  const codec = (bytes[22] ?? 0) & 7;
  return readBatch(bytes, (section) => decompress(codec, section, 1 << 24));
}

/** The records as they lie in a re-encoded batch: offsets from 0. */
function renumbered(records: readonly TestRecord[]): TestRecord[] {
  return records.map((record, i) => ({ ...record, offset: BigInt(i) }));
}

function build(codec: number, records: readonly TestRecord[], more = {}): Uint8Array {
  return buildBatch(records, {
    attributes: codec,
    compress: (section) => compress(codec, section),
    ...more,
  });
}

const anyField = fc.option(fc.uint8Array({ maxLength: 90 }), { nil: null });
const anyContent = fc.record({
  gap: fc.nat(3),
  timestamp: fc.bigInt({ min: -1n, max: 2n ** 61n }),
  key: anyField,
  value: anyField,
  headers: fc.array(
    fc.record(
      { key: fc.uint8Array({ maxLength: 5 }), value: anyField },
      { noNullPrototype: true },
    ),
    { maxLength: 3 },
  ),
});

/** Records with gaps between their offsets, as compaction leaves them. */
const anyRecords = fc.tuple(
  fc.bigInt({ min: 0n, max: 2n ** 50n }),
  fc.array(anyContent, { minLength: 1, maxLength: 30 }),
).map(([base, contents]) => {
  let offset = base;
  return contents.map(({ gap, ...content }) => {
    offset += BigInt(gap) + 1n;
    return { offset, ...content };
  });
});

for (const codec of CODECS) {
  Deno.test(`any range of any records stays, byte for byte and dense, codec ${codec}`, () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(120), fc.nat(120), (records, a, b) => {
        const base = records[0]!.offset - 1n;
        const [fromOffset, untilOffset] = [base + BigInt(a) - 5n, base + BigInt(b)];
        const kept = records.filter(({ offset }) => offset >= fromOffset && offset < untilOffset);
        const bytes = build(codec, records, { baseOffset: base, lastOffset: base + 200n });
        const result = reencodeBatch(bytes, { fromOffset, untilOffset });
        if (kept.length === 0) {
          assert.equal(result, undefined);
          return;
        }
        assert.equal(result!.recordCount, kept.length);
        assert.equal(result!.firstOffset, kept[0]!.offset);
        assert.equal(result!.lastOffset, kept.at(-1)!.offset);
        const batch = read(result!.bytes);
        assert.deepEqual(batch.records, renumbered(kept));
        assert.ok(batch.crcIsRight);
        assert.equal(batch.recordCount, kept.length);
        assert.equal(batch.lastOffsetDelta, kept.length - 1);
        assert.equal(batch.attributes, codec);
        const latest = kept.reduce((max, r) => r.timestamp > max ? r.timestamp : max, -1n);
        assert.equal(batch.maxTimestamp, latest);
      }),
      { numRuns: 100 },
    );
  });
}

Deno.test("what comes out has no producer, no base offset and no leader epoch, and can be patched", () => {
  const bytes = build(0, testRecords(5, 9), {
    attributes: 0x50,
    producerId: 4n,
    producerEpoch: 2,
    baseSequence: 77,
  });
  const result = reencodeBatch(bytes)!.bytes;
  const batch = readBatch(result);
  assert.equal(batch.baseOffset, 0n);
  assert.equal(batch.leaderEpoch, -1);
  assert.equal(batch.attributes, 0);
  assert.deepEqual([batch.producerId, batch.producerEpoch, batch.baseSequence], [-1n, -1, -1]);
  patchForProduce(new DataView(result.buffer), 0, {
    producerId: 8n,
    producerEpoch: 1,
    baseSequence: 3,
  });
  const patched = readBatch(result);
  assert.ok(patched.crcIsRight);
  assert.deepEqual([patched.producerId, patched.producerEpoch, patched.baseSequence], [8n, 1, 3]);
});

Deno.test("the source's bytes stay as they are", () => {
  for (const codec of CODECS) {
    const bytes = build(codec, testRecords(0, 50));
    const before = bytes.slice();
    reencodeBatch(bytes, { fromOffset: 7n });
    assert.deepEqual(bytes, before);
  }
});

Deno.test("every batch of Java's is re-encoded to the records a consumer sees", () => {
  for (const batch of JAVA_BATCHES.filter(({ magic }) => magic === 2)) {
    const records = javaRecords(batch);
    for (const from of [0, 1, 2, records.length]) {
      const fromOffset = records[from]?.offset ?? 1004n;
      const result = reencodeBatch(javaBytes(batch), { fromOffset });
      const expected = renumbered(records.slice(from));
      assert.deepEqual(
        result && read(result.bytes).records,
        expected.length ? expected : undefined,
      );
    }
  }
});

Deno.test("a LogAppendTime batch becomes CreateTime with the time consumers saw, deltas 0", () => {
  const records = testRecords(0, 200);
  for (const codec of CODECS) {
    const bytes = build(codec, records, {
      attributes: codec | 8,
      maxTimestamp: 1_800_000_000_000n,
    });
    const batch = read(reencodeBatch(bytes, { fromOffset: 3n })!.bytes);
    assert.equal(batch.attributes, codec);
    assert.equal(batch.baseTimestamp, 1_800_000_000_000n);
    assert.equal(batch.maxTimestamp, 1_800_000_000_000n);
    assert.ok(batch.records.every(({ timestamp }) => timestamp === 1_800_000_000_000n));
    assert.equal(batch.records.length, 197);
  }
  const java = reencodeBatch(javaBytes(javaBatch("v2-append-time")))!.bytes;
  assert.equal(read(java).baseTimestamp, JAVA_APPEND_TIME);
});

Deno.test("a delete horizon is a base timestamp like any other: negative deltas, timestamps kept", () => {
  const bytes = javaBytes(javaBatch("v2-horizon"));
  const before = read(bytes);
  assert.equal(before.attributes, 0x40);
  assert.equal(before.baseTimestamp, 1_650_000_000_000n);
  const after = read(reencodeBatch(bytes, { fromOffset: 1001n })!.bytes);
  assert.equal(after.attributes, 0);
  assert.equal(after.maxTimestamp, 1_600_000_000_003n);
  assert.deepEqual(after.records, renumbered(javaRecords(javaBatch("v2-horizon")).slice(1)));
});

Deno.test("the max timestamp is recomputed over the records that stay, also when none has any", () => {
  const times = [50n, 90n, 10n, 30n, -1n];
  const records = times.map((timestamp, i) => testRecord(i, { timestamp }));
  const max = (fromOffset: bigint, untilOffset: bigint) =>
    read(reencodeBatch(build(0, records), { fromOffset, untilOffset })!.bytes).maxTimestamp;
  assert.deepEqual([max(0n, 5n), max(2n, 5n), max(0n, 1n), max(4n, 5n)], [90n, 30n, 50n, -1n]);
});

Deno.test("a batch that compaction has emptied gives nothing", () => {
  const empty = buildBatch([], { baseOffset: 4n, lastOffset: 9n });
  assert.equal(reencodeBatch(empty), undefined);
});

Deno.test("ranges far from the batch keep all or nothing", () => {
  const bytes = build(0, testRecords(1000, 1010));
  assert.equal(reencodeBatch(bytes, { fromOffset: 2n ** 62n }), undefined);
  assert.equal(reencodeBatch(bytes, { untilOffset: 0n }), undefined);
  assert.equal(reencodeBatch(bytes, { fromOffset: 0n, untilOffset: 2n ** 62n })!.recordCount, 10);
  assert.equal(reencodeBatch(bytes, { fromOffset: 1009n })!.recordCount, 1);
  assert.equal(reencodeBatch(bytes, { untilOffset: 1001n })!.recordCount, 1);
});

Deno.test("a batch whose CRC is wrong is not opened", () => {
  const bytes = build(1, testRecords(0, 10));
  bytes[bytes.length - 1]! ^= 1;
  assert.throws(() => reencodeBatch(bytes), /CRC-32C does not match/);
});

Deno.test("control batches are refused", () => {
  const bytes = build(0, testRecords(0, 1), { attributes: 0x30 });
  assert.throws(() => reencodeBatch(bytes), /control batch/);
});

Deno.test("a batch that opens to more than allowed is refused by name", () => {
  const bytes = build(4, [testRecord(0, { value: new Uint8Array(100_000) })]);
  assert.throws(() => reencodeBatch(bytes, { maxOpenedBytes: 50_000 }), /more than 50000 bytes/);
});

Deno.test("content that contradicts the header is refused, though the CRC is right", () => {
  const records = testRecords(0, 5);
  const backwards = [records[0]!, records[2]!, records[1]!];
  const table: readonly (readonly [string, Uint8Array])[] = [
    ["count too small", build(0, records, { recordCount: 4 })],
    ["count too large", build(0, records, { recordCount: 6 })],
    ["count negative", build(0, records, { recordCount: -1 })],
    ["beyond the last offset", build(0, records, { lastOffset: 3n })],
    ["offsets go back", build(0, backwards, { lastOffset: 2n })],
    ["offsets twice", build(0, [records[0]!, records[0]!])],
    ["offset below the base", build(0, records, { baseOffset: 1n, lastOffset: 4n })],
    ["not that codec", build(0, records, { attributes: 1 })],
    ["no such codec", build(0, records, { attributes: 7 })],
  ];
  for (const [what, bytes] of table) {
    assert.throws(() => reencodeBatch(bytes), CorruptBatchError, what);
  }
});

Deno.test("any damage, with a right CRC or a wrong one, gives CorruptBatchError or a whole batch", () => {
  for (const codec of CODECS) {
    const whole = build(codec, testRecords(0, 20));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (changes, isFixed) => {
          const bytes = whole.slice();
          for (const [at, byte] of changes) bytes[at] = byte;
          if (isFixed) fixCrc(bytes);
          try {
            const result = reencodeBatch(bytes, { maxOpenedBytes: 1 << 20 });
            if (result === undefined) return;
            const view = new DataView(result.bytes.buffer);
            assert.equal(view.getUint32(17), slowCrc32c(result.bytes.subarray(21)));
            assert.equal(view.getInt32(57), result.recordCount);
          } catch (error) {
            const isControl = error instanceof Error && error.message.includes("control batch");
            if (!(error instanceof CorruptBatchError) && !isControl) throw error;
          }
        },
      ),
      { numRuns: 400 },
    );
  }
});

Deno.test("any bytes give CorruptBatchError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.throws(() => reencodeBatch(bytes), CorruptBatchError);
  }));
});

Deno.test("bodies are kept byte for byte, also where a key is empty and a value null", () => {
  const records = [
    testRecord(0, { key: utf8(""), value: null }),
    testRecord(1, { key: null, value: utf8("") }),
    testRecord(2, {
      headers: [
        { key: utf8("same"), value: null },
        { key: utf8("same"), value: utf8("") },
        { key: Uint8Array.of(0xff), value: Uint8Array.of(0, 255) },
      ],
    }),
  ];
  assert.deepEqual(read(reencodeBatch(build(0, records))!.bytes).records, renumbered(records));
});

Deno.test("the attributes of records are kept, though no bit of them is in use yet", () => {
  for (const more of [{}, { attributes: 0x08, maxTimestamp: 5n }]) {
    const batch = buildBatch([testRecord(0)], { ...more, lastOffset: 3n });
    batch[62] = 0x55;
    fixCrc(batch);
    assert.equal(reencodeBatch(batch)?.bytes[62], 0x55);
  }
});
