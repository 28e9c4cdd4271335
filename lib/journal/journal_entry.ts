// The entries of a migration's journal, `migration.state.jsonl`: append-only, one JSON object a line; offsets and counts
// are strings of decimal digits. journal_decoders.ts reads entries, journal_lines.ts turns them into lines, journal.ts adds
// them up; lib/files reads and writes the file.

import type { TopicPartition } from "../model/topic_partition.ts";

/** The version of the journal's format: since 2 each line carries its number and a checksum. */
export const JOURNAL_SCHEMA_VERSION = 2;

/** The file's first line since version 2: a run has opened the journal and written nowhere else yet. */
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

/** First entry of a migration: its identity, its one producer id and its first epoch. Written before the first produce. */
export interface MigrationEntry extends JournalIdentity {
  readonly type: "migration";
  readonly schemaVersion: number;
  readonly runId: string;
  readonly at: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** Whether the target recognises our records by their producer id, so that it stores none twice. */
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

/** A plan: the ranges that one run is to copy. */
export interface PlanEntry {
  readonly type: "plan";
  readonly runId: string;
  readonly at: string;
  readonly partitions: readonly PlanEntryPartition[];
  /** Partitions with nothing to copy: where both logs ended, so that groups can continue there. */
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
  /** High watermark of the target partition when the plan was made: all records of this plan get this offset or a higher one. */
  readonly targetEndOffset: string;
}

/** The target has acknowledged all before `sourceOffset`: `records` records in all plans, the last before `targetOffset`. */
export interface ProgressEntry extends TopicPartition {
  readonly type: "progress";
  readonly sourceOffset: string;
  readonly records: string;
  readonly targetOffset: string;
  /** Target offset of the partition's very first record. */
  readonly targetFirstOffset: string;
}

/** The target offset for a source offset that a group has committed: that of the first copied record at or after it. */
export interface PositionEntry extends TopicPartition {
  readonly type: "position";
  readonly sourceOffset: string;
  readonly targetOffset: string;
}

/**
 * The target has forgotten the producer's epoch on a partition, so a new epoch of the same producer id begins. Its
 * sequences begin at 0 with the record that has `records` records before it. Written before its first byte is sent.
 */
export interface EpochEntry extends TopicPartition {
  readonly type: "epoch";
  readonly producerEpoch: number;
  readonly records: string;
  /** Target offset after the last record before this epoch. */
  readonly targetOffset: string;
  /** Target offset of the partition's very first record. */
  readonly targetFirstOffset: string;
}

/** Source offsets that expired before they were read: `startOffset` included, `endOffset` not. Final. */
export interface LostEntry extends TopicPartition {
  readonly type: "lost";
  readonly startOffset: string;
  readonly endOffset: string;
  /** What the target had acknowledged before `startOffset`: in one line, as a crash may come between two. Absent where nothing. */
  readonly acknowledged?: Pick<ProgressEntry, "records" | "targetOffset" | "targetFirstOffset">;
}

/** The connector that copies what is planned, by its name on a Connect cluster: written before the connector is created. */
export interface ConnectorEntry {
  readonly type: "connector";
  readonly runId: string;
  readonly at: string;
  readonly name: string;
  readonly url: string;
  /** Partitions of its topics with nothing planned: the connector copies whatever they receive from these offsets on. */
  readonly idle: readonly PlanEntryPartition[];
}

/** The connector has been removed from the Connect cluster. */
export interface RemovedEntry {
  readonly type: "removed";
  readonly runId: string;
  readonly at: string;
  readonly name: string;
}

/** A connector has copied everything before `sourceOffset`; the records are not counted yet. */
export interface ReachedEntry extends TopicPartition {
  readonly type: "reached";
  readonly sourceOffset: string;
}

/** How a partition of a plan ended; the counts cover all plans. */
export interface SettledEntry extends TopicPartition {
  readonly type: "settled";
  readonly status: "done" | "failed";
  readonly sourceOffset: string;
  readonly records: string;
  /** Records read from the source, counted apart from `records`. */
  readonly recordsRead: string;
  readonly batchesLeftOut: number;
  /** Why it failed, as a sentence. */
  readonly reason?: string;
  /** The code of that reason, one of FAILURE_KINDS. Absent in journals of 0.1.0. */
  readonly code?: string;
  /** For a connector's copy: where it ended, which is after the planned end where producers still wrote to the source. */
  readonly endOffset?: string;
  /** For a connector's copy: the target offsets of its records, with its transaction markers among them. */
  readonly target?: { readonly startOffset: string; readonly endOffset: string };
}

/** The end of a run. */
export interface FinishedEntry {
  readonly type: "finished";
  readonly runId: string;
  readonly at: string;
  readonly exitStatus: number;
  /** How the copy was verified; absent where it was not. */
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

/** A journal that cannot be read; `message` names the line, what is wrong with it and what to do. Exit status 2. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}
