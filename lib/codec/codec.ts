// Compresses and decompresses the records of a batch with the codec whose id is in the attributes' lowest three bits.
// One call handles the whole records section of a batch; there is no streaming, and an unknown codec is an error.

import { CodecError, tooLarge } from "./codec_error.ts";
import { compressGzip, decompressGzip } from "./gzip.ts";
import { compressLz4, decompressLz4, type Lz4Options } from "./lz4.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";
import { compressZstd, decompressZstd } from "./zstd.ts";

export { CodecError, OpensTooLargeError } from "./codec_error.ts";

/** Codec names by id, as `compression.type` spells them. */
export const CODEC_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Kafka's name of a codec id, or `codec 5`. */
export function codecName(codec: number): string {
  return CODEC_NAMES[codec] ?? `codec ${codec}`;
}

/**
 * Decompresses the records section of a batch.
 *
 * @param codec id from the attributes; 0 gives the bytes themselves
 * @param maxBytes the most bytes that the section may decompress to
 * @param options with `lends`, the next call may overwrite the returned bytes, which saves a copy
 * @throws CodecError when the section is corrupt, cut off or decompresses to more, or the codec is unknown
 */
export function decompress(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
  options: Lz4Options = {},
): Uint8Array {
  switch (codec) {
    case 0:
      if (bytes.length > maxBytes) throw tooLarge("uncompressed", maxBytes);
      return bytes;
    case 1:
      return decompressGzip(bytes, maxBytes);
    case 2:
      return decompressSnappy(bytes, maxBytes);
    case 3:
      return decompressLz4(bytes, maxBytes, options);
    case 4:
      return decompressZstd(bytes, maxBytes);
    default:
      throw new CodecError(`its codec id ${codec} is unknown`);
  }
}

/**
 * Compresses the records section of a batch.
 *
 * @param codec id as in the attributes; 0 gives the bytes themselves
 * @throws CodecError when the codec is unknown
 */
export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return compressGzip(bytes);
    case 2:
      return compressSnappy(bytes);
    case 3:
      return compressLz4(bytes);
    case 4:
      return compressZstd(bytes);
    default:
      throw new CodecError(`its codec id ${codec} is unknown`);
  }
}
