// gzip (RFC 1952) by node:zlib, including several members in a row. zlib verifies their checksums.

import { gunzipSync, gzipSync } from "node:zlib";
import { callZlib, plainBytes } from "./zlib_call.ts";

/**
 * Decompresses gzip bytes.
 *
 * @throws CodecError when they are corrupt, cut off, or decompress to more than `maxBytes`
 */
export function decompressGzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return callZlib("gzip", gunzipSync, bytes, maxBytes);
}

/** Compresses bytes to one gzip member at zlib's default level, as Java's clients do. */
export function compressGzip(bytes: Uint8Array): Uint8Array {
  return plainBytes(gzipSync(bytes));
}
