// The backlog by topic, which is what a copy deals with, and by group, which is what the group's owners wait for. Both
// are computed from a plan. Lag is Kafka's: in offsets, expired messages included.

import { compareNames } from "../model/compare_names.ts";
import type { GroupOffset } from "./group_offsets.ts";
import { partitionsToCopy, type Plan } from "./plan.ts";
import type { WrittenRecords } from "../model/written_records.ts";
import { formatTopicPartition, topicsOf } from "../model/topic_partition.ts";
import { sum } from "../model/units.ts";
import type { Verification } from "../verify/verify.ts";

/** The backlog of one topic. */
export interface TopicBacklog {
  readonly topic: string;
  readonly partitions: number;
  readonly partitionsToCopy: number;
  /** Offsets to copy: an upper bound for the number of messages. */
  readonly offsets: bigint;
  readonly expiredMessages: bigint;
  /** The part of `offsets` in verified partitions; absent where nothing was verified. */
  readonly offsetsVerified?: bigint;
}

/** The lag of one group over all of its partitions in the plan. */
export interface GroupLag {
  readonly group: string;
  readonly topics: number;
  readonly partitions: number;
  /** The part of `partitions` on which the group has committed nothing. */
  readonly partitionsNeverCommitted: number;
  /** The lag on the source when the plan was made. */
  readonly lagBefore: bigint;
  /** The lag on the target; present only where the group's positions were carried over. */
  readonly lagAfter?: bigint;
}

/** The backlog topic by topic, by name. */
export function topicBacklogs(
  plan: Plan,
  results: Verification | undefined,
): readonly TopicBacklog[] {
  const verified = new Set(
    results?.partitions.filter(({ status }) => status === "verified").map(formatTopicPartition),
  );
  return [...Map.groupBy(plan.partitions, ({ topic }) => topic)].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.length,
    partitionsToCopy: partitionsToCopy({ ...plan, partitions }).length,
    offsets: sum(partitions, ({ offsets }) => offsets),
    expiredMessages: sum(partitions, ({ expiredMessages }) => expiredMessages),
    ...(results !== undefined && {
      offsetsVerified: sum(
        partitions.filter((each) => verified.has(formatTopicPartition(each))),
        ({ offsets }) => offsets,
      ),
    }),
  }));
}

/** The lag by group, ordered by name; on the target too where all positions of the group were carried over. */
export function groupLags(
  plan: Plan,
  carried: readonly GroupOffset[] = [],
  written: readonly WrittenRecords[] = [],
): readonly GroupLag[] {
  const ends = new Map(written.map((each) => [formatTopicPartition(each), each.endOffset]));
  const after = new Map(
    [...Map.groupBy(carried, ({ group }) => group)].flatMap(([group, ofGroup]) =>
      ofGroup.every(({ status }) => status !== "left")
        ? [[group, sum(ofGroup, (each) => lagOnTarget(each, ends))] as const]
        : []
    ),
  );
  const positions = plan.partitions.flatMap(({ topic, groups }) =>
    groups.map(({ group, committed, lag }) => ({ group, topic, committed, lag }))
  );
  return [...Map.groupBy(positions, ({ group }) => group)]
    .map(([group, ofGroup]) => ({
      group,
      topics: topicsOf(ofGroup).length,
      partitions: ofGroup.length,
      partitionsNeverCommitted: ofGroup.filter(({ committed }) => committed === undefined).length,
      lagBefore: sum(ofGroup, ({ lag }) => lag),
      ...(after.has(group) && { lagAfter: after.get(group) ?? 0n }),
    }))
    .sort((a, b) => compareNames(a.group, b.group));
}

function lagOnTarget(position: GroupOffset, ends: ReadonlyMap<string, bigint>): bigint {
  const { after = 0n } = position;
  const end = ends.get(formatTopicPartition(position)) ?? after;
  return end > after ? end - after : 0n;
}
