// Reaching both clusters: every broker of both is tried at once, and each that fails becomes a finding. One that gives no
// answer while others do is a warning: whoever needs it later, for a partition or a group, makes an error of it.

import { formatAddress } from "../config/address.ts";
import type { ClusterConfig, MigrationConfig } from "../config/migration_config.ts";
import { type Finding, finding, type FindingCode, type FindingPlace } from "../model/finding.ts";
import type { ReportCluster } from "../report/report.ts";
import {
  type Cluster,
  type ClusterRole,
  reachCluster,
  type UnreachableBroker,
} from "../kafka/cluster.ts";
import type { ConnectionError, ConnectionErrorKind } from "../wire/connection_error.ts";
import { optional } from "../model/optional.ts";

/** Both clusters. */
export interface Clusters {
  readonly source: Cluster;
  readonly target: Cluster;
}

/** Both clusters, as far as they could be reached, and what stands in the way. */
export interface ReachedClusters extends Partial<Clusters> {
  readonly findings: readonly Finding[];
  /** Warnings, about brokers that are away and may not be needed. */
  readonly away: readonly Finding[];
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
  tls: "Correct what is named, on the broker or under `tls`",
  protocol: "Check that the address is a Kafka broker's, and whether its port expects TLS",
  authentication: "Correct the settings under `sasl`, or connect to the port that expects them",
  token:
    "Correct the settings under `sasl`, or check what keeps the token file fresh or gives out the tokens",
  foreign:
    "Name brokers of one cluster only under `bootstrapServers`, and check where `addresses` lead",
};

/** What each side has to be at least (lib/protocol/apis.ts says by which requests). */
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
    findings: reached.flatMap(({ role, unreachable }) =>
      onceEach(unreachable.filter(({ othersAnswer }) => !othersAnswer))
        .map((error) => connectionFinding(role, error))
    ),
    away: reached.flatMap(({ role, unreachable }) =>
      onceEach(unreachable.filter(({ othersAnswer }) => othersAnswer))
        .map((error) => awayFinding(role, error))
    ),
  };
}

/** A cluster as the report has it. */
export function reportCluster(config: ClusterConfig, cluster: Cluster | undefined): ReportCluster {
  return {
    bootstrapServers: config.bootstrapServers.map(formatAddress),
    ...optional("clusterId", cluster?.clusterId),
  };
}

/** A bootstrap server is often also a broker: what is wrong with it is said once. */
function onceEach(unreachable: readonly UnreachableBroker[]): readonly ConnectionError[] {
  return [...new Map(unreachable.map(({ error }) => [error.message, error])).values()];
}

function awayFinding(cluster: ClusterRole, error: ConnectionError): Finding {
  return finding(
    "BROKER_AWAY",
    placeOf(cluster, error),
    `${error.message}; the cluster answers without it`,
    "Bring it back, or take it out of `bootstrapServers` if it is gone for good; nothing that is migrated needs it now",
  );
}

/** Findings without the warnings about brokers that an error tells of. */
export function withoutAway(findings: readonly Finding[], error: Finding): readonly Finding[] {
  return findings.filter(({ code, where }) =>
    code !== "BROKER_AWAY" || where.broker !== error.where.broker ||
    where.cluster !== error.where.cluster
  );
}

/** What a broker that could not be talked to amounts to. */
export function connectionFinding(cluster: ClusterRole, error: ConnectionError): Finding {
  const code = CODES[error.kind] ?? "BROKER_UNREACHABLE";
  const remedy = error.kind === "unsupported" ? UPGRADE[cluster] : REMEDIES[error.kind];
  return finding(code, placeOf(cluster, error), error.message, remedy);
}

function placeOf(cluster: ClusterRole, { address }: ConnectionError): FindingPlace {
  return { cluster, broker: address.advertised };
}
