// Checks that the coordinators of all groups are ready. A broker that has only just become the leader of a partition
// of __consumer_offsets lists none of its groups yet, or none whose commit is above the high watermark that it knows,
// and reports no error: a plan made at that moment would miss groups. So each such partition's leader is asked for the
// end of the partition, which it tells once it has caught up (KIP-207), and about a group that would belong to the
// partition (the group's hash code modulo the number of partitions), which it answers with an error until it has read
// the partition.

import type { PartitionMetadata } from "../protocol/metadata.ts";
import { isAway, neededFor } from "../wire/connection_error.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { Cluster } from "./cluster.ts";
import { askOffsets, isPassing } from "./groups.ts";
import { listEndOffsets } from "./partition_offsets.ts";

const OFFSETS_TOPIC = "__consumer_offsets";

/** The leaders of the partitions that hold committed offsets. */
export interface Coordinators {
  /**
   * Partitions, leaders and epochs as one text: if it differs between two checks, groups may have been hidden
   * meanwhile.
   */
  readonly state: string;
  /** Every broker that coordinates groups; empty if there are no such partitions or the user may not see them. */
  readonly nodeIds: ReadonlySet<number>;
}

/**
 * The coordinators of the groups, once all of them are ready.
 *
 * @returns undefined while a partition has no leader, or a leader is not yet ready
 * @throws {ConnectionError | ProtocolError}
 */
export async function readyCoordinators(cluster: Cluster): Promise<Coordinators | undefined> {
  const { topics: [topic] } = await cluster.metadata([OFFSETS_TOPIC]);
  const partitions = topic?.partitions ?? [];
  if (partitions.some(({ leader }) => !cluster.brokers().has(leader))) return undefined;
  const names = groupsOf(partitions.length);
  const ready = await Promise.all(
    [...Map.groupBy(partitions, ({ leader }) => leader)].map(([leader, led]) =>
      isReady(cluster, leader, led, led.flatMap(({ partition }) => names[partition] ?? []))
    ),
  );
  if (ready.includes(false)) return undefined;
  const state = partitions
    .map(({ partition, leader, leaderEpoch }) => `${partition} ${leader} ${leaderEpoch}`)
    .sort().join(", ");
  return { state, nodeIds: new Set(partitions.map(({ leader }) => leader)) };
}

async function neededBroker(cluster: Cluster, leader: number): Promise<BrokerConnection> {
  try {
    return await cluster.control(leader);
  } catch (error) {
    throw isAway(error)
      ? neededFor(error, `it leads partitions of ${OFFSETS_TOPIC}, so that some groups are unknown`)
      : error;
  }
}

/** Whether a broker answers about these groups; groups that the user may not describe count as answered. */
async function isReady(
  cluster: Cluster,
  leader: number,
  led: readonly PartitionMetadata[],
  groups: readonly string[],
): Promise<boolean> {
  const broker = await neededBroker(cluster, leader);
  const partitions = led.map(({ partition }) => ({ topic: OFFSETS_TOPIC, partition }));
  const [ends, answers] = await Promise.all([
    listEndOffsets(broker, partitions),
    askOffsets(broker, groups, false),
  ]);
  return ends.size === partitions.length && !answers.some(isPassing);
}

/** For each of so many partitions, a group name that belongs to it. */
export function groupsOf(partitionCount: number): readonly string[] {
  const names: string[] = [];
  let found = 0;
  for (let number = 0; found < partitionCount; number++) {
    const name = `data-migrate-${number}`;
    const partition = partitionOf(name, partitionCount);
    if (names[partition] !== undefined) continue;
    names[partition] = name;
    found++;
  }
  return names;
}

/** The partition of __consumer_offsets that holds a group: the absolute value of Java's String.hashCode(), modulo. */
export function partitionOf(group: string, partitionCount: number): number {
  let hash = 0;
  for (let at = 0; at < group.length; at++) {
    hash = (Math.imul(hash, 31) + group.charCodeAt(at)) | 0;
  }
  // Kafka's Utils.abs() does the same.
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitionCount;
}
