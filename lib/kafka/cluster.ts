// One Kafka cluster: its brokers, one control connection to each, and its metadata. It also opens data connections for
// the copy, so that addresses and credentials are handled in one place. It writes nothing.

import type { ClusterConfig } from "../config/migration_config.ts";
import { formatAddress, type HostPort } from "../config/address.ts";
import { escapeName } from "../model/escape_name.ts";
import { requireAddress } from "../wire/addresses.ts";
import { connectToBroker } from "../wire/connect.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { type BrokerAddress, ConnectionError, isAway } from "../wire/connection_error.ts";
import type { Metadata } from "../protocol/metadata.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";
import { createTokenSource } from "../wire/token_source.ts";
import { fetchMetadata } from "./metadata.ts";

/** Which of the two clusters it is. */
export type ClusterRole = "source" | "target";

/** A cluster that was reached. */
export interface Cluster {
  readonly role: ClusterRole;
  readonly clusterId: string;
  /** Node id to advertised address, as of the newest metadata. */
  brokers(): ReadonlyMap<number, HostPort>;
  /** The control connection to a broker, opened when first needed. @throws {ConnectionError} */
  control(nodeId: number): Promise<BrokerConnection>;
  /** A control connection to whichever broker answers. @throws {ConnectionError} of the last one tried */
  anyControl(): Promise<BrokerConnection>;
  /** Opens a data connection for the caller alone, who closes it. @throws {ConnectionError} */
  openData(nodeId: number): Promise<BrokerConnection>;
  /** The fastest answer so far on an open control connection, in milliseconds; 0 if there is none. */
  roundTripMs(): number;
  /** Asks for metadata and updates the list of brokers from it. @throws {ConnectionError} */
  metadata(topics: readonly string[] | "all"): Promise<Metadata>;
  close(): void;
}

/** A broker that could not be reached. */
export interface UnreachableBroker {
  /** `bootstrap` if only the address from the config is known. */
  readonly nodeId: number | "bootstrap";
  readonly error: ConnectionError;
  /** Whether it does not answer while others of its kind do, which may lead its partitions now. */
  readonly othersAnswer: boolean;
}

/** The result of trying every broker; `cluster` is absent if none answered. */
export interface ReachedCluster {
  readonly cluster?: Cluster;
  readonly unreachable: readonly UnreachableBroker[];
}

/** Tries every bootstrap server, then every broker the cluster names, all at once. */
export async function reachCluster(
  role: ClusterRole,
  config: ClusterConfig,
  signal?: AbortSignal,
): Promise<ReachedCluster> {
  const open = opener(role, config, signal);
  const tried = await Promise.all(
    config.bootstrapServers.map((address) => settle(open(address))),
  );
  const reached = tried.flatMap(({ value }) => value === undefined ? [] : [value]);
  // All are asked at once, so that a long link costs one round trip.
  const asked = await Promise.all(
    reached.map(async (broker) => ({ broker, ...await askMetadata(broker) })),
  );
  const metadata = asked.find((each) => each.metadata !== undefined)?.metadata;
  const failures = [...tried, ...asked].flatMap(({ error }): UnreachableBroker[] =>
    error === undefined
      ? []
      : [{ nodeId: "bootstrap", error, othersAnswer: metadata !== undefined && isAway(error) }]
  );
  if (metadata === undefined) {
    reached.forEach(({ connection }) => connection.close());
    return { unreachable: failures };
  }
  // A server of another cluster must not stay: it might be asked later when the first one is away.
  const { clusterId } = metadata;
  const foreign = asked.filter((each) =>
    each.metadata !== undefined && each.metadata.clusterId !== clusterId
  );
  for (const { broker: { connection }, metadata: told } of foreign) {
    connection.close();
    const error = foreignCluster(connection.address, told?.clusterId ?? "", clusterId);
    failures.push({ nodeId: "bootstrap", error, othersAnswer: false });
  }
  const own = reached.filter((each) => !foreign.some(({ broker }) => broker === each));
  const cluster = createCluster(role, config, metadata, own, open);
  const opened = await Promise.all(
    metadata.brokers.map(async ({ nodeId }) => ({
      nodeId,
      ...await settle(cluster.control(nodeId)),
    })),
  );
  const othersAnswer = opened.some(({ error }) => error === undefined);
  const unreachable = opened.flatMap(({ nodeId, error }) =>
    error ? [{ nodeId, error, othersAnswer: othersAnswer && isAway(error) }] : []
  );
  return { cluster, unreachable: [...failures, ...unreachable] };
}

function foreignCluster(address: BrokerAddress, told: string, expected: string): ConnectionError {
  return new ConnectionError(
    "foreign",
    address,
    `it belongs to cluster ${escapeName(told)}, and those before it to cluster ${
      escapeName(expected)
    }`,
  );
}

