// The one way to a broker: map the address, dial, TLS, ApiVersions, version floor, SASL. Control and data connections,
// source and target, all come through here, so what holds for one (credentials, addresses, time limits) holds for all.

import type { ClusterConfig, TlsConfig } from "../config/migration_config.ts";
import { formatAddress, type HostPort } from "../config/address.ts";
import { type ApiVersionTable, type BrokerChannel, supportedVersion } from "./api_version.ts";
import { dialledAddress } from "./addresses.ts";
import { Connection } from "./connection.ts";
import { type BrokerAddress, ConnectionError } from "./connection_error.ts";
import { FETCH_API_KEY, FETCH_VERSIONS } from "./fetch.ts";
import { openFirst } from "./open_first.ts";
import { fetchApiVersions } from "./kafkajs_protocol.ts";
import { PRODUCE_API_KEY, PRODUCE_VERSIONS } from "./produce.ts";
import { type DialTarget, openStream } from "./stream.ts";
import { tlsTroubleOf } from "./tls_reason.ts";
import type { TokenSource } from "./token_source.ts";

/** `client.id` of every connection, so that operators can set quotas on it. */
export const CLIENT_ID = "data-migrate";

/** How long a broker may take, in milliseconds. */
export interface ConnectTimeouts {
  /** TCP and TLS together. */
  readonly dialMs: number;
  /** Each request after that, also the first ones (ApiVersions, SASL). */
  readonly requestMs: number;
}

/** Together below the 30 s in which a silent broker has to be named. */
export const CONNECT_TIMEOUTS: ConnectTimeouts = { dialMs: 10_000, requestMs: 12_000 };

/** An authenticated connection and what its broker speaks. */
export interface BrokerConnection extends BrokerChannel {
  readonly connection: Connection;
}

/**
 * Opens an authenticated connection to the broker advertised at an address.
 *
 * @throws {ConnectionError} with address and reason; `unsupported` where the broker is older than Kafka 2.4
 */
export async function connectToBroker(
  cluster: ClusterConfig,
  advertised: HostPort,
  options: {
    readonly signal?: AbortSignal;
    readonly timeouts?: ConnectTimeouts;
    /** For OAUTHBEARER: shared by all connections of a cluster. */
    readonly tokens?: TokenSource;
    /** Which address of a name with several answered last; shared by all connections of a cluster. */
    readonly answered?: Map<string, string>;
  } = {},
): Promise<BrokerConnection> {
  const timeouts = options.timeouts ?? CONNECT_TIMEOUTS;
  const dialled = dialledAddress(advertised, cluster.addresses);
  const address: BrokerAddress = {
    advertised: formatAddress(advertised),
    dialled: formatAddress(dialled),
  };
  const { connection, versions } = await openFirst(
    { advertised, dialled, address },
    (target, attempt) => greet(cluster, target, { ...attempt, timeouts }),
    { ...options, timeouts },
  );
  try {
    if (cluster.sasl !== undefined) {
      // Loaded where it is needed: kafkajs's authenticator brings all of kafkajs's requests with it.
      const { saslLogin } = await import("./sasl.ts");
      await connection.logIn(saslLogin(cluster.sasl, options.tokens, versions));
    }
    return { connection, versions };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Opens a connection to one address and asks what its broker speaks. */
async function greet(
  cluster: ClusterConfig,
  target: DialTarget,
  { timeouts, signal, connected }: {
    readonly timeouts: ConnectTimeouts;
    readonly signal?: AbortSignal;
    readonly connected?: () => void;
  },
): Promise<BrokerConnection> {
  const stream = await openStream(cluster.tls, target, {
    timeoutMs: timeouts.dialMs,
    ...(signal && { signal }),
    ...(connected && { connected }),
  });
  const connection = new Connection(stream, {
    address: target.address,
    clientId: CLIENT_ID,
    requestTimeoutMs: timeouts.requestMs,
    ...(signal && { signal }),
  });
  try {
    return { connection, versions: await versionsOf(connection, cluster.tls) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function versionsOf(
  connection: Connection,
  tls: TlsConfig | undefined,
): Promise<ApiVersionTable> {
  const { address } = connection;
  let versions: ApiVersionTable;
  try {
    versions = await fetchApiVersions(connection);
  } catch (error) {
    if (error instanceof ConnectionError && error.kind === "closed") {
      // With TLS 1.3 a refused client certificate shows only at the first read.
      const tried = { clientCertificate: tls?.cert !== undefined };
      const alert = /received fatal alert/.test(error.reason);
      const trouble = tls && alert ? tlsTroubleOf(error.reason, tried) : undefined;
      if (trouble !== undefined) throw new ConnectionError("tls", address, trouble.reason);
      const hint = tls
        ? "the broker closed the connection at once; check that the port is Kafka's"
        : "the broker closed the connection at once; check whether the port expects TLS (`tls: true`)";
      throw new ConnectionError("closed", address, hint);
    }
    if (error instanceof ConnectionError) throw error;
    throw new ConnectionError("protocol", address, "the answer to ApiVersions could not be read");
  }
  // Both together came with Kafka 2.4.
  const canCopy = supportedVersion({ versions }, FETCH_API_KEY, FETCH_VERSIONS) !== undefined &&
    supportedVersion({ versions }, PRODUCE_API_KEY, PRODUCE_VERSIONS) !== undefined;
  if (!canCopy) {
    throw new ConnectionError(
      "unsupported",
      address,
      "the broker is older than Kafka 2.4 (it lacks Fetch 11 or Produce 8); upgrade it first",
    );
  }
  return versions;
}
