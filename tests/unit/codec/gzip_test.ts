// gzip members in a row, and their checksums.

import assert from "node:assert/strict";
import { CodecError } from "../../../lib/codec/codec_error.ts";
import { compressGzip, decompressGzip } from "../../../lib/codec/gzip.ts";
import { repetitive } from "./sample_bytes.ts";

const MAX = 1 << 20;

Deno.test("all members are read, not only the first", () => {
  const bytes = repetitive(100_000, 5);
  const member = compressGzip(bytes);
  const opened = decompressGzip(Uint8Array.from([...member, ...member]), MAX);
  assert.deepEqual(opened, Uint8Array.from([...bytes, ...bytes]));
});

Deno.test("a wrong checksum or length, and bytes after the last member, are noticed", () => {
  const member = compressGzip(repetitive(1000, 5));
  for (const fromEnd of [1, 5]) {
    const damaged = member.slice();
    damaged[damaged.length - fromEnd]! ^= 1;
    assert.throws(() => decompressGzip(damaged, MAX), CodecError, `${fromEnd}`);
  }
  assert.throws(() => decompressGzip(Uint8Array.from([...member, 1, 2, 3]), MAX), CodecError);
});

Deno.test("the cap holds over all members together", () => {
  const member = compressGzip(repetitive(1000, 5));
  const bytes = Uint8Array.from([...member, ...member]);
  assert.equal(decompressGzip(bytes, 2000).length, 2000);
  assert.throws(() => decompressGzip(bytes, 1999), /more than 1999 bytes/);
});

Deno.test("nothing is opened beyond the cap", () => {
  const bytes = compressGzip(new Uint8Array(1_000_000));
  // Whoever reads to the end sees this first.
  bytes[bytes.length - 5]! ^= 1;
  assert.throws(() => decompressGzip(bytes, 1000), /more than 1000 bytes/);
});
