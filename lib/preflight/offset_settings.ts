// What the target's brokers do with committed offsets, as far as they tell: nothing is stopped by a broker that does not.

import { type OffsetSettings, smallestSettings } from "../plan/positions_expiry.ts";
import { isPeerError } from "../wire/peer_error.ts";
import { fetchOffsetSettings } from "../kafka/broker_settings.ts";
import type { Cluster } from "../kafka/cluster.ts";

/** Asks every broker. */
export async function offsetSettings(cluster: Cluster): Promise<OffsetSettings> {
  return smallestSettings(
    await Promise.all([...cluster.brokers().keys()].map(async (nodeId) => {
      try {
        return await fetchOffsetSettings(await cluster.control(nodeId), nodeId);
      } catch (error) {
        if (!isPeerError(error)) throw error;
        return {};
      }
    })),
  );
}
