// The copy of one partition as a state machine: what to fetch next, which batches are framed and wait or are under
// way, what the target has acknowledged. It holds the rules exactness rests on (DESIGN of the copy: ARCHITECTURE.md):
// a batch is stamped once and its bytes stay the same until acknowledged, its sequence is the number of records before
// it, at most five are in flight, and after a failure everything unacknowledged is sent again in order. No network.

import { patchForProduce } from "../batch/patch.ts";
import type { TopicPartition } from "../core/topic_partition.ts";
import type { TargetPosition } from "./find_position.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { baseOffset } from "../batch/record_batch.ts";
import { reencodeBatch } from "../batch/reencode.ts";
import { addSpan, maxOffset, minOffset, type OffsetSpan } from "../core/offsets.ts";
import type { Cut, CutBatch, TargetRules } from "./cut.ts";

/** Brokers remember the last five batches of a producer id (KIP-98): more in flight could not be told apart. */
export const MAX_IN_FLIGHT = 5;

/** A batch framed for the target; its bytes do not change any more. */
export interface ProduceBatch {
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** Source offset of its first record, and the one after its last. */
  readonly firstSourceOffset: bigint;
  readonly nextSourceOffset: bigint;
  /** Gives the memory behind `bytes` back. */
  readonly release: () => void;
}

/** A batch the target has stored. */
export interface Acknowledgement {
  readonly batch: ProduceBatch;
  /** Target offset of the batch's first record. */
  readonly targetOffset: bigint;
}

/** What one partition starts from. */
export interface PartitionCopyOptions extends TopicPartition {
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  readonly identity: ProducerIdentity;
  /** Records of this partition copied before `startOffset`, in all plans of the migration: the first sequence. */
  readonly recordsBefore: bigint;
  /** What the target already holds; its records beyond `recordsBefore` are read and not sent again. */
  readonly stored: TargetPosition;
  readonly rules: TargetRules;
}

/** Damaged bytes are fetched so often before the partition is given up. */
const FETCHES_OF_DAMAGED = 3;
/** So often in a row the position on the target is established again. */
const REPOSITIONS = 3;

/** Where a partition stands. */
export type CopyStatus = "copying" | "done" | "failed";

