// The entries of a migration's journal, `migration.state.jsonl`: append-only, one JSON object a line; offsets and counts
// are strings of decimal digits. What they add up to is in journal.ts; reading and writing the file is the edge's.

import type { TopicPartition } from "./topic_partition.ts";

/** The version of the journal's shape. */
export const JOURNAL_SCHEMA_VERSION = 1;

/** What must be the same in every run of one migration. */
export interface JournalIdentity {
  readonly sourceClusterId: string;
  readonly targetClusterId: string;
  /** The settings that decide what is copied, as they were written. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** First entry: which migration this is, and its one producer id and epoch. Written before the first produce. */
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
  | MigrationEntry
  | CreatedEntry
  | PlanEntry
  | ProgressEntry
  | PositionEntry
  | LostEntry
  | ConnectorEntry
  | RemovedEntry
  | ReachedEntry
  | SettledEntry
  | FinishedEntry;

/** A journal that cannot be read; `message` says which line and what to do. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}

/** One line, with its line break. */
export function encodeJournalEntry(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** Reads one line. @throws {JournalError} where it is no entry */
export function parseJournalEntry(line: string, number: number, file: string): JournalEntry {
  try {
    const entry = JSON.parse(line);
    if (typeof entry?.type === "string") return entry;
  } catch {
    // Said below: what the parser thinks of a damaged line helps nobody.
  }
  throw new JournalError(
    `${file}:${number}: the journal is damaged here; restore the file from a copy`,
  );
}
