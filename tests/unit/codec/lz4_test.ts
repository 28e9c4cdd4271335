// lz4 frames as other writers make them: linked blocks, checksums, sizes, several frames, and what is refused.

import assert from "node:assert/strict";
import { CodecError } from "../../../lib/codec/codec_error.ts";
import { compressLz4, decompressLz4 } from "../../../lib/codec/lz4.ts";
import {
  BLOCK_CHECKSUM,
  CONTENT_CHECKSUM,
  CONTENT_SIZE,
  INDEPENDENT,
  LINKED,
  lz4Frame,
  u32,
} from "../../support/lz4_frames.ts";

const TEXT = "line 0 of a text tha";
const MAX = 1 << 20;

function base64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function asText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A frame of blocks given as they are; content size and checksum are those of `content`. */
function frame(flags: number, blocks: readonly number[][], content = ""): Uint8Array {
  const bytes = [...new TextEncoder().encode(content)];
  return lz4Frame(flags, blocks.map((block) => ({ bytes: block })), bytes);
}

/** Eight literals. */
const FIRST = [0x80, ...new TextEncoder().encode("abcdefgh")];
/** Eight bytes from eight back, then "end". */
const BACK = [0x04, 8, 0, 0x30, ...new TextEncoder().encode("end")];

Deno.test("frames of the lz4 program are read, with and without block checksums", () => {
  const table = [
    "BCJNGGRApxQAAIBsaW5lIDAgb2YgYSB0ZXh0IHRoYQAAAAAj2hi1",
    "BCJNGHRAvRQAAIBsaW5lIDAgb2YgYSB0ZXh0IHRoYSPaGLUAAAAAI9oYtQ==",
  ];
  for (const text of table) {
    assert.equal(asText(decompressLz4(base64(text), MAX)), TEXT);
    const damaged = base64(text);
    damaged[12]! ^= 1;
    assert.throws(() => decompressLz4(damaged, MAX), CodecError);
  }
});

Deno.test("a block copies from the block before it only where the frame's blocks are linked", () => {
  assert.equal(asText(decompressLz4(frame(LINKED, [FIRST, BACK]), MAX)), "abcdefghabcdefghend");
  assert.throws(() => decompressLz4(frame(INDEPENDENT, [FIRST, BACK]), MAX), CodecError);
});

Deno.test("a linked block never copies from the frame before its own", () => {
  const both = Uint8Array.from([...frame(LINKED, [FIRST]), ...frame(LINKED, [BACK])]);
  assert.throws(() => decompressLz4(both, MAX), CodecError);
});

Deno.test("several frames are read one after another, skippable ones left out", () => {
  const skippable = [...u32(0x184d2a53), ...u32(3), 1, 2, 3];
  const bytes = Uint8Array.from([
    ...skippable,
    ...frame(INDEPENDENT, [FIRST]),
    ...skippable,
    ...frame(INDEPENDENT, [FIRST]),
  ]);
  assert.equal(asText(decompressLz4(bytes, MAX)), "abcdefghabcdefgh");
});

Deno.test("content size, content checksum and block checksums are verified", () => {
  const all = INDEPENDENT | CONTENT_SIZE | CONTENT_CHECKSUM | BLOCK_CHECKSUM;
  assert.equal(asText(decompressLz4(frame(all, [FIRST], "abcdefgh"), MAX)), "abcdefgh");
  for (const flag of [CONTENT_SIZE, CONTENT_CHECKSUM]) {
    const wrong = frame(INDEPENDENT | flag, [FIRST], "abcdefghi");
    assert.throws(() => decompressLz4(wrong, MAX), CodecError, `${flag}`);
  }
  const wrong = frame(INDEPENDENT | BLOCK_CHECKSUM, [FIRST]);
  wrong[wrong.length - 6]! ^= 1;
  assert.throws(() => decompressLz4(wrong, MAX), CodecError);
});

Deno.test("a wrong header checksum is refused, unless it is to be ignored", () => {
  const bytes = frame(INDEPENDENT, [FIRST]);
  bytes[6]! ^= 0xff;
  assert.throws(() => decompressLz4(bytes, MAX), CodecError);
  assert.equal(asText(decompressLz4(bytes, MAX, { ignoreHeaderChecksum: true })), "abcdefgh");
});

Deno.test("versions, dictionaries and block sizes that are not known are refused", () => {
  for (const flags of [0x00, 0xa0, INDEPENDENT | 0x02, INDEPENDENT | 0x01]) {
    assert.throws(() => decompressLz4(frame(flags, [FIRST]), MAX), CodecError, `${flags}`);
  }
});

Deno.test("blocks that end with a match, or copy from nowhere, are refused", () => {
  for (
    const block of [[...FIRST.slice(0, -1)], [0x84, ...FIRST.slice(1), 8, 0], [0x04, 0, 0, 0x00]]
  ) {
    assert.throws(() => decompressLz4(frame(INDEPENDENT, [block]), MAX), CodecError, `${block}`);
  }
});

Deno.test("a block may not open to more than its frame's block size", () => {
  // 8 literals and a match of 65,556 bytes: 4 + 15 + 257 × 255 + 2.
  const long = [0x8f, ...FIRST.slice(1), 8, 0, ...new Array(257).fill(255), 2, 0x00];
  assert.throws(() => decompressLz4(frame(INDEPENDENT, [long]), MAX), CodecError);
});

Deno.test("what is written has independent blocks of 64 KiB, which Java's clients insist on", () => {
  const bytes = compressLz4(new Uint8Array(200_000));
  assert.equal(bytes[4], 0x60);
  assert.equal(bytes[5], 0x40);
});

Deno.test("the last match written begins 12 bytes before the block's end at the latest", () => {
  // Eleven repeated bytes at the end: a greedy writer would begin a match among them.
  const bytes = new TextEncoder().encode("0123456789abcdef-0123456789a");
  for (let length = 12; length <= bytes.length; length++) {
    const block = compressLz4(bytes.subarray(0, length)).subarray(11, -4);
    // With matches allowed only before the last 12 bytes, all of it stays literal, stored as it is.
    assert.equal(block.length, length);
  }
});

Deno.test("a block written ends with five literals, which other readers insist on", () => {
  for (let length = 20; length < 300; length++) {
    const block = compressLz4(new Uint8Array(length).fill(7)).subarray(11, -4);
    assert.ok(block.length < length);
    assert.deepEqual([...block.subarray(-6)], [0x50, 7, 7, 7, 7, 7]);
  }
});
