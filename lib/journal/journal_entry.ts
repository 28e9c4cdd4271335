// The entries of a migration's journal, `migration.state.jsonl`: append-only, one JSON object a line; offsets and counts
// are strings of decimal digits. How they are read is in journal_decoders.ts, what they add up to in journal.ts, what makes
// lines of them in journal_lines.ts; reading and writing the file is the edge's.

import type { TopicPartition } from "../model/topic_partition.ts";

/** The version of the journal's shape: since 2 each line carries its number and a checksum. */
export const JOURNAL_SCHEMA_VERSION = 2;

/** The file's first line since version 2: a run has opened it, and has not written anywhere else yet. */
export interface OpenedEntry {
  readonly type: "opened";
  readonly schemaVersion: number;
  readonly runId: string;
  readonly at: string;
}

/** What must be the same in every run of one migration. */
export interface JournalIdentity {
  readonly sourceClusterId: string;
  readonly targetClusterId: string;
  /** The settings that decide what is copied, as they were written. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** First entry: which migration this is, its one producer id and its first epoch. Written before the first produce. */
export interface MigrationEntry extends JournalIdentity {
  readonly type: "migration";
  readonly schemaVersion: number;
  readonly runId: string;
  readonly at: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** Whether the target tells our records apart, so that none is stored twice. */
export function isIdempotent({ producerId }: MigrationEntry): boolean {
  return BigInt(producerId) >= 0n;
}

/** Topics that a run has created on the target. */
export interface CreatedEntry {
  readonly type: "created";
  readonly runId: string;
  readonly at: string;
  readonly topics: readonly string[];
}

/** A plan: the ranges of one run. */
export interface PlanEntry {
  readonly type: "plan";
  readonly runId: string;
  readonly at: string;
  readonly partitions: readonly PlanEntryPartition[];
  /** Partitions that nothing is copied of: where their logs ended, so that groups can go on there. */
  readonly skipped?: readonly SkippedPartition[];
}

/** Where both logs of a partition ended when a plan had nothing to copy of it. */
export interface SkippedPartition extends TopicPartition {
  readonly endOffset: string;
  readonly targetEndOffset: string;
}

/** One range of a plan. */
export interface PlanEntryPartition extends TopicPartition {
  readonly sourceTopicId?: string;
  readonly targetTopicId?: string;
  readonly submittedOffset?: string;
  readonly submittedBy: string;
  readonly startOffset: string;
  readonly endOffset: string;
  /** High watermark of the target partition when the plan was made: everything of ours lies at or behind it. */
  readonly targetEndOffset: string;
}

/** The target has acknowledged everything before `sourceOffset`: `records` in all plans, up to before `targetOffset`. */
export interface ProgressEntry extends TopicPartition {
  readonly type: "progress";
  readonly sourceOffset: string;
  readonly records: string;
  readonly targetOffset: string;
  /** Target offset of the partition's very first record. */
  readonly targetFirstOffset: string;
}

/** Where a source offset that a group has committed came to lie: the first copied record at or after it. */
export interface PositionEntry extends TopicPartition {
  readonly type: "position";
  readonly sourceOffset: string;
  readonly targetOffset: string;
}

/**
 * The target has forgotten the producer's epoch on a partition: from here on a fresh one counts, with the same producer
 * id. Its sequences begin at 0 with the record that has `records` before it. Written before its first byte is sent.
 */
export interface EpochEntry extends TopicPartition {
  readonly type: "epoch";
  readonly producerEpoch: number;
  readonly records: string;
  /** Target offset after the last record before it. */
  readonly targetOffset: string;
  /** Target offset of the partition's very first record. */
  readonly targetFirstOffset: string;
}

/** Source offsets that expired before they were read: `startOffset` included, `endOffset` not. Final. */
export interface LostEntry extends TopicPartition {
  readonly type: "lost";
  readonly startOffset: string;
  readonly endOffset: string;
  /** What the target had acknowledged of what lies before: in the same line, as a write may end between two. Absent where it had nothing. */
  readonly acknowledged?: Pick<ProgressEntry, "records" | "targetOffset" | "targetFirstOffset">;
}

/** A connector that copies what is planned, with the name it has on a Connect cluster: written before it is created. */
export interface ConnectorEntry {
  readonly type: "connector";
  readonly runId: string;
  readonly at: string;
  readonly name: string;
  readonly url: string;
  /** Partitions of its topics that nothing is planned of: it copies what they get from there on. */
  readonly idle: readonly PlanEntryPartition[];
}

/** The connector is gone from the Connect cluster. */
export interface RemovedEntry {
  readonly type: "removed";
  readonly runId: string;
  readonly at: string;
  readonly name: string;
}

/** A connector has copied everything before `sourceOffset`; counted it is not yet. */
export interface ReachedEntry extends TopicPartition {
  readonly type: "reached";
  readonly sourceOffset: string;
}

/** How a partition of a plan ended; counts are over all plans. */
export interface SettledEntry extends TopicPartition {
  readonly type: "settled";
  readonly status: "done" | "failed";
  readonly sourceOffset: string;
  readonly records: string;
  /** Records read from the source, counted apart from `records`. */
  readonly recordsRead: string;
  readonly batchesLeftOut: number;
  /** Why it failed. */
  readonly reason?: string;
  /** The code of why: one of FAILURE_KINDS. Absent in journals of 0.1.0. */
  readonly code?: string;
  /** Of a connector's copy: where it ended, which lies behind the planned end where the source was still written. */
  readonly endOffset?: string;
  /** Of a connector's copy: where its records lie on the target, what marks its transactions among them. */
  readonly target?: { readonly startOffset: string; readonly endOffset: string };
}

/** The end of a run. */
export interface FinishedEntry {
  readonly type: "finished";
  readonly runId: string;
  readonly at: string;
  readonly exitStatus: number;
  /** How what the journal holds was verified; absent where it was not. */
  readonly verified?: "count" | "content";
}

/** A line of the journal. */
export type JournalEntry =
  | OpenedEntry
  | MigrationEntry
  | CreatedEntry
  | PlanEntry
  | ProgressEntry
  | PositionEntry
  | EpochEntry
  | LostEntry
  | ConnectorEntry
  | RemovedEntry
  | ReachedEntry
  | SettledEntry
  | FinishedEntry;

/** A journal that cannot be read; `message` says which line, what is wrong with it and what to do. Exit status 2. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}
