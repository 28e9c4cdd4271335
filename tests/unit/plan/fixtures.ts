// Snapshots in few words, for the tests of the pure folders. Every helper gives plain data; none of them asserts.

import { EVERY_NAME, type NameFilter, parsePattern } from "../../../lib/plan/name_filter.ts";
import { buildPlan, type Plan, type PlanInput } from "../../../lib/plan/plan.ts";
import type {
  ClusterSnapshot,
  GroupSnapshot,
  PartitionOffsets,
  PartitionSnapshot,
} from "../../../lib/model/snapshot.ts";

/** Log start offset, high watermark, last stable offset (the high watermark unless given); `null` for an offline partition. */
export type Log = readonly [number, number, number?] | null;

/** Committed offsets: `{ topic: [of partition 0, of partition 1, …] }`, `null` where there is none. */
export type Commits = Readonly<Record<string, readonly (number | null)[]>>;

export function log(logStart: number, end: number, lastStable = end): PartitionOffsets {
  return {
    logStartOffset: BigInt(logStart),
    highWatermark: BigInt(end),
    lastStableOffset: BigInt(lastStable),
  };
}

export function group(
  name: string,
  commits: Commits,
  more: Partial<GroupSnapshot> = {},
): GroupSnapshot {
  const committed = new Map(
    Object.entries(commits).map(([topic, offsets]) => [
      topic,
      new Map(
        offsets.flatMap((o, partition) => o === null ? [] : [[partition, BigInt(o)] as const]),
      ),
    ]),
  );
  return { group: name, type: "classic", state: "Empty", committed, ...more };
}

export function cluster(
  topics: Readonly<Record<string, readonly Log[]>>,
  groups: readonly GroupSnapshot[] = [],
  clusterId = "source-id",
): ClusterSnapshot {
  return {
    clusterId,
    brokers: [{ nodeId: 1, address: "10.0.0.1:9092" }],
    topics: new Map(
      Object.entries(topics).map(([topic, logs]) => [
        topic,
        { topic, internal: false, partitions: logs.map(partitionSnapshot) },
      ]),
    ),
    groups,
  };
}

export function filter(include: readonly string[], exclude: readonly string[] = []): NameFilter {
  const parse = (text: string) => {
    const pattern = parsePattern(text);
    if (typeof pattern === "string") throw new TypeError(pattern);
    return pattern;
  };
  return { include: include.map(parse), exclude: exclude.map(parse) };
}

export function plan(source: ClusterSnapshot, more: Partial<PlanInput> = {}): Plan {
  return buildPlan({
    source,
    topics: EVERY_NAME,
    groups: EVERY_NAME,
    uncommitted: "earliest",
    ...more,
  });
}

/** The source of the worked example: test1 expired, test3 read by both groups. */
export function workedExample(): ClusterSnapshot {
  return cluster({
    test1: [[5226, 5226]],
    test2: [[0, 1000]],
    test3: [[0, 264322]],
    test4: [[10, 50]],
  }, [
    group("test34-group", { test3: [200000], test4: [50] }),
    group("test123-group", { test1: [3713], test2: [400], test3: [187800] }),
  ]);
}

function partitionSnapshot(offsets: Log, partition: number): PartitionSnapshot {
  return offsets === null
    ? { partition, leader: -1, leaderEpoch: 0, problem: "Leader not available" }
    : { partition, leader: 1, leaderEpoch: 0, offsets: log(...offsets) };
}
