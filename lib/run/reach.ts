// Reaching both clusters: every broker of both is tried at once, and each that fails becomes a finding.

import type { MigrationConfig } from "../config/migration_config.ts";
import { type Finding, finding, type FindingCode } from "../core/finding.ts";
import { type Cluster, reachCluster, type ReachedCluster } from "../kafka/cluster.ts";
import type { ConnectionError, ConnectionErrorKind } from "../wire/connection_error.ts";

/** Both clusters, as far as they could be reached, and what stands in the way. */
export interface ReachedClusters {
  readonly source?: Cluster;
  readonly target?: Cluster;
  readonly findings: readonly Finding[];
}

const CODES: Partial<Record<ConnectionErrorKind, FindingCode>> = {
  authentication: "NOT_AUTHORIZED",
  unsupported: "UNSUPPORTED_BROKER",
};

const REMEDIES: Readonly<Record<ConnectionErrorKind, string>> = {
  unreachable:
    "Check the address, the route and the firewall; where another address has to be dialled from here, map it under `addresses`",
  silent:
    "Check the firewall and whether the broker is alive; where another address has to be dialled from here, map it under `addresses`",
  closed: "Check that the port is the one for these settings (tls, sasl)",
  tls: "Correct the settings under `tls`, or connect to the port that expects TLS",
  protocol: "Check that the address is a Kafka broker's, and whether its port expects TLS",
  authentication: "Correct the settings under `sasl`, or connect to the port that expects them",
  unsupported: "Upgrade the broker; Kafka 2.4 is the oldest that is supported",
};

/** Tries every broker of both clusters. */
export async function reachClusters(
  config: MigrationConfig,
  signal: AbortSignal,
): Promise<ReachedClusters> {
  const [source, target] = await Promise.all([
    reachCluster("source", config.source, signal),
    reachCluster("target", config.target, signal),
  ]);
  return {
    ...(source.cluster && { source: source.cluster }),
    ...(target.cluster && { target: target.cluster }),
    findings: [...findingsOf("source", source), ...findingsOf("target", target)],
  };
}

function findingsOf(cluster: "source" | "target", { unreachable }: ReachedCluster): Finding[] {
  // A bootstrap server is often also a broker: what is wrong with it is said once.
  const said = new Set<string>();
  return unreachable.flatMap(({ error }) => {
    if (said.has(error.message)) return [];
    said.add(error.message);
    return [connectionFinding(cluster, error)];
  });
}

/** What a broker that could not be talked to amounts to. */
export function connectionFinding(cluster: "source" | "target", error: ConnectionError): Finding {
  const code = CODES[error.kind] ?? "BROKER_UNREACHABLE";
  return finding(code, { cluster }, error.message, REMEDIES[error.kind]);
}
