// What is cut from a Fetch response and by which rules: plain data.

import type { TakeMemory } from "../merge/merge_limits.ts";
import type { Failure } from "../model/failure.ts";
import type { MergeBelow } from "./merge_below.ts";
import type { AbortedTransaction, UnsettledTransactions } from "./transactions.ts";

/** Where the fetched batches lie and which transactions among them were aborted. */
export interface FetchedRecords {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly recordsStart: number;
  readonly recordsEnd: number;
  /** Undefined where the source has no transactions. */
  readonly abortedTransactions: readonly AbortedTransaction[] | undefined;
}

/** What to cut. */
export interface CutRange {
  /** The first offset wanted. */
  readonly fromOffset: bigint;
  /** The first offset not wanted. */
  readonly untilOffset: bigint;
  /** What the previous response said and this one has to confirm. */
  readonly carried?: Carried;
}

/** What one response said and only a later one can confirm: kept for the next one to be cut. */
export interface Carried {
  /**
   * The offset at which the log seems to go on. Offsets lie outside the CRC, and nothing around this one confirms it;
   * it is believed when a second response says the same.
   */
  readonly unprovenOffset?: bigint;
  /** The offset after the last entry read: the next one begins there or later. Absent before the first. */
  readonly dueOffset?: bigint;
  /** Transactions copied or filtered by the broker's list alone: their marker has not been read yet. */
  readonly unsettled: UnsettledTransactions;
}

/** What the target topic accepts. */
export interface TargetRules {
  /** `max.message.bytes`: the bytes of a batch, header included. Where it is unknown, batches are sent unchanged. */
  readonly maxBatchBytes?: number;
  /** `message.timestamp.type=LogAppendTime`: the target sets every timestamp itself. */
  readonly logAppendTime: boolean;
  /** The target's brokers know no zstd (Kafka < 2.1): batches compressed with it are re-encoded. */
  readonly withoutZstd?: true;
}

/** How a run of small batches becomes one batch, where nothing has to be decompressed for it. */
export interface RunMerging {
  readonly below: MergeBelow;
  readonly take: TakeMemory;
}

/** A batch to produce: `size` bytes at `position`, in the response itself or, re-encoded or merged, in other memory. */
export interface CutBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly position: number;
  readonly size: number;
  readonly recordCount: number;
  /** Source offset of the first record, or one before it where compaction removed that. */
  readonly firstOffset: bigint;
  /** Source offset after the batch. */
  readonly nextOffset: bigint;
  /** Whether the batch's bytes lie in the response itself, so that nothing was re-encoded. */
  readonly passedThrough: boolean;
  /** How many of its records lie before a source offset; absent where their offsets are contiguous. */
  readonly recordsBefore?: (sourceOffset: bigint) => number;
}

/** Why cutting ended before the response did. */
export type CutProblem =
  /** The bytes at `nextOffset` are damaged; fetching them again may help. */
  | { readonly kind: "damaged"; readonly reason: string }
  /** The record at `nextOffset` can never be copied. */
  | { readonly kind: "impossible"; readonly failure: Failure };

/** What was cut, and where to read on. */
export interface Cut {
  readonly batches: readonly CutBatch[];
  /** Source offset to fetch next; `untilOffset` once the range is complete. */
  readonly nextOffset: bigint;
  /** How many batches of the range were filtered: control batches, those of aborted transactions, and empty ones. */
  readonly batchesLeftOut: number;
  /** To be given with the response that begins at `nextOffset`; absent where another one is read next. */
  readonly carried?: Carried;
  readonly problem?: CutProblem;
}

/** What has been cut of one response so far. */
export type CutState = { batches: CutBatch[]; nextOffset: bigint; batchesLeftOut: number };
