// The broker that creates and deletes topics: with ZooKeeper only the controller does, with KRaft any broker forwards
// the request.

import type { BrokerConnection } from "../wire/broker_connection.ts";
import { isAway } from "../wire/connection_error.ts";
import type { Cluster } from "./cluster.ts";

/** The control connection to the controller, or to any broker if none is named. @throws {ConnectionError} */
export async function controllerOf(cluster: Cluster): Promise<BrokerConnection> {
  const { controller } = await cluster.metadata([]);
  if (!cluster.brokers().has(controller)) return await cluster.anyControl();
  try {
    return await cluster.control(controller);
  } catch (error) {
    // Another broker may be the controller by now, or forward the request.
    if (!isAway(error)) throw error;
    return await cluster.anyControl();
  }
}
