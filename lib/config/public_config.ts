// The configuration as others may see it: with the keys of `migration.yaml`, as plain data for a report. Secrets are named but
// not shown, nor is the part of a URL after its path. This file reads nothing.

import { formatAddress } from "./address.ts";
import type { ClusterConfig, MigrationConfig, SaslConfig, TlsConfig } from "./migration_config.ts";

const SECRET = "(secret)";

/** The configuration without its secrets. */
export function publicConfig(config: MigrationConfig): Readonly<Record<string, unknown>> {
  const { source, target, createTopics, limits, ranges, engine, ...rest } = config;
  const { giveUpAfterMs, ...otherLimits } = limits;
  return {
    ...rest,
    source: publicCluster(source),
    target: publicCluster(target),
    createTopics: createTopics !== false && Object.keys(createTopics).length === 0
      ? true
      : createTopics,
    limits: { ...otherLimits, giveUpAfter: `${giveUpAfterMs / 1000}s` },
    ...(ranges !== undefined && {
      ranges: ranges.map(({ start, ...range }) => ({
        ...range,
        start: typeof start === "object" ? new Date(start.timestampMs).toISOString() : start,
      })),
    }),
    engine: engine === "local" ? engine : { connect: publicConnect(engine.connect) },
  };
}

function publicCluster({ bootstrapServers, addresses, tls, sasl }: ClusterConfig) {
  return {
    bootstrapServers: bootstrapServers.map(formatAddress),
    ...(addresses.size > 0 && { addresses: Object.fromEntries(addresses) }),
    tls: tls === undefined ? false : publicTls(tls),
    ...(sasl !== undefined && { sasl: publicSasl(sasl) }),
  };
}

function publicTls({ ca, cert, key, serverName, verifyHostname }: TlsConfig) {
  return {
    ...(ca !== undefined && { ca: certificates(ca) }),
    ...(cert !== undefined && { cert: certificates(cert) }),
    ...(key !== undefined && { key: SECRET }),
    ...(serverName !== undefined && { serverName }),
    verifyHostname,
  };
}

function certificates(pem: string): string {
  const count = pem.split("-----BEGIN CERTIFICATE-----").length - 1;
  return count === 1 ? "(1 certificate)" : `(${count} certificates)`;
}

function publicSasl(sasl: SaslConfig) {
  if ("password" in sasl) return { ...sasl, password: SECRET };
  // Extensions sent with a token may hold anything, so only their names are shown.
  const named = sasl.extensions === undefined ? {} : { extensions: hidden(sasl.extensions) };
  if ("tokenFile" in sasl) return { ...sasl, ...named };
  const tokenEndpoint = withoutQuery(sasl.tokenEndpoint);
  return { ...sasl, ...named, tokenEndpoint, clientSecret: SECRET };
}

function publicConnect(
  { url, secrets, ...rest }: Exclude<MigrationConfig["engine"], "local">["connect"],
) {
  return {
    ...rest,
    url: withoutQuery(url),
    ...(secrets !== undefined && {
      secrets: { source: hidden(secrets.source), target: hidden(secrets.target) },
    }),
  };
}

/** The names, without the values. */
function hidden(values: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(Object.keys(values).map((name) => [name, SECRET]));
}

/** The URL up to its path: some people put keys into the query. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}
