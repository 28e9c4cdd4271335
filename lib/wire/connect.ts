// The one way to a broker: map the address, dial, TLS, ApiVersions, check the lowest versions, SASL. Every connection to
// source and target, for control and for data, is opened here, so credentials, addresses and time limits are the same
// for all.

import type { ClusterConfig, TlsConfig } from "../config/migration_config.ts";
import { formatAddress, type HostPort } from "../config/address.ts";
import { type ApiVersionTable, keepsAnswersBack, missingVersions } from "./api_version.ts";
import { dialledAddress } from "./addresses.ts";
import { Connection, type LongSilence } from "./connection.ts";
import { type BrokerAddress, ConnectionError } from "./connection_error.ts";
import { fetchApiVersions } from "./fetch_api_versions.ts";
import { openFirst } from "./open_first.ts";
import { openStream } from "./stream.ts";
import type { DialTarget } from "./dial_target.ts";
import { tlsAlertTroubleOf } from "./tls_reason.ts";
import type { TokenSource } from "./token_source.ts";
import type { BrokerConnection } from "./broker_connection.ts";

/** `client.id` of every connection, so that operators can set quotas on it. */
export const CLIENT_ID = "data-migrate";

/** How long a broker may take, in milliseconds. */
export interface ConnectTimeouts {
  /** For TCP and TLS together. */
  readonly dialMs: number;
  /** For each request after that, including the first ones (ApiVersions, SASL). */
  readonly requestMs: number;
}

/** Together they are below the 30 s within which a silent broker has to be reported. */
export const CONNECT_TIMEOUTS: ConnectTimeouts = { dialMs: 10_000, requestMs: 12_000 };

/** The longest time to wait for an answer that a quota delays. */
const LONGEST_KEPT_BACK_MS = 600_000;

/**
 * Opens an authenticated connection to the broker advertised at an address.
 *
 * @param role decides which versions the broker has to speak (apis.ts)
 * @throws {ConnectionError} with address and reason; `unsupported` if the broker does not speak what is needed
 */
export async function connectToBroker(
  cluster: ClusterConfig,
  role: "source" | "target",
  advertised: HostPort,
  options: {
    readonly signal?: AbortSignal;
    readonly timeouts?: ConnectTimeouts;
    /** The tokens for OAUTHBEARER, shared by all connections of a cluster. */
    readonly tokens?: TokenSource;
    /** For each name with several addresses, the one that answered last; shared by all connections of a cluster. */
    readonly answered?: Map<string, string>;
    /** For data connections: asks whether the broker is alive while a quota delays its answers. */
    readonly isAlive?: LongSilence["isAlive"];
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
    (target, attempt) => greet(cluster, role, target, { ...attempt, timeouts }),
    { ...options, timeouts },
  );
  try {
    if (cluster.sasl !== undefined) {
      // Loaded only when needed, because kafkajs's authenticator imports all of kafkajs's requests.
      const { saslLogin } = await import("./sasl.ts");
      await connection.logIn(saslLogin(cluster.sasl, options.tokens, versions));
    }
    const { isAlive } = options;
    if (isAlive !== undefined && keepsAnswersBack({ versions })) {
      connection.allowLongSilence({ isAlive, longestMs: LONGEST_KEPT_BACK_MS });
    }
    return { connection, versions };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Opens a connection to one address and asks which versions its broker speaks. */
async function greet(
  cluster: ClusterConfig,
  role: "source" | "target",
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
    return { connection, versions: await versionsOf(connection, cluster.tls, role) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function versionsOf(
  connection: Connection,
  tls: TlsConfig | undefined,
  role: "source" | "target",
): Promise<ApiVersionTable> {
  const { address } = connection;
  let versions: ApiVersionTable;
  try {
    versions = await fetchApiVersions(connection);
  } catch (error) {
    if (error instanceof ConnectionError && error.kind === "closed") {
      // With TLS 1.3 a refused client certificate shows only at the first read.
      const tried = { clientCertificate: tls?.cert !== undefined };
      const trouble = tls && tlsAlertTroubleOf(error.reason, tried);
      if (trouble !== undefined) throw new ConnectionError("tls", address, trouble.reason);
      const hint = tls
        ? "the broker closed the connection at once; check that the port is Kafka's, and the broker no older than 0.10"
        : "the broker closed the connection at once; check whether the port expects TLS (`tls: true`), and that the broker is no older than 0.10";
      throw new ConnectionError("closed", address, hint);
    }
    if (error instanceof ConnectionError) throw error;
    throw new ConnectionError("protocol", address, "the answer to ApiVersions could not be read");
  }
  const missing = missingVersions(versions, role);
  if (missing === undefined) return versions;
  throw new ConnectionError("unsupported", address, `the broker does not speak ${missing}`);
}
