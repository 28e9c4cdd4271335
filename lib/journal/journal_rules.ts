// Whether an entry can follow those before it. A checksum shows that a line is as it was written; a journal of version 1 has
// none, so only these rules notice a line that is repeated, missing or changed. They refuse what the writer never does: a
// new range before the one under way is complete, progress that goes back or leaves its range, and the like.

import type {
  ConnectorEntry,
  EpochEntry,
  JournalEntry,
  LostEntry,
  MigrationEntry,
  PlanEntry,
  PositionEntry,
  ProgressEntry,
  ReachedEntry,
  SettledEntry,
} from "./journal_entry.ts";
import type { JournaledPartition } from "./journal_state.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";

/** What the earlier entries add up to. */
export interface EntriesBefore {
  readonly migration: MigrationEntry;
  readonly partitions: ReadonlyMap<string, JournaledPartition>;
  readonly skipped: ReadonlyMap<string, bigint>;
  readonly connector?: ConnectorEntry | undefined;
}

/** An entry that cannot follow those before it, because this program never writes such a sequence. */
export class ImpossibleEntryError extends Error {
  override readonly name = "ImpossibleEntryError";
  /** @param index the index of the impossible entry among those given */
  constructor(readonly index: number, problem: string) {
    super(problem);
  }
}

/** Why an entry cannot follow those before it, as a phrase; undefined where it can. */
export function whyImpossible(before: EntriesBefore, entry: JournalEntry): string | undefined {
  const byConnector = before.migration.settings["engine"] === "connect";
  switch (entry.type) {
    case "opened":
    case "migration":
      return "a migration begins only once";
    case "plan":
      return planProblem(before, entry);
    case "connector":
    case "removed":
      if (!byConnector) return "this migration has no connector";
      if ((before.connector?.name ?? entry.name) === entry.name) return undefined;
      return "it is about another connector";
    case "progress":
    case "position":
    case "epoch":
    case "lost":
    case "reached":
    case "settled": {
      const known = before.partitions.get(formatTopicPartition(entry));
      if (known === undefined) return "it is about a partition that was never planned";
      if (entry.type === "epoch") return epochProblem(before.migration, known, entry);
      return partitionProblem(known, entry, byConnector);
    }
    case "created":
    case "finished":
      return undefined;
  }
}

function planProblem(
  { partitions, skipped }: EntriesBefore,
  { partitions: planned, skipped: left = [] }: PlanEntry,
): string | undefined {
  const seen = new Set<string>();
  for (const range of planned) {
    const key = formatTopicPartition(range);
    const [start, end] = [BigInt(range.startOffset), BigInt(range.endOffset)];
    if (start > end) return `the range of ${key} ends before it begins`;
    if (seen.has(key)) return `${key} is planned twice`;
    seen.add(key);
    const known = partitions.get(key);
    if (known?.status === "planned") return `${key} is planned again before it was through`;
    const least = known?.status === "done" ? known.endOffset : known?.sourceOffset;
    if (least !== undefined && start < least) return `${key} is planned again`;
  }
  for (const each of left) {
    const key = formatTopicPartition(each);
    if (seen.has(key) || skipped.has(key) || partitions.has(key)) {
      return `${key} is left out and was planned or left out before`;
    }
    seen.add(key);
  }
  return undefined;
}

function partitionProblem(
  known: JournaledPartition,
  entry: ProgressEntry | PositionEntry | LostEntry | ReachedEntry | SettledEntry,
  byConnector: boolean,
): string | undefined {
  // A connector copies beyond the planned end while producers write to the source.
  const isBeyond = (offset: bigint) => !byConnector && offset > known.endOffset;
  switch (entry.type) {
    case "progress":
      return progressProblem(known, entry, isBeyond);
    case "position": {
      const sourceOffset = BigInt(entry.sourceOffset);
      if (sourceOffset < known.startOffset || isBeyond(sourceOffset)) return OUTSIDE;
      return BigInt(entry.targetOffset) < known.plannedTargetOffset ? BEFORE_OURS : undefined;
    }
    case "lost": {
      const [start, end] = [BigInt(entry.startOffset), BigInt(entry.endOffset)];
      if (start >= end) return "it ends before it begins";
      if (start < known.startOffset || isBeyond(end)) return OUTSIDE;
      if (end < known.sourceOffset) return BACK;
      const { acknowledged } = entry;
      if (acknowledged === undefined) return undefined;
      return progressProblem(known, { sourceOffset: entry.endOffset, ...acknowledged }, isBeyond);
    }
    case "reached":
      if (!byConnector) return "this migration has no connector";
      return BigInt(entry.sourceOffset) < (known.reachedOffset ?? known.sourceOffset)
        ? BACK
        : undefined;
    case "settled":
      return settledProblem(known, entry, isBeyond);
  }
}

const OUTSIDE = "it is outside of what was planned";
const BACK = "it goes back behind what was copied before";
const BEFORE_OURS = "it lies before what this migration has written to the target";
const TOO_MANY = "it tells of more messages than there is room for";

function progressProblem(
  known: JournaledPartition,
  entry: Pick<ProgressEntry, "sourceOffset" | "records" | "targetOffset" | "targetFirstOffset">,
  isBeyond: (offset: bigint) => boolean,
): string | undefined {
  const sourceOffset = BigInt(entry.sourceOffset);
  const targetOffset = BigInt(entry.targetOffset);
  const targetFirstOffset = BigInt(entry.targetFirstOffset);
  const records = BigInt(entry.records) - known.records;
  if (isBeyond(sourceOffset)) return OUTSIDE;
  if (sourceOffset < known.sourceOffset || records < 0n || targetOffset < known.targetOffset) {
    return BACK;
  }
  // Each message takes at least one offset, on the source as on the target.
  if (records > sourceOffset - known.sourceOffset || records > targetOffset - known.targetOffset) {
    return TOO_MANY;
  }
  const first = known.targetFirstOffset;
  if (first === undefined) {
    return targetFirstOffset < known.plannedTargetOffset || targetFirstOffset > targetOffset
      ? BEFORE_OURS
      : undefined;
  }
  return targetFirstOffset === first ? undefined : "its first message on the target is another";
}

function epochProblem(
  { producerEpoch: first }: MigrationEntry,
  { epochs = [], records, sourceOffset, endOffset, targetOffset }: JournaledPartition,
  entry: EpochEntry,
): string | undefined {
  const newest = epochs.at(-1);
  if (entry.producerEpoch <= (newest?.producerEpoch ?? first)) {
    return "its epoch is not higher than the one before";
  }
  // The target may hold more records than it has acknowledged to us, but each takes one offset of the range.
  const least = newest === undefined || newest.records < records ? records : newest.records;
  if (BigInt(entry.records) < least || BigInt(entry.targetOffset) < targetOffset) return BACK;
  return BigInt(entry.records) > records + endOffset - sourceOffset ? TOO_MANY : undefined;
}

function settledProblem(
  known: JournaledPartition,
  entry: SettledEntry,
  isBeyond: (offset: bigint) => boolean,
): string | undefined {
  const sourceOffset = BigInt(entry.sourceOffset);
  const records = BigInt(entry.records) - known.records;
  if (isBeyond(sourceOffset)) return OUTSIDE;
  if (sourceOffset < known.sourceOffset || records < 0n) return BACK;
  if (records > sourceOffset - known.sourceOffset) return TOO_MANY;
  if (entry.status === "failed") return undefined;
  if (known.status === "done") return "the partition was done before";
  if (sourceOffset < known.endOffset) return "the partition is not through";
  return undefined;
}
