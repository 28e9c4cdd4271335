// What a run writes into the journal, made from plans and from what the copy tells.

import type { CopyPosition, CopyResult } from "../copy/copy_task.ts";
import {
  type EpochEntry,
  JOURNAL_SCHEMA_VERSION,
  type JournalIdentity,
  type LostEntry,
  type MigrationEntry,
  type OpenedEntry,
  type PlanEntryPartition,
  type PositionEntry,
  type ProgressEntry,
  type SettledEntry,
  type SkippedPartition,
} from "../journal/journal_entry.ts";
import type { Acknowledgement } from "../copy/partition_copy.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { Plan, PlannedPartition } from "../plan/plan.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import type { EpochStart } from "../model/sequence.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import type { JournalFile } from "../files/journal_file.ts";
import type { OffsetSpan } from "../model/offsets.ts";
import { partitionText } from "../plan/plan_text.ts";
import { optional } from "../model/optional.ts";

/** The first line of a new journal. */
export function openedEntry(
  { runId, now }: { readonly runId: string; readonly now: () => Date },
): OpenedEntry {
  return { type: "opened", schemaVersion: JOURNAL_SCHEMA_VERSION, runId, at: now().toISOString() };
}

/** A new migration's first entry. */
export function migrationEntry(
  identity: JournalIdentity,
  run: { readonly runId: string; readonly now: () => Date },
  { producerId, producerEpoch }: ProducerIdentity,
): MigrationEntry {
  return {
    type: "migration",
    schemaVersion: JOURNAL_SCHEMA_VERSION,
    runId: run.runId,
    at: run.now().toISOString(),
    ...identity,
    producerId: String(producerId),
    producerEpoch,
  };
}

/** A range of a plan. */
export function planEntryPartition(
  planned: PlannedPartition,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
): PlanEntryPartition {
  const { topic, partition, submittedOffset, submittedBy, startOffset, endOffset } = planned;
  const targetEnd = target.topics.get(topic)?.partitions[partition]?.offsets?.highWatermark;
  return {
    topic,
    partition,
    ...optional("submittedOffset", submittedOffset?.toString()),
    submittedBy,
    startOffset: String(startOffset),
    endOffset: String(endOffset),
    targetEndOffset: String(targetEnd ?? 0n),
    ...optional("sourceTopicId", source.topics.get(topic)?.topicId),
    ...optional("targetTopicId", target.topics.get(topic)?.topicId),
  };
}

/** Where the logs ended of partitions of which nothing was ever copied, unless the journal has that already. */
export function skippedPartitions(
  plan: Plan,
  journal: JournalState | undefined,
  target: ClusterSnapshot,
): readonly SkippedPartition[] {
  return plan.partitions.flatMap(({ topic, partition, offsets, endOffset }) => {
    const key = formatTopicPartition({ topic, partition });
    if (offsets > 0n || journal?.partitions.has(key) || journal?.skipped.has(key)) return [];
    const end = target.topics.get(topic)?.partitions[partition]?.offsets?.highWatermark;
    if (end === undefined) return [];
    return [{ topic, partition, endOffset: String(endOffset), targetEndOffset: String(end) }];
  });
}

/** Puts {@link skippedPartitions} into a journal whose plan has nothing to copy. */
export function noteSkipped(
  journal: JournalFile,
  { plan, targetSnapshot, runId, now }: {
    readonly plan: Plan;
    readonly targetSnapshot: ClusterSnapshot;
    readonly runId: string;
    readonly now: () => Date;
  },
): void {
  const skipped = skippedPartitions(plan, journal.state, targetSnapshot);
  if (skipped.length === 0) return;
  journal.append([{ type: "plan", runId, at: now().toISOString(), partitions: [], skipped }]);
}

/** What has expired unread, and where the target stands before it. */
export function lostEntry(position: CopyPosition, span: OffsetSpan): LostEntry {
  const { topic, partition, records, targetOffset, targetFirstOffset } = progressEntry(position);
  const acknowledged = { records, targetOffset, targetFirstOffset };
  return {
    ...{ type: "lost", topic, partition },
    startOffset: String(span.startOffset),
    endOffset: String(span.endOffset),
    ...(position.targetFirstOffset !== undefined && { acknowledged }),
  };
}

/** A fresh epoch of a partition. */
export function epochEntry(
  { topic, partition }: TopicPartition,
  { producerEpoch, records, targetOffset, targetFirstOffset }: EpochStart,
): EpochEntry {
  return {
    ...{ type: "epoch", topic, partition, producerEpoch },
    records: String(records),
    targetOffset: String(targetOffset),
    targetFirstOffset: String(targetFirstOffset ?? targetOffset),
  };
}

/** Where a partition stands. */
export function progressEntry(
  result: CopyPosition,
): ProgressEntry {
  const { topic, partition, sourceOffset, recordsAcknowledged, targetOffset, targetFirstOffset } =
    result;
  return {
    type: "progress",
    topic,
    partition,
    sourceOffset: String(sourceOffset),
    records: String(recordsAcknowledged),
    targetOffset: String(targetOffset),
    targetFirstOffset: String(targetFirstOffset ?? targetOffset),
  };
}

/** Where committed source offsets came to lie in a batch that the target has stored. */
export function positionEntries(
  { topic, partition }: TopicPartition,
  { batch, targetOffset }: Acknowledgement,
): readonly PositionEntry[] {
  return (batch.positions ?? []).map(({ sourceOffset, index }) => ({
    type: "position",
    topic,
    partition,
    sourceOffset: String(sourceOffset),
    targetOffset: String(targetOffset + BigInt(index)),
  }));
}

/** How a partition ended. */
export function settledEntry(result: CopyResult): SettledEntry {
  const { topic, partition, status, sourceOffset, recordsAcknowledged, recordsRead } = result;
  return {
    type: "settled",
    topic,
    partition,
    status: status === "done" ? "done" : "failed",
    sourceOffset: String(sourceOffset),
    records: String(recordsAcknowledged),
    recordsRead: String(recordsRead),
    batchesLeftOut: result.batchesLeftOut,
    ...optional("reason", result.failure?.text),
    ...optional("code", result.failure?.code),
  };
}

/** How a partition ended, in one line. */
export function settledLine(result: CopyResult): string {
  const { status, recordsAcknowledged, targetFirstOffset, targetOffset, failure } = result;
  const where = targetFirstOffset === undefined
    ? "nothing written"
    : `target offsets: ${targetFirstOffset} to ${targetOffset - 1n}`;
  const name = partitionText(result);
  return `${name}, copy ${status}, messages: ${recordsAcknowledged}, ${where}${
    failure ? `: ${failure.text}` : ""
  }`;
}
