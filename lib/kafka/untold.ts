// What a cluster cannot tell because a broker lacks a request (lib/protocol/apis.ts); one such broker is enough.

import type { Untold } from "../model/snapshot.ts";
import { speaks } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { Cluster } from "./cluster.ts";

/** Judges by the versions that each broker told when it was connected. A broker that is away is passed over. */
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