/** Asks a bootstrap server about its cluster. */
async function askMetadata(
  broker: BrokerConnection,
): Promise<{ readonly metadata?: Metadata; readonly error?: ConnectionError }> {
  try {
    const metadata = await fetchMetadata(broker, []);
    if (metadata.brokers.length > 0) return { metadata };
    throw new ProtocolError("The answer to Metadata lists no brokers");
  } catch (error) {
    const { address } = broker.connection;
    return {
      error: asConnectionError(
        error,
        () => new ConnectionError("protocol", address, "its answer to Metadata could not be read"),
      ),
    };
  }
}

interface ControlConnection {
  readonly opening: Promise<BrokerConnection>;
  /** Set once the connection is open. */
  broker?: BrokerConnection;
}

/** `isAlive` for a data connection. */
type OpenConnection = (
  address: HostPort,
  isAlive?: () => Promise<boolean>,
) => Promise<BrokerConnection>;

/** All connections of a cluster share its tokens. */
function opener(
  role: ClusterRole,
  config: ClusterConfig,
  signal: AbortSignal | undefined,
): OpenConnection {
  const { sasl, tls } = config;
  const tokens = createTokenSource(sasl, {
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(signal && { signal }),
  });
  const answered = new Map<string, string>();
  return (address, isAlive) =>
    connectToBroker(config, role, address, {
      ...(signal && { signal }),
      ...(tokens && { tokens }),
      ...(isAlive && { isAlive }),
      answered,
    });
}

function createCluster(
  role: ClusterRole,
  config: ClusterConfig,
  initial: Metadata,
  reached: readonly BrokerConnection[],
  open: OpenConnection,
): Cluster {
  let brokers = brokerTable(initial);
  const controls = new Map<string, ControlConnection>();
  /** Addresses to which the last attempt to connect failed. */
  const failed = new Set<string>();
  for (const broker of reached) {
    const { advertised } = broker.connection.address;
    if (controls.has(advertised)) broker.connection.close();
    else controls.set(advertised, { opening: Promise.resolve(broker), broker });
  }

  async function controlTo(address: HostPort): Promise<BrokerConnection> {
    const key = formatAddress(address);
    const known = controls.get(key);
    if (known !== undefined && known.broker?.connection.closed !== true) return await known.opening;
    const control: ControlConnection = { opening: open(address) };
    controls.set(key, control);
    control.opening.then((broker) => {
      control.broker = broker;
      failed.delete(key);
    }, () => {
      controls.delete(key);
      failed.add(key);
    });
    return await control.opening;
  }

  function addressOf(nodeId: number): HostPort {
    const address = brokers.get(nodeId);
    if (address !== undefined) return address;
    const unknown = { advertised: `node ${nodeId}`, dialled: `node ${nodeId}` };
    throw new ConnectionError(
      "unreachable",
      unknown,
      `the ${role} cluster no longer lists this broker`,
    );
  }

  /** Whether the broker at an address answers on its control connection. */
  async function answers(address: HostPort): Promise<boolean> {
    try {
      await fetchMetadata(await controlTo(address), []);
      return true;
    } catch {
      return false;
    }
  }

  async function anyControl(): Promise<BrokerConnection> {
    let last: unknown;
    const bootstrap = config.bootstrapServers.map(formatAddress);
    const addresses = new Set([...[...brokers.values()].map(formatAddress), ...bootstrap]);
    // A broker that is down and silent would delay every request.
    const rank = (address: string) =>
      controls.get(address)?.broker?.connection.closed === false ? 0 : failed.has(address) ? 2 : 1;
    for (const address of [...addresses].sort((a, b) => rank(a) - rank(b))) {
      try {
        return await controlTo(requireAddress(address));
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  return {
    role,
    clusterId: initial.clusterId,
    brokers: () => brokers,
    control: async (nodeId) => await controlTo(addressOf(nodeId)),
    anyControl,
    async openData(nodeId) {
      const address = addressOf(nodeId);
      return await open(address, () => answers(address));
    },
    roundTripMs() {
      const answers = [...controls.values()].flatMap(({ broker }) =>
        broker === undefined || broker.connection.closed ? [] : [broker.connection.fastestAnswerMs]
      );
      return answers.length === 0 ? 0 : Math.min(...answers);
    },
    async metadata(topics) {
      const broker = await anyControl();
      const metadata = await fetchMetadata(broker, topics);
      const { clusterId } = initial;
      // The address may lead to another cluster by now, whose answers must not be used.
      if (metadata.clusterId !== clusterId) {
        throw foreignCluster(broker.connection.address, metadata.clusterId, clusterId);
      }
      brokers = brokerTable(metadata);
      return metadata;
    },
    close() {
      for (const { opening } of controls.values()) {
        opening.then(({ connection }) => connection.close(), () => {});
      }
    },
  };
}

function brokerTable({ brokers }: Metadata): ReadonlyMap<number, HostPort> {
  return new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
}

async function settle<Value>(
  promise: Promise<Value>,
): Promise<{ readonly value?: Value; readonly error?: ConnectionError }> {
  try {
    return { value: await promise };
  } catch (error) {
    return {
      error: asConnectionError(error, () => {
        throw error;
      }),
    };
  }
}

function asConnectionError(error: unknown, otherwise: () => ConnectionError): ConnectionError {
  return error instanceof ConnectionError ? error : otherwise();
}
