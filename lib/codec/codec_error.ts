// The one error of the codecs: bytes that are not what their codec says, or that open to too much.

/** Compressed bytes that cannot be read, or a codec id nobody knows. */
export class CodecError extends Error {
  override readonly name = "CodecError";

  /** @param reason a clause: `its lz4 block 3 is cut off` */
  constructor(readonly reason: string, options?: ErrorOptions) {
    super(`Cannot decompress a batch: ${reason}`, options);
  }
}

/** Compressed bytes that are sound, for all one can tell, and open to more than the caller allows. */
export class OpensTooLargeError extends CodecError {}

/** The error for content larger than the caller allows. */
export function tooLarge(codec: string, maxBytes: number): OpensTooLargeError {
  return new OpensTooLargeError(`its ${codec} content opens to more than ${maxBytes} bytes`);
}
