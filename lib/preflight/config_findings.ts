// What the config itself gives cause to say, at each run: checks switched off, secrets that others can read. Warnings
// only; what is wrong with a config is no finding but an error.

import type { ClusterConfig, MigrationConfig } from "../config/migration_config.ts";
import { type Finding, finding } from "../model/finding.ts";
import type { ClusterRole } from "../kafka/cluster.ts";

/** The config's file. */
export interface ConfigFile {
  /** Permission bits; null where the system has none. */
  readonly mode: number | null;
  /** Secrets that stand in it: `source.sasl.password`. */
  readonly literalSecrets: readonly string[];
}

const GROUP_AND_OTHERS_READ = 0o044;

/** The findings of a config. */
export function configFindings(
  config: MigrationConfig,
  { mode, literalSecrets }: ConfigFile,
): readonly Finding[] {
  const readable = literalSecrets.length > 0 && ((mode ?? 0) & GROUP_AND_OTHERS_READ) !== 0;
  return [
    ...clusterFindings("source", config.source),
    ...clusterFindings("target", config.target),
    ...(readable
      ? [finding(
        "SECRET_READABLE",
        {},
        `Others on this machine may read the config, which holds ${literalSecrets.join(" and ")}`,
        "Run chmod 600 on it, or put the secret into a file or an environment variable",
      )]
      : []),
  ];
}

function clusterFindings(
  cluster: ClusterRole,
  { tls, sasl }: ClusterConfig,
): readonly Finding[] {
  const endpoint = sasl && "tokenEndpoint" in sasl ? new URL(sasl.tokenEndpoint) : undefined;
  const plaintext = tls === undefined && sasl !== undefined && !sasl.mechanism.startsWith("SCRAM");
  const overHttp = endpoint?.protocol === "http:" && !isLoopback(endpoint.hostname);
  return [
    ...(tls?.verifyHostname === false
      ? [finding(
        "HOSTNAME_NOT_VERIFIED",
        { cluster },
        `verifyHostname is false: any certificate of the ${cluster}'s trusted authorities is accepted, whatever its name`,
        `Set ${cluster}.tls.serverName to the name that the certificates carry`,
      )]
      : []),
    ...(plaintext || overHttp
      ? [finding(
        "SECRET_UNENCRYPTED",
        { cluster },
        overHttp
          ? `The ${cluster}'s client secret goes to ${endpoint.origin} without TLS`
          : `The ${cluster}'s ${
            sasl?.mechanism === "PLAIN" ? "password" : "token"
          } goes over the network without TLS`,
        overHttp
          ? "Use an https token endpoint"
          : "Connect to a port with TLS, or log in with SCRAM",
      )]
      : []),
  ];
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}
