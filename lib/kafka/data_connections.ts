// Data connections to the brokers of one cluster, one each, opened when first needed and again where they have ended.

import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { Cluster } from "./cluster.ts";

/** Connections of one's own; who opened them closes them. */
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
      // Who comes while a connection is being opened waits for that one.
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
