// The journal of a migration, `migration.state.jsonl`: its entries, how they are written and what they add up to. It is
// append-only, one JSON object a line; offsets and counts are strings of decimal digits. A torn last line is what a
// crash leaves behind and is ignored; any other damage is refused. Reading and writing the file is the edge's business.

import {
  compareTopicPartitions,
  formatTopicPartition,
  type TopicPartition,
} from "./topic_partition.ts";

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

/** A plan: the ranges of one run. */
export interface PlanEntry {
  readonly type: "plan";
  readonly runId: string;
  readonly at: string;
  readonly partitions: readonly PlanEntryPartition[];
}

/** One range of a plan; `recordsBefore`: records of this partition copied by earlier plans. */
export interface PlanEntryPartition extends TopicPartition {
  readonly sourceTopicId?: string;
  readonly targetTopicId?: string;
  readonly startOffset: string;
  readonly endOffset: string;
  readonly recordsBefore: string;
}

/** The target has acknowledged everything before `sourceOffset`: `records` in all plans, up to before `targetOffset`. */
export interface ProgressEntry extends TopicPartition {
  readonly type: "progress";
  readonly sourceOffset: string;
  readonly records: string;
  readonly targetOffset: string;
}

/** How a partition of a plan ended. */
export interface SettledEntry extends TopicPartition {
  readonly type: "settled";
  readonly status: "done" | "failed";
  readonly sourceOffset: string;
  /** In all plans. */
  readonly records: string;
  readonly targetFirstOffset?: string;
  readonly targetNextOffset?: string;
  readonly reason?: string;
}

/** The end of a run. */
export interface FinishedEntry {
  readonly type: "finished";
  readonly runId: string;
  readonly at: string;
  readonly exitStatus: number;
}

/** A line of the journal. */
export type JournalEntry =
  | MigrationEntry
  | PlanEntry
  | ProgressEntry
  | SettledEntry
  | FinishedEntry;

/** Where one partition stands. */
export interface JournaledPartition extends TopicPartition {
  readonly status: "planned" | "done" | "failed";
  /** End of the newest range planned. */
  readonly endOffset: bigint;
  /** Records acknowledged, in all plans. */
  readonly records: bigint;
  readonly sourceTopicId?: string;
  readonly targetTopicId?: string;
  /** Of the first record of the first plan that wrote any. */
  readonly targetFirstOffset?: bigint;
  readonly targetNextOffset?: bigint;
}

/** What a journal adds up to. */
export interface JournalState {
  readonly migration: MigrationEntry;
  /** By `formatTopicPartition`. */
  readonly partitions: ReadonlyMap<string, JournaledPartition>;
}

/** A journal that cannot be read; `message` says which line and what to do. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}

/** One line, with its line break. */
export function encodeJournalEntry(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/**
 * Reads a journal's text.
 *
 * @param file how messages name it
 * @returns undefined where it holds no whole entry
 * @throws {JournalError} where a line but the last cannot be read, or the journal is of another version
 */
export function readJournal(text: string, file: string): JournalState | undefined {
  const lines = text.split("\n");
  // What follows the last line break is a line that was not written whole.
  const entries = lines.slice(0, -1).map((line, index) => parseEntry(line, index + 1, file));
  const [first, ...rest] = entries;
  if (first === undefined) return undefined;
  if (first.type !== "migration") {
    throw new JournalError(`${file}:1: the journal does not begin with its migration entry`);
  }
  if (first.schemaVersion !== JOURNAL_SCHEMA_VERSION) {
    throw new JournalError(
      `${file}:1: the journal has version ${first.schemaVersion}, this program reads version ${JOURNAL_SCHEMA_VERSION}; continue with the program that wrote it`,
    );
  }
  const partitions = new Map<string, JournaledPartition>();
  for (const entry of rest) apply(partitions, entry);
  return { migration: first, partitions };
}

function parseEntry(line: string, number: number, file: string): JournalEntry {
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

function apply(partitions: Map<string, JournaledPartition>, entry: JournalEntry): void {
  if (entry.type === "plan") {
    for (const planned of entry.partitions) {
      const { topic, partition, sourceTopicId, targetTopicId } = planned;
      const key = formatTopicPartition(planned);
      partitions.set(key, {
        ...partitions.get(key),
        topic,
        partition,
        status: "planned",
        endOffset: BigInt(planned.endOffset),
        records: BigInt(planned.recordsBefore),
        ...(sourceTopicId !== undefined && { sourceTopicId }),
        ...(targetTopicId !== undefined && { targetTopicId }),
      });
    }
  } else if (entry.type === "progress" || entry.type === "settled") {
    const key = formatTopicPartition(entry);
    const known = partitions.get(key);
    if (known === undefined) return;
    const { targetFirstOffset, targetNextOffset } = entry.type === "settled"
      ? entry
      : { targetFirstOffset: undefined, targetNextOffset: entry.targetOffset };
    partitions.set(key, {
      ...known,
      status: entry.type === "settled" ? entry.status : known.status,
      records: BigInt(entry.records),
      ...(known.targetFirstOffset === undefined && targetFirstOffset !== undefined &&
        { targetFirstOffset: BigInt(targetFirstOffset) }),
      ...(targetNextOffset !== undefined && { targetNextOffset: BigInt(targetNextOffset) }),
    });
  }
}

/** The partitions that are not done, in order: an unfinished migration. */
export function unfinishedPartitions({ partitions }: JournalState): readonly JournaledPartition[] {
  return [...partitions.values()].filter(({ status }) => status !== "done").sort(
    compareTopicPartitions,
  );
}

/** What differs between a journal and a run, as phrases; empty where the run may continue it. */
export function identityDifferences(
  journaled: JournalIdentity,
  current: JournalIdentity,
): readonly string[] {
  const differences: string[] = [];
  if (journaled.sourceClusterId !== current.sourceClusterId) differences.push("the source cluster");
  if (journaled.targetClusterId !== current.targetClusterId) differences.push("the target cluster");
  const names = new Set([...Object.keys(journaled.settings), ...Object.keys(current.settings)]);
  for (const name of [...names].sort()) {
    const [before, now] = [journaled.settings[name], current.settings[name]];
    if (JSON.stringify(before) !== JSON.stringify(now)) {
      differences.push(`${name} (was ${JSON.stringify(before)}, is ${JSON.stringify(now)})`);
    }
  }
  return differences;
}
