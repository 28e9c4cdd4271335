// The one error for bytes that are not the record batch they claim to be. It says where and why; the caller decides
// what to do about it.

/** Bytes that cannot be a record batch, or one that contradicts itself. */
export class CorruptBatchError extends Error {
  override readonly name = "CorruptBatchError";

  /**
   * @param position byte position in the buffer
   * @param reason a clause: `its CRC-32C does not match its content`
   */
  constructor(
    readonly position: number,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`Corrupt record batch at byte ${position}: ${reason}`, options);
  }
}
