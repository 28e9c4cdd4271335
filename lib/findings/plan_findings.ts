// Findings about the source side of a plan: expired messages, open transactions, offsets of topics that do not exist,
// groups that cannot be carried over. One finding a topic, or one for all groups, so that thousands of them stay readable.
// For the target see lib/findings/target_findings.ts.

import { compareNames } from "../model/compare_names.ts";
import { escapeName, listNames } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { rangeFindings } from "./range_findings.ts";
import { isInternalTopicName } from "../plan/name_filter.ts";
import { isActive } from "../model/group_state.ts";
import type { EmptyReason, Plan, UncommittedRule, UnreadableGroup } from "../plan/plan.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition, topicsOf } from "../model/topic_partition.ts";
import { countOf, sum } from "../model/units.ts";

/** All findings about the source side of a plan. */
export function planFindings(
  plan: Plan,
  source: ClusterSnapshot,
  uncommitted: UncommittedRule,
): readonly Finding[] {
  return [
    ...unreadableGroups(plan.unreadableGroups, "source"),
    ...rangeFindings(plan),
    ...perTopic(plan.unknownPartitions, (topic, partitions) =>
      finding(
        "PARTITION_OFFLINE",
        { cluster: "source", topic, partitions: partitions.map((p) => p.partition) },
        `The offsets of ${partitionsOf(topic, partitions)} are not known: ${
          listNames([...new Set(partitions.map((p) => p.problem))], 2)
        }`,
        "Bring the partition's leader back, or leave the topic out with topics.exclude",
      )),
    ...emptyPlan(plan),
    ...expired(plan),
    ...openTransactions(plan),
    ...beyondEnd(plan),
    ...uncommittedCounted(plan, uncommitted),
    ...activeGroups(plan, source),
    ...(plan.ranges === undefined ? missedGroups(source) : []),
    ...leftOut(plan),
    // A range is copied whether or not a group reads its topic.
    ...(plan.ranges === undefined ? withoutGroup(source) : []),
  ];
}

/** Only the topics that the filter accepts were asked for their offsets, so only those are judged. */
function withoutGroup({ topics, groups }: ClusterSnapshot): readonly Finding[] {
  const read = new Set(groups.flatMap(({ committed }) => [...committed.keys()]));
  const unread = [...topics.values()].filter(({ topic, internal }) =>
    !read.has(topic) && !internal && !isInternalTopicName(topic)
  ).map(({ topic, partitions }) => ({
    topic,
    held: sum(
      partitions,
      ({ offsets }) => offsets === undefined ? 0n : offsets.highWatermark - offsets.logStartOffset,
    ),
  })).filter(({ held }) => held > 0n);
  if (unread.length === 0) return [];
  const names = unread.map(({ topic }) => topic).sort(compareNames);
  return [finding(
    "TOPIC_WITHOUT_GROUP",
    { cluster: "source", topics: names },
    `${countOf(names.length, "topic")} with ${
      countOf(sum(unread, ({ held }) => held), "message")
    } that no group has committed on: ${listNames(names, 10)}`,
    "Nothing is copied of them; leave them out with topics.exclude to silence this",
  )];
}

/** Groups whose offsets on a cluster could not be read, one finding for each reason. */
export function unreadableGroups(
  unreadable: readonly UnreadableGroup[],
  cluster: "source" | "target",
): readonly Finding[] {
  return [...Map.groupBy(unreadable, ({ problem }) => problem)].map(([problem, ofProblem]) => {
    const groups = ofProblem.map(({ group }) => group).sort(compareNames);
    return finding(
      "GROUP_UNREADABLE",
      { cluster, groups },
      `The committed offsets of ${
        countOf(groups.length, "group")
      } on the ${cluster} could not be read (${listNames(groups)}): ${escapeName(problem)}`,
      "Give the user Describe on the groups (Read on a source before Kafka 1.0), or leave them out with groups.exclude",
    );
  });
}

const EMPTY_PLANS: Readonly<
  Record<EmptyReason, Pick<Finding, "code" | "message" | "remedy">>
