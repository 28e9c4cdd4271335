// The journal of a migration: the state that its entries add up to, and whether a run may continue it. A crash can leave a
// torn last line, which is ignored; any other damage is refused (journal_lines.ts, journal_rules.ts).

import { recordedFailure } from "../model/failure.ts";
import type {
  EpochEntry,
  JournalEntry,
  JournalIdentity,
  LostEntry,
  MigrationEntry,
  PlanEntryPartition,
  ProgressEntry,
  ReachedEntry,
  SettledEntry,
} from "./journal_entry.ts";
import { ImpossibleEntryError, whyImpossible } from "./journal_rules.ts";
import { addMark } from "./offset_map.ts";
import { type PartitionProducer, partitionProducer } from "../model/sequence.ts";
import { addSpan, maxOffset } from "../model/offsets.ts";
import { compareTopicPartitions, formatTopicPartition } from "../model/topic_partition.ts";
import { countOf, sum } from "../model/units.ts";
import type { JournaledPartition, JournalState } from "./journal_state.ts";

/** The state of a journal after further entries. @throws {ImpossibleEntryError} */
export function continueJournal(
  before: JournalState | MigrationEntry,
  entries: readonly JournalEntry[],
): JournalState {
  const state: JournalState = "type" in before
    ? { migration: before, partitions: new Map(), topicsCreated: [], skipped: new Map() }
    : before;
  const { migration } = state;
  const partitions = new Map<string, JournaledPartition>(state.partitions);
  const topicsCreated = new Set(state.topicsCreated);
  const skipped = new Map(state.skipped);
  /** The position maps that this call has already copied, to copy each once only: a partition may have thousands of groups. */
  const positions = new Map<string, Map<bigint, bigint>>();
  let { finished, connector } = state;
  for (const [index, entry] of entries.entries()) {
    const problem = whyImpossible({ migration, partitions, skipped, connector }, entry);
    if (problem !== undefined) throw new ImpossibleEntryError(index, problem);
    // Entries after a `finished` entry belong to a later run, which has not finished yet.
    finished = entry.type === "finished" ? entry : undefined;
    if (entry.type === "plan") {
      for (const planned of entry.partitions) {
        const key = formatTopicPartition(planned);
        partitions.set(key, plannedPartition(planned, partitions.get(key)));
      }
      for (const each of entry.skipped ?? []) {
        skipped.set(formatTopicPartition(each), BigInt(each.targetEndOffset));
      }
    } else if (entry.type === "created") {
      for (const topic of entry.topics) topicsCreated.add(topic);
    } else if (entry.type === "position") {
      const key = formatTopicPartition(entry);
      const known = partitions.get(key);
      if (known === undefined) continue;
      const own = positions.get(key) ?? new Map(known.positions);
      positions.set(key, own.set(BigInt(entry.sourceOffset), BigInt(entry.targetOffset)));
      if (known.positions !== own) partitions.set(key, { ...known, positions: own });
    } else if (entry.type === "connector") connector = entry;
    else if (entry.type === "removed") connector = undefined;
    else if ("partition" in entry) {
      const key = formatTopicPartition(entry);
      const known = partitions.get(key);
      if (known !== undefined) partitions.set(key, movedOn(known, entry));
    }
  }
  return {
    migration,
    partitions,
    skipped,
    topicsCreated: [...topicsCreated].sort(),
    ...(connector && { connector }),
    ...(finished && { finished }),
  };
}

function plannedPartition(
  planned: PlanEntryPartition,
  before: JournaledPartition | undefined,
): JournaledPartition {
  const { topic, partition, sourceTopicId, targetTopicId, submittedOffset, submittedBy } = planned;
  const startOffset = BigInt(planned.startOffset);
  const endOffset = BigInt(planned.endOffset);
  const { failure: _, reachedOffset: __, overshotOffset: ___, ...known } = before ?? {
    startOffset,
    records: 0n,
    recordsRead: 0n,
    batchesLeftOut: 0,
    lost: [],
    ranges: [],
    marks: [],
    positions: new Map(),
    targetOffset: BigInt(planned.targetEndOffset),
  };
  // Others may have written to the target since our last record.
  const targetOffset = maxOffset(known.targetOffset, BigInt(planned.targetEndOffset));
  const { records } = known;
  return {
    ...known,
    plannedTargetOffset: targetOffset,
    topic,
    partition,
    status: "planned",
    submittedBy,
    sourceOffset: startOffset,
    endOffset,
    ranges: addSpan(known.ranges, { startOffset, endOffset }),
    marks: addMark(known.marks, { sourceOffset: startOffset, records, targetOffset }),
    ...(sourceTopicId !== undefined && { sourceTopicId }),
    ...(targetTopicId !== undefined && { targetTopicId }),
    ...(submittedOffset !== undefined && { submittedOffset: BigInt(submittedOffset) }),
  };
}

