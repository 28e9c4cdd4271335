// One Kafka cluster as seen from here: its brokers, one control connection to each, and metadata. It opens data
// connections for the copy too, so that addresses and credentials are handled in one place. Writes nothing.

import type { ClusterConfig } from "../config/migration_config.ts";
import { formatAddress, type HostPort } from "../config/address.ts";
import { requireAddress } from "../wire/addresses.ts";
import { type BrokerConnection, connectToBroker } from "../wire/connect.ts";
import { ConnectionError } from "../wire/connection_error.ts";
import type { Metadata } from "../wire/metadata.ts";
import { ProtocolError } from "../wire/protocol_reader.ts";
import { createTokenSource } from "../wire/token_source.ts";
import { fetchMetadata } from "./metadata.ts";

/** Which of the two clusters. */
export type ClusterRole = "source" | "target";

/** A cluster that was reached. */
export interface Cluster {
  readonly role: ClusterRole;
  readonly clusterId: string;
  /** Node id to advertised address, as of the newest metadata. */
  brokers(): ReadonlyMap<number, HostPort>;
  /** The control connection to a broker, opened when needed. @throws {ConnectionError} */
  control(nodeId: number): Promise<BrokerConnection>;
  /** A control connection to whichever broker answers. @throws {ConnectionError} of the last one tried */
  anyControl(): Promise<BrokerConnection>;
  /** A connection of one's own, for data; the caller closes it. @throws {ConnectionError} */
  openData(nodeId: number): Promise<BrokerConnection>;
  /** The fastest answer so far on a control connection that is open, milliseconds; 0 where there is none. */
  roundTripMs(): number;
  /** Asks for metadata and takes over its broker list. @throws {ConnectionError} */
  metadata(topics: readonly string[] | "all"): Promise<Metadata>;
  close(): void;
}

/** A broker that could not be reached. */
export interface UnreachableBroker {
  /** `bootstrap` where only the address from the config is known. */
  readonly nodeId: number | "bootstrap";
  readonly error: ConnectionError;
}

/** What trying every broker gave; `cluster` is absent where none answered. */
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
  const failures = tried.flatMap((result) =>
    result.error === undefined ? [] : [{ nodeId: "bootstrap" as const, error: result.error }]
  );
  const reached = tried.flatMap(({ value }) => value === undefined ? [] : [value]);
  const [first] = reached;
  if (first === undefined) return { unreachable: failures };
  let metadata: Metadata;
  try {
    metadata = await fetchMetadata(first, []);
    if (metadata.brokers.length === 0) {
      throw new ProtocolError("The answer to Metadata lists no brokers");
    }
  } catch (error) {
    reached.forEach(({ connection }) => connection.close());
    const { address } = first.connection;
    const known = asConnectionError(
      error,
      () => new ConnectionError("protocol", address, "its answer to Metadata could not be read"),
    );
    return { unreachable: [...failures, { nodeId: "bootstrap", error: known }] };
  }
  const cluster = createCluster(role, config, metadata, reached, open);
  const opened = await Promise.all(
    metadata.brokers.map(async ({ nodeId }) => ({
      nodeId,
      ...await settle(cluster.control(nodeId)),
    })),
  );
  const unreachable = opened.flatMap(({ nodeId, error }) => error ? [{ nodeId, error }] : []);
  return { cluster, unreachable: [...failures, ...unreachable] };
}

interface ControlConnection {
  readonly opening: Promise<BrokerConnection>;
  /** Set when it has been opened. */
  broker?: BrokerConnection;
}

/** `isAlive` for a connection that takes data. */
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
  return (address, isAlive) =>
    connectToBroker(config, role, address, {
      ...(signal && { signal }),
      ...(tokens && { tokens }),
      ...(isAlive && { isAlive }),
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
    control.opening.then((broker) => control.broker = broker, () => controls.delete(key));
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
    for (const address of addresses) {
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
      const metadata = await fetchMetadata(await anyControl(), topics);
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