> = {
  "no-groups": {
    code: "NO_COMMITTED_OFFSETS",
    message: "The source lists no consumer group, so there is no backlog to tell",
    remedy: "Check source.bootstrapServers, and that the user has Describe on the groups",
  },
  "no-committed-offsets": {
    code: "NO_COMMITTED_OFFSETS",
    message: "No consumer group of the source has committed an offset",
    remedy: "Check source.bootstrapServers, and that the user has Describe on the groups",
  },
  "groups-filter": {
    code: "FILTER_MATCHED_NOTHING",
    message: "No group that groups.include and groups.exclude let through has committed an offset",
    remedy: "Correct the patterns of groups",
  },
  "topics-filter": {
    code: "FILTER_MATCHED_NOTHING",
    message: "No topic with committed offsets is let through by topics.include and topics.exclude",
    remedy: "Correct the patterns of topics",
  },
  "missing-topics": {
    code: "NO_COMMITTED_OFFSETS",
    message: "All committed offsets are on topics or partitions that do not exist or are internal",
    remedy: "Check source.bootstrapServers, and that the user has Describe on the topics",
  },
  "ranges-filter": {
    code: "FILTER_MATCHED_NOTHING",
    message: "No topic of ranges is let through by topics.include and topics.exclude",
    remedy: "Correct the patterns of topics, or ranges",
  },
};

function emptyPlan({ empty }: Plan): readonly Finding[] {
  if (empty === undefined) return [];
  const { code, message, remedy } = EMPTY_PLANS[empty];
  return [finding(code, { cluster: "source" }, message, remedy)];
}

function expired({ partitions, ranges }: Plan): readonly Finding[] {
  const what = ranges === undefined ? "unconsumed message" : "message";
  const concerned = partitions.filter(({ expiredMessages }) => expiredMessages > 0n);
  return perTopic(concerned, (topic, expired) =>
    finding(
      "MESSAGES_EXPIRED",
      { cluster: "source", topic, partitions: numbersOf(expired) },
      `${countOf(sum(expired, (p) => p.expiredMessages), what)} of ${
        partitionsOf(topic, expired)
      } have expired and can't be migrated`,
      "Nothing can bring them back; raise retention.ms of the source topic if more are about to expire",
    ));
}

function openTransactions({ partitions }: Plan): readonly Finding[] {
  const concerned = partitions.filter((p) => p.openTransactionOffsets > 0n);
  return perTopic(concerned, (topic, held) =>
    finding(
      "OPEN_TRANSACTION",
      { cluster: "source", topic, partitions: numbersOf(held) },
      `A transaction is still open on ${partitionsOf(topic, held)}: ${
        countOf(sum(held, (p) => p.openTransactionOffsets), "offset")
      } from its first message on stay behind`,
      "Wait for it to end, or end it with kafka-transactions.sh (find-hanging, abort), then run again",
    ));
}

function beyondEnd({ partitions }: Plan): readonly Finding[] {
  const concerned = partitions.flatMap(({ topic, partition, groups, log }) => {
    const beyond = groups.filter((g) => (g.committed ?? 0n) > log.highWatermark);
    return beyond.map(({ group, committed }) => ({ topic, partition, group, committed, log }));
  });
  return perTopic(concerned, (topic, beyond) => {
    const [first] = beyond as [(typeof beyond)[number]];
    const groups = [...new Set(beyond.map(({ group }) => group))].sort(compareNames);
    const partitions = [...new Set(numbersOf(beyond))];
    return finding(
      "OFFSET_BEYOND_END",
      { cluster: "source", topic, partitions, groups },
      `${
        groupNames(groups)
      } committed beyond the end of the log (partition ${first.partition}: ${first.committed}, end ${first.log.highWatermark}): the log was truncated, or the topic was created again`,
      "Find out whether the group has missed messages; nothing is copied for it there",
    );
  });
}

function uncommittedCounted({ partitions }: Plan, rule: UncommittedRule): readonly Finding[] {
  const concerned = partitions.filter((p) => p.uncommittedOffsets > 0n);
  if (rule !== "earliest" || concerned.length === 0) return [];
  const extra = countOf(sum(concerned, (p) => p.uncommittedOffsets), "message");
  return [finding(
    "UNCOMMITTED_COUNTED",
    {
      cluster: "source",
      groups: [...new Set(concerned.map((p) => p.submittedBy))].sort(compareNames),
    },
    `${extra} in ${
      countOf(concerned.length, "partition")
    } are copied only because a group that reads the topic has not committed on the partition`,
    "Set uncommitted: skip to leave them out",
  )];
}

