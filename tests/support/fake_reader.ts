/**
 * One partition read from a broker that is made up: it gives the Fetch responses of a test one after the other. For
 * what reads logs back, without a network.
 */

import type { ClusterReader } from "../../lib/compare/partition_reader.ts";
import { UNLIMITED } from "../../lib/copy/pace.ts";
import { createBufferPool } from "../../lib/wire/buffer_pool.ts";
import type { BrokerConnection } from "../../lib/wire/connect.ts";
import type { ResponseFrame } from "../../lib/wire/connection.ts";
import { ProtocolWriter } from "../../lib/wire/protocol_writer.ts";

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
  const bytes = writer.bytes.slice();
  return {
    ...{ bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length },
    release() {},
  };
}

/** A connection that gives the responses, the last one again and again. */
export function fakeBroker(responses: readonly FakeFetch[]): BrokerConnection {
  let sent = 0;
  const send = () => {
    const response = responses[Math.min(sent++, responses.length - 1)] ?? {};
    return Promise.resolve(fetchResponse(response));
  };
  return { connection: { send }, versions: new Map() } as unknown as BrokerConnection;
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
