/**
 * One partition read from a broker that is made up: it gives the Fetch responses of a test one after the other. For
 * what reads logs back, without a network.
 */

import type { ClusterReader } from "../../lib/compare/partition_reader.ts";
import { UNLIMITED } from "../../lib/copy/pace.ts";
import { type Api, APIS } from "../../lib/protocol/apis.ts";
import { createBufferPool } from "../../lib/protocol/buffer_pool.ts";
import type { BrokerConnection } from "../../lib/wire/broker_connection.ts";
import type { RequestFrame, ResponseFrame } from "../../lib/protocol/frame.ts";
import { ProtocolWriter } from "../../lib/protocol/protocol_writer.ts";

const LEADER_NOT_AVAILABLE = 5;

/** A Fetch response of topic `t`, partition 0. */
export interface FakeFetch {
  readonly throttleTimeMs?: number;
  /** Above a quota a broker answers without any partition. */
  readonly empty?: boolean;
  readonly errorCode?: number;
  /** 9 unless told. */
  readonly highWatermark?: bigint;
  /** The high watermark unless told. */
  readonly lastStableOffset?: bigint;
  readonly batches?: readonly Uint8Array[];
}

/** A Fetch 11 response. */
export function fetchResponse(
  { throttleTimeMs = 0, empty = false, errorCode = 0, highWatermark = 9n, ...more }: FakeFetch,
): ResponseFrame {
  const { lastStableOffset = highWatermark, batches = [] } = more;
  const writer = new ProtocolWriter().int32(throttleTimeMs).int16(0).int32(0);
  writer.array(empty ? [] : ["t"], (topic) => {
    writer.string(topic).int32(1).int32(0).int16(errorCode);
    writer.int64(highWatermark).int64(lastStableOffset).int64(0n).int32(0).int32(-1);
    writer.int32(batches.reduce((size, { length }) => size + length, 0));
    for (const each of batches) writer.raw(each);
  });
  return frameOf(writer.bytes.slice());
}

/** What a fake leader says beside what lies in its log. */
export interface FakeLeader {
  /** Answers to where the log ends, the last one again and again; undefined where it does not tell. */
  readonly ends?: readonly (bigint | undefined)[];
  /** What it answers to DescribeProducers, which it does not know otherwise. */
  readonly describeProducersError?: number;
}

/** A connection that gives the responses, the last one again and again; where its log ends it knows, unless told. */
export function fakeBroker(
  responses: readonly FakeFetch[],
  { ends, describeProducersError }: FakeLeader = {},
): BrokerConnection {
  const newest = responses.reduce((most, { highWatermark = 9n, empty }) => {
    return highWatermark > most && !empty ? highWatermark : most;
  }, 0n);
  const nextEnd = oneByOne(ends ?? [newest]);
  const nextFetch = oneByOne(responses);
  const send = ({ apiKey }: RequestFrame) => {
    if (apiKey === APIS.ListOffsets.key) return Promise.resolve(endResponse(nextEnd()));
    if (apiKey === APIS.DescribeProducers.key) {
      return Promise.resolve(producersResponse(describeProducersError ?? 0));
    }
    return Promise.resolve(fetchResponse(nextFetch() ?? {}));
  };
  const { Fetch, ListOffsets, DescribeProducers } = APIS;
  const spoken: readonly Api[] = describeProducersError === undefined
    ? [Fetch, ListOffsets]
    : [Fetch, ListOffsets, DescribeProducers];
  const versions = new Map(spoken.map((api) => [api.key, api]));
  return { connection: { send }, versions } as unknown as BrokerConnection;
}

function oneByOne<Item>(items: readonly Item[]): () => Item | undefined {
  let given = 0;
  return () => items[Math.min(given++, items.length - 1)];
}

/** A DescribeProducers 0 response. */
function producersResponse(errorCode: number): ResponseFrame {
  const writer = new ProtocolWriter().int32(0);
  writer.compactArray(["t"], (topic) => {
    writer.compactString(topic).compactArray([0], (partition) => {
      writer.int32(partition).int16(errorCode).uvarint(0).compactArray([], () => {}).noTags();
    }).noTags();
  });
  return frameOf(writer.noTags().bytes.slice());
}

/** A ListOffsets 3 response. */
function endResponse(offset: bigint | undefined): ResponseFrame {
  const { bytes } = new ProtocolWriter().int32(0).int32(1).string("t").int32(1)
    .int32(0).int16(offset === undefined ? LEADER_NOT_AVAILABLE : 0).int64(-1n).int64(
      offset ?? -1n,
    );
  return frameOf(bytes.slice());
}

function frameOf(bytes: Uint8Array): ResponseFrame {
  const view = new DataView(bytes.buffer);
  return { bytes, view, start: 0, end: bytes.length, release() {} };
}

/** Reads from {@link fakeBroker}; `refreshes` counts how often leaders were asked for. */
export function fakeReader(...responses: readonly FakeFetch[]) {
  let refreshes = 0;
  const broker = fakeBroker(responses);
  const reader: ClusterReader = {
    role: "source",
    isolation: "read_committed",
    leaders: {
      leader: () => ({ nodeId: 1, leaderEpoch: 0 }),
      topicProblem: () => undefined,
      refresh: () => Promise.resolve(void refreshes++),
    },
    connections: { to: () => Promise.resolve(broker), close() {} },
    pool: createBufferPool(1 << 20),
    pace: UNLIMITED,
    signal: new AbortController().signal,
    failingSince: new Map(),
  };
  return {
    reader,
    get refreshes() {
      return refreshes;
    },
  };
}
