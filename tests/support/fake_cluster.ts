/** A cluster in memory as the copy sees one: brokers that answer requests, connection by connection in order. */

import type { Cluster, ClusterRole } from "../../lib/kafka/cluster.ts";
import type { BrokerConnection } from "../../lib/wire/broker_connection.ts";
import type { RequestFrame, ResponseFrame } from "../../lib/protocol/frame.ts";
import { ConnectionError } from "../../lib/wire/connection_error.ts";
import type { TopicMetadata } from "../../lib/protocol/metadata.ts";
import { ProtocolReader } from "../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../lib/protocol/protocol_writer.ts";

/** How a cluster in memory behaves. */
export interface FakeBrokers {
  readonly nodes: readonly number[];
  readonly versions: BrokerConnection["versions"];
  /** Milliseconds that something takes there, or back. */
  readonly latencyMs: (what: "request" | "metadata") => number;
  /** The response's body. @throws {ConnectionError} where the connection ends instead */
  readonly answer: (frame: RequestFrame, nodeId: number) => Uint8Array;
  /** @throws {ConnectionError} where no broker answers */
  readonly topics: () => readonly TopicMetadata[];
  /** Whether a request that was sent before its connection was closed is taken all the same. */
  readonly outlives?: () => boolean;
  /** Why a broker takes no connection now. */
  readonly refuses?: (nodeId: number) => ConnectionError | undefined;
}

/** Makes one. */
export function fakeCluster(role: ClusterRole, brokers: FakeBrokers): Cluster {
  const later = (what: "request" | "metadata" = "request") =>
    new Promise<void>((resolve) => setTimeout(resolve, brokers.latencyMs(what)));
  const open = async (nodeId: number): Promise<BrokerConnection> => {
    await later();
    const refused = brokers.refuses?.(nodeId);
    if (refused !== undefined) throw refused;
    return connectionTo(role, nodeId, brokers, later);
  };
  return {
    role,
    clusterId: role,
    roundTripMs: () => 0,
    brokers: () => new Map(brokers.nodes.map((id) => [id, { host: role, port: id }])),
    control: open,
    anyControl: () => open(brokers.nodes[0]!),
    openData: open,
    metadata: async () => {
      await later("metadata");
      return {
        clusterId: role,
        controller: brokers.nodes[0]!,
        brokers: brokers.nodes.map((nodeId) => ({ nodeId, host: role, port: nodeId })),
        topics: [...brokers.topics()],
      };
    },
    close() {},
  };
}

function connectionTo(
  role: ClusterRole,
  nodeId: number,
  { answer, versions, outlives = () => false }: FakeBrokers,
  later: () => Promise<void>,
): BrokerConnection {
  const address = addressOf(role, nodeId);
  let closed = false;
  /** Requests arrive, and answers come back, one after the other; several may be under way. */
  let arrived: Promise<unknown> = Promise.resolve();
  let delivered: Promise<unknown> = Promise.resolve();
  function receive(frame: RequestFrame): Uint8Array {
    const wasClosed = closed;
    if (!wasClosed || outlives()) {
      try {
        const response = answer(frame, nodeId);
        if (!wasClosed) return response;
      } catch (error) {
        closed = true;
        throw error;
      }
    }
    throw new ConnectionError("closed", address, "the connection is closed");
  }
  function deliver(response: Uint8Array, { pool }: RequestFrame): ResponseFrame {
    if (closed) throw new ConnectionError("closed", address, "the connection was closed");
    const buffer = pool?.acquire(response.length);
    buffer?.bytes.set(response);
    const bytes = buffer?.bytes ?? response;
    return {
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      start: 0,
      end: response.length,
      release: () => buffer?.release(),
      ...(buffer && { buffer }),
    };
  }
  const connection = {
    address,
    get closed() {
      return closed;
    },
    inFlight: 0,
    close() {
      closed = true;
    },
    async send(frame: RequestFrame): Promise<ResponseFrame> {
      // What is written is what was there then.
      const sent = { ...frame, body: [bodyOf(frame).slice()] };
      const received = arrived.then(() => later()).then(() => receive(sent));
      arrived = received.catch(() => {});
      const answered = Promise.all([received, delivered]).then(([response]) => response);
      const back = answered.then(() => later(), async (error) => {
        await later();
        throw error;
      });
      delivered = back.catch(() => {});
      await back;
      return deliver(await received, frame);
    },
  };
  return { connection: connection as unknown as BrokerConnection["connection"], versions };
}

/** `source:1`. */
export function addressOf(role: ClusterRole, nodeId: number): ConnectionError["address"] {
  return { advertised: `${role}:${nodeId}`, dialled: `${role}:${nodeId}` };
}

/** The body of a request, in one piece. */
export function bodyOf({ body }: RequestFrame): Uint8Array {
  const writer = new ProtocolWriter(1 << 16);
  for (const part of body) writer.raw(part);
  return writer.bytes;
}

/** Reads the body of a request. */
export function readerOf(frame: RequestFrame): ProtocolReader {
  const bytes = bodyOf(frame);
  return new ProtocolReader(bytes, 0, bytes.length);
}

/** What a ListOffsets 3 asks about; the timestamp −1 is the end. */
export function askedOffsets(
  frame: RequestFrame,
): { readonly partition: number; readonly timestamp: bigint }[] {
  const request = readerOf(frame);
  request.skip(4 + 1);
  return request.array(() => {
    request.string();
    return request.array(() => ({ partition: request.int32(), timestamp: request.int64() }));
  }).flat();
}
