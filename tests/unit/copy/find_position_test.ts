/** find_position.ts against a broker that is made up. */

import assert from "node:assert/strict";
import { findPosition } from "../../../lib/copy/find_position.ts";
import type { BrokerConnection } from "../../../lib/wire/connect.ts";
import { ProtocolWriter } from "../../../lib/wire/protocol_writer.ts";

/** A Fetch 11 response: of a log that ends at 9, or without any partition. */
function response(throttleTimeMs: number, empty: boolean) {
  const writer = new ProtocolWriter().int32(throttleTimeMs).int16(0).int32(0);
  writer.array(empty ? [] : ["t"], (topic) => {
    writer.string(topic).int32(1).int32(0).int16(0).int64(9n).int64(9n).int64(0n);
    writer.int32(0).int32(-1).int32(0);
  });
  const bytes = writer.bytes.slice();
  return {
    ...{ bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length },
    release() {},
  };
}

Deno.test("a broker that throttles the look for a position is waited for", async () => {
  const responses = [response(2, true), response(2, true), response(2, false)].values();
  const broker = {
    connection: { send: () => Promise.resolve(responses.next().value) },
    versions: new Map(),
  } as unknown as BrokerConnection;
  const from = { records: 4n, targetOffset: 6n, targetFirstOffset: 2n };
  const found = await findPosition(
    broker,
    { topic: "t", partition: 0 },
    { producerId: 77n, producerEpoch: 0 },
    from,
    undefined,
    new AbortController().signal,
  );
  assert.deepEqual(found, from);
});
