// The framed batches of one partition on their way to the target, oldest first. Three rules make every record arrive
// exactly once: a batch's bytes stay the same until it is acknowledged; the first batch is in flight alone, later ones
// at most five at a time; and after a failure nothing is sent until every request in flight is answered, and then all
// that is unacknowledged is sent again, in order.

/** Brokers remember the last five batches of a producer id (KIP-98): more in flight could not be told apart. */
export const MAX_IN_FLIGHT = 5;

/** Where the first record at or after a committed source offset is. */
export interface CommittedPosition {
  readonly sourceOffset: bigint;
  /** The record's index in its batch, from 0. */
  readonly index: number;
}

/** A batch framed for the target; its bytes do not change any more. */
export interface ProduceBatch {
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** Source offset of its first record, and the one after its last. */
  readonly firstSourceOffset: bigint;
  readonly nextSourceOffset: bigint;
  /** The committed source offsets whose first record at or after them is in this batch. */
  readonly positions?: readonly CommittedPosition[];
  /** Gives back the memory that `bytes` lies in. */
  readonly release: () => void;
}

/** The batches of one partition that are framed and not acknowledged. */
export class ProduceQueue {
  /** The first `#inFlight` are sent. */
  readonly #batches: ProduceBatch[] = [];
  #inFlight = 0;
  #failed = false;
  #closed = false;
  #bytes = 0;
  /** Whether the target has stored a batch since the queue was last cleared, and so remembers our sequence. */
  #begun = false;
  readonly #maxInFlight: number;

  /**
   * @param idempotent whether the target recognises a batch that comes twice; if not, only one is in flight, to keep
   * order
   */
  constructor(idempotent: boolean) {
    this.#maxInFlight = idempotent ? MAX_IN_FLIGHT : 1;
  }

  /** Bytes of the batches in it. */
  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  /** Whether a batch may be sent now. */
  get sendable(): boolean {
    // A broker that does not know the producer id accepts any sequence: if it refused the first batch and stored the
    // second, the first could never be stored any more.
    const most = this.#begun ? this.#maxInFlight : 1;
    return !this.#closed && !this.#failed && this.#inFlight < most &&
      this.#inFlight < this.#batches.length;
  }

  /** Whether sending has failed, and the queue waits to be allowed to resend. */
  get inTrouble(): boolean {
    return this.#failed;
  }

  /** Whether, after a failure, every request in flight is answered, so that the batches may be sent again. */
  get readyToResend(): boolean {
    return !this.#closed && this.#failed && this.#inFlight === 0;
  }

  /** The oldest batch. */
  get oldest(): ProduceBatch | undefined {
    return this.#batches[0];
  }

  push(batch: ProduceBatch): void {
    this.#batches.push(batch);
    this.#bytes += batch.bytes.length;
  }

  /** The next batch to send, counted as in flight from here on. @throws {Error} unless `sendable` */
  send(): ProduceBatch {
    const batch = this.#batches[this.#inFlight];
    if (!this.sendable || batch === undefined) {
      throw new Error("Cannot send a batch: none may go now");
    }
    this.#inFlight++;
    return batch;
  }

  /**
   * The target has stored the oldest batch in flight.
   *
   * @returns the batch; undefined after a failure, when it will be sent and answered again, and when the queue is
   * closed
   */
  acknowledge(): ProduceBatch | undefined {
    this.#answered();
    if (this.#failed || this.#closed) return undefined;
    const batch = this.#batches.shift();
    if (batch === undefined) throw new Error("An acknowledgement came for nothing");
    this.#begun = true;
    this.#bytes -= batch.bytes.length;
    return batch;
  }

  /** A batch in flight was not stored, or it is unknown whether it was. */
  sendFailed(): void {
    this.#failed = true;
    this.#answered();
  }

  /** Lets everything be sent again, the same bytes. @throws {Error} unless `readyToResend` */
  resend(): void {
    if (!this.readyToResend) throw new Error("Cannot resend while requests are in flight");
    this.#failed = false;
  }

  /**
   * Moves batches that share memory with others into memory of their own. Does nothing while requests are in flight.
   *
   * @param own copies a batch into memory of its own, and gives back the memory that it lay in
   */
  moveOut(own: (batch: ProduceBatch) => ProduceBatch): void {
    if (this.#inFlight > 0) return;
    for (const [index, batch] of this.#batches.entries()) {
      if (batch.bytes.length < batch.bytes.buffer.byteLength) this.#batches[index] = own(batch);
    }
  }

  /** Drops everything, to be framed again. @throws {Error} while requests are in flight */
  clear(): void {
    if (this.#inFlight > 0) throw new Error("Cannot drop batches while requests are in flight");
    this.#failed = false;
    this.#begun = false;
    for (const batch of this.#batches.splice(0)) batch.release();
    this.#bytes = 0;
  }

  /**
   * Sends nothing more. Memory is given back once every request in flight is answered, since it is written from there.
   */
  close(): void {
    this.#closed = true;
    if (this.#inFlight === 0) this.clear();
  }

  #answered(): void {
    this.#inFlight--;
    if (this.#closed && this.#inFlight === 0) this.clear();
  }
}
