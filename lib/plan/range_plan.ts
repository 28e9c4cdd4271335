// The plan of a run whose config names ranges: it asks no group, and cuts each range down to what its log holds. The plan
// names a range whose topic or partition does not exist, or whose topic the filter excludes; it drops none silently.

import { filterAccepts, type NameFilter } from "./name_filter.ts";
import type { Plan, UnknownPartition } from "./plan.ts";
import type { PlannedPartition } from "./planned_partition.ts";
import { planRange } from "./range.ts";
import type { PartitionRange } from "./partition_range.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { compareTopicPartitions, type TopicPartition } from "../model/topic_partition.ts";

/** What a plan for ranges is made from. */
export interface RangePlanInput {
  readonly source: ClusterSnapshot;
  readonly topics: NameFilter;
  /** At most one range a partition. */
  readonly ranges: readonly PartitionRange[];
}

/** Builds the plan for ranges. */
export function buildRangePlan({ source, topics, ranges }: RangePlanInput): Plan {
  const partitions: PlannedPartition[] = [];
  const unknownPartitions: UnknownPartition[] = [];
  const missing: TopicPartition[] = [];
  const filtered: TopicPartition[] = [];
  for (const range of ranges.toSorted(compareTopicPartitions)) {
    const { topic, partition } = range;
    if (!filterAccepts(topics, topic)) {
      filtered.push({ topic, partition });
      continue;
    }
    const known = source.topics.get(topic)?.partitions[partition];
    if (known === undefined) missing.push({ topic, partition });
    else if (known.offsets === undefined) {
      unknownPartitions.push({ topic, partition, problem: known.problem ?? "It has no leader" });
    } else partitions.push(planRange(range, known.offsets, known.timeOffset));
  }
  return {
    partitions,
    unknownPartitions,
    droppedOffsets: [],
    internalTopics: [],
    shareGroups: [],
    unreadableGroups: [],
    ranges: { missing, filtered },
    ...(filtered.length === ranges.length && { empty: "ranges-filter" }),
  };
}
