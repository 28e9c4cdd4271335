// What a run writes into the journal, made from plans and from what the copy tells.

import type { CopyPosition, CopyResult } from "../copy/copy_task.ts";
import type { PlanEntryPartition, ProgressEntry, SettledEntry } from "../core/journal_entry.ts";
import type { PlannedPartition } from "../core/plan.ts";
import type { ClusterSnapshot } from "../core/snapshot.ts";
import { partitionText } from "../core/plan_text.ts";
import { optional } from "./optional.ts";

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
    ...optional("reason", result.failure),
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
    failure ? `: ${failure}` : ""
  }`;
}
