// The plan: for every partition on which groups of the source have committed, the range from the smallest committed
// offset to the end. It is built from a snapshot alone and asks no broker. It names everything that it leaves out; whether
// that blocks the run is judged by lib/findings/all_findings.ts.

import { compareNames } from "../model/compare_names.ts";
import { isShareGroup } from "../model/group_state.ts";
import { filterAccepts, isInternalTopicName, type NameFilter } from "./name_filter.ts";
import type { PatternMatches } from "./pattern_matches.ts";
import { type GroupPosition, type PlannedPartition, planPartition } from "./planned_partition.ts";
import type { ClusterSnapshot, GroupSnapshot, TopicSnapshot } from "../model/snapshot.ts";
import { compareTopicPartitions, type TopicPartition } from "../model/topic_partition.ts";

export type { PlannedGroup, PlannedPartition, WithoutSmallest } from "./planned_partition.ts";

/**
 * How a group counts on a partition where it has committed nothing although it has committed on other partitions of the
 * topic: `earliest` as if it stood at the log start offset, `skip` not at all.
 */
export type UncommittedRule = "earliest" | "skip";

/** What a plan is made from. */
export interface PlanInput {
  readonly source: ClusterSnapshot;
  readonly topics: NameFilter;
  readonly groups: NameFilter;
  readonly uncommitted: UncommittedRule;
}

/** A partition that groups have committed on and whose offsets are not known: it blocks the run. */
export interface UnknownPartition extends TopicPartition {
  /** Why, as a sentence. */
  readonly problem: string;
}

/** Committed offsets for a topic, or for some partitions of a topic, that do not exist. */
export interface DroppedOffsets {
  readonly topic: string;
  /** True where the topic exists and only the partitions are missing. */
  readonly topicExists: boolean;
  /** The partitions that do not exist, in order. */
  readonly partitions: readonly number[];
  /** The groups that have committed on them, by name. */
  readonly groups: readonly string[];
}

/** A group whose committed offsets could not be read. */
export interface UnreadableGroup {
  readonly group: string;
  readonly problem: string;
}

/**
 * Why a plan has no partition at all. `no-groups`: the source lists none. `no-committed-offsets`: no group has committed
 * an offset. `groups-filter`, `topics-filter`: that filter excludes every committed offset. `missing-topics`: all committed
 * offsets are for topics that do not exist or are internal. `ranges-filter`: the topic filter excludes every range.
 */
export type EmptyReason =
  | "no-groups"
  | "no-committed-offsets"
  | "groups-filter"
  | "topics-filter"
  | "missing-topics"
  | "ranges-filter";

/** What will be copied, and what the plan leaves out. */
export interface Plan {
  /** By topic, then by partition. */
  readonly partitions: readonly PlannedPartition[];
  readonly unknownPartitions: readonly UnknownPartition[];
  readonly droppedOffsets: readonly DroppedOffsets[];
  /** Topics named `__…` that groups have committed on and the filter accepts: never migrated. */
  readonly internalTopics: readonly string[];
  /** Share groups that the filter accepts, by name: never carried over. */
  readonly shareGroups: readonly string[];
  readonly unreadableGroups: readonly UnreadableGroup[];
  /** What each pattern of the filters matched; absent where the patterns were not tried. */
  readonly patterns?: readonly PatternMatches[];
  /** Present for a plan made from ranges: the ranges not planned, because the partition does not exist or the filter excludes its topic. */
  readonly ranges?: {
    readonly missing: readonly TopicPartition[];
    readonly filtered: readonly TopicPartition[];
  };
  /** Present where neither `partitions` nor `unknownPartitions` nor `unreadableGroups` holds anything. */
  readonly empty?: EmptyReason;
}

/** Builds the plan: for each partition, from the minimum of the groups' committed offsets. */
export function buildPlan({ source, topics, groups, uncommitted }: PlanInput): Plan {
  const selected = source.groups.filter(({ group }) => filterAccepts(groups, group));
  const readers = readersByTopic(selected.filter(isCarried));

  const partitions: PlannedPartition[] = [];
  const unknownPartitions: UnknownPartition[] = [];
  const droppedOffsets: DroppedOffsets[] = [];
  const internalTopics: string[] = [];
  for (const topic of [...readers.keys()].sort(compareNames)) {
    if (!filterAccepts(topics, topic)) continue;
    const readersOfTopic = readers.get(topic) as readonly GroupSnapshot[];
    const description = source.topics.get(topic);
    if (isInternalTopicName(topic) || description?.internal === true) {
      internalTopics.push(topic);
      continue;
    }
    const dropped = offsetsWithoutPartition(topic, description, readersOfTopic);
    if (dropped !== undefined) droppedOffsets.push(dropped);
    for (const { partition, offsets, problem } of description?.partitions ?? []) {
      const positions = positionsOn({ topic, partition }, readersOfTopic, uncommitted);
      if (positions.length === 0) continue;
      if (offsets === undefined) {
        unknownPartitions.push({ topic, partition, problem: problem ?? "It has no leader" });
      } else partitions.push(planPartition({ topic, partition }, offsets, positions));
    }
  }

  const unreadableGroups = selected
    .filter((group) => !isShareGroup(group))
    .flatMap(({ group, problem }) =>
      problem === undefined ? [] : [{ group, problem: problem.text }]
    )
    .sort(byGroup);
  const nothing = partitions.length + unknownPartitions.length + unreadableGroups.length === 0;
  return {
    partitions: partitions.sort(compareTopicPartitions),
    unknownPartitions: unknownPartitions.sort(compareTopicPartitions),
    droppedOffsets,
    internalTopics,
    shareGroups: selected.filter(isShareGroup).map(({ group }) => group).sort(compareNames),
    unreadableGroups,
    ...(nothing ? { empty: emptyReason(source.groups, readers, topics) } : {}),
  };
}

