// Data connections to the brokers of one cluster: one for each broker, opened when first needed and again after it has
// ended.

import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { Cluster } from "./cluster.ts";

/** Data connections of one owner, who closes them. */
export interface DataConnections {
  /** The one connection to a broker. @throws {ConnectionError} */
  to(nodeId: number): Promise<BrokerConnection>;
  close(): void;
}

/** Starts without any connection. */
export function createDataConnections(cluster: Cluster): DataConnections {
  const opened = new Map<number, Promise<BrokerConnection>>();
  return {
    async to(nodeId) {
      // A caller that comes while the connection is being opened waits for the same one.
      for (let opening; (opening = opened.get(nodeId)) !== undefined;) {
        const known = await opening.catch(() => undefined);
        if (known !== undefined && !known.connection.closed) return known;
        if (opened.get(nodeId) === opening) break;
      }
      const opening = cluster.openData(nodeId);
      opened.set(nodeId, opening);
      return await opening;
    },
    close() {
      for (const opening of opened.values()) {
        opening.then(({ connection }) => connection.close(), () => {});
      }
    },
  };
}
