import assert from "node:assert/strict";
import { listPartitionOffsets } from "../../../lib/kafka/partition_offsets.ts";
import type { BrokerConnection } from "../../../lib/wire/broker_connection.ts";
import type { RequestFrame, ResponseFrame } from "../../../lib/protocol/frame.ts";
import { ProtocolReader } from "../../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const LIST_OFFSETS = 2;
const LATEST = -1n;
const READ_COMMITTED = 1;

/** A leader of one partition that answers ListOffsets 3. */
function leader(start: bigint, highWatermark: bigint, stable: bigint): BrokerConnection {
  const send = (frame: RequestFrame): Promise<ResponseFrame> => {
    const body = new Uint8Array(frame.body.flatMap((part) => [...part]));
    const request = new ProtocolReader(body, 0, body.length);
    request.skip(4);
    const isolation = request.skip(1);
    request.skip(4);
    const topic = request.string();
    request.skip(4);
    const partition = request.int32();
    const timestamp = request.int64();
    const end = body[isolation] === READ_COMMITTED ? stable : highWatermark;
    const { bytes } = new ProtocolWriter().int32(0).int32(1).string(topic).int32(1)
      .int32(partition).int16(0).int64(-1n).int64(timestamp === LATEST ? end : start);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Promise.resolve({ bytes, view, start: 0, end: bytes.length, release() {} });
  };
  const connection = { send } as unknown as BrokerConnection["connection"];
  return { connection, versions: new Map([[LIST_OFFSETS, { min: 0, max: 3 }]]) };
}

for (
  const [title, stable, expected] of [
    ["the last stable offset is what consumers of committed messages reach", 70n, 70n],
    ["a last stable offset asked for later never counts beyond the high watermark", 120n, 100n],
  ] as const
) {
  Deno.test(title, async () => {
    const partition = { topic: "t", partition: 3 };
    const found = await listPartitionOffsets(leader(5n, 100n, stable), [partition]);
    assert.deepEqual([...found.values()], [{
      offsets: { logStartOffset: 5n, highWatermark: 100n, lastStableOffset: expected },
    }]);
  });
}
