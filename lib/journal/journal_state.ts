// What a journal adds up to: how far the copy of each partition is, over all plans. Plain data.

import type { Failure } from "../model/failure.ts";
import type { ConnectorEntry, FinishedEntry, MigrationEntry } from "./journal_entry.ts";
import type { OffsetMark } from "./offset_map.ts";
import type { EpochStart } from "../model/sequence.ts";
import type { OffsetSpan } from "../model/offsets.ts";
import type { TopicPartition } from "../model/topic_partition.ts";

/** How far the copy of one partition is, over all plans. */
export interface JournaledPartition extends TopicPartition {
  readonly status: "planned" | "done" | "failed";
  readonly sourceTopicId?: string;
  readonly targetTopicId?: string;
  readonly submittedOffset?: bigint;
  readonly submittedBy: string;
  /** Start of the first planned range; `endOffset` is the end of the newest. */
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  /** The ranges of all plans, in order. */
  readonly ranges: readonly OffsetSpan[];
  /** Everything from `startOffset` up to this offset is acknowledged or lost. */
  readonly sourceOffset: bigint;
  /** Records that the target has acknowledged. */
  readonly records: bigint;
  readonly recordsRead: bigint;
  readonly batchesLeftOut: number;
  readonly lost: readonly OffsetSpan[];
  /** Target offset after the last acknowledged record; before the first one, the target's end when the plan was made. */
  readonly targetOffset: bigint;
  readonly targetFirstOffset?: bigint;
  /** Where the target's log ended when the newest plan was made: all records of that plan get this offset or a higher one. */
  readonly plannedTargetOffset: bigint;
  /** Pairs of a source and a target offset that belong together, in order (offset_map.ts). */
  readonly marks: readonly OffsetMark[];
  /** Target offset by committed source offset, for those that the copy has reached. */
  readonly positions: ReadonlyMap<bigint, bigint>;
  readonly failure?: Failure;
  /** Epochs that began on this partition after the migration's first, oldest first; absent where there are none. */
  readonly epochs?: readonly EpochStart[];
  /** How far a connector has copied the current range; these records are not counted yet. */
  readonly reachedOffset?: bigint;
  /** The planned end of a range beyond which a connector has copied. */
  readonly overshotOffset?: bigint;
  /** The target offsets of a connector's copies, transaction markers included; absent where this program copied. */
  readonly targetSpans?: readonly OffsetSpan[];
}

/** The state that a journal adds up to. */
export interface JournalState {
  readonly migration: MigrationEntry;
  /** By `formatTopicPartition`. */
  readonly partitions: ReadonlyMap<string, JournaledPartition>;
  /** Topics that this migration created on the target, by name. */
  readonly topicsCreated: readonly string[];
  /** Where the target's log ended, for partitions of which no plan has copied anything. By `formatTopicPartition`. */
  readonly skipped: ReadonlyMap<string, bigint>;
  /** A connector that is, or may be, on a Connect cluster. */
  readonly connector?: ConnectorEntry;
  /** The last run that finished. */
  readonly finished?: FinishedEntry;
}
