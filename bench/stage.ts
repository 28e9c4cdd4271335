// The two clusters between which the bench copies: one broker each and a long link to it, topics filled on the source, a
// fresh empty topic on the target for each run, and the count of what arrived. It knows no contender and measures nothing.

import {
  type KafkaCluster,
  type KafkaOptions,
  startKafka,
} from "../tests/support/kafka_cluster.ts";
import { runCommand } from "../tests/support/run_command.ts";
import type { BenchOptions } from "./options.ts";
import type { GoPrograms } from "./programs.ts";
import { bytesLeft, recordsOfPartition, ROUND_TRIP_MS, type Workload } from "./workloads.ts";

/** What there is to copy of a partition. */
export interface Backlog {
  readonly partition: number;
  readonly start: number;
  readonly count: number;
}

/** Bootstrap servers of both sides. */
export interface Addresses {
  readonly source: string;
  readonly target: string;
}

/** The clusters, and what is done to them around a run. */
export interface Stage extends AsyncDisposable {
  readonly near: Addresses;
  /** The same clusters over long links. */
  readonly far: Addresses;
  /** Creates and fills a workload's topic on the source. */
  readonly fill: (workload: Workload) => Promise<void>;
  /** Puts groups before the last part of each partition. @param groups more than one are numbered from 1 */
  readonly commit: (
    workload: Workload,
    group: string,
    part: number,
    groups?: number,
  ) => Promise<readonly Backlog[]>;
  /** Creates the topic, empty, on the target. */
  readonly createTarget: (workload: Workload) => Promise<void>;
  /** Makes the page cache ready for what a run will write: see {@link warmMemory}. */
  readonly warmMemory: (bytes: number) => Promise<void>;
  /** @throws Error where the target's partitions do not hold what there was to copy */
  readonly checkTarget: (workload: Workload, backlog: readonly Backlog[]) => Promise<void>;
  readonly deleteTarget: (workload: Workload) => Promise<void>;
  /** Deletes the topic on the source. */
  readonly deleteSource: (workload: Workload) => Promise<void>;
}

const brokerOptions: KafkaOptions = {
  heapMb: 768,
  listeners: ["FAR"],
  properties: {
    // Gigabytes of deleted topics would otherwise stay for a minute, in memory too.
    "log.segment.delete.delay.ms": "0",
  },
};

/** Starts both clusters, of the releases that are asked for. */
export async function openStage(
  { admin, fill, link }: GoPrograms,
  { source: from, target: to }: Pick<BenchOptions, "source" | "target"> = {},
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const started = await Promise.all([
    startKafka({ ...brokerOptions, ...(from && { version: from }) }),
    startKafka({ ...brokerOptions, ...(to && { version: to }) }),
  ]);
  for (const cluster of started) {
    stack.use(cluster);
    stack.use(startLink(link, cluster));
  }
  const [source, target] = started;
  const owned = stack.move();
  const call = (
    { bootstrap }: KafkaCluster,
    verb: string,
    topic: string,
    options: Readonly<Record<string, string | number>> = {},
  ): Promise<string> => {
    const flags = Object.entries({ cluster: bootstrap, topic, ...options });
    return runCommand(admin, [...flags.map(([name, value]) => `-${name}=${value}`), verb]);
  };
  const create = (cluster: KafkaCluster, { topic, partitions }: Workload) =>
    call(cluster, "create", topicName(topic), { partitions });
  const checkEnds = async (
    cluster: KafkaCluster,
    { topic }: Workload,
    expected: readonly (readonly [partition: number, records: number])[],
  ) => {
    const name = topicName(topic);
    const ends: Readonly<Record<string, number>> = JSON.parse(await call(cluster, "ends", name));
    for (const [partition, records] of expected) {
      const end = ends[partition];
      if (end !== records) throw new Error(`${name}-${partition} ends at ${end}, not ${records}`);
    }
  };
  return {
    near: { source: source.bootstrap, target: target.bootstrap },
    far: { source: farAddress(source), target: farAddress(target) },
    async fill(workload) {
      await create(source, workload);
      const { topic, partitions, records, valueBytes, codec, batchBytes } = workload;
      await runCommand(fill, [
        ...[`-cluster=${source.bootstrap}`, `-topic=${topicName(topic)}`],
        ...[`-partitions=${partitions}`, `-count=${records}`, `-bytes=${valueBytes}`],
        ...[`-codec=${codec}`, `-batch-bytes=${batchBytes}`],
      ]);
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      await checkEnds(
        source,
        workload,
        all.map((each) => [each, recordsOfPartition(workload, each)]),
      );
    },
    async commit({ topic }, group, part, groups = 1) {
      const options = { group, part, groups };
      return JSON.parse(await call(source, "commit", topicName(topic), options));
    },
    createTarget: async (workload) => void await create(target, workload),
    warmMemory: (bytes) => warmMemory(target, bytes),
    checkTarget: (workload, backlog) =>
      checkEnds(target, workload, backlog.map(({ partition, count }) => [partition, count])),
    deleteTarget: async ({ topic }) => void await call(target, "delete", topicName(topic)),
    deleteSource: async ({ topic }) => void await call(source, "delete", topicName(topic)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a workload's topic is called on the clusters. */
export function topicName(topic: string): string {
  return `bench-${topic}`;
}

/** Bytes that are in the page cache after a run and were not before. */
export function bytesWritten(workload: Workload): number {
  return bytesLeft(workload) * 1.1;
}

function farAddress({ brokers: [broker] }: KafkaCluster): string {
  if (broker?.farAddress === undefined) throw new Error("The cluster has no link");
  return broker.farAddress;
}

function startLink(program: string, cluster: KafkaCluster): AsyncDisposable {
  const [broker] = cluster.brokers;
  const process = new Deno.Command(program, {
    args: [
      ...["-listen", farAddress(cluster), "-to", broker?.addressOf("FAR") ?? ""],
      ...["-delay", `${ROUND_TRIP_MS / 2}ms`],
    ],
    stdout: "null",
  }).spawn();
  return {
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGKILL");
      await process.status;
    },
  };
}

/**
 * Writes as many bytes as a run will and deletes them. A virtual machine that hands free memory back to its host gets it
 * again page by page, which costs several times what copying does: without this, runs differ by a factor of two.
 */
async function warmMemory({ brokers }: KafkaCluster, bytes: number): Promise<void> {
  const [broker] = brokers;
  if (broker === undefined) throw new Error("Cannot warm the memory up: the cluster has no broker");
  // Beside the broker's log directory: same file system, gone with the cluster.
  const path = `${broker.logDir}-warm-up`;
  const block = new Uint8Array(4 * 2 ** 20);
  const file = await Deno.open(path, { create: true, write: true });
  try {
    for (let left = bytes; left > 0; left -= block.length) {
      await file.write(block);
    }
  } finally {
    file.close();
    await Deno.remove(path);
  }
}
