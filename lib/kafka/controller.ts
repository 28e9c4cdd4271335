// The broker that creates and deletes topics: with ZooKeeper only the controller does, with KRaft any broker sends on.

import type { BrokerConnection } from "../wire/connect.ts";
import type { Cluster } from "./cluster.ts";

/** The control connection to the controller, or to any broker where none is named. @throws {ConnectionError} */
export async function controllerOf(cluster: Cluster): Promise<BrokerConnection> {
  const { controller } = await cluster.metadata([]);
  return cluster.brokers().has(controller)
    ? await cluster.control(controller)
    : await cluster.anyControl();
}
