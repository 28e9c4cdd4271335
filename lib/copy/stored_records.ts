// The records still to be read that are already on the target: an earlier process sent them, or they came in a request
// whose answer was lost. They are read and not sent again. Usually it is enough to count them; where the source's log
// may have lost some of them since, their contents are compared first (held_records.ts). No network. It does not track
// what is acknowledged: partition_copy.ts does.

import { baseOffset } from "../batch/record_batch.ts";
import { reencodeBatch } from "../batch/reencode.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import type { CutBatch } from "./cut_types.ts";
import type { TargetPosition } from "./target_position.ts";
import { compareHeld, digestRecords, type HeldRecords } from "./held_records.ts";

/** Where to read the source from, by the comparison. */
export type StoredPoint =
  | {
    readonly kind: "found";
    readonly offset: bigint;
    /** Records of ours before it. */
    readonly records: bigint;
    /** The records from this offset up to the point have expired unread, and are not on the target. */
    readonly lostFrom?: bigint;
  }
  /** Records before this offset have expired, and those after it do not tell which of them are on the target. */
  | { readonly kind: "unclear"; readonly offset: bigint };

/** The records of one partition that are already on the target, after those acknowledged. */
export class StoredRecords {
  #toSkip = 0n;
  /** The comparison that finds out how many of the next records are on the target; absent where counting is enough. */
  #held: HeldRecords | undefined;
  /** The digest of the last record to skip, where records were compared. */
  #lastHeld: string | undefined;
  #timestamps = true;
  /** During a comparison: the first offset that has expired unread, unless its record turns out to be on the target. */
  #expiredFrom: bigint | undefined;

  /**
   * @param position how far the target holds our records; they count as acknowledged once the source is read up to
   * there
   */
  constructor(readonly position: TargetPosition) {}

  /** Begins again at a source offset; `acknowledged` records lie before it. */
  restart(acknowledged: bigint, sourceOffset: bigint): void {
    const { records, held } = this.position;
    this.#expiredFrom = undefined;
    this.#lastHeld = undefined;
    this.#toSkip = maxOffset(records - acknowledged, 0n);
    // Records that the target has deleted already cannot be compared, only counted.
    this.#held = held !== undefined && held.length > 0 && this.#toSkip > 0n
      ? compareHeld(held, this.#toSkip, sourceOffset)
      : undefined;
  }

  /** How many records to read and not send; during a comparison, how many they were when they were written. */
  get toSkip(): bigint {
    return this.#toSkip;
  }

  /** Whether the records read have to be compared before any of them is sent. */
  get comparing(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Compares the batches that were read; if one of them is damaged, none counts as compared.
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

  /**
   * During a comparison: the records from `sourceOffset` until before `endOffset` have expired. It goes on after them.
   */
  expire(sourceOffset: bigint, endOffset: bigint): void {
    // Each record on the target takes at least one source offset; records that lie further on are found after the gap.
    this.#expiredFrom = sourceOffset + this.#toSkip;
    this.#held = compareHeld(this.position.held ?? [], this.#toSkip, endOffset);
  }

  /**
   * Ends the comparison once its result is final.
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

  /** How many of a batch's records are already on the target; they are its first ones. */
  countIn({ recordCount }: CutBatch): number {
    return Number(minOffset(this.#toSkip, BigInt(recordCount)));
  }

  /**
   * Whether the records to skip are still those that were compared: compaction may have removed some of them meanwhile,
   * and as many records after them would wrongly be skipped.
   *
   * @throws {CorruptBatchError} where the batch has to be decompressed and is damaged
   */
  areAsCompared({ bytes, position, recordCount }: CutBatch): boolean {
    const last = Number(this.#toSkip) - 1;
    // Where there is nothing to skip, or the last record to skip is in a later batch, this batch tells nothing.
    if (this.#lastHeld === undefined || last < 0 || last >= recordCount) return true;
    return digestRecords(bytes, position, this.#timestamps)[last] === this.#lastHeld;
  }

  /**
   * Skips the first `count` records of a batch, as many as `countIn` tells.
   *
   * @returns the rest of the batch; undefined where nothing is left
   * @throws {CorruptBatchError} where the batch has to be decompressed and is damaged; nothing is skipped then
   */
  leaveOut(batch: CutBatch, count: number): CutBatch | undefined {
    const rest = count < batch.recordCount ? withoutRecords(batch, BigInt(count)) : undefined;
    this.#toSkip -= BigInt(count);
    return rest;
  }
}

/** A batch without its first `count` records: a batch to produce has contiguous offsets, so it is cut at an offset. */
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
