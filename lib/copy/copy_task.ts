// A copy's input (tasks), output (results) and progress, partition by partition: plain data.

import type { Failure } from "../model/failure.ts";
import type { OffsetSpan } from "../model/offsets.ts";
import type { EpochStart } from "../model/sequence.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import type { TargetRules } from "./cut_types.ts";
import type { CompareContents, FoundPosition, TargetPosition } from "./target_position.ts";

/** One partition to copy. */
export interface CopyTask extends TopicPartition {
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  /** The target's position that belongs to `startOffset`: what all plans of the migration have copied before it. */
  readonly before: TargetPosition;
  /** The epochs of the producer id that the target made necessary on this partition, oldest first. */
  readonly epochs?: readonly EpochStart[];
  /** How far the target already holds our records: at least up to `before`. */
  readonly stored: FoundPosition;
  /** Given where the source's log may lose records between two reads, so that counting them misleads. */
  readonly compare?: CompareContents;
  /** Whether the source topic is compacted: there may be no message left up to the end of a range. */
  readonly compacted?: boolean;
  /** What the target topic accepts. */
  readonly rules: TargetRules;
  /** Source offsets that groups have committed, ascending. Acknowledgements tell where these are on the target. */
  readonly committed?: readonly bigint[];
  /** Why the partition cannot be copied at all. */
  readonly problem?: Failure;
}

/** How one partition ended. */
export interface CopyResult extends TopicPartition {
  readonly status: "done" | "failed" | "interrupted";
  /** Why it failed. */
  readonly failure?: Failure;
  /** Records read from the source in all plans; counted when read, to be compared with those acknowledged. */
  readonly recordsRead: bigint;
  /** Batches read and filtered: control batches, those of aborted transactions, and empty ones. */
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
  /** Bytes of the acknowledged record batches, as on the wire; absent where Kafka Connect does the copying. */
  readonly bytesAcknowledged?: number;
  /** How many of the planned source offsets are done. */
  readonly offsetsDone: bigint;
  readonly partitionsSettled: number;
  /** How often something was tried again because it did not answer or was not available. */
  readonly retries: number;
  /** What does not answer at the moment: `target broker 2 (10.0.0.2:9092) unreachable`. */
  readonly troubles: readonly string[];
  /** How long the brokers of each side throttled the copy (KIP-219), milliseconds; overlapping waits count once. */
  readonly throttledMs: { readonly source: number; readonly target: number };
  /** The partitions with the most offsets left, most first. */
  readonly slowest: readonly RangeProgress[];
}

/** How far one range is. */
export interface RangeProgress extends TopicPartition {
  readonly offsetsDone: bigint;
  readonly offsetsPlanned: bigint;
}
