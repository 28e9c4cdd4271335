// The copy of one partition as a state machine: what to fetch next, which batches are framed (given their producer id
// and sequence, and ready to send), and what the target has acknowledged. A record's sequence is the number of records
// of its partition before it, counted from where the producer epoch began. It is the same whichever run reads the
// record, and that is what makes a produce safe to repeat. No network.

import { patchForProduce } from "../batch/patch.ts";
import { baseSequence } from "../batch/record_batch.ts";
import { viewed } from "../codec/copy_back.ts";
import {
  type EpochStart,
  newestEpoch,
  type PartitionProducer,
  partitionProducer,
  sequenceIn,
} from "../model/sequence.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import type { CompareContents, FoundPosition, TargetPosition } from "./target_position.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { type Failure, failure } from "../model/failure.ts";
import { addSpan, maxOffset, minOffset, type OffsetSpan } from "../model/offsets.ts";
import { CommittedOffsets } from "./committed_offsets.ts";
import type { Carried, Cut, CutBatch, TargetRules } from "./cut_types.ts";
import { type ProduceBatch, ProduceQueue } from "./produce_queue.ts";
import { StoredRecords } from "./stored_records.ts";

/** A batch that the target has stored, and where. */
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
  /** The epochs that the target made necessary after the identity's own, oldest first. */
  readonly epochs?: readonly EpochStart[];
  /** The target's position that belongs to `startOffset`; its number of records is the first sequence. */
  readonly before: TargetPosition;
  /** How far the target already holds our records: those after `before` are read and not sent again. */
  readonly stored: FoundPosition;
  /** Given where the source's log may lose records between two reads, so that counting them misleads. */
  readonly compare?: CompareContents;
  readonly rules: TargetRules;
  /** Whether the source topic is compacted: there may be no message left up to the end of a range. */
  readonly compacted?: boolean;
  /** Source offsets that groups have committed, ascending. Acknowledgements tell where these are on the target. */
  readonly committed?: readonly bigint[];
}

