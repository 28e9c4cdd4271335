// What a cluster's brokers cannot tell, for want of a request (lib/protocol/apis.ts). One broker that lacks it is enough.

import type { Untold } from "../model/snapshot.ts";
import { speaks } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { Cluster } from "./cluster.ts";

/** Asks no broker anything that it has not answered yet; one that is away tells nothing. */
export async function untoldBy(cluster: Cluster): Promise<readonly Untold[]> {
  const reached = await Promise.allSettled(
    [...cluster.brokers().keys()].map((nodeId) => cluster.control(nodeId)),
  );
  const brokers = reached.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
  const lacks = (lacking: (broker: BrokerConnection) => boolean, what: Untold) =>
    brokers.some(lacking) ? [what] : [];
  return [
    ...lacks((broker) => !speaks(broker, "DescribeConfigs", 0), "topicSettings"),
    ...lacks((broker) => !speaks(broker, "ListOffsets", 5), "caughtUp"),
  ];
}
