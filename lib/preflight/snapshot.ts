// A look at a cluster: groups and their committed offsets from every broker, topics, and the offsets of the partitions
// concerned from their leaders. Errors of single groups and partitions sit on them; nothing is judged here.

import type {
  ClusterSnapshot,
  GroupSnapshot,
  PartitionSnapshot,
  TopicSettings,
  TopicSnapshot,
} from "../model/snapshot.ts";
import { failure } from "../model/failure.ts";
import type { PartitionRange } from "../plan/partition_range.ts";
import { formatTopicPartition, type TopicPartition, topicsOf } from "../model/topic_partition.ts";
import { escapeName } from "../model/escape_name.ts";
import { kafkaError } from "../model/kafka_error.ts";
import { isInternalTopicName } from "../plan/name_filter.ts";
import { formatAddress } from "../config/address.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { type Coordinators, readyCoordinators } from "../kafka/coordinators.ts";
import { fetchGroups, GroupListError } from "../kafka/groups.ts";
import {
  listPartitionOffsets,
  offsetsProblem,
  type PartitionOffsetsResult,
} from "../kafka/partition_offsets.ts";
import { withRetries } from "../kafka/with_retries.ts";
import { fetchTopicSettings } from "../kafka/topic_configs.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { type ConnectionError, isAway, neededFor } from "../wire/connection_error.ts";
import { untoldBy } from "../kafka/untold.ts";
import type { Metadata, TopicMetadata } from "../protocol/metadata.ts";

/**
 * Looks at the source: all groups, all topics, offsets of the topics that `concerns` accepts, settings of those committed
 * on.
 *
 * @param onListed told the groups as soon as they are known, and again when all is done again
 */
export async function snapshotSource(
  cluster: Cluster,
  concerns: (topic: string) => boolean,
  onListed: (groups: readonly GroupSnapshot[]) => void,
  signal: AbortSignal,
): Promise<ClusterSnapshot> {
  return await withAllGroups(cluster, signal, undefined, async (listing) => {
    // Asked for beside the groups: over a long link each question takes its time.
    const [groups, metadata] = await Promise.all([listing, cluster.metadata("all")]);
    onListed(groups);
    const committedOn = new Set(groups.flatMap(({ committed }) => [...committed.keys()]));
    const unread = metadata.topics.filter(({ errorCode, topic, internal }) =>
      errorCode === 0 && !internal && !isInternalTopicName(topic) && !committedOn.has(topic) &&
      concerns(topic)
    );
    const wanted = (topic: string) => committedOn.has(topic) && concerns(topic);
    const [seen, offsets] = await Promise.all([
      snapshot(cluster, metadata, groups, wanted, signal),
      // Nothing depends on them: what is not told at once is left out.
      fetchOffsets(cluster, unread, signal, undefined, 0),
    ]);
    const topics = unread.map((topic) =>
      [topic.topic, toSnapshot(topic, offsets, new Map(), true)] as const
    );
    const untold = await untoldBy(cluster);
    return { ...seen, topics: new Map([...seen.topics, ...topics]), untold };
  });
}

/** Looks at the topics of ranges on the source; no group is asked. */
export async function snapshotRanges(
  cluster: Cluster,
  ranges: readonly PartitionRange[],
  signal: AbortSignal,
): Promise<ClusterSnapshot> {
  const metadata = await cluster.metadata(topicsOf(ranges));
  const times = new Map(
    ranges.flatMap((range) =>
      typeof range.start === "object"
        ? [[formatTopicPartition(range), range.start.timestampMs] as const]
        : []
    ),
  );
  const seen = await snapshot(cluster, metadata, [], () => true, signal, times);
  return { ...seen, untold: await untoldBy(cluster) };
}

