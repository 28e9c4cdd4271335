// Calls a one-shot decompressor of node:zlib and turns the errors that it throws into CodecError.

import type { Buffer } from "node:buffer";
import { errorMessage } from "../model/error_message.ts";
import { CodecError, tooLarge } from "./codec_error.ts";

/**
 * Runs a node:zlib decompressor over bytes.
 *
 * @param codec the codec's name, for messages
 * @throws CodecError when it fails, or its output would exceed `maxBytes`
 */
export function callZlib(
  codec: string,
  decompressor: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  let output: Buffer;
  try {
    // zlib takes no limit below 1.
    output = decompressor(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(codec, maxBytes);
    const message = errorMessage(error);
    throw new CodecError(`its ${codec} content is corrupt (${message})`, { cause: error });
  }
  if (output.length > maxBytes) throw tooLarge(codec, maxBytes);
  return plainBytes(output);
}

/** A Buffer as a plain Uint8Array over the same memory. */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
