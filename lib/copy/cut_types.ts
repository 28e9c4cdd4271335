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
  /** What the response before left to be borne out. */
  readonly carried?: Carried;
}

/** What one response says and only the next ones can bear out. */
export interface Carried {
  /**
   * The log seems to go on here. Offsets lie outside the CRC, and this one is borne out by nothing around it; it counts
   * when a second response says the same.
   */
  readonly unprovenOffset?: bigint;
  /** The offset after the last entry read: the next one begins there or later. Absent before the first. */
  readonly dueOffset?: bigint;
  /** Transactions taken or left out by the broker's list alone. */
  readonly unsettled: UnsettledTransactions;
}

/** What the target topic takes. */
export interface TargetRules {
  /** `max.message.bytes`: bytes of a batch, header included. Unknown: batches go as they are. */
  readonly maxBatchBytes?: number;
  /** `message.timestamp.type=LogAppendTime`: the target sets every timestamp itself. */
  readonly logAppendTime: boolean;
  /** Brokers of the target know no zstd (Kafka < 2.1): such batches are re-encoded. */
  readonly withoutZstd?: true;
}

/** How runs of small batches become one, where they need not be opened for it. */
export interface RunMerging {
  readonly below: MergeBelow;
  readonly take: TakeMemory;
}

/** A batch to produce: `size` bytes at `position`, of the response or, re-encoded, of other bytes. */
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
  /** Whether the bytes are the response's own. */
  readonly passedThrough: boolean;
  /** How many of its records lie before a source offset; absent where their offsets are consecutive. */
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
  /** Source offset to fetch next; `untilOffset` once the range is through. */
  readonly nextOffset: bigint;
  /** Batches of the range left out: control batches, those of aborted transactions, and empty ones. */
  readonly batchesLeftOut: number;
  /** For the response from `nextOffset` on; absent where that is not the next one to read. */
  readonly carried?: Carried;
  readonly problem?: CutProblem;
}

/** What has been cut so far. */
export type CutState = { batches: CutBatch[]; nextOffset: bigint; batchesLeftOut: number };
