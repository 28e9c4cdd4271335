// The broker that creates and deletes topics: with ZooKeeper only the controller does, with KRaft any broker sends on.

import type { BrokerConnection } from "../wire/broker_connection.ts";
import { isAway } from "../wire/connection_error.ts";
import type { Cluster } from "./cluster.ts";

/** The control connection to the controller, or to any broker where none is named. @throws {ConnectionError} */
export async function controllerOf(cluster: Cluster): Promise<BrokerConnection> {
  const { controller } = await cluster.metadata([]);
  if (!cluster.brokers().has(controller)) return await cluster.anyControl();
  try {
    return await cluster.control(controller);
  } catch (error) {
    // Another one may have taken over, or sends on.
    if (!isAway(error)) throw error;
    return await cluster.anyControl();
  }
}
