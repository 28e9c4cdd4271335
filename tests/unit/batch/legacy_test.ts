// Messages of magic 0 and 1 become batches of magic 2 that hold what a consumer saw.

import assert from "node:assert/strict";
import fc from "fast-check";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import { upConvert, type UpConvertOptions } from "../../../lib/batch/legacy.ts";
import type { ReencodedBatch } from "../../../lib/batch/reencode.ts";
import { compress, decompress } from "../../../lib/codec/codec.ts";
import { JAVA_BATCHES, javaBatch, javaBytes, javaRecords } from "../../support/java_batches.ts";
import {
  buildMessage,
  buildMessages,
  slowCrc32,
  type TestMessage,
} from "../../support/legacy_message_builder.ts";
import {
  buildBatch,
  readBatch,
  type TestRecord,
  testRecords,
  utf8,
} from "../../support/record_batch_builder.ts";

const LEGACY = JAVA_BATCHES.filter(({ magic }) => magic < 2);

function convert(bytes: Uint8Array, options: UpConvertOptions = {}): ReencodedBatch[] {
  return upConvert(bytes, 0, bytes.length, options);
}

/** The records of all batches, offsets counted on from batch to batch. */
function recordsOf(batches: readonly ReencodedBatch[]): TestRecord[] {
  let count = 0n;
  return batches.flatMap(({ bytes, recordCount }) => {
    const batch = readBatch(bytes, (section) => decompress(bytes[22]! & 7, section, 1 << 24));
    assert.ok(batch.crcIsRight);
    assert.equal(batch.recordCount, recordCount);
    assert.equal(batch.lastOffsetDelta, recordCount - 1);
    assert.equal(batch.records.length, recordCount);
    assert.equal(batch.attributes & ~7, 0);
    // Any 64 bits may stand there, also less than −1.
    const latest = batch.records.map(({ timestamp }) => timestamp)
      .reduce((max, timestamp) => timestamp > max ? timestamp : max);
    assert.equal(batch.maxTimestamp, latest);
    const base = count;
    count += BigInt(recordCount);
    return batch.records.map((record) => ({ ...record, offset: base + record.offset }));
  });
}

function renumbered(records: readonly TestRecord[]): TestRecord[] {
  return records.map((record, i) => ({ ...record, offset: BigInt(i) }));
}

/** A compressed message around others. */
function wrap(codec: number, inner: readonly TestMessage[], wrapper: TestMessage): TestMessage {
  const attributes = (wrapper.attributes ?? 0) | codec;
  return { ...wrapper, attributes, value: compress(codec, buildMessages(inner)) };
}

function withValues(offsets: readonly number[], more: Partial<TestMessage> = {}): TestMessage[] {
  return offsets.map((offset) => ({ offset: BigInt(offset), value: utf8(`v${offset}`), ...more }));
}

Deno.test("every message set of Java's becomes the records a consumer sees, in one batch of its codec", () => {
  assert.equal(LEGACY.length, 10);
  for (const batch of LEGACY) {
    const records = javaRecords(batch);
    const result = convert(javaBytes(batch));
    assert.equal(result.length, 1, batch.name);
    assert.deepEqual(recordsOf(result), renumbered(records), batch.name);
    assert.equal(result[0]!.firstOffset, 1000n);
    assert.equal(result[0]!.lastOffset, 1003n);
    const codec = ["none", "gzip", "snappy", "lz4"].indexOf(batch.name.split("-")[1]!);
    if (codec >= 0) assert.equal(result[0]!.bytes[22]! & 7, codec, batch.name);
  }
});

Deno.test("ranges are cut inside wrappers, by the offsets consumers see", () => {
  for (const batch of LEGACY) {
    const records = javaRecords(batch);
    for (let from = 999n; from <= 1005n; from++) {
      for (let until = from; until <= 1005n; until++) {
        const kept = records.filter(({ offset }) => offset >= from && offset < until);
        const result = convert(javaBytes(batch), { fromOffset: from, untilOffset: until });
        assert.deepEqual(recordsOf(result), renumbered(kept), `${batch.name} ${from} ${until}`);
        assert.equal(result[0]?.firstOffset, kept[0]?.offset);
        assert.equal(result.at(-1)?.lastOffset, kept.at(-1)?.offset);
      }
    }
  }
});