/** The topics that a plan for these groups may contain, whether or not they exist. */
export function topicsRead(
  all: readonly GroupSnapshot[],
  { topics, groups }: Pick<PlanInput, "topics" | "groups">,
): readonly string[] {
  const selected = all.filter((each) => filterAccepts(groups, each.group) && isCarried(each));
  return [...readersByTopic(selected).keys()].filter((topic) =>
    filterAccepts(topics, topic) && !isInternalTopicName(topic)
  );
}

/** The partitions of a plan that have something to copy. */
export function partitionsToCopy(plan: Plan): readonly PlannedPartition[] {
  return plan.partitions.filter(({ offsets }) => offsets > 0n);
}

/**
 * The partitions that must exist on the target: those to copy, and where groups' positions are carried over, those with
 * committed offsets.
 */
export function partitionsNeeded(
  plan: Plan,
  carriesPositions: boolean,
): readonly PlannedPartition[] {
  return plan.partitions.filter(({ offsets, groups }) =>
    offsets > 0n || (carriesPositions && groups.some(({ committed }) => committed !== undefined))
  );
}

/** The groups with committed offsets, by topic. A negative offset is how older protocol versions say "none". */
function readersByTopic(
  groups: readonly GroupSnapshot[],
): ReadonlyMap<string, readonly GroupSnapshot[]> {
  const readers = new Map<string, GroupSnapshot[]>();
  for (const group of groups) {
    for (const [topic, offsets] of group.committed) {
      if (![...offsets.values()].some((offset) => offset >= 0n)) continue;
      const others = readers.get(topic);
      if (others === undefined) readers.set(topic, [group]);
      else others.push(group);
    }
  }
  return readers;
}

function positionsOn(
  { topic, partition }: TopicPartition,
  readers: readonly GroupSnapshot[],
  uncommitted: UncommittedRule,
): readonly GroupPosition[] {
  const positions: GroupPosition[] = [];
  for (const { group, committed } of readers) {
    const offset = committed.get(topic)?.get(partition);
    if (offset !== undefined && offset >= 0n) positions.push({ group, committed: offset });
    else if (uncommitted === "earliest") positions.push({ group });
  }
  return positions;
}

function offsetsWithoutPartition(
  topic: string,
  description: TopicSnapshot | undefined,
  readers: readonly GroupSnapshot[],
): DroppedOffsets | undefined {
  const existing = new Set(description?.partitions.map(({ partition }) => partition));
  const partitions = new Set<number>();
  const groups: string[] = [];
  for (const { group, committed } of readers) {
    const missing = [...committed.get(topic) ?? []]
      .filter(([partition, offset]) => offset >= 0n && !existing.has(partition));
    if (missing.length > 0) groups.push(group);
    for (const [partition] of missing) partitions.add(partition);
  }
  if (groups.length === 0) return undefined;
  return {
    topic,
    topicExists: description !== undefined,
    partitions: [...partitions].sort((a, b) => a - b),
    groups: groups.sort(compareNames),
  };
}

function emptyReason(
  all: readonly GroupSnapshot[],
  readers: ReadonlyMap<string, readonly GroupSnapshot[]>,
  topics: NameFilter,
): EmptyReason {
  if (all.length === 0) return "no-groups";
  const committing = readersByTopic(all.filter((group) => !isShareGroup(group)));
  if (committing.size === 0) return "no-committed-offsets";
  if (readers.size === 0) return "groups-filter";
  return [...readers.keys()].some((topic) => filterAccepts(topics, topic))
    ? "missing-topics"
    : "topics-filter";
}

function isCarried(group: GroupSnapshot): boolean {
  return !isShareGroup(group) && group.problem === undefined;
}

function byGroup(a: UnreadableGroup, b: UnreadableGroup): number {
  return compareNames(a.group, b.group);
}
