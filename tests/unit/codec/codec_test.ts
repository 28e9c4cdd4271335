// What every codec owes: the same bytes back, CodecError for everything that is not its own, and the cap.

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CODEC_NAMES,
  CodecError,
  codecName,
  compress,
  decompress,
} from "../../../lib/codec/codec.ts";
import { repetitive } from "./sample_bytes.ts";

const MIB = 1024 * 1024;
const CODECS = [0, 1, 2, 3, 4];

/** After the header, before the first block. */
const XERIAL_HEADER_BYTES = 16;

/** Sizes around every block size the formats know. */
const SIZES = [0, 1, 4, 12, 13, 17, 100, 32767, 32768, 32769, 65535, 65536, 65537, 300_000];

for (const codec of CODECS) {
  const name = CODEC_NAMES[codec];

  Deno.test(`${name} gives back what it compressed, at every size and kind of content`, () => {
    for (const size of SIZES) {
      for (const variety of [1, 2, 5, 64, 256]) {
        const bytes = repetitive(size, variety);
        assert.deepEqual(
          decompress(codec, compress(codec, bytes), MIB),
          bytes,
          `${size} ${variety}`,
        );
      }
    }
  });

  Deno.test(`${name} gives back any bytes`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      assert.deepEqual(decompress(codec, compress(codec, bytes), MIB), bytes);
    }));
  });

  Deno.test(`${name} opens to exactly the bytes allowed and refuses one more`, () => {
    const bytes = repetitive(100_000, 5);
    const compressed = compress(codec, bytes);
    assert.equal(decompress(codec, compressed, 100_000).length, 100_000);
    assert.throws(() => decompress(codec, compressed, 99_999), CodecError);
    assert.throws(() => decompress(codec, compressed, 0), CodecError);
    assert.throws(() => decompress(codec, compress(codec, Uint8Array.of(1)), 0), CodecError);
  });

  if (codec === 0) continue;

  Deno.test(`${name} makes repetitive content smaller`, () => {
    const part = repetitive(1000, 256);
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => part[i % part.length]!);
    assert.ok(compress(codec, bytes).length < 15_000);
    assert.ok(compress(codec, new Uint8Array(100_000)).length < 10_000);
  });

  Deno.test(`${name} grows content that does not repeat by less than 1 in 50`, () => {
    assert.ok(compress(codec, repetitive(100_000, 256)).length < 102_000);
  });

  Deno.test(`${name} notices every cut, but for xerial's framing between two blocks`, () => {
    const bytes = repetitive(200_000, 5);
    const compressed = compress(codec, bytes);
    for (let length = 0; length < compressed.length; length += length < 300 ? 1 : 997) {
      const cut = () => decompress(codec, compressed.subarray(0, length), MIB);
      if (name === "snappy" && length === XERIAL_HEADER_BYTES) assert.equal(cut().length, 0);
      else assert.throws(cut, CodecError, `${length}`);
    }
    assert.throws(() => decompress(codec, compressed.subarray(0, -1), MIB), CodecError);
  });

  Deno.test(`${name} answers random bytes with CodecError or within the cap`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => openOrRefuse(codec, bytes)),
      { numRuns: 2000 },
    );
  });

  Deno.test(`${name} answers damaged content with CodecError or within the cap`, () => {
    const compressed = compress(codec, repetitive(20_000, 5));
    const damage = fc.array(
      fc.tuple(fc.nat(compressed.length - 1), fc.nat(255)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = compressed.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        openOrRefuse(codec, damaged);
      }),
      { numRuns: 1000 },
    );
  });

  Deno.test(`${name} reads from the middle of a larger buffer`, () => {
    const bytes = repetitive(5000, 5);
    const compressed = compress(codec, bytes);
    const large = new Uint8Array(compressed.length + 33).fill(0xee);
    large.set(compressed, 21);
    assert.deepEqual(decompress(codec, large.subarray(21, 21 + compressed.length), MIB), bytes);
  });
}

function openOrRefuse(codec: number, bytes: Uint8Array): void {
  try {
    assert.ok(decompress(codec, bytes, 50_000).length <= 50_000);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
}

Deno.test("a codec id nobody knows is refused both ways", () => {
  for (const codec of [5, 6, 7, -1]) {
    assert.throws(() => decompress(codec, new Uint8Array(9), MIB), CodecError);
    assert.throws(() => compress(codec, new Uint8Array(9)), CodecError);
  }
});

Deno.test("codecs are named as compression.type spells them", () => {
  assert.deepEqual(CODECS.map(codecName), ["none", "gzip", "snappy", "lz4", "zstd"]);
  assert.equal(codecName(6), "codec 6");
});
