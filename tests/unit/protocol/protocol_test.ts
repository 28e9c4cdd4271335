/** protocol_reader.ts and protocol_writer.ts: each the other's inverse, and bytes as the protocol guide has them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError, ProtocolReader } from "../../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const readerOf = (bytes: Uint8Array) => new ProtocolReader(bytes, 0, bytes.length);

Deno.test("the writer writes each type as the protocol guide has it", () => {
  const cases: readonly (readonly [(writer: ProtocolWriter) => ProtocolWriter, string])[] = [
    [(w) => w.int8(-2), "fe"],
    [(w) => w.int16(-2), "fffe"],
    [(w) => w.int32(66_051), "00010203"],
    [(w) => w.int64(-1n), "ffffffffffffffff"],
    [(w) => w.boolean(true).boolean(false), "0100"],
    [(w) => w.uvarint(0).uvarint(127).uvarint(128).uvarint(300), "007f8001ac02"],
    [(w) => w.uvarint(0xffff_ffff), "ffffffff0f"],
    [(w) => w.string("é"), "0002c3a9"],
    [(w) => w.string(null), "ffff"],
    [(w) => w.string(""), "0000"],
    [(w) => w.compactString("ab"), "036162"],
    [(w) => w.array([1, 2], (item) => w.int8(item)), "000000020102"],
    [(w) => w.compactArray([1, 2], (item) => w.int8(item)), "030102"],
    [(w) => w.noTags(), "00"],
  ];
  for (const [write, expected] of cases) {
    assert.equal(write(new ProtocolWriter(1)).bytes.toHex(), expected);
  }
});

Deno.test("what the writer wrote the reader reads", () => {
  const values = fc.record({
    small: fc.integer({ min: -128, max: 127 }),
    short: fc.integer({ min: -32_768, max: 32_767 }),
    int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    unsigned: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    flag: fc.boolean(),
    text: fc.option(fc.string({ unit: "grapheme" }), { nil: null }),
    compact: fc.string({ unit: "grapheme", maxLength: 300 }),
    items: fc.array(fc.string({ maxLength: 5 })),
    capacity: fc.integer({ min: 0, max: 8 }),
  });
  fc.assert(fc.property(values, (value) => {
    const writer = new ProtocolWriter(value.capacity);
    writer.int8(value.small).int16(value.short).int32(value.int).int64(value.long)
      .uvarint(value.unsigned).boolean(value.flag).string(value.text).compactString(value.compact)
      .array(value.items, (item) => writer.string(item))
      .compactArray(value.items, (item) => writer.compactString(item)).noTags();
    const reader = readerOf(writer.bytes);
    assert.deepEqual([
      ...[reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.uvarint()],
      ...[reader.boolean(), reader.nullableString(), reader.compactNullableString()],
      reader.array(() => reader.string()),
      reader.compactArray(() => reader.compactString()),
    ], [
      ...[value.small, value.short, value.int, value.long, value.unsigned],
      ...[value.flag, value.text, value.compact, value.items, value.items],
    ]);
    reader.skipTags();
    assert.equal(reader.position, writer.bytes.length);
  }));
});

Deno.test("nulls read as null or empty, tags and ids are moved over", () => {
  const bytes = Uint8Array.fromHex(
    // string, compact string, array, compact array: all null; two tags of 1 and 2 bytes; a UUID
    "ffff" + "00" + "ffffffff" + "00" + "02" + "0001aa" + "0102bbcc" +
      "000102030405060708090a0b0c0d0e0f",
  );
  const reader = readerOf(bytes);
  assert.equal(reader.nullableString(), null);
  assert.equal(reader.compactNullableString(), null);
  assert.deepEqual(reader.array(() => reader.int8()), []);
  assert.deepEqual(reader.compactArray(() => reader.int8()), []);
  reader.skipTags();
  assert.equal(reader.uuid(), "000102030405060708090a0b0c0d0e0f");
});

Deno.test("a response that ends too early or promises too much is a ProtocolError", () => {
  const cases: readonly (readonly [string, (reader: ProtocolReader) => unknown])[] = [
    ["00", (reader) => reader.int16()],
    ["0005ab", (reader) => reader.string()],
    ["7fffffff00", (reader) => reader.array(() => reader.int8())],
    ["ffffffff0f00", (reader) => reader.compactArray(() => reader.int8())],
    ["ffffffffff01", (reader) => reader.uvarint()],
    ["00", (reader) => reader.skip(-1)],
    ["0100ff01", (reader) => reader.skipTags()],
  ];
  for (const [hex, read] of cases) {
    assert.throws(() => read(readerOf(Uint8Array.fromHex(hex))), ProtocolError, hex);
  }
});

Deno.test("the reader stays inside its range of a larger buffer", () => {
  const bytes = new Uint8Array([9, 9, 1, 2, 9]);
  const reader = new ProtocolReader(bytes.subarray(1), 1, 3);
  assert.equal(reader.int16(), 0x0102);
  assert.throws(() => reader.int8(), ProtocolError);
});