Deno.test("any messages keep key, value, null and timestamp", () => {
  const anyField = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: null });
  const anyMessages = fc.array(fc.record({
    magic: fc.constantFrom(0, 1),
    timestamp: fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }),
    key: anyField,
    value: anyField,
  }));
  fc.assert(fc.property(anyMessages, (contents) => {
    const messages = contents.map((content, i) => ({ offset: BigInt(3 * i + 5), ...content }));
    assert.deepEqual(
      recordsOf(convert(buildMessages(messages))),
      messages.map(({ magic, timestamp, key, value }, i) => ({
        offset: BigInt(i),
        timestamp: magic === 0 ? -1n : timestamp,
        key,
        value,
        headers: [],
      })),
    );
  }));
});

Deno.test("wrappers of one codec share a batch, another codec begins a new one", () => {
  const bytes = buildMessages([
    wrap(1, withValues([0, 1]), { offset: 11n }),
    wrap(1, withValues([0, 1]), { offset: 13n }),
    wrap(2, withValues([0]), { offset: 14n }),
    ...withValues([15, 16]),
    wrap(3, withValues([20, 21], { magic: 0 }), { offset: 21n, magic: 0 }),
  ]);
  const result = convert(bytes);
  const seen = result.map(({ firstOffset, lastOffset, bytes: b }) => [
    firstOffset,
    lastOffset,
    b[22],
  ]);
  assert.deepEqual(seen, [[10n, 13n, 1], [14n, 14n, 2], [15n, 16n, 0], [20n, 21n, 3]]);
  const values = recordsOf(result).map(({ value }) => new TextDecoder().decode(value!));
  assert.deepEqual(values, ["v0", "v1", "v0", "v1", "v0", "v15", "v16", "v20", "v21"]);
});

Deno.test("relative offsets may have gaps, as compaction leaves them", () => {
  const result = convert(buildMessages([wrap(1, withValues([0, 4, 9]), { offset: 109n })]));
  assert.deepEqual([result[0]!.firstOffset, result[0]!.lastOffset], [100n, 109n]);
  const cut = convert(buildMessages([wrap(1, withValues([0, 4, 9]), { offset: 109n })]), {
    fromOffset: 101n,
  });
  assert.equal(cut[0]!.firstOffset, 104n);
});

Deno.test("a wrapper's LogAppendTime is that of all its messages, but not of those of magic 0", () => {
  const inner = [...withValues([0, 1], { timestamp: 5n }), ...withValues([2], { magic: 0 })];
  const wrapper = { offset: 12n, attributes: 8, timestamp: 777n };
  const times = recordsOf(convert(buildMessages([wrap(1, inner, wrapper)]))).map((r) =>
    r.timestamp
  );
  assert.deepEqual(times, [777n, 777n, -1n]);
  const created = { offset: 12n, timestamp: 777n };
  const own = recordsOf(convert(buildMessages([wrap(1, inner, created)]))).map((r) => r.timestamp);
  assert.deepEqual(own, [5n, 5n, -1n]);
});

Deno.test("lz4's header checksum may be wrong in magic 0 only", () => {
  const [v0, v1] = [javaBytes(javaBatch("v0-lz4")), javaBytes(javaBatch("v1-lz4"))];
  assert.equal(convert(v0).length, 1);
  assert.equal(convert(v1).length, 1);
  const value = compress(3, buildMessages(withValues([0])));
  value[6]! ^= 1;
  const message = (magic: number) => buildMessages([{ offset: 0n, magic, attributes: 3, value }]);
  assert.equal(convert(message(0)).length, 1);
  assert.throws(() => convert(message(1)), /header does not match/);
});

Deno.test("batches stay within the bytes allowed, one message alone excepted", () => {
  const value = new Uint8Array(100);
  const offsets = Array.from({ length: 50 }, (_, i) => i);
  const messages = offsets.map((i) => ({
    offset: BigInt(i),
    value: i === 20 ? new Uint8Array(5000) : value,
  }));
  for (const source of [messages, [wrap(1, messages, { offset: 49n })]]) {
    const result = convert(buildMessages(source), { maxBatchBytes: 1000 });
    assert.equal(recordsOf(result).length, 50);
    const uncompressed = result.map(({ bytes }) =>
      61 + decompress(bytes[22]! & 7, bytes.subarray(61), 1 << 20).length
    );
    assert.equal(uncompressed.filter((size) => size > 1000).length, 1);
    assert.ok(result.some(({ recordCount }) => recordCount >= 8));
    assert.equal(result.find(({ firstOffset }) => firstOffset === 20n)!.recordCount, 1);
  }
});

Deno.test("a batch may have exactly the bytes allowed", () => {
  const bytes = buildMessages(withValues([1, 2, 3]));
  const size = convert(bytes)[0]!.bytes.length;
  assert.equal(convert(bytes, { maxBatchBytes: size }).length, 1);
  assert.equal(convert(bytes, { maxBatchBytes: size - 1 }).length, 2);
});