function movedOn(
  known: JournaledPartition,
  entry: ProgressEntry | EpochEntry | LostEntry | ReachedEntry | SettledEntry,
): JournaledPartition {
  switch (entry.type) {
    case "progress": {
      const mark = {
        sourceOffset: BigInt(entry.sourceOffset),
        records: BigInt(entry.records),
        targetOffset: BigInt(entry.targetOffset),
      };
      return {
        ...known,
        ...mark,
        recordsRead: mark.records,
        marks: addMark(known.marks, mark),
        targetFirstOffset: BigInt(entry.targetFirstOffset),
      };
    }
    case "epoch": {
      const epoch = {
        producerEpoch: entry.producerEpoch,
        records: BigInt(entry.records),
        targetOffset: BigInt(entry.targetOffset),
        targetFirstOffset: BigInt(entry.targetFirstOffset),
      };
      return { ...known, epochs: [...known.epochs ?? [], epoch] };
    }
    case "lost": {
      const { topic, partition, acknowledged, endOffset: sourceOffset } = entry;
      const at = acknowledged === undefined
        ? known
        : movedOn(known, { type: "progress", topic, partition, sourceOffset, ...acknowledged });
      const span = { startOffset: BigInt(entry.startOffset), endOffset: BigInt(entry.endOffset) };
      return {
        ...at,
        // A `lost` entry is written only after everything before it is acknowledged or left out.
        sourceOffset: maxOffset(at.sourceOffset, span.endOffset),
        lost: addSpan(at.lost, span),
      };
    }
    case "reached":
      return { ...known, reachedOffset: BigInt(entry.sourceOffset) };
    case "settled": {
      const { failure: _, ...rest } = known;
      return {
        ...rest,
        ...copiedByConnector(known, entry),
        status: entry.status,
        sourceOffset: BigInt(entry.sourceOffset),
        records: BigInt(entry.records),
        recordsRead: BigInt(entry.recordsRead),
        batchesLeftOut: entry.batchesLeftOut,
        ...(entry.reason !== undefined && { failure: recordedFailure(entry.reason, entry.code) }),
      };
    }
  }
}

function copiedByConnector(
  { endOffset: planned, ranges, targetSpans = [] }: JournaledPartition,
  { endOffset, target }: SettledEntry,
): Partial<JournaledPartition> {
  if (endOffset === undefined || target === undefined) return {};
  const end = BigInt(endOffset);
  const [from, to] = [BigInt(target.startOffset), BigInt(target.endOffset)];
  return {
    endOffset: end,
    ranges: addSpan(ranges, { startOffset: planned, endOffset: end }),
    targetSpans: addSpan(targetSpans, { startOffset: from, endOffset: to }),
    ...(end > planned && { overshotOffset: planned }),
  };
}

/** The migration's producer id and epochs on one partition. */
export function producerOn(
  { migration: { producerId, producerEpoch } }: Pick<JournalState, "migration">,
  partition: JournaledPartition | undefined,
): PartitionProducer {
  return partitionProducer({ producerId: BigInt(producerId), producerEpoch }, partition?.epochs);
}

/** Whether the message before a partition's position on the target is one of ours, not one that a plan found there. */
export function endsWithOurs(
  { records, targetOffset, plannedTargetOffset }: JournaledPartition,
): boolean {
  return records > 0n && targetOffset > plannedTargetOffset;
}

/** Whether a connector copies: our records then look like others' on the target, and have transaction markers among them. */
export function isByConnector({ migration }: Pick<JournalState, "migration">): boolean {
  return migration.settings.engine === "connect";
}

/** The partitions that are not finished, in order; where there are any, the migration is unfinished. */
export function unfinishedPartitions({ partitions }: JournalState): readonly JournaledPartition[] {
  return [...partitions.values()].filter(({ status }) => status !== "done").sort(
    compareTopicPartitions,
  );
}

/** How far a migration has come, in one line: `Migration of run 20221103T150208-4f3a: 3 of 6 partitions done, …`. */
export function journalProgress({ migration, partitions }: JournalState): string {
  const all = [...partitions.values()];
  const done = all.filter(({ status }) => status === "done").length;
  const failed = all.filter(({ status }) => status === "failed").length;
  const records = sum(all, (partition) => partition.records);
  return [
    `Migration of run ${migration.runId}: ${done} of ${countOf(all.length, "partition")} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${countOf(records, "message")} copied so far`,
  ].join(", ");
}

/** How a run differs from the journal's migration, as phrases; empty where the run may continue it. */
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
