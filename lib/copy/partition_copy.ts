// The copy of one partition as a state machine: what to fetch next, what is framed, what the target has acknowledged.
// The sequence of a record is the number of records of its partition before it, whatever run reads it: that is what
// makes a produce safe to repeat. No network.

import { patchForProduce } from "../batch/patch.ts";
import type { TopicPartition } from "../core/topic_partition.ts";
import type { CompareContents, TargetPosition } from "./find_position.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { baseOffset } from "../batch/record_batch.ts";
import { reencodeBatch } from "../batch/reencode.ts";
import { addSpan, maxOffset, minOffset, type OffsetSpan } from "../core/offsets.ts";
import { CommittedOffsets } from "./committed_offsets.ts";
import type { Carried, Cut, CutBatch, TargetRules } from "./cut.ts";
import { compareHeld, digestRecords, type HeldRecords } from "./held_records.ts";
import { type ProduceBatch, ProduceQueue } from "./produce_queue.ts";

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
  /** The target's position that belongs to `startOffset`: its records are the first sequence. */
  readonly before: TargetPosition;
  /** What the target already holds; its records beyond `before` are read and not sent again. */
  readonly stored: TargetPosition;
  /** Given where the source's log may lose records between two reads. */
  readonly compare?: CompareContents;
  readonly rules: TargetRules;
  /** Source offsets that groups have committed, ascending: where they come to lie is told with acknowledgements. */
  readonly committed?: readonly bigint[];
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
  readonly compare: CompareContents | undefined;
  readonly #committed: CommittedOffsets;
  readonly #identity: ProducerIdentity;
  readonly #idempotent: boolean;
  /** Framed and not acknowledged. */
  readonly queue: ProduceQueue;
  #status: CopyStatus = "copying";
  #failure: string | undefined;
  #nextFetchOffset: bigint;
  /** Source offset up to which everything is acknowledged. */
  #sourceOffset: bigint;
  #carried: Carried | undefined;
  /** How often the bytes at an offset were damaged, since the last acknowledgement. */
  readonly #damage = new Map<bigint, number>();
  /** Nothing is read any more; the partition fails with this when what was read is acknowledged. */
  #stopReason: string | undefined;
  #recordsRead: bigint;
  #lost: readonly OffsetSpan[] = [];
  /** What the target holds; counts as acknowledged once the source has been read up to there. */
  #stored: TargetPosition;
  /** Records to read that the target already holds. */
  #toSkip = 0n;
  /** Finds out how many of the next records the target already holds, where counting misleads. */
  #held: HeldRecords | undefined;
  /** While `#held` does: what has expired unread begins here, if the target does not hold it. */
  #expiredFrom: bigint | undefined;
  /** Whether the next batch is the first behind what `#held` has found. */
  #behindHeld = false;
  #repositions = 0;
  #batchesLeftOut = 0;
  #recordsAcknowledged: bigint;
  #targetFirstOffset: bigint | undefined;
  #targetNextOffset: bigint;

  constructor(options: PartitionCopyOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.startOffset = options.startOffset;
    this.endOffset = options.endOffset;
    this.rules = options.rules;
    this.#committed = new CommittedOffsets(options.committed ?? []);
    this.#identity = options.identity;
    this.#idempotent = options.identity.producerId >= 0n;
    this.queue = new ProduceQueue(this.#idempotent);
    this.compare = options.compare;
    this.#recordsRead = options.before.records;
    this.#recordsAcknowledged = options.before.records;
    this.#targetFirstOffset = options.before.targetFirstOffset;
    this.#targetNextOffset = options.before.targetOffset;
    this.#stored = options.stored;
    this.#nextFetchOffset = options.startOffset;
    this.#sourceOffset = options.startOffset;
    this.#readAgain();
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

  /** Whether damaged bytes were read since the last acknowledgement: what comes must be checked before it is merged. */
  get damagedBefore(): boolean {
    return this.#damage.size > 0;
  }

  /** What the last response left for the next one to bear out. */
  get carried(): Carried | undefined {
    return this.#carried;
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

  /**
   * Takes what was cut from a response, in order, and frames it. Batches that point into the response are patched in
   * place. `hold` is called for each batch and gives what to call when it is acknowledged.
   *
   * @throws {CorruptBatchError} where a batch that has to be opened is damaged; what came before it is taken
   */
  accept(
    { batches, nextOffset, batchesLeftOut, carried }: Cut,
    hold: (batch: CutBatch) => () => void,
  ): void {
    if (this.#status !== "copying") return;
    if (this.#held !== undefined) {
      const { timestamps = true } = this.compare ?? {};
      const read = batches.map(({ bytes, position, firstOffset }) => ({
        firstOffset,
        digests: digestRecords(bytes, position, timestamps),
      }));
      for (const { firstOffset, digests } of read) this.#held.read(firstOffset, digests);
      this.#nextFetchOffset = nextOffset;
      this.#carried = carried;
      return this.#conclude(this.#held);
    }
    // Where a batch cannot be taken, what came before it has been read.
    this.#carried = undefined;
    for (const whole of batches) {
      const batch = this.#withoutStored(whole);
      this.#nextFetchOffset = whole.nextOffset;
      if (batch === undefined) continue;
      if (this.#behindHeld) this.#committed.passGap(batch);
      this.#behindHeld = false;
      // Before the batch is patched: what it was made of may have to be opened.
      const positions = this.#committed.take(batch);
      const baseSequence = this.#idempotent ? Number(this.#recordsRead & 0x7fffffffn) : -1;
      patchForProduce(batch.view, batch.position, {
        ...this.#identity,
        baseSequence,
        clearLogAppendTime: this.rules.logAppendTime,
      });
      this.queue.push({
        bytes: batch.bytes.subarray(batch.position, batch.position + batch.size),
        recordCount: batch.recordCount,
        firstSourceOffset: batch.firstOffset,
        nextSourceOffset: batch.nextOffset,
        ...(positions !== undefined && { positions }),
        release: hold(batch),
      });
      this.#recordsRead += BigInt(batch.recordCount);
    }
    this.#nextFetchOffset = nextOffset;
    this.#batchesLeftOut += batchesLeftOut;
    this.#carried = carried;
    this.#finishWhenThrough();
  }

  /**
   * The oldest batch in flight is stored at `targetOffset`. Offsets must never go back: a target that gives one a
   * second time was truncated or re-created, and the partition fails.
   */
  acknowledge(targetOffset: bigint): Acknowledgement | undefined {
    const batch = this.queue.acknowledge();
    if (batch === undefined) return undefined;
    if (targetOffset < this.#targetNextOffset) {
      batch.release();
      const last = this.#targetNextOffset - 1n;
      this.fail(
        `the target gave offset ${targetOffset} after ${last}: it was truncated or re-created`,
      );
      return undefined;
    }
    this.#arrive();
    this.#targetFirstOffset ??= targetOffset;
    this.#targetNextOffset = targetOffset + BigInt(batch.recordCount);
    this.#recordsAcknowledged += BigInt(batch.recordCount);
    this.#sourceOffset = batch.nextSourceOffset;
    this.#repositions = 0;
    this.#damage.clear();
    batch.release();
    this.#finishWhenThrough();
    return { batch, targetOffset };
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
    this.#stored = stored;
    this.#readAgain();
    return true;
  }

  /**
   * The source's log now starts here: what lies before has expired unread. Called when nothing is unacknowledged, so
   * that the journal can tell what lies before the gap from what lies behind.
   */
  lose(logStartOffset: bigint): void {
    if (!this.queue.empty) {
      throw new Error("Cannot go on behind what has expired: what lies before is not acknowledged");
    }
    const endOffset = minOffset(logStartOffset, this.endOffset);
    if (this.#held !== undefined) {
      // Each record held takes an offset at least; those that take more are found behind the gap.
      this.#expiredFrom = this.#sourceOffset + this.#toSkip;
      this.#held = compareHeld(this.#stored.held ?? [], this.#toSkip, endOffset);
      this.#nextFetchOffset = endOffset;
      return this.#conclude(this.#held);
    }
    if (this.#toSkip > 0n) {
      return this.stop(
        `messages from source offset ${this.#nextFetchOffset} on have expired before it was known which of them the target holds; the same command finds out`,
      );
    }
    this.#loseTo(endOffset, this.#nextFetchOffset);
    this.#finishWhenThrough();
  }

  #loseTo(endOffset: bigint, startOffset: bigint): void {
    this.#lost = addSpan(this.#lost, { startOffset, endOffset });
    this.#nextFetchOffset = endOffset;
    this.#arrive();
    this.#sourceOffset = endOffset;
  }

  #readAgain(): void {
    this.queue.clear();
    this.#committed.restart(this.#sourceOffset);
    this.#recordsRead = this.#recordsAcknowledged;
    this.#nextFetchOffset = this.#sourceOffset;
    this.#carried = undefined;
    // What stopped the reading will be met again.
    this.#stopReason = undefined;
    this.#expiredFrom = undefined;
    const { records, held } = this.#stored;
    this.#toSkip = maxOffset(records - this.#recordsAcknowledged, 0n);
    // Where the target has deleted them already, they can only be counted.
    this.#held = held !== undefined && held.length > 0 && this.#toSkip > 0n
      ? compareHeld(held, this.#toSkip, this.#sourceOffset)
      : undefined;
  }

  /** Everything the target holds has been read: from now on it counts as acknowledged. */
  #arrive(): void {
    const { records, targetOffset, targetFirstOffset } = this.#stored;
    if (records <= this.#recordsAcknowledged) return;
    this.#recordsAcknowledged = records;
    this.#targetFirstOffset ??= targetFirstOffset;
    this.#targetNextOffset = maxOffset(targetOffset, this.#targetNextOffset);
  }

  /** Ends the comparison when it is settled: the source is read from the point that it found. */
  #conclude(held: HeldRecords): void {
    if (!held.settled && !this.readThrough) return;
    const { point, matched } = held;
    const expiredFrom = this.#expiredFrom;
    this.#held = undefined;
    this.#expiredFrom = undefined;
    if (expiredFrom !== undefined && !matched && expiredFrom > point.offset) {
      return this.stop(
        `messages before source offset ${point.offset} have expired, and it cannot be told which of those behind it the target holds`,
      );
    }
    this.#behindHeld = true;
    this.#toSkip = point.skip;
    this.#recordsRead = this.#stored.records - point.skip;
    this.#nextFetchOffset = point.offset;
    this.#carried = undefined;
    if (expiredFrom !== undefined && !matched && expiredFrom < point.offset) {
      this.#loseTo(point.offset, expiredFrom);
    }
    this.#finishWhenThrough();
  }

  /** What of a batch the target does not hold yet. */
  #withoutStored(batch: CutBatch): CutBatch | undefined {
    if (this.#toSkip === 0n) return batch;
    const count = BigInt(batch.recordCount);
    const stored = minOffset(this.#toSkip, count);
    this.#committed.pass(batch, Number(stored));
    const rest = stored < count ? withoutRecords(batch, stored) : undefined;
    this.#toSkip -= stored;
    this.#recordsRead += stored;
    return rest;
  }

  /** Counts a fetch that brought damaged bytes at `nextFetchOffset`. @returns false when there were too many */
  damagedOnArrival(): boolean {
    return this.#mayFetchAgain(this.#nextFetchOffset);
  }

  #mayFetchAgain(damagedOffset: bigint): boolean {
    const fetches = (this.#damage.get(damagedOffset) ?? 0) + 1;
    this.#damage.set(damagedOffset, fetches);
    return fetches < FETCHES_OF_DAMAGED;
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
    this.queue.close();
  }

  #finishWhenThrough(): void {
    if (this.#status !== "copying" || !this.queue.empty) return;
    if (this.#stopReason !== undefined) this.fail(this.#stopReason);
    else if (this.readThrough && this.#toSkip > 0n) {
      this.fail(`the target holds ${this.#toSkip} more messages of this migration than the range`);
    } else if (this.readThrough && this.#held === undefined) {
      this.#arrive();
      this.#status = "done";
    }
  }
}

/** A batch without its first records. What may be produced has consecutive offsets, so that they can be counted off. */
function withoutRecords(batch: CutBatch, count: bigint): CutBatch {
  const { bytes, view, position, size, nextOffset, recordsBefore: inner } = batch;
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
    ...(inner !== undefined && { recordsBefore: (offset) => inner(offset) - Number(count) }),
  };
}
