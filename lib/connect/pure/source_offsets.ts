// The connector's source offsets: what has to be stored for each partition before it may run, and what stored ones mean.
// MirrorMaker 2 continues after the offset that is stored, and nothing is stored for a partition that begins at 0.

import { type Failure, failure } from "../../model/failure.ts";
import type { PlanEntryPartition } from "../../journal/journal_entry.ts";
import { partitionText } from "../../plan/plan_text.ts";
import type { ClusterSnapshot } from "../../model/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../../model/topic_partition.ts";

/** A partition with the source offset that is to be copied next. */
export interface NextOffset extends TopicPartition {
  readonly nextOffset: bigint;
}

/** A partition of the journal, as far as it matters here. */
export interface BegunPartition extends TopicPartition {
  /** Where the copy under way begins. */
  readonly sourceOffset: bigint;
  /** How far it had come when it was last looked at. */
  readonly reachedOffset?: bigint;
}

/** Next offsets by `formatTopicPartition`; absent where none is stored. */
export type NextOffsets = ReadonlyMap<string, bigint>;

/**
 * The partitions whose offsets have to be stored before the connector may run: those that Connect knows nothing of, or
 * less than the journal, and that do not begin at 0.
 *
 * @returns instead a failure where Connect has forgotten how far it was: starting again would copy twice
 */
export function offsetsToStore(
  partitions: readonly BegunPartition[],
  stored: NextOffsets,
): readonly NextOffset[] | Failure {
  const missing: NextOffset[] = [];
  for (const { topic, partition, sourceOffset, reachedOffset = sourceOffset } of partitions) {
    const next = stored.get(formatTopicPartition({ topic, partition }));
    if (reachedOffset > sourceOffset && (next === undefined || next < reachedOffset)) {
      const text = `Connect says ${
        next === undefined ? "nothing" : `offset ${next}`
      } where it had reached source offset ${reachedOffset} of ${
        partitionText({ topic, partition })
      }: somebody has changed the connector's offsets, and to go on would copy messages twice`;
      return failure("CONNECTOR_MOVED", text);
    }
    // The offsets between were checked: they hold markers, or nothing to copy.
    if ((next === undefined || next < sourceOffset) && sourceOffset > 0n) {
      missing.push({ topic, partition, nextOffset: sourceOffset });
    }
  }
  return missing;
}

/**
 * Partitions of the topics to be copied that the plan has nothing of. The connector copies every partition of a topic:
 * these begin where they end.
 *
 * @param has whether a partition is taken care of
 * @param endOf where a planned partition without anything to copy ends
 */
export function idlePartitions(
  topics: readonly string[],
  has: (partition: TopicPartition) => boolean,
  endOf: (partition: TopicPartition) => bigint | undefined,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
): readonly PlanEntryPartition[] {
  return topics.flatMap((topic) => {
    const { partitions = [], topicId } = source.topics.get(topic) ?? {};
    const onTarget = target.topics.get(topic);
    return partitions.flatMap(({ partition, offsets }): PlanEntryPartition[] => {
      if (has({ topic, partition })) return [];
      const end = String(endOf({ topic, partition }) ?? offsets?.highWatermark ?? 0n);
      const targetEnd = onTarget?.partitions[partition]?.offsets?.highWatermark;
      return [{
        ...{ topic, partition, submittedBy: "", startOffset: end, endOffset: end },
        targetEndOffset: String(targetEnd ?? 0n),
        ...(topicId !== undefined && { sourceTopicId: topicId }),
        ...(onTarget?.topicId !== undefined && { targetTopicId: onTarget.topicId }),
      }];
    });
  });
}