/** How often damaged bytes are fetched before the partition is given up. */
const FETCHES_OF_DAMAGED = 3;
/** How often the position on the target is found anew without an acknowledgement in between. */
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
  readonly #compare: CompareContents | undefined;
  /** Whether the source topic is compacted, so that no message may be left up to the end of the range. */
  readonly compacted: boolean;
  readonly #committed: CommittedOffsets;
  #producer: PartitionProducer;
  readonly #idempotent: boolean;
  /** The batches that are framed and not acknowledged. */
  readonly queue: ProduceQueue;
  #status: CopyStatus = "copying";
  #failure: Failure | undefined;
  #nextFetchOffset: bigint;
  /** Source offset up to which everything is acknowledged. */
  #sourceOffset: bigint;
  #carried: Carried | undefined;
  /** How often the bytes at each source offset arrived damaged since the last acknowledgement. */
  readonly #damage = new Map<bigint, number>();
  /** Once set, nothing more is read; the partition fails with this as soon as all that was read is acknowledged. */
  #stopFailure: Failure | undefined;
  #recordsRead: bigint;
  #lost: readonly OffsetSpan[] = [];
  /** The records that the target already holds; they count as acknowledged once the source has been read past them. */
  #stored: StoredRecords;
  #repositions = 0;
  /** Whether an earlier process may have sent the epoch's first batch, and its fate is unknown. */
  #mayHaveBegun: boolean;
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
    this.#producer = partitionProducer(options.identity, options.epochs);
    this.#idempotent = options.identity.producerId >= 0n;
    this.queue = new ProduceQueue(this.#idempotent);
    this.#compare = options.compare;
    this.compacted = options.compacted ?? false;
    this.#recordsRead = options.before.records;
    this.#recordsAcknowledged = options.before.records;
    this.#targetFirstOffset = options.before.targetFirstOffset;
    this.#targetNextOffset = options.before.targetOffset;
    this.#stored = new StoredRecords(options.stored);
    this.#mayHaveBegun = options.stored.epochMayHaveBegun === true;
    this.#nextFetchOffset = options.startOffset;
    this.#sourceOffset = options.startOffset;
    this.#readAgain();
    this.#finishWhenComplete();
  }

  /** Our producer id on this partition, and its epochs. */
  get producer(): PartitionProducer {
    return this.#producer;
  }

  /**
   * Whether the first batch of an epoch was sent and it is unknown whether the target stored it. A broker that does not
   * know the epoch accepts such a batch, even a second time: so the log is searched for it before it is sent again.
   */
  get mayHaveBegunEpoch(): boolean {
    const { oldest, readyToResend } = this.queue;
    return this.#mayHaveBegun ||
      (readyToResend && oldest !== undefined && baseSequence(viewed(oldest.bytes).view, 0) === 0);
  }

  /** The epoch's first batch was searched for and is not in the log: everything framed may be sent. */
  notBegun(): void {
    this.#mayHaveBegun = false;
    if (this.queue.readyToResend) this.queue.resend();
  }

  get status(): CopyStatus {
    return this.#status;
  }

  /** Why the partition failed. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  get nextFetchOffset(): bigint {
    return this.#nextFetchOffset;
  }

  /** Whether everything of the range has been read. */
  get readThrough(): boolean {
    return this.#nextFetchOffset >= this.endOffset;
  }

  get fetchable(): boolean {
    // What expires while nobody knows what the target holds could not be named.
    return this.#status === "copying" && this.#stopFailure === undefined && !this.readThrough &&
      !this.#mayHaveBegun;
  }

  /** Source offset up to which everything is acknowledged; the end once the partition is done. */
  get sourceOffset(): bigint {
    return this.#status === "done" ? this.endOffset : this.#sourceOffset;
  }

  /** Whether damaged bytes arrived since the last acknowledgement: then every batch is checked before it is merged. */
  get damagedBefore(): boolean {
    return this.#damage.size > 0;
  }

  /** Given where counting records misleads: also once records have expired unread. */
  get compare(): CompareContents | undefined {
    if (this.#compare !== undefined || this.#lost.length === 0) return this.#compare;
    return { timestamps: !this.rules.logAppendTime };
  }

  /** What the last response said and only the next one can confirm. */
  get carried(): Carried | undefined {
    return this.#carried;
  }

  /** Records read from the source in all plans: counted when read, apart from those acknowledged. */
  get recordsRead(): bigint {
    return this.#recordsRead;
  }

  /** Batches read and filtered: control batches, those of aborted transactions, and empty ones. */
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
   * Frames the batches that were cut from a response, in order. Batches that point into the response are patched in
   * place. `hold` keeps a batch's memory and returns the function that gives it back, called upon acknowledgement.
   *
   * @throws {CorruptBatchError} where a batch that has to be decompressed is damaged; those before it are framed
   */
  accept(
    { batches, nextOffset, batchesLeftOut, carried }: Cut,
    hold: (batch: CutBatch) => () => void,
  ): void {
    if (this.#status !== "copying") return;
    if (this.#stored.comparing) {
      this.#stored.compare(batches, this.compare?.timestamps ?? true);
      this.#nextFetchOffset = nextOffset;
      this.#carried = carried;
      return this.#conclude();
    }
    // If a batch below throws, reading goes on at that batch, and what the response said of the next no longer applies.
    this.#carried = undefined;
    for (const whole of batches) {
      if (this.#stored.toSkip > 0n && !this.#stored.areAsCompared(whole)) {
        const text =
          "messages that the target holds were compacted on the source while they were looked for there";
        return this.stop(failure("STORED_NOT_KNOWN_YET", text));
      }
      const batch = this.#withoutStored(whole);
      this.#nextFetchOffset = whole.nextOffset;
      if (batch === undefined) continue;
      // Before the batch is patched: to find the offsets, the original bytes may have to be decompressed.
      const positions = this.#committed.take(batch);
      const epoch = newestEpoch(this.#producer);
      patchForProduce(batch.view, batch.position, {
        producerId: this.#producer.producerId,
        producerEpoch: epoch.producerEpoch,
        baseSequence: this.#idempotent ? sequenceIn(epoch, this.#recordsRead) : -1,
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
    this.#finishWhenComplete();
  }

  /**
   * The target has stored the oldest batch in flight at `targetOffset`. Offsets must never go back: a target that gives
   * one a second time was truncated or re-created, and the partition fails.
   */
  acknowledge(targetOffset: bigint): Acknowledgement | undefined {
    const batch = this.queue.acknowledge();
    if (batch === undefined) return undefined;
    if (targetOffset < this.#targetNextOffset) {
      batch.release();
      const last = this.#targetNextOffset - 1n;
      const text =
        `the target gave offset ${targetOffset} after ${last}: it was truncated or re-created`;
      this.fail(failure("TARGET_TRUNCATED", text));
      return undefined;
    }
    this.#countStored();
    this.#targetFirstOffset ??= targetOffset;
    this.#targetNextOffset = targetOffset + BigInt(batch.recordCount);
    this.#recordsAcknowledged += BigInt(batch.recordCount);
    this.#sourceOffset = batch.nextSourceOffset;
    this.#repositions = 0;
    this.#damage.clear();
    batch.release();
    this.#finishWhenComplete();
    return { batch, targetOffset };
  }

  /**
   * The bytes at a source offset are damaged. Drops everything unacknowledged and reads it again; the same records get
   * the same sequences.
   *
   * @returns false when they were damaged so often that reading them again is no use
   */
  refetch(offset: bigint): boolean {
    if (!this.#mayFetchAgain(offset)) return false;
    this.#readAgain();
    return true;
  }

  /**
   * The target holds our records up to this position, maybe more than it has acknowledged: they came in a request of an
   * earlier process, or in one whose answer was lost. Everything unacknowledged is read again, and what the target
   * already holds is not sent.
   *
   * @returns false when the target holds less than it has acknowledged, or this happened several times in a row
   */
  reposition(stored: FoundPosition): boolean {
    if (stored.records < this.#recordsAcknowledged) return false;
    if (++this.#repositions > REPOSITIONS) return false;
    this.#mayHaveBegun = stored.epochMayHaveBegun === true;
    this.#stored = new StoredRecords(stored);
    this.#readAgain();
    return true;
  }

  /**
   * Goes on with a fresh producer epoch, whose sequences count from the position found last. The caller journals the
   * epoch before anything is sent.
   */
  beginEpoch(epoch: EpochStart): void {
    const { epochs: [first, ...further] } = this.#producer;
    this.#producer = { ...this.#producer, epochs: [first, ...further, epoch] };
  }

  /**
   * The source's log now starts here: the records before it have expired unread. Called only when nothing is
   * unacknowledged, so that the journal can tell what was copied before the gap from what is copied after it.
   */
  lose(logStartOffset: bigint): void {
    if (this.#status !== "copying") return;
    if (!this.queue.empty) {
      throw new Error("Cannot go on after what has expired: what lies before is not acknowledged");
    }
    const endOffset = minOffset(logStartOffset, this.endOffset);
    // Transactions may have ended, and others begun, in the records that are gone.
    this.#carried = undefined;
    if (this.#stored.comparing) {
      this.#stored.expire(this.#sourceOffset, endOffset);
      this.#nextFetchOffset = endOffset;
      return this.#conclude();
    }
    if (this.#stored.toSkip > 0n) {
      const text =
        `messages from source offset ${this.#nextFetchOffset} on have expired before it was known which of them the target holds`;
      return this.stop(failure("STORED_NOT_KNOWN_YET", text));
    }
    this.#loseTo(endOffset, this.#nextFetchOffset);
    this.#finishWhenComplete();
  }

  #loseTo(endOffset: bigint, startOffset: bigint): void {
    this.#lost = addSpan(this.#lost, { startOffset, endOffset });
    this.#nextFetchOffset = endOffset;
    this.#countStored();
    this.#sourceOffset = endOffset;
  }

  #readAgain(): void {
    this.queue.clear();
    this.#committed.restart(this.#sourceOffset);
    this.#recordsRead = this.#recordsAcknowledged;
    this.#nextFetchOffset = this.#sourceOffset;
    this.#carried = undefined;
    // Reading meets again what stopped it.
    this.#stopFailure = undefined;
    this.#stored.restart(this.#recordsAcknowledged, this.#sourceOffset);
  }

  /** All that the target already held has been read: from now on it counts as acknowledged. */
  #countStored(): void {
    const { records, targetOffset, targetFirstOffset } = this.#stored.position;
    if (records <= this.#recordsAcknowledged) return;
    this.#recordsAcknowledged = records;
    this.#targetFirstOffset ??= targetFirstOffset;
    this.#targetNextOffset = maxOffset(targetOffset, this.#targetNextOffset);
  }

  /** Goes on from the point that the comparison with the target's records has found, once it is certain. */
  #conclude(): void {
    const point = this.#stored.conclude(this.readThrough);
    if (point === undefined) return;
    if (point.kind === "unclear") {
      const text =
        `messages before source offset ${point.offset} have expired, and it cannot be told which of those after it the target holds`;
      return this.stop(failure("STORED_UNCLEAR", text));
    }
    this.#committed.expectGap();
    this.#recordsRead = point.records;
    this.#nextFetchOffset = point.offset;
    this.#carried = undefined;
    if (point.lostFrom !== undefined) this.#loseTo(point.offset, point.lostFrom);
    this.#finishWhenComplete();
  }

  /** The part of a batch that the target does not hold yet; undefined where it holds all of it. */
  #withoutStored(batch: CutBatch): CutBatch | undefined {
    if (this.#stored.toSkip === 0n) return batch;
    const count = this.#stored.countIn(batch);
    this.#committed.pass(batch, count);
    const rest = this.#stored.leaveOut(batch, count);
    this.#recordsRead += BigInt(count);
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

  /** Reads nothing more, and fails with this once everything read is acknowledged. */
  stop(failure: Failure): void {
    this.#stopFailure ??= failure;
    this.#finishWhenComplete();
  }

  /** Stops this partition for good, and drops what is framed. */
  fail(failure: Failure): void {
    if (this.#status !== "copying") return;
    this.#status = "failed";
    this.#failure = failure;
    this.queue.close();
  }

  #finishWhenComplete(): void {
    if (this.#status !== "copying" || !this.queue.empty) return;
    if (this.#stopFailure !== undefined) this.fail(this.#stopFailure);
    else if (this.readThrough && this.#stored.toSkip > 0n) {
      const { toSkip } = this.#stored;
      const text = `the target holds ${toSkip} more messages of this migration than the range`;
      this.fail(failure("TARGET_HOLDS_MORE", text));
    } else if (this.readThrough && !this.#stored.comparing) {
      this.#countStored();
      this.#status = "done";
    }
  }
}
