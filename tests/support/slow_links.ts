/**
 * The way to a cluster through one TCP proxy a broker: slowed down, silenced or cut for all of them at once. Refuses to
 * know which broker leads what.
 */

import type { KafkaCluster } from "./kafka_cluster.ts";
import type { ConfigContent } from "./migration_dir.ts";
import { type Direction, type Faults, startTcpProxy, type TcpProxy } from "./tcp_proxy.ts";

/** Proxies to all brokers of a cluster. */
export interface Links extends AsyncDisposable {
  /** `source` or `target` of a migration.yaml that leads through them. */
  readonly config: ConfigContent;
  /** The proxy to each broker, by the broker's address. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  /** The same faults for all. */
  readonly setFaults: (faults: Faults) => void;
  /** Closes all connections. */
  readonly cut: () => void;
  /** Bytes forwarded so far, over all. */
  readonly forwarded: (direction: Direction) => number;
}

/** Starts the proxies; disposing ends them. */
export function startLinks(cluster: KafkaCluster, faults: Faults = {}): Links {
  const proxies = new Map(
    cluster.brokers.map(({ address }) => [address, startTcpProxy(address, faults)]),
  );
  const all = [...proxies.values()];
  return {
    config: {
      bootstrapServers: cluster.bootstrap,
      addresses: Object.fromEntries(
        [...proxies].map(([advertised, { address }]) => [advertised, address]),
      ),
    },
    proxies,
    setFaults: (next) => all.forEach((proxy) => proxy.setFaults(next)),
    cut: () => all.forEach((proxy) => proxy.cut()),
    forwarded: (direction) => all.reduce((bytes, proxy) => bytes + proxy.forwarded[direction], 0),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((proxy) => proxy[Symbol.asyncDispose]()));
    },
  };
}
