// zstd frames as other writers make them, and what Deno's own decompressor does not notice.

import assert from "node:assert/strict";
import { CodecError } from "../../../lib/codec/codec_error.ts";
import { compressZstd, decompressZstd } from "../../../lib/codec/zstd.ts";
import { repetitive } from "./sample_bytes.ts";

const TEXT = "line 0 of a text tha";
const MAX = 1 << 20;

const WITH_CHECKSUM = "KLUv/SQUoQAAbGluZSAwIG9mIGEgdGV4dCB0aGHyXtt8";
const WITHOUT_CHECKSUM = "KLUv/SAUoQAAbGluZSAwIG9mIGEgdGV4dCB0aGE=";
const STREAMED = "KLUv/QRYoQAAbGluZSAwIG9mIGEgdGV4dCB0aGHyXtt8";
const SKIPPABLE = [0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];

function base64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

Deno.test("frames of the zstd program are read, with and without checksum and content size", () => {
  for (const text of [WITH_CHECKSUM, WITHOUT_CHECKSUM, STREAMED]) {
    assert.equal(new TextDecoder().decode(decompressZstd(base64(text), MAX)), TEXT);
  }
});

Deno.test("a damaged checksum is noticed", () => {
  const bytes = base64(WITH_CHECKSUM);
  bytes[bytes.length - 1]! ^= 1;
  assert.throws(() => decompressZstd(bytes, MAX), CodecError);
});

Deno.test("all frames are read, not only the first, skippable ones left out", () => {
  const parts = [repetitive(200_000, 5), repetitive(10, 5), new Uint8Array(0)];
  const bytes = Uint8Array.from([
    ...SKIPPABLE,
    ...parts.flatMap((part) => [...compressZstd(part), ...SKIPPABLE]),
  ]);
  assert.deepEqual(decompressZstd(bytes, MAX), Uint8Array.from(parts.flatMap((part) => [...part])));
});

Deno.test("the cap holds over all frames together", () => {
  const frame = compressZstd(repetitive(1000, 5));
  const bytes = Uint8Array.from([...frame, ...frame]);
  assert.equal(decompressZstd(bytes, 2000).length, 2000);
  assert.throws(() => decompressZstd(bytes, 1999), CodecError);
});

Deno.test("bytes after the last frame are noticed", () => {
  const bytes = Uint8Array.from([...compressZstd(repetitive(1000, 5)), 1, 2, 3]);
  assert.throws(() => decompressZstd(bytes, MAX), CodecError);
});

Deno.test("a frame that needs a dictionary, or uses a reserved bit or block type, is refused", () => {
  for (const descriptor of [0x21, 0x28]) {
    const bytes = base64(WITHOUT_CHECKSUM);
    bytes[4] = descriptor;
    assert.throws(() => decompressZstd(bytes, MAX), CodecError, `${descriptor}`);
  }
  const bytes = base64(WITHOUT_CHECKSUM);
  bytes[6]! |= 0x06;
  assert.throws(() => decompressZstd(bytes, MAX), CodecError);
});

Deno.test("a frame that announces more than the cap is refused unopened", () => {
  // Single segment, content size of 8 bytes: 2^60; one empty last block.
  const bytes = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0]);
  assert.throws(() => decompressZstd(bytes, MAX), /more than 1048576 bytes/);
});
