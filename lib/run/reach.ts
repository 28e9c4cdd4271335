// Reaching both clusters: every broker of both is tried at once, and each that fails becomes a finding.

import { formatAddress } from "../config/address.ts";
import type { ClusterConfig, MigrationConfig } from "../config/migration_config.ts";
import { type Finding, finding, type FindingCode } from "../core/finding.ts";
import type { ReportCluster } from "../core/report.ts";
import {
  type Cluster,
  type ClusterRole,
  reachCluster,
  type UnreachableBroker,
} from "../kafka/cluster.ts";
import type { ConnectionError, ConnectionErrorKind } from "../wire/connection_error.ts";
import { optional } from "./optional.ts";

/** Both clusters. */
export interface Clusters {
  readonly source: Cluster;
  readonly target: Cluster;
}

/** Both clusters, as far as they could be reached, and what stands in the way. */
export interface ReachedClusters extends Partial<Clusters> {
  readonly findings: readonly Finding[];
}

const CODES: Partial<Record<ConnectionErrorKind, FindingCode>> = {
  authentication: "NOT_AUTHORIZED",
  token: "NOT_AUTHORIZED",
  unsupported: "UNSUPPORTED_BROKER",
};

const REMEDIES: Readonly<Record<Exclude<ConnectionErrorKind, "unsupported">, string>> = {
  unreachable:
    "Check the address, the route and the firewall; where another address has to be dialled from here, map it under `addresses`",
  silent:
    "Check the firewall and whether the broker is alive; where another address has to be dialled from here, map it under `addresses`",
  closed: "Check that the port is the one for these settings (tls, sasl)",
  tls: "Correct the settings under `tls`, or connect to the port that expects TLS",
  protocol: "Check that the address is a Kafka broker's, and whether its port expects TLS",
  authentication: "Correct the settings under `sasl`, or connect to the port that expects them",
  token:
    "Correct the settings under `sasl`, or check what keeps the token file fresh or gives out the tokens",
};

/** What each side has to be at least (lib/wire/apis.ts says by which requests). */
const UPGRADE: Readonly<Record<ClusterRole, string>> = {
  source: "Upgrade the broker; Kafka 0.10.2 is the oldest that a source may be",
  target: "Upgrade the broker; Kafka 1.0 is the oldest that a target may be",
};

/** Tries every broker of the clusters named. */
export async function reachClusters(
  config: MigrationConfig,
  roles: readonly ClusterRole[],
  signal: AbortSignal,
): Promise<ReachedClusters> {
  const reached = await Promise.all(roles.map(async (role) => {
    const result = await reachCluster(role, config[role], signal);
    return { role, ...result };
  }));
  const cluster = (role: ClusterRole) => reached.find((each) => each.role === role)?.cluster;
  return {
    ...optional("source", cluster("source")),
    ...optional("target", cluster("target")),
    findings: reached.flatMap(({ role, unreachable }) => findingsOf(role, unreachable)),
  };
}

/** A cluster as the report has it. */
export function reportCluster(config: ClusterConfig, cluster: Cluster | undefined): ReportCluster {
  return {
    bootstrapServers: config.bootstrapServers.map(formatAddress),
    ...optional("clusterId", cluster?.clusterId),
  };
}

function findingsOf(cluster: ClusterRole, unreachable: readonly UnreachableBroker[]): Finding[] {
  // A bootstrap server is often also a broker: what is wrong with it is said once.
  const said = new Set<string>();
  return unreachable.flatMap(({ error }) => {
    if (said.has(error.message)) return [];
    said.add(error.message);
    return [connectionFinding(cluster, error)];
  });
}

/** What a broker that could not be talked to amounts to. */
export function connectionFinding(cluster: ClusterRole, error: ConnectionError): Finding {
  const code = CODES[error.kind] ?? "BROKER_UNREACHABLE";
  const remedy = error.kind === "unsupported" ? UPGRADE[cluster] : REMEDIES[error.kind];
  return finding(code, { cluster }, error.message, remedy);
}
