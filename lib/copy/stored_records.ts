// What of the records to read the target already holds: sent by an earlier process, or in a request whose answer was
// lost. They are read and not sent again. They are counted off; where the source's log may have lost some of them since,
// they are found by what they hold first (held_records.ts). No network, and nothing of what is acknowledged meanwhile.

import { baseOffset } from "../batch/record_batch.ts";
import { reencodeBatch } from "../batch/reencode.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import type { CutBatch } from "./cut_types.ts";
import type { TargetPosition } from "./target_position.ts";
import { compareHeld, digestRecords, type HeldRecords } from "./held_records.ts";

/** Where the comparison says that the source is to be read from. */
export type StoredPoint =
  | {
    readonly kind: "found";
    readonly offset: bigint;
    /** Records of ours before it. */
    readonly records: bigint;
    /** What lies between this offset and the point has expired unread, and the target does not hold it. */
    readonly lostFrom?: bigint;
  }
  /** Something before this offset has expired, and what follows does not tell what of it the target holds. */
  | { readonly kind: "unclear"; readonly offset: bigint };

/** The records of one partition that the target holds beyond those acknowledged. */
export class StoredRecords {
  #toSkip = 0n;
  /** Finds out how many of the next records the target holds, where counting misleads. */
  #held: HeldRecords | undefined;
  /** The last record to skip, where it was compared. */
  #lastHeld: string | undefined;
  #timestamps = true;
  /** While `#held` does: what has expired unread begins here, if the target does not hold it. */
  #expiredFrom: bigint | undefined;

  /** @param position of the target; counts as acknowledged once the source has been read up to there */
  constructor(readonly position: TargetPosition) {}

  /** Begins again at a source offset: so many records lie before it, all acknowledged. */
  restart(acknowledged: bigint, sourceOffset: bigint): void {
    const { records, held } = this.position;
    this.#expiredFrom = undefined;
    this.#lastHeld = undefined;
    this.#toSkip = maxOffset(records - acknowledged, 0n);
    // Where the target has deleted them already, they can only be counted.
    this.#held = held !== undefined && held.length > 0 && this.#toSkip > 0n
      ? compareHeld(held, this.#toSkip, sourceOffset)
      : undefined;
  }

  /** Records to read that the target holds; while they are compared, how many they were when they were written. */
  get toSkip(): bigint {
    return this.#toSkip;
  }

  /** Whether what is read has to be compared before anything of it is sent. */
  get comparing(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Compares what was read, all of it or nothing.
   *
   * @param timestamps false where the target sets its own
   * @throws {CorruptBatchError} where a batch is damaged
   */
  compare(batches: readonly CutBatch[], timestamps: boolean): void {
    const read = batches.map(({ bytes, position, firstOffset }) => ({
      firstOffset,
      digests: digestRecords(bytes, position, timestamps),
    }));
    for (const { firstOffset, digests } of read) this.#held?.read(firstOffset, digests);
    this.#timestamps = timestamps;
  }

  /** While comparing: what was to be read from `sourceOffset` on has expired up to `endOffset`, from where it goes on. */
  expire(sourceOffset: bigint, endOffset: bigint): void {
    // Each record held takes an offset at least; those that take more are found behind the gap.
    this.#expiredFrom = sourceOffset + this.#toSkip;
    this.#held = compareHeld(this.position.held ?? [], this.#toSkip, endOffset);
  }

  /**
   * Ends the comparison when it is settled.
   *
   * @param readThrough whether nothing more is to be read
   * @returns undefined while reading on may change the point
   */
  conclude(readThrough: boolean): StoredPoint | undefined {
    if (this.#held === undefined || (!this.#held.settled && !readThrough)) return undefined;
    const { point: { offset, skip, last }, matched } = this.#held;
    const expiredFrom = matched ? undefined : this.#expiredFrom;
    this.#held = undefined;
    this.#expiredFrom = undefined;
    if (expiredFrom !== undefined && expiredFrom > offset) return { kind: "unclear", offset };
    this.#toSkip = skip;
    this.#lastHeld = last;
    const records = this.position.records - skip;
    const lost = expiredFrom !== undefined && expiredFrom < offset;
    return { kind: "found", offset, records, ...(lost && { lostFrom: expiredFrom }) };
  }

  /** How many of a batch's records, its first, the target holds. */
  countIn({ recordCount }: CutBatch): number {
    return Number(minOffset(this.#toSkip, BigInt(recordCount)));
  }

  /**
   * Whether the records to skip are still those that were compared: compaction may have taken some of them meanwhile, and
   * as many behind them would be counted off.
   *
   * @throws {CorruptBatchError} where the batch has to be opened and is damaged
   */
  areAsCompared({ bytes, position, recordCount }: CutBatch): boolean {
    const last = Number(this.#toSkip) - 1;
    // Where there is nothing to skip, or its last record lies in a later batch, this one tells nothing.
    if (this.#lastHeld === undefined || last < 0 || last >= recordCount) return true;
    return digestRecords(bytes, position, this.#timestamps)[last] === this.#lastHeld;
  }

  /**
   * Counts records of a batch off, its first: `countIn` tells how many.
   *
   * @returns the rest, undefined where there is none
   * @throws {CorruptBatchError} where the batch has to be opened and is damaged; nothing is counted then
   */
  leaveOut(batch: CutBatch, count: number): CutBatch | undefined {
    const rest = count < batch.recordCount ? withoutRecords(batch, BigInt(count)) : undefined;
    this.#toSkip -= BigInt(count);
    return rest;
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
