// The life of a connector on a Connect cluster: taken up or created, primed, stopped, removed. Every step can be repeated,
// so that a run which was killed at any of them is continued by the next.

import { type ConnectCluster, ConnectError, type ConnectorSettings } from "./rest.ts";
import { delay } from "../waiting/delay.ts";
import type { MigrationConfig } from "../config/migration_config.ts";
import type { Failure } from "../model/failure.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { connectorConfig } from "./pure/connector_config.ts";
import { type BegunPartition, type NextOffsets, offsetsToStore } from "./pure/source_offsets.ts";

const POLL_MS = 200;
/** A task gets 5 s to stop by default (`task.shutdown.graceful.timeout.ms`), a lost worker is missed after some more. */
const STOPPED_WITHIN_MS = 60_000;

/** Tasks where the config names no number: more partitions share them. */
const MOST_TASKS = 8;
const LEAST_BATCH_BYTES = 1024 * 1024;

/** The configuration of a connector that copies some topics. @param version of Connect */
export function connectorOf(
  name: string,
  topics: readonly string[],
  partitions: number,
  version: string,
  { config, targetSnapshot }: {
    readonly config: MigrationConfig;
    readonly targetSnapshot: ClusterSnapshot;
  },
): ConnectorSettings {
  const { engine, source, target } = config;
  if (engine === "local") throw new Error("Cannot configure a connector: the engine is local");
  const { tasks = Math.min(partitions, MOST_TASKS), secrets = {} } = engine.connect;
  const limits = topics.map((topic) => targetSnapshot.topics.get(topic)?.settings?.maxMessageBytes);
  const maxBatchBytes = Math.max(LEAST_BATCH_BYTES, ...limits.map((limit) => limit ?? 0));
  return connectorConfig({ name, version, topics, tasks, source, target, secrets, maxBatchBytes });
}

/** Stops a connector and waits until nothing of it runs. @returns whether there is one */
export async function haltConnector(
  connect: ConnectCluster,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await connect.status(name) === undefined) return false;
  await connect.stop(name);
  const giveUpAt = performance.now() + STOPPED_WITHIN_MS;
  for (;;) {
    const status = await connect.status(name);
    if (status?.connector.state === "STOPPED" && status.tasks.length === 0) return true;
    if (performance.now() > giveUpAt) {
      const states = status === undefined
        ? "gone"
        : [status.connector, ...status.tasks].map(({ state }) => state).join(", ");
      throw new ConnectError(
        `Connector ${name} was asked to stop and is still ${states}; see the workers' logs`,
        0,
      );
    }
    await delay(POLL_MS, signal);
  }
}

/**
 * Prepares a connector to run: it exists, is stopped and configured, and each partition has the offset to continue from.
 *
 * @returns its next offsets, or why it must not run
 */
export async function primeConnector(
  connect: ConnectCluster,
  name: string,
  config: ConnectorSettings,
  partitions: readonly BegunPartition[],
  signal: AbortSignal,
): Promise<NextOffsets | Failure> {
  if (!await haltConnector(connect, name, signal)) {
    await connect.create(name, config);
    // Once Connect says that it is stopped, it exists.
    await haltConnector(connect, name, signal);
  } else await connect.configure(name, config);
  const stored = offsetsToStore(partitions, await connect.offsets(name));
  if ("code" in stored) return stored;
  await connect.storeOffsets(name, stored);
  return await connect.offsets(name);
}

/** Removes a connector and what Connect keeps of it. */
export async function removeConnector(
  connect: ConnectCluster,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  if (!await haltConnector(connect, name, signal)) return;
  await connect.forgetOffsets(name);
  await connect.remove(name);
}
