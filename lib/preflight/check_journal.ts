// Whether a run may go on from the journal it found, and which records on the target are the migration's own.

import { identityDifferences } from "../journal/journal.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { JournalIdentity } from "../journal/journal_entry.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { withoutSpans } from "../model/offsets.ts";
import { sum } from "../model/units.ts";
import { escapeName } from "../model/escape_name.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";

/** The run cannot continue the migration of the journal that it found; the message says why and what to do. Exit status 2. */
export class ContinueError extends Error {
  override readonly name = "ContinueError";
}

/** @throws {ContinueError} where the journal is of another migration */
export function checkIdentity(state: JournalState | undefined, identity: JournalIdentity): void {
  if (state === undefined) return;
  const differences = identityDifferences(state.migration, identity);
  if (differences.length === 0) return;
  throw new ContinueError(
    `The state file is of another migration (run ${state.migration.runId}): ${
      differences.join("; ")
    }. Restore the settings, or use another config file. Deleting the state file gives up the protection against duplicates`,
  );
}

/** Topics as a cluster has them now, by name. */
export type TopicIds = ReadonlyMap<string, { readonly topicId?: string }>;

/** @throws {ContinueError} where a topic of the journal is not the one that was copied */
export function checkTopicIds(
  state: JournalState | undefined,
  source: { readonly topics: TopicIds },
  target: { readonly topics: TopicIds },
): void {
  for (const { topic, sourceTopicId, targetTopicId } of state?.partitions.values() ?? []) {
    const changed = isAnotherTopic(sourceTopicId, source.topics.get(topic)?.topicId)
      ? "source"
      : isAnotherTopic(targetTopicId, target.topics.get(topic)?.topicId)
      ? "target"
      : undefined;
    if (changed === undefined) continue;
    throw new ContinueError(
      `Topic ${
        escapeName(topic)
      } was deleted and re-created on the ${changed} since this migration began, so that its state file is worthless. Empty the target topics and delete the state file to start over`,
    );
  }
}

/** @throws {ContinueError} where a topic is not the one that is to be verified, or verified by */
export function checkVerifiedTopics(
  { partitions }: JournalState,
  cluster: "source" | "target",
  topics: TopicIds,
): void {
  for (const { topic, sourceTopicId, targetTopicId } of partitions.values()) {
    const before = cluster === "source" ? sourceTopicId : targetTopicId;
    if (!isAnotherTopic(before, topics.get(topic)?.topicId)) continue;
    throw new ContinueError(
      `Topic ${
        escapeName(topic)
      } was deleted and re-created on the ${cluster} since this migration began: it is not the one that was migrated, and tells nothing about it. Name the cluster that still has it, or leave the verdict to the run that migrated`,
    );
  }
}

/** Whether two topic ids are of different topics; brokers before 2.8 have none. */
export function isAnotherTopic(before: string | undefined, now: string | undefined): boolean {
  return before !== undefined && now !== undefined && before !== now;
}

/**
 * How many records of this migration a target partition still holds, by the journal and the target's log. For a range
 * that is not complete the journal does not know how many; then all records on the target count as ours.
 */
export function ownRecords(
  state: JournalState | undefined,
  target: ClusterSnapshot,
): (partition: TopicPartition) => bigint {
  return ({ topic, partition }) => {
    const known = state?.partitions.get(formatTopicPartition({ topic, partition }));
    const log = target.topics.get(topic)?.partitions[partition]?.offsets;
    if (log === undefined) return 0n;
    // Of a partition with nothing planned a connector copies what comes while it runs.
    const idle = state?.connector?.idle.find((each) =>
      each.topic === topic && each.partition === partition
    );
    if (known !== undefined && known.status !== "done") {
      return log.highWatermark - log.logStartOffset;
    }
    if (known?.targetSpans !== undefined || idle !== undefined) {
      const { logStartOffset: startOffset, highWatermark: endOffset } = log;
      const begun = BigInt(idle?.targetEndOffset ?? endOffset);
      const ours = [...known?.targetSpans ?? [], { startOffset: begun, endOffset }];
      const others = withoutSpans([{ startOffset, endOffset }], ours);
      return endOffset - startOffset - sum(others, (span) => span.endOffset - span.startOffset);
    }
    if (known?.targetFirstOffset === undefined) return 0n;
    const deleted = log.logStartOffset - known.targetFirstOffset;
    if (deleted <= 0n) return known.records;
    const left = known.targetOffset - known.targetFirstOffset - deleted;
    return left > 0n ? left : 0n;
  };
}
