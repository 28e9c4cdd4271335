/**
 * All that a cluster keeps, to be compared before and after what must not write: topics, their settings, groups with
 * their positions, and the logs' bytes on disk, the internal topics' too. Refuses to change anything by looking: groups'
 * positions are asked only where groups are, since asking for a coordinator creates the topic that keeps them.
 */

import type { KafkaCluster } from "./kafka_cluster.ts";
import { kafkaClassPath } from "./kafka_jars.ts";
import { isSince } from "./kafka_releases.ts";
import type { Judge } from "./librdkafka.ts";
import { runCommand } from "./run_command.ts";

/** What a cluster holds; compare two with `assert.deepEqual`. */
export interface ClusterState {
  /** Partitions with their replicas by topic. */
  readonly topics: Readonly<Record<string, unknown>>;
  /** Settings of its own by topic. */
  readonly configs: Readonly<Record<string, unknown>>;
  /** Positions by group. */
  readonly groups: Readonly<Record<string, unknown>>;
  /** Bytes of each log segment by broker, folder and file. */
  readonly segments: Readonly<Record<string, number>>;
}

/** Looks at a cluster. */
export async function clusterState(judge: Judge, cluster: KafkaCluster): Promise<ClusterState> {
  const { topics, groups } = await judge.topicsAndGroups(cluster.bootstrap);
  return {
    topics,
    configs: await configsOf(judge, cluster, Object.keys(topics)),
    groups: Object.fromEntries(
      await Promise.all(groups.map(async (group) =>
        [
          group,
          (await judge.committedOffsets(cluster.bootstrap, group))
            .map(({ topic, partition, offset }) => `${topic}-${partition}: ${offset}`).sort(),
        ] as const
      )),
    ),
    segments: await segmentsOf(cluster),
  };
}

async function configsOf(
  judge: Judge,
  { version, bootstrap, zookeeper }: KafkaCluster,
  topics: readonly string[],
): Promise<ClusterState["configs"]> {
  if (!isSince(version, "0.11.0.3")) {
    // Only ZooKeeper tells.
    const text = await runCommand("java", [
      ...["-XX:TieredStopAtLevel=1", "-cp", await kafkaClassPath(version)],
      ...["kafka.admin.ConfigCommand", "--zookeeper", zookeeper ?? ""],
      ...["--describe", "--entity-type", "topics"],
    ]);
    return { told: text.split("\n").filter((line) => line.startsWith("Configs for")).sort() };
  }
  return Object.fromEntries(
    await Promise.all(topics.map(async (topic) =>
      [
        topic,
        (await judge.describeTopic(bootstrap, topic))?.configs,
      ] as const
    )),
  );
}

async function segmentsOf({ brokers }: KafkaCluster): Promise<Readonly<Record<string, number>>> {
  const segments: Record<string, number> = {};
  for (const { logDir } of brokers) {
    for await (const { name, isDirectory } of Deno.readDir(logDir)) {
      // The controllers' own log goes on with every heartbeat.
      if (!isDirectory || name.startsWith("__cluster_metadata")) continue;
      for await (const file of Deno.readDir(`${logDir}/${name}`)) {
        if (!file.name.endsWith(".log")) continue;
        const path = `${logDir}/${name}/${file.name}`;
        segments[path] = (await Deno.stat(path)).size;
      }
    }
  }
  return segments;
}
