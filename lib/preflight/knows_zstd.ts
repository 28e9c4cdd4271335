// Whether a cluster knows zstd (KIP-110, Kafka 2.1), as its brokers tell by the versions of Produce that they speak.

import { ignorePeerError } from "../wire/peer_error.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { speaks } from "../wire/api_version.ts";

/** The first version of Produce that accepts zstd. */
const WITH_ZSTD = 7;

/** Whether all brokers that can be asked know zstd. */
export async function knowsZstd(cluster: Cluster): Promise<boolean> {
  const known = await Promise.all([...cluster.brokers().keys()].map(async (nodeId) => {
    try {
      return speaks(await cluster.control(nodeId), "Produce", WITH_ZSTD);
    } catch (error) {
      // A broker that cannot be reached is reported elsewhere.
      ignorePeerError(error);
      return true;
    }
  }));
  return known.every((each) => each);
}