/** Without KIP-207 nobody can tell whether a coordinator that has just taken over lists all of its groups. */
function missedGroups({ groups, untold }: ClusterSnapshot): readonly Finding[] {
  if (groups.length === 0 || !untold?.includes("caughtUp")) return [];
  return [finding(
    "GROUPS_MAY_BE_MISSED",
    { cluster: "source" },
    "The source's brokers do not tell whether a group coordinator has caught up after an election (ListOffsets 5, which Kafka 2.2 brought): a group, or its last commits, may be missing in the list for a moment after a broker has gone or come",
    "Run the check again when no broker has restarted for a minute, and compare the groups with what you expect; offsets that consumers keep in ZooKeeper are never seen",
  )];
}

function activeGroups({ partitions }: Plan, source: ClusterSnapshot): readonly Finding[] {
  const planned = new Set(partitions.flatMap((p) => p.groups.map(({ group }) => group)));
  const active = source.groups
    .filter((each) => planned.has(each.group) && isActive(each))
    .map(({ group }) => group)
    .sort(compareNames);
  if (active.length === 0) return [];
  return [finding(
    "GROUP_ACTIVE",
    { cluster: "source", groups: active },
    `${countOf(active.length, "group")} still consuming on the source: ${listNames(active)}`,
    "Stop the consumers first: what they read from now on arrives on the target as unconsumed",
  )];
}

/** @param ends high watermarks read a moment after the snapshot, by `formatTopicPartition` */
export function stillWritten(
  { partitions }: Pick<Plan, "partitions">,
  source: ClusterSnapshot,
  ends: ReadonlyMap<string, bigint>,
): readonly Finding[] {
  const grown = partitions.flatMap(({ topic, partition }) => {
    const before = source.topics.get(topic)?.partitions[partition]?.offsets?.highWatermark;
    const end = ends.get(formatTopicPartition({ topic, partition }));
    const gained = before === undefined || end === undefined ? 0n : end - before;
    return gained > 0n ? [{ topic, gained }] : [];
  });
  if (grown.length === 0) return [];
  const topics = topicsOf(grown);
  return [finding(
    "SOURCE_STILL_WRITTEN",
    { cluster: "source", topics },
    `The source is still being written: ${
      countOf(sum(grown, ({ gained }) => gained), "message")
    } came to ${countOf(grown.length, "partition")} of ${countOf(topics.length, "topic")} (${
      listNames(topics)
    }) since the plan's look at it`,
    "Stop the producers before the last run; what has come by then is carried over by running the same command again",
  )];
}

function leftOut(
  { droppedOffsets, internalTopics, shareGroups }: Plan,
): readonly Finding[] {
  const dropped = droppedOffsets.map(({ topic, topicExists, partitions, groups }) =>
    finding(
      "OFFSETS_OF_MISSING_TOPIC",
      { cluster: "source", topic, partitions, groups },
      `${groupNames(groups)} committed on ${
        topicExists
          ? partitionsOf(topic, partitions.map((partition) => ({ partition })))
          : `topic ${escapeName(topic)}`
      }, which does not exist: these offsets are left out`,
      topicExists
        ? "Nothing, if the topic was created again with fewer partitions"
        : "Nothing, if the topic was deleted; if it still exists, give the user Describe on it",
    )
  );
  const internal = internalTopics.length === 0 ? [] : [finding(
    "INTERNAL_TOPIC",
    { cluster: "source" },
    `Internal topics are never migrated, and groups have committed on ${listNames(internalTopics)}`,
    "Leave them out with topics.exclude to silence this",
  )];
  const share = shareGroups.length === 0 ? [] : [finding(
    "SHARE_GROUP",
    { cluster: "source", groups: shareGroups },
    `${
      countOf(shareGroups.length, "share group")
    } left out, as their state is not kept as committed offsets: ${listNames(shareGroups)}`,
    "Let their consumers finish on the source, or leave them out with groups.exclude to silence this",
  )];
  return [...dropped, ...internal, ...share];
}

function numbersOf(partitions: readonly { readonly partition: number }[]): readonly number[] {
  return partitions.map(({ partition }) => partition);
}

function groupNames(groups: readonly string[]): string {
  return `${groups.length === 1 ? "Group" : "Groups"} ${listNames(groups)}`;
}