/** Looks at the named topics of a cluster. */
export async function snapshotTopics(
  cluster: Cluster,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ClusterSnapshot> {
  const metadata = await cluster.metadata(topics);
  return await snapshot(cluster, metadata, [], () => true, signal);
}

/** {@link snapshotTopics}, again where a connection breaks: a copy of hours must not look failed for that. @throws the last of the peer's errors */
export async function lookAtTopics(
  cluster: Cluster,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ClusterSnapshot> {
  return await withRetries(() => snapshotTopics(cluster, topics, signal), signal);
}

/**
 * Every group of a cluster, or those named, with what it has committed.
 *
 * @throws {ConnectionError | GroupListError}
 */
export async function allGroups(
  cluster: Cluster,
  signal: AbortSignal,
  names?: ReadonlySet<string>,
): Promise<readonly GroupSnapshot[]> {
  return await withAllGroups(cluster, signal, names, (listing) => listing);
}

/**
 * What is made of the groups, while it is looked whether their coordinators have changed since they were listed: if they
 * have, all of it is done again.
 *
 * @param names all groups where it is absent
 * @param make may begin before the groups are listed
 */
async function withAllGroups<Made>(
  cluster: Cluster,
  signal: AbortSignal,
  names: ReadonlySet<string> | undefined,
  make: (listing: Promise<readonly GroupSnapshot[]>) => Promise<Made>,
): Promise<Made> {
  const backoff = createBackoff(CONTROL_BACKOFF, signal);
  const attempt = async () => {
    const before = await readyCoordinators(cluster);
    if (before === undefined) return undefined;
    const listing = Promise.all(
      [...cluster.brokers().keys()].map((nodeId) =>
        groupsOn(cluster, nodeId, before, (broker) => fetchGroups(broker, backoff, names))
      ),
    ).then(oncePerName);
    const [after, made] = await Promise.all([
      listing.then(() => readyCoordinators(cluster)),
      make(listing),
    ]);
    return after?.state === before.state ? { made } : undefined;
  };
  let away: ConnectionError | undefined;
  const { made } = await backoff(async () => {
    away = undefined;
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      // Others take over from a coordinator that is down, within seconds.
      if (!isAway(error)) throw error;
      away = error;
      return undefined;
    }
  }, () =>
    away ?? new GroupListError(failure(
      "GROUP_UNREADABLE",
      `Cannot list the consumer groups of the ${cluster.role} cluster: some partitions of __consumer_offsets have no leader that answers for them`,
    )));
  return made;
}

/** The groups that a broker coordinates; none where it is away and known to coordinate none. */
async function groupsOn(
  cluster: Cluster,
  nodeId: number,
  { nodeIds }: Coordinators,
  list: (broker: BrokerConnection) => Promise<readonly GroupSnapshot[]>,
): Promise<readonly GroupSnapshot[]> {
  try {
    return await list(await cluster.control(nodeId));
  } catch (error) {
    if (!isAway(error)) throw error;
    if (nodeIds.size === 0) {
      throw neededFor(
        error,
        "whether it coordinates groups can't be told without seeing __consumer_offsets",
      );
    }
    if (nodeIds.has(nodeId)) throw error;
    return [];
  }
}

/** A broker that led before may still list a group too: the one with more offsets knows it. */
function oncePerName(listed: readonly (readonly GroupSnapshot[])[]): readonly GroupSnapshot[] {
  const byName = new Map<string, GroupSnapshot>();
  for (const group of listed.flat()) {
    const known = byName.get(group.group);
    if (known === undefined || group.committed.size > known.committed.size) {
      byName.set(group.group, group);
    }
  }
  return [...byName.values()];
}

async function snapshot(
  cluster: Cluster,
  metadata: Metadata,
  groups: readonly GroupSnapshot[],
  wanted: (topic: string) => boolean,
  signal: AbortSignal,
  times?: ReadonlyMap<string, number>,
): Promise<ClusterSnapshot> {
  const existing = metadata.topics.filter(({ errorCode }) =>
    errorCode === 0 || kafkaError(errorCode).name === "LEADER_NOT_AVAILABLE"
  );
  const concerned = existing.filter(({ topic }) => wanted(topic));
  const failed = new AbortController();
  const [offsets, settings] = await Promise.all([
    fetchOffsets(cluster, concerned, AbortSignal.any([signal, failed.signal]), times),
    fetchSettings(cluster, concerned),
  ]).catch((error) => {
    // Nobody waits for the other answers any more.
    failed.abort();
    throw error;
  });
  return {
    clusterId: metadata.clusterId,
    brokers: [...cluster.brokers()].map(([nodeId, address]) => ({
      nodeId,
      address: formatAddress(address),
    })),
    topics: new Map(
      existing.map((
        topic,
      ) => [topic.topic, toSnapshot(topic, offsets, settings, wanted(topic.topic))]),
    ),
    groups,
  };
}

async function fetchSettings(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  return await fetchTopicSettings(await cluster.anyControl(), topics.map(({ topic }) => topic));
}

const RETRIES = 20;

/**
 * Asks each leader; partitions whose leader has just moved, or is away, are asked again after a look at newer metadata.
 *
 * @throws {ConnectionError} of a leader that stays away, where it is asked again at all
 */
async function fetchOffsets(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  signal: AbortSignal,
  times?: ReadonlyMap<string, number>,
  retries = RETRIES,
): Promise<ReadonlyMap<string, PartitionOffsetsResult>> {
  const results = new Map<string, PartitionOffsetsResult>();
  let away: ConnectionError | undefined;
  let current = topics;
  let tries = 0;
  await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    if (tries++ > 0) current = (await cluster.metadata(topics.map(({ topic }) => topic))).topics;
    const byLeader = new Map<number, TopicPartition[]>();
    for (const { topic, partitions } of current) {
      for (const { partition, leader } of partitions) {
        if (leader < 0 || !isOpen(results.get(formatTopicPartition({ topic, partition })))) {
          continue;
        }
        const ofLeader = byLeader.get(leader) ?? [];
        byLeader.set(leader, ofLeader);
        ofLeader.push({ topic, partition });
      }
    }
    away = undefined;
    await Promise.all([...byLeader].map(async ([leader, partitions]) => {
      try {
        const broker = await cluster.control(leader);
        for (const [key, result] of await listPartitionOffsets(broker, partitions, times)) {
          results.set(key, result);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isAway(error)) throw error;
        away = neededFor(error, `it leads ${namesOf(partitions)}`);
      }
    }));
    const answered = away === undefined && [...results.values()].every((each) => !isOpen(each));
    return answered || tries > retries ? true : undefined;
  }, () => undefined);
  if (away !== undefined && retries > 0) throw away;
  return results;
}

