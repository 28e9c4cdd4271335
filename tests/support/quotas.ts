/**
 * Quotas of a test cluster's brokers on clients, through Kafka's own command. Refuses to say when they bite: windows are
 * the cluster's to set (`quota.window.num`, `quota.window.size.seconds`).
 */

import type { KafkaCluster } from "./kafka_cluster.ts";
import { kafkaClassPath } from "./kafka_jars.ts";
import { runCommand } from "./run_command.ts";

/** Windows so short that quotas bite soon: two seconds instead of eleven. */
export const shortQuotaWindows: Readonly<Record<string, string>> = {
  "quota.window.num": "2",
  "quota.window.size.seconds": "1",
};

/** Changes the quota of one `client.id`, or of every client. @param what `--add-config name=value` or `--delete-config name` */
export async function alterQuota(
  { version, bootstrap, zookeeper }: KafkaCluster,
  what: readonly string[],
  client?: string,
): Promise<void> {
  await runCommand("java", [
    ...["-cp", await kafkaClassPath(version), "kafka.admin.ConfigCommand"],
    ...(zookeeper === undefined ? ["--bootstrap-server", bootstrap] : ["--zookeeper", zookeeper]),
    ...["--alter", ...what, "--entity-type", "clients"],
    ...(client === undefined ? ["--entity-default"] : ["--entity-name", client]),
  ]);
}
