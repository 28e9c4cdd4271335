// The one error of the codecs: for bytes that are not what their codec says, or that decompress to too much.

/** Compressed bytes cannot be read, or a codec id is unknown. */
export class CodecError extends Error {
  override readonly name = "CodecError";

  /** @param reason a clause: `its lz4 block 3 is cut off` */
  constructor(readonly reason: string, options?: ErrorOptions) {
    super(`Cannot decompress a batch: ${reason}`, options);
  }
}

/** Compressed bytes, as far as they were read without damage, decompress to more than the caller allows. */
export class OpensTooLargeError extends CodecError {}

/** The error for content larger than the caller allows. */
export function tooLarge(codec: string, maxBytes: number): OpensTooLargeError {
  return new OpensTooLargeError(`its ${codec} content opens to more than ${maxBytes} bytes`);
}
