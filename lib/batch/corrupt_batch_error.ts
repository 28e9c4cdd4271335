// The one error for bytes that are not the record batch they claim to be. It says where and why; what follows
// from it (the partition stops) is decided elsewhere.

/** Bytes that cannot be a record batch, or one that contradicts itself. */
export class CorruptBatchError extends Error {
  override readonly name = "CorruptBatchError";

  /**
   * @param position where in the buffer, in bytes
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
