/** partition_reader.ts against a broker that is made up: what it answers is waited for, tried again or said. */

import assert from "node:assert/strict";
import { type ClusterReader, fetchPage, ReadError } from "../../../lib/compare/partition_reader.ts";
import { UNLIMITED } from "../../../lib/copy/pace.ts";
import { createBufferPool } from "../../../lib/wire/buffer_pool.ts";
import type { BrokerConnection } from "../../../lib/wire/connect.ts";
import type { ResponseFrame } from "../../../lib/wire/connection.ts";
import { ProtocolWriter } from "../../../lib/wire/protocol_writer.ts";

const partition = { topic: "t", partition: 0 };

/** A Fetch 11 response; without an error code it holds no partition. */
function response(throttleTimeMs: number, errorCode?: number): ResponseFrame {
  const writer = new ProtocolWriter().int32(throttleTimeMs).int16(0).int32(0);
  writer.array(errorCode === undefined ? [] : [errorCode], (code) => {
    writer.string("t").int32(1).int32(0).int16(code).int64(9n).int64(9n).int64(0n);
    writer.int32(0).int32(-1).int32(0);
  });
  const bytes = writer.bytes.slice();
  return {
    ...{ bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length },
    release() {},
  };
}

/** Gives the responses one after the other; counts how often leaders are asked for. */
function readerOf(...responses: readonly ResponseFrame[]) {
  const left = responses.values();
  let refreshes = 0;
  const connection = { send: () => Promise.resolve(left.next().value) };
  const broker = { connection, versions: new Map() } as unknown as BrokerConnection;
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
  };
  return {
    reader,
    get refreshes() {
      return refreshes;
    },
  };
}

Deno.test("a broker that throttles is waited for, however often, and nothing is wrong with it", async () => {
  const fake = readerOf(...Array.from({ length: 30 }, () => response(3)), response(3, 0));
  const started = performance.now();
  const { fetched } = await fetchPage(fake.reader, partition, 4n);
  assert.equal(fetched.highWatermark, 9n);
  assert.equal(fake.refreshes, 0);
  const took = performance.now() - started;
  assert.ok(took >= 90 && took < 2_000, `${took} ms`);
});

Deno.test("a leader that has moved is looked for, what is gone is said at once", async () => {
  const moved = readerOf(response(0, 6), response(0, 0));
  assert.equal((await fetchPage(moved.reader, partition, 4n)).fetched.errorCode, 0);
  assert.equal(moved.refreshes, 1);
  const gone = readerOf(response(0, 1));
  await assert.rejects(
    fetchPage(gone.reader, partition, 4n),
    (error) =>
      error instanceof ReadError &&
      error.message === "The source no longer holds offset 4 of topic: t, partition: 0",
  );
});
