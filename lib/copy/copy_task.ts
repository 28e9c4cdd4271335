// What a copy is given and what it gives, partition by partition: plain data.

import type { OffsetSpan } from "../core/offsets.ts";
import type { EpochStart } from "../core/sequence.ts";
import type { TopicPartition } from "../core/topic_partition.ts";
import type { TargetRules } from "./cut.ts";
import type { CompareContents, FoundPosition, TargetPosition } from "./find_position.ts";

/** One partition to copy. */
export interface CopyTask extends TopicPartition {
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  /** The target's position that belongs to `startOffset`: what was copied before it, in all plans of the migration. */
  readonly before: TargetPosition;
  /** Epochs of the producer id that the target has made necessary here, by age. */
  readonly epochs?: readonly EpochStart[];
  /** What the target holds: at least `before`. */
  readonly stored: FoundPosition;
  /** Given where the source's log may lose records between two reads, so that counting them misleads. */
  readonly compare?: CompareContents;
  /** Whether the source topic is compacted: there may be no message left up to the end of a range. */
  readonly compacted?: boolean;
  /** What the target topic takes. */
  readonly rules: TargetRules;
  /** Source offsets that groups have committed, ascending: what they come to on the target is told. */
  readonly committed?: readonly bigint[];
  /** Why the partition cannot be copied at all, as a sentence. */
  readonly problem?: string;
}

/** How one partition ended. */
export interface CopyResult extends TopicPartition {
  readonly status: "done" | "failed" | "interrupted";
  /** Why it failed, as a sentence. */
  readonly failure?: string;
  /** Records read from the source in all plans, counted apart from those acknowledged. */
  readonly recordsRead: bigint;
  /** Batches read and left out: control batches, those of aborted transactions, and empty ones. */
  readonly batchesLeftOut: number;
  readonly recordsAcknowledged: bigint;
  /** Source offset up to which everything is acknowledged. */
  readonly sourceOffset: bigint;
  /** Target offset of the first record; absent where nothing was written. */
  readonly targetFirstOffset?: bigint;
  /** Target offset after the last record. */
  readonly targetOffset: bigint;
  /** Source offsets that expired before they were read. */
  readonly lost: readonly OffsetSpan[];
}

/** Where a partition stands. */
export type CopyPosition = Pick<
  CopyResult,
  | "topic"
  | "partition"
  | "sourceOffset"
  | "recordsAcknowledged"
  | "targetOffset"
  | "targetFirstOffset"
>;

/** Running totals. */
export interface CopyProgress {
  readonly recordsAcknowledged: bigint;
  /** Bytes of record batches acknowledged, as they are on the wire; absent where somebody else copies. */
  readonly bytesAcknowledged?: number;
  /** Source offsets behind, of those planned. */
  readonly offsetsDone: bigint;
  readonly partitionsSettled: number;
  /** Tries that were repeated because something did not answer or was not available. */
  readonly retries: number;
  /** What does not answer at the moment: `target broker 2 (10.0.0.2:9092) unreachable`. */
  readonly troubles: readonly string[];
  /** How long the brokers of each side had us wait (KIP-219), milliseconds; overlapping waits count once. */
  readonly throttledMs: { readonly source: number; readonly target: number };
  /** The partitions with the most left, in that order. */
  readonly slowest: readonly RangeProgress[];
}

/** How far one range is. */
export interface RangeProgress extends TopicPartition {
  readonly offsetsDone: bigint;
  readonly offsetsPlanned: bigint;
}