Deno.test("only the bytes between start and end are read", () => {
  const bytes = buildMessages(withValues([1, 2, 3]));
  const size = bytes.length / 3;
  const result = upConvert(bytes, size, 2 * size);
  assert.deepEqual([result[0]!.firstOffset, result[0]!.recordCount], [2n, 1]);
  assert.deepEqual(upConvert(bytes, size, size), []);
});

Deno.test("messages that contradict themselves are refused", () => {
  const good = buildMessage({ offset: 1n, key: utf8("k"), value: utf8("v") });
  const nested = wrap(1, [wrap(1, withValues([0]), { offset: 0n })], { offset: 5n });
  const wrongInside = buildMessages(withValues([0]));
  wrongInside[20]! ^= 1;
  const table: readonly (readonly [string, Uint8Array])[] = [
    ["cut off", Uint8Array.from(good.slice(0, -1))],
    ["rest", Uint8Array.from([...good, 0])],
    ["magic 2", buildBatch(testRecords(0, 1))],
    ["offsets go back", buildMessages(withValues([2, 1]))],
    ["offsets twice", buildMessages(withValues([1, 1]))],
    ["compressed without value", buildMessages([{ offset: 1n, attributes: 1 }])],
    ["compressed and empty", buildMessages([wrap(1, [], { offset: 1n })])],
    ["zstd", buildMessages([wrap(4, withValues([0]), { offset: 1n })])],
    ["not that codec", buildMessages([{ offset: 1n, attributes: 2, value: utf8("v") }])],
    ["compressed twice", buildMessages([nested])],
    [
      "not at its last offset",
      buildMessages([wrap(1, withValues([4, 5], { magic: 0 }), { offset: 6n, magic: 0 })]),
    ],
    ["below its inner offsets", buildMessages([wrap(1, withValues([0, 1]), { offset: 0n })])],
    [
      "wrong inside",
      buildMessages([
        { offset: 1n, attributes: 1, value: compress(1, wrongInside) },
      ]),
    ],
    [
      "cut off inside",
      buildMessages([
        { offset: 1n, attributes: 1, value: compress(1, wrongInside.subarray(0, -2)) },
      ]),
    ],
  ];
  for (const [what, bytes] of table) assert.throws(() => convert(bytes), CorruptBatchError, what);
});

Deno.test("every changed byte after a message's size is noticed", () => {
  const good = buildMessages([{ offset: 1n, key: utf8("k"), value: utf8("value") }]);
  for (let i = 12; i < good.length; i++) {
    const bytes = good.slice();
    bytes[i]! ^= 1;
    assert.throws(() => convert(bytes), CorruptBatchError, `${i}`);
  }
});

Deno.test("lengths of keys and values are checked, though the CRC is right", () => {
  for (const length of [-2, 7, 2 ** 31 - 1]) {
    for (const at of [26, 31]) {
      const message = buildMessage({ offset: 1n, key: utf8("k"), value: utf8("v") });
      const bytes = Uint8Array.from(message);
      new DataView(bytes.buffer).setInt32(at, length);
      const view = new DataView(bytes.buffer);
      view.setUint32(12, slowCrc32([...bytes.subarray(16)]));
      assert.throws(() => convert(bytes), /cannot be/, `${length} ${at}`);
    }
  }
});

Deno.test("bytes between value and end of a message are refused", () => {
  const bytes = Uint8Array.from([...buildMessage({ offset: 1n, value: utf8("v") }), 9]);
  const view = new DataView(bytes.buffer);
  view.setInt32(8, bytes.length - 12);
  view.setUint32(12, slowCrc32([...bytes.subarray(16)]));
  assert.throws(() => convert(bytes), /1 bytes follow its value/);
});

Deno.test("a wrapper that opens to more than allowed is refused", () => {
  const bytes = buildMessages([
    wrap(1, [{ offset: 0n, value: new Uint8Array(10_000) }], { offset: 0n }),
  ]);
  assert.throws(() => convert(bytes, { maxOpenedBytes: 9_000 }), /more than 9000 bytes/);
});

Deno.test("any bytes and any damage give CorruptBatchError or records", () => {
  const samples = LEGACY.map(javaBytes);
  const damaged = fc.tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
    fc.boolean(),
  ).map(([sample, changes, isFixed]) => {
    const bytes = sample.slice();
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    if (isFixed) new DataView(bytes.buffer).setUint32(12, slowCrc32([...bytes.subarray(16)]));
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 150 }), damaged), (bytes) => {
      try {
        recordsOf(convert(bytes, { maxOpenedBytes: 1 << 16 }));
      } catch (error) {
        if (!(error instanceof CorruptBatchError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
