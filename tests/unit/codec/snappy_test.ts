// snappy in both framings and with every kind of element.

import assert from "node:assert/strict";
import { CodecError } from "../../../lib/codec/codec_error.ts";
import { compressSnappy, decompressSnappy } from "../../../lib/codec/snappy.ts";
import { repetitive } from "./sample_bytes.ts";

const MAX = 1 << 20;
const HEADER = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1];

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** Opens a raw block, length and elements. */
function openRaw(...bytes: number[]): string {
  return new TextDecoder().decode(decompressSnappy(Uint8Array.from(bytes), MAX));
}

function framed(...blocks: number[][]): Uint8Array {
  return Uint8Array.from([
    ...HEADER,
    ...blocks.flatMap((block) => [0, 0, 0, block.length, ...block]),
  ]);
}

Deno.test("raw blocks are read: literals and copies with 1, 2 and 4 bytes of offset", () => {
  assert.equal(openRaw(0), "");
  assert.equal(openRaw(3, 2 << 2, ...bytesOf("abc")), "abc");
  assert.equal(openRaw(3, 60 << 2, 2, ...bytesOf("abc")), "abc");
  assert.equal(openRaw(3, 61 << 2, 2, 0, ...bytesOf("abc")), "abc");
  assert.equal(openRaw(3, 62 << 2, 2, 0, 0, ...bytesOf("abc")), "abc");
  assert.equal(openRaw(3, 63 << 2, 2, 0, 0, 0, ...bytesOf("abc")), "abc");
  assert.equal(openRaw(8, 3 << 2, ...bytesOf("abcd"), 0x01, 4), "abcdabcd");
  assert.equal(openRaw(8, 3 << 2, ...bytesOf("abcd"), 0x02 | (3 << 2), 4, 0), "abcdabcd");
  assert.equal(openRaw(8, 3 << 2, ...bytesOf("abcd"), 0x03 | (3 << 2), 4, 0, 0, 0), "abcdabcd");
  assert.equal(openRaw(9, 0, ...bytesOf("a"), 0x02 | (7 << 2), 1, 0), "aaaaaaaaa");
});

Deno.test("the cap holds for a raw block", () => {
  const block = Uint8Array.of(3, 2 << 2, ...bytesOf("abc"));
  assert.equal(decompressSnappy(block, 3).length, 3);
  assert.throws(() => decompressSnappy(block, 2), /more than 2 bytes/);
});

Deno.test("a block that claims more than its bytes can hold is refused before room is made for it", () => {
  assert.throws(() => openRaw(0x80, 0x80, 0x20, 0, 97), /claims to hold 524288/);
});

Deno.test("raw blocks that are corrupt are refused", () => {
  const table: readonly number[][] = [
    [],
    [0x80],
    [0x80, 0x80, 0x80, 0x80, 0x80],
    [0xff, 0xff, 0xff, 0xff, 0x0f, 0],
    [3],
    [3, 2 << 2, 97, 98],
    [2, 2 << 2, 97, 98, 99],
    [4, 2 << 2, 97, 98, 99],
    [8, 3 << 2, 97, 98, 99, 100, 0x01],
    [8, 3 << 2, 97, 98, 99, 100, 0x01, 0],
    [8, 3 << 2, 97, 98, 99, 100, 0x01, 5],
    [7, 3 << 2, 97, 98, 99, 100, 0x01, 4],
    [8, 3 << 2, 97, 98, 99, 100, 0x03 | (3 << 2), 4, 0, 0, 0x80],
    [3, 63 << 2, 2, 0, 0],
    [3, 63 << 2, 255, 255, 255, 255],
  ];
  for (const bytes of table) assert.throws(() => openRaw(...bytes), CodecError, `${bytes}`);
});

Deno.test("xerial's framing is read, also without blocks and with streams put together", () => {
  const block = [3, 2 << 2, ...bytesOf("abc")];
  const text = (bytes: Uint8Array) => new TextDecoder().decode(decompressSnappy(bytes, MAX));
  assert.equal(text(framed()), "");
  assert.equal(text(framed(block, block)), "abcabc");
  assert.equal(text(Uint8Array.from([...framed(block), ...framed(block)])), "abcabc");
});

Deno.test("xerial's framing is read whatever its version numbers", () => {
  const bytes = framed([3, 2 << 2, ...bytesOf("abc")]);
  bytes[8] = 1;
  bytes[11] = 0;
  assert.equal(decompressSnappy(bytes, MAX).length, 3);
});

Deno.test("a block copies from nothing before itself", () => {
  const bytes = framed([4, 3 << 2, ...bytesOf("abcd")], [4, 0x01, 4]);
  assert.throws(() => decompressSnappy(bytes, MAX), CodecError);
});

Deno.test("the cap holds over all blocks of a framing together", () => {
  const block = [3, 2 << 2, ...bytesOf("abc")];
  assert.throws(() => decompressSnappy(framed(block, block), 5), CodecError);
});

Deno.test("what is written is in xerial's framing, blocks of 32 KiB", () => {
  const bytes = compressSnappy(repetitive(70_000, 256));
  assert.deepEqual([...bytes.subarray(0, 16)], HEADER);
  assert.deepEqual([...bytes.subarray(20, 23)], [0x80, 0x80, 0x02]);
});
