// gzip (RFC 1952) through node:zlib, several members in a row included. Their checksums are verified by zlib.

import { gunzipSync, gzipSync } from "node:zlib";
import { callZlib, plainBytes } from "./zlib_call.ts";

/**
 * Opens gzip bytes.
 *
 * @throws CodecError when they are corrupt, cut off, or open to more than `maxBytes`
 */
export function decompressGzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return callZlib("gzip", gunzipSync, bytes, maxBytes);
}

/** One gzip member at zlib's default level, as Java's clients write it. */
export function compressGzip(bytes: Uint8Array): Uint8Array {
  return plainBytes(gzipSync(bytes));
}