const MOST_NAMES = 3;

/** `orders-0, orders-1, orders-2 and 4 more`. */
function namesOf(partitions: readonly TopicPartition[]): string {
  const names = partitions.slice(0, MOST_NAMES).map(formatTopicPartition).map(escapeName);
  const more = partitions.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Whether asking again may help. */
function isOpen(result: PartitionOffsetsResult | undefined): boolean {
  if (result === undefined) return true;
  return "errorCode" in result && kafkaError(result.errorCode).action !== "fatal";
}

function toSnapshot(
  { topic, topicId, internal, partitions }: TopicMetadata,
  offsets: ReadonlyMap<string, PartitionOffsetsResult>,
  settings: ReadonlyMap<string, TopicSettings>,
  wanted: boolean,
): TopicSnapshot {
  const ofTopic = settings.get(topic);
  return {
    ...(ofTopic !== undefined && { settings: ofTopic }),
    topic,
    internal,
    ...(topicId !== undefined && { topicId }),
    replicationFactor: Math.max(0, ...partitions.map(({ replicas }) => replicas)),
    partitions: partitions
      .map(({ partition, leader, leaderEpoch }): PartitionSnapshot => {
        const base = { partition, leader, leaderEpoch };
        if (!wanted) return base;
        const result = offsets.get(formatTopicPartition({ topic, partition }));
        if (result === undefined || leader < 0) return { ...base, problem: "it has no leader" };
        return "offsets" in result
          ? { ...base, ...result }
          : { ...base, problem: offsetsProblem(result.errorCode) };
      })
      .sort((a, b) => a.partition - b.partition),
  };
}
