// What a journal adds up to: where each partition stands, over all plans. Plain data.

import type { Failure } from "../model/failure.ts";
import type { ConnectorEntry, FinishedEntry, MigrationEntry } from "./journal_entry.ts";
import type { OffsetMark } from "./offset_map.ts";
import type { EpochStart } from "../model/sequence.ts";
import type { OffsetSpan } from "../model/offsets.ts";
import type { TopicPartition } from "../model/topic_partition.ts";

/** Where one partition stands, over all plans. */
export interface JournaledPartition extends TopicPartition {
  readonly status: "planned" | "done" | "failed";
  readonly sourceTopicId?: string;
  readonly targetTopicId?: string;
  readonly submittedOffset?: bigint;
  readonly submittedBy: string;
  /** Start of the first range planned, end of the newest. */
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  /** What all plans comprise, in order. */
  readonly ranges: readonly OffsetSpan[];
  /** Everything before it, from `startOffset` on, is acknowledged or lost. */
  readonly sourceOffset: bigint;
  /** Records acknowledged. */
  readonly records: bigint;
  readonly recordsRead: bigint;
  readonly batchesLeftOut: number;
  readonly lost: readonly OffsetSpan[];
  /** Target offset after the last record acknowledged; at first, the target's end when the plan was made. */
  readonly targetOffset: bigint;
  readonly targetFirstOffset?: bigint;
  /** Where the target's log ended when the newest plan was made: everything of that lies at or behind it. */
  readonly plannedTargetOffset: bigint;
  /** Points known of both logs, in order. */
  readonly marks: readonly OffsetMark[];
  /** Target offsets of committed source offsets, as far as they were met. */
  readonly positions: ReadonlyMap<bigint, bigint>;
  readonly failure?: Failure;
  /** Epochs that began on this partition after the migration's own, by age; absent where there are none. */
  readonly epochs?: readonly EpochStart[];
  /** How far a connector has come in the range under way, not counted yet. */
  readonly reachedOffset?: bigint;
  /** The planned end of a range that a connector has copied beyond. */
  readonly overshotOffset?: bigint;
  /** Where the records of a connector's copies lie on the target, what marks its transactions among them; absent where this program copied. */
  readonly targetSpans?: readonly OffsetSpan[];
}

/** What a journal adds up to. */
export interface JournalState {
  readonly migration: MigrationEntry;
  /** By `formatTopicPartition`. */
  readonly partitions: ReadonlyMap<string, JournaledPartition>;
  /** Topics created on the target, by name. */
  readonly topicsCreated: readonly string[];
  /** Target offsets at which partitions ended that no plan has copied anything of. By `formatTopicPartition`. */
  readonly skipped: ReadonlyMap<string, bigint>;
  /** The connector that is on a Connect cluster, or may be. */
  readonly connector?: ConnectorEntry;
  /** The last run that came to an end. */
  readonly finished?: FinishedEntry;
}