/** One partition being copied. */
export class PartitionCopy implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  readonly rules: TargetRules;
  readonly #identity: ProducerIdentity;
  /** Framed and not acknowledged, oldest first; the first `#inFlight` are sent. */
  readonly #unacknowledged: ProduceBatch[] = [];
  #inFlight = 0;
  #rewinding = false;
  #status: CopyStatus = "copying";
  #failure: string | undefined;
  #nextFetchOffset: bigint;
  /** Source offset up to which everything is acknowledged. */
  #sourceOffset: bigint;
  #gapTo: bigint | undefined;
  #damage = { offset: -1n, fetches: 0 };
  /** Nothing is read any more; the partition fails with this when what was read is acknowledged. */
  #stopReason: string | undefined;
  #recordsRead: bigint;
  #lost: readonly OffsetSpan[] = [];
  /** Records to read that the target already holds. */
  #toSkip: bigint;
  #repositions = 0;
  #batchesLeftOut = 0;
  #recordsAcknowledged: bigint;
  #queuedBytes = 0;
  #targetFirstOffset: bigint | undefined;
  #targetNextOffset: bigint;

  constructor(options: PartitionCopyOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.startOffset = options.startOffset;
    this.endOffset = options.endOffset;
    this.rules = options.rules;
    this.#identity = options.identity;
    this.#recordsRead = options.recordsBefore;
    this.#recordsAcknowledged = options.recordsBefore;
    this.#toSkip = options.stored.records - options.recordsBefore;
    this.#targetFirstOffset = options.stored.targetFirstOffset;
    this.#targetNextOffset = options.stored.targetOffset;
    this.#nextFetchOffset = options.startOffset;
    this.#sourceOffset = options.startOffset;
    this.#finishWhenThrough();
  }

  get status(): CopyStatus {
    return this.#status;
  }

  /** Why the partition failed, as a sentence. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get nextFetchOffset(): bigint {
    return this.#nextFetchOffset;
  }

  /** Whether everything of the range has been read. */
  get readThrough(): boolean {
    return this.#nextFetchOffset >= this.endOffset;
  }

  /** Whether there is something to fetch. */
  get fetchable(): boolean {
    return this.#status === "copying" && this.#stopReason === undefined && !this.readThrough;
  }

  /** Source offset up to which everything is acknowledged; the end once the partition is done. */
  get sourceOffset(): bigint {
    return this.#status === "done" ? this.endOffset : this.#sourceOffset;
  }

  /** Where the last response went on after a gap that the next one has to bear out. */
  get gapTo(): bigint | undefined {
    return this.#gapTo;
  }

  /** Records read from the source in all plans: counted when read, apart from those acknowledged. */
  get recordsRead(): bigint {
    return this.#recordsRead;
  }

  /** Batches read and left out: control batches, those of aborted transactions, and empty ones. */
  get batchesLeftOut(): number {
    return this.#batchesLeftOut;
  }

  get recordsAcknowledged(): bigint {
    return this.#recordsAcknowledged;
  }

  /** Bytes framed and not acknowledged. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Target offset of the first record written; absent before the first acknowledgement. */
  get targetFirstOffset(): bigint | undefined {
    return this.#targetFirstOffset;
  }

  /** Source offsets that expired before they were read. */
  get lost(): readonly OffsetSpan[] {
    return this.#lost;
  }

  /** Target offset after the last record acknowledged; at first, where the target ended. */
  get targetNextOffset(): bigint {
    return this.#targetNextOffset;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Takes what was cut from a response, in order, and frames it. Batches that point into the response are patched in
   * place. `hold` is called for each batch and gives what to call when it is acknowledged.
   */
  accept(
    { batches, nextOffset, batchesLeftOut, gapTo }: Cut,
    hold: (batch: CutBatch) => () => void,
  ): void {
    if (this.#status !== "copying") return;
    for (const whole of batches) {
      const batch = this.#withoutStored(whole);
      if (batch === undefined) continue;
      const baseSequence = Number(this.#recordsRead & 0x7fffffffn);
      patchForProduce(batch.view, batch.position, {
        ...this.#identity,
        baseSequence,
        clearLogAppendTime: this.rules.logAppendTime,
      });
      this.#unacknowledged.push({
        bytes: batch.bytes.subarray(batch.position, batch.position + batch.size),
        recordCount: batch.recordCount,
        firstSourceOffset: batch.firstOffset,
        nextSourceOffset: batch.nextOffset,
        release: hold(batch),
      });
      this.#queuedBytes += batch.size;
      this.#recordsRead += BigInt(batch.recordCount);
    }
    this.#nextFetchOffset = nextOffset;
    this.#batchesLeftOut += batchesLeftOut;
    this.#gapTo = gapTo;
    this.#finishWhenThrough();
  }

  /** Whether a batch may be sent now. */
  get sendable(): boolean {
    return this.#status === "copying" && !this.#rewinding && this.#inFlight < MAX_IN_FLIGHT &&
      this.#inFlight < this.#unacknowledged.length;
  }

  /** The next batch to send, counted as in flight from here on. @throws {Error} unless `sendable` */
  send(): ProduceBatch {
    const batch = this.#unacknowledged[this.#inFlight];
    if (!this.sendable || batch === undefined) {
      throw new Error(`Cannot send a batch of ${this.topic}-${this.partition}: none may go now`);
    }
    this.#inFlight++;
    return batch;
  }

  /**
   * The oldest batch in flight is stored at `targetOffset`. Offsets must never go back: a target that gives one a
   * second time was truncated or re-created, and the partition fails.
   */
  acknowledge(targetOffset: bigint): Acknowledgement | undefined {
    this.#inFlight--;
    if (this.#status !== "copying") {
      this.#letGo();
      return undefined;
    }
    // While rewinding, later requests may still be answered well; those batches are sent again and answered again.
    if (this.#rewinding) return undefined;
    if (targetOffset < this.#targetNextOffset) {
      this.fail(
        `the target gave offset ${targetOffset} after ${
          this.#targetNextOffset - 1n
        }: it was truncated or re-created`,
      );
      return undefined;
    }
    const batch = this.#unacknowledged.shift();
    if (batch === undefined) throw new Error("An acknowledgement came for nothing");
    this.#targetFirstOffset ??= targetOffset;
    this.#targetNextOffset = targetOffset + BigInt(batch.recordCount);
    this.#recordsAcknowledged += BigInt(batch.recordCount);
    this.#queuedBytes -= batch.bytes.length;
    this.#sourceOffset = batch.nextSourceOffset;
    this.#repositions = 0;
    batch.release();
    this.#finishWhenThrough();
    return { batch, targetOffset };
  }

  /** A batch in flight was not stored, or nobody knows: nothing more goes out until all are answered. */
  sendFailed(): void {
    this.#inFlight--;
    this.#rewinding = true;
    this.#letGo();
  }

  /** Whether everything in flight is answered after a failure, so that it may be sent again. */
  get readyToResend(): boolean {
    return this.#status === "copying" && this.#rewinding && this.#inFlight === 0;
  }

  /** Lets everything unacknowledged be sent again, in order, the same bytes. */
  resend(): void {
    if (!this.readyToResend) throw new Error("Cannot resend while requests are in flight");
    this.#rewinding = false;
  }

  /** The oldest batch not acknowledged. */
  get oldest(): ProduceBatch | undefined {
    return this.#unacknowledged[0];
  }

  /**
   * The bytes at a source offset are damaged. Everything unacknowledged is let go and read again from there; the same
   * records get the same sequences.
   *
   * @returns false when they were damaged so often that reading them again is no use
   */
  refetch(offset: bigint): boolean {
    if (!this.#mayFetchAgain(offset)) return false;
    this.#readAgain();
    return true;
  }

  /**
   * The target holds our records up to this position, more than it has acknowledged: a request of an earlier process,
   * or one whose answer was lost. Everything unacknowledged is read again, and what is held is not sent.
   *
   * @returns false when it holds less than it has acknowledged, or this came up several times in a row
   */
  reposition(stored: TargetPosition): boolean {
    if (stored.records < this.#recordsAcknowledged) return false;
    if (++this.#repositions > REPOSITIONS) return false;
    this.#readAgain();
    this.#toSkip = stored.records - this.#recordsAcknowledged;
    this.#targetFirstOffset ??= stored.targetFirstOffset;
    this.#targetNextOffset = maxOffset(stored.targetOffset, this.#targetNextOffset);
    return true;
  }

  /** The source's log now starts here: what lies before has expired unread. */
  lose(logStartOffset: bigint): void {
    if (this.#toSkip > 0n) {
      return this.stop(
        `messages from source offset ${this.#nextFetchOffset} on have expired before it was known which of them the target holds`,
      );
    }
    const endOffset = minOffset(logStartOffset, this.endOffset);
    this.#lost = addSpan(this.#lost, { startOffset: this.#nextFetchOffset, endOffset });
    this.#nextFetchOffset = endOffset;
    this.#finishWhenThrough();
  }

  #readAgain(): void {
    if (this.#inFlight > 0) throw new Error("Cannot read again while requests are in flight");
    this.#releaseAll();
    this.#recordsRead = this.#recordsAcknowledged;
    this.#nextFetchOffset = this.#sourceOffset;
    this.#gapTo = undefined;
    this.#rewinding = false;
  }

  /** What of a batch the target does not hold yet. */
  #withoutStored(batch: CutBatch): CutBatch | undefined {
    if (this.#toSkip === 0n) return batch;
    const stored = minOffset(this.#toSkip, BigInt(batch.recordCount));
    this.#toSkip -= stored;
    this.#recordsRead += stored;
    this.#recordsAcknowledged += stored;
    if (stored === BigInt(batch.recordCount)) {
      this.#sourceOffset = batch.nextOffset;
      return undefined;
    }
    return withoutRecords(batch, stored);
  }

  /** Counts a fetch that brought damaged bytes at `nextFetchOffset`. @returns false when there were too many */
  damagedOnArrival(): boolean {
    return this.#mayFetchAgain(this.#nextFetchOffset);
  }

  #mayFetchAgain(damagedOffset: bigint): boolean {
    const { offset, fetches } = this.#damage;
    this.#damage = { offset: damagedOffset, fetches: offset === damagedOffset ? fetches + 1 : 1 };
    return this.#damage.fetches < FETCHES_OF_DAMAGED;
  }

  /** Reads nothing more, and fails with the reason when everything read is acknowledged. */
  stop(reason: string): void {
    this.#stopReason ??= reason;
    this.#finishWhenThrough();
  }

  /** Stops this partition for good; what is framed is let go. */
  fail(reason: string): void {
    if (this.#status !== "copying") return;
    this.#status = "failed";
    this.#failure = reason;
    this.#letGo();
  }

  /** Gives a failed partition's memory back; bytes that are still being written must not be reused before. */
  #letGo(): void {
    if (this.#status === "failed" && this.#inFlight === 0) this.#releaseAll();
  }

  #releaseAll(): void {
    for (const batch of this.#unacknowledged.splice(0)) batch.release();
    this.#queuedBytes = 0;
  }

  #finishWhenThrough(): void {
    if (this.#status !== "copying" || this.#unacknowledged.length > 0) return;
    if (this.#stopReason !== undefined) this.fail(this.#stopReason);
    else if (this.readThrough && this.#toSkip > 0n) {
      this.fail(`the target holds ${this.#toSkip} more messages of this migration than the range`);
    } else if (this.readThrough) this.#status = "done";
  }
}

/** A batch without its first records. What may be produced has consecutive offsets, so that they can be counted off. */
function withoutRecords(batch: CutBatch, count: bigint): CutBatch {
  const { bytes, view, position, size, nextOffset } = batch;
  const fromOffset = baseOffset(view, position) + count;
  const kept = reencodeBatch(bytes.subarray(position, position + size), { fromOffset });
  if (kept === undefined) throw new Error("A batch has fewer records than its header says");
  return {
    bytes: kept.bytes,
    view: new DataView(kept.bytes.buffer, kept.bytes.byteOffset, kept.bytes.byteLength),
    position: 0,
    size: kept.bytes.length,
    recordCount: kept.recordCount,
    firstOffset: batch.firstOffset + count,
    nextOffset,
    passedThrough: false,
  };
}
