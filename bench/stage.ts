// The two clusters between which the bench copies: one broker each, topics filled on the source, a fresh empty topic on
// the target for each run, and the count of what arrived. It knows no contender and measures nothing.

import {
  type KafkaCluster,
  type KafkaOptions,
  startKafka,
} from "../tests/support/kafka_cluster.ts";
import { type Judge, startJudge } from "../tests/support/librdkafka.ts";
import { runCommand } from "../tests/support/run_command.ts";
import type { GoPrograms } from "./programs.ts";
import { recordsOfPartition, valueBytesOf, type Workload } from "./workloads.ts";

/** The group with a committed offset, 0, on every partition. */
export const benchGroup = "bench-group";

/** The clusters, and what is done to them around a run. */
export interface Stage extends AsyncDisposable {
  /** Bootstrap servers. */
  readonly source: string;
  readonly target: string;
  /** Creates and fills a workload's topic on the source. @returns its name */
  readonly seed: (workload: Workload) => Promise<string>;
  /** Creates the topic, empty, on the target. */
  readonly createTarget: (workload: Workload) => Promise<void>;
  /** Makes the page cache ready for what a run will write: see {@link warmMemory}. */
  readonly warmMemory: (workload: Workload) => Promise<void>;
  /** @throws Error where the target's partitions do not end where the source's do */
  readonly checkTarget: (workload: Workload) => Promise<void>;
  readonly deleteTarget: (workload: Workload) => Promise<void>;
  /** Deletes the topic on the source. */
  readonly deleteSource: (workload: Workload) => Promise<void>;
}

const brokerOptions: KafkaOptions = {
  heapMb: 768,
  properties: {
    // Gigabytes of deleted topics would otherwise stay for a minute, in memory too.
    "log.segment.delete.delay.ms": "0",
  },
};

/** Starts both clusters. */
export async function openStage({ seed }: GoPrograms): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const started = await Promise.all([startKafka(brokerOptions), startKafka(brokerOptions)]);
  started.forEach((cluster) => stack.use(cluster));
  const [source, target] = started;
  const judge = stack.use(await startJudge());
  const owned = stack.move();
  return {
    source: source.bootstrap,
    target: target.bootstrap,
    seed: (workload) => seedTopic(source, judge, seed, workload),
    createTarget: (workload) => createTopic(target, judge, workload),
    warmMemory: (workload) => warmMemory(target, workload),
    checkTarget: (workload) => checkEnds(target, judge, workload),
    deleteTarget: (workload) => judge.deleteTopics(target.bootstrap, [topicOf(workload)]),
    deleteSource: (workload) => judge.deleteTopics(source.bootstrap, [topicOf(workload)]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function topicOf({ name }: Workload): string {
  return `bench-${name.toLowerCase()}`;
}

async function createTopic(
  cluster: KafkaCluster,
  judge: Judge,
  workload: Workload,
): Promise<void> {
  const { partitions } = workload;
  await judge.createTopics(cluster.bootstrap, [{ name: topicOf(workload), partitions }]);
}

/**
 * Writes as many bytes as a run will and deletes them. A virtual machine that hands free memory back to its host gets it
 * again page by page, which costs several times what copying does: without this, runs differ by a factor of two.
 */
async function warmMemory({ brokers }: KafkaCluster, workload: Workload): Promise<void> {
  const [broker] = brokers;
  if (broker === undefined) throw new Error("Cannot warm the memory up: the cluster has no broker");
  // Beside the broker's log directory: same file system, gone with the cluster.
  const path = `${broker.logDir}-warm-up`;
  const block = new Uint8Array(4 * 2 ** 20);
  const file = await Deno.open(path, { create: true, write: true });
  try {
    for (let left = valueBytesOf(workload) * 1.1; left > 0; left -= block.length) {
      await file.write(block);
    }
  } finally {
    file.close();
    await Deno.remove(path);
  }
}

async function seedTopic(
  cluster: KafkaCluster,
  judge: Judge,
  seed: string,
  workload: Workload,
): Promise<string> {
  const topic = topicOf(workload);
  const { partitions, records, valueBytes, codec, batchBytes } = workload;
  await createTopic(cluster, judge, workload);
  await runCommand(seed, [
    ...[`-cluster=${cluster.bootstrap}`, `-topic=${topic}`, `-partitions=${partitions}`],
    ...[`-count=${records}`, `-bytes=${valueBytes}`, `-codec=${codec}`],
    `-batch-bytes=${batchBytes}`,
  ]);
  await checkEnds(cluster, judge, workload);
  const offsets = Array.from({ length: partitions }, (_, partition) => ({
    topic,
    partition,
    offset: 0n,
  }));
  // As a consumer: on a cluster that never saw a group, this waits for the coordinator; an administrator's commit
  // comes back without having been stored.
  await judge.commitOffsets(cluster.bootstrap, benchGroup, offsets, { joined: true });
  return topic;
}

async function checkEnds(
  { bootstrap }: KafkaCluster,
  judge: Judge,
  workload: Workload,
): Promise<void> {
  const topic = topicOf(workload);
  for (let partition = 0; partition < workload.partitions; partition++) {
    const expected = recordsOfPartition(workload, partition);
    const { highWatermark } = await judge.watermarks(bootstrap, topic, partition);
    if (highWatermark !== expected) {
      throw new Error(`${topic}-${partition} ends at ${highWatermark}, expected ${expected}`);
    }
  }
}
