/** target_lane.ts over connections that a test answers, or ends, when it likes. */

import assert from "node:assert/strict";
import type { Trouble } from "../../../lib/copy/lane.ts";
import { UNLIMITED } from "../../../lib/copy/pace.ts";
import { PartitionCopy } from "../../../lib/copy/partition_copy.ts";
import { createTargetLane } from "../../../lib/copy/target_lane.ts";
import { APIS } from "../../../lib/protocol/apis.ts";
import type { BrokerConnection } from "../../../lib/wire/broker_connection.ts";
import type { ResponseFrame } from "../../../lib/protocol/frame.ts";
import { ConnectionError } from "../../../lib/wire/connection_error.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";
import { testCutBatch } from "../../support/cut_batch.ts";

const versions = new Map([[APIS.Produce.key, APIS.Produce]]);
const address = { advertised: "target:1", dialled: "target:1" };
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A Produce 8 response: stored at this offset. */
function storedAt(offset: bigint): ResponseFrame {
  const bytes = new ProtocolWriter().int32(1).string("t").int32(1).int32(0).int16(0).int64(offset)
    .int64(-1n).int64(0n).int32(0).string(null).int32(0).bytes.slice();
  const view = new DataView(bytes.buffer);
  return { bytes, view, start: 0, end: bytes.length, release() {} };
}

Deno.test("no other connection is used while requests on an ended one are not answered", async () => {
  const requests: PromiseWithResolvers<ResponseFrame>[] = [];
  const opened: { closed: boolean }[] = [];
  const open = () => {
    const connection = {
      ...{ address, closed: false, close: () => {} },
      send() {
        const request = Promise.withResolvers<ResponseFrame>();
        requests.push(request);
        return request.promise;
      },
    };
    opened.push(connection);
    return Promise.resolve({ connection, versions } as unknown as BrokerConnection);
  };
  const troubles: Trouble["kind"][] = [];
  const end = new AbortController();
  const ignore = () => {};
  const lane = createTargetLane({
    ...{ open, pace: UNLIMITED, signal: end.signal },
    ...{ onWaited: ignore, onThrottled: ignore, onAcknowledged: ignore, onFailed: ignore },
    reportTrouble: (_, { kind }) => troubles.push(kind),
    onCrash: (error) => {
      throw error;
    },
  });
  const nothingStored = { records: 0n, targetOffset: 0n };
  const copy = new PartitionCopy({
    ...{ topic: "t", partition: 0, startOffset: 0n, endOffset: 9n },
    identity: { producerId: 77n, producerEpoch: 0 },
    ...{ before: nothingStored, stored: nothingStored, rules: { logAppendTime: false } },
  });
  const accept = (from: number) => {
    const cut = { batches: [testCutBatch(from, from + 3)], batchesLeftOut: 0 };
    copy.accept({ ...cut, nextOffset: BigInt(from + 3) }, () => () => {});
    lane.wake(copy);
  };
  lane.add(copy);
  accept(0);
  await settled();
  requests[0]?.resolve(storedAt(0n));
  await settled();
  accept(3);
  await settled();
  assert.equal(requests.length, 2);
  opened[0]!.closed = true;
  // An answer to this one would be taken for that of the one before.
  accept(6);
  await settled();
  assert.deepEqual([opened.length, requests.length], [1, 2]);
  requests[1]?.reject(new ConnectionError("closed", address, "the connection was reset"));
  await settled();
  assert.deepEqual(troubles, ["connection"]);
  assert.ok(copy.queue.readyToResend);
  end.abort();
  await lane.ended;
});
