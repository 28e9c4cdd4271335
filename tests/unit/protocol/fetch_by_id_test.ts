/**
 * fetch_by_id.ts: Fetch 13 as the protocol guide has it, topics by their ids alone.
 */

import assert from "node:assert/strict";
import { decodeFetchById, encodeFetchById } from "../../../lib/protocol/fetch_by_id.ts";
import { ProtocolError, ProtocolReader } from "../../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const idOfA = "00112233445566778899aabbccddeeff";
const idOfB = "ffeeddccbbaa99887766554433221100";
const topicIds = new Map([["a", idOfA], ["b", idOfB]]);
const limits = { maxWaitMs: 500, maxBytes: 1_000, partitionMaxBytes: 100 };

Deno.test("a Fetch 13 names topics by their ids", () => {
  const at = (topic: string, partition: number, fetchOffset: bigint) => ({
    topic,
    partition,
    leaderEpoch: 4,
    fetchOffset,
  });
  const partitions = [at("a", 0, 7n), at("a", 3, 8n), at("b", 1, 9n)];
  const { apiKey, apiVersion, flexible, body } = encodeFetchById(partitions, limits, topicIds);
  assert.deepEqual([apiKey, apiVersion, flexible], [1, 13, true]);
  const [bytes] = body;
  assert.ok(bytes !== undefined);
  const reader = new ProtocolReader(bytes, 0, bytes.length);
  const head = [reader.int32(), reader.int32(), reader.int32(), reader.int32(), reader.int8()];
  assert.deepEqual(head, [-1, 500, 1, 1_000, 1]);
  assert.deepEqual([reader.int32(), reader.int32()], [0, -1]);
  const topics = reader.compactArray(() => {
    const id = reader.uuid();
    const asked = reader.compactArray(() => {
      const each = [reader.int32(), reader.int32(), reader.int64(), reader.int32()];
      const limit = [reader.int64(), reader.int32()];
      reader.skipTags();
      return [...each, ...limit];
    });
    reader.skipTags();
    return { id, asked };
  });
  assert.deepEqual(topics, [
    { id: idOfA, asked: [[0, 4, 7n, -1, -1n, 100], [3, 4, 8n, -1, -1n, 100]] },
    { id: idOfB, asked: [[1, 4, 9n, -1, -1n, 100]] },
  ]);
  assert.deepEqual(reader.compactArray(() => 0), []);
  assert.equal(reader.compactString(), "");
  reader.skipTags();
  reader.end();
  assert.throws(() => encodeFetchById([at("c", 0, 0n)], limits, topicIds), RangeError);
});

/** A response about one partition; `tagged`: fields that later brokers add. */
function response(id: string, records: Uint8Array, tagged = false) {
  const writer = new ProtocolWriter();
  const tags = () => tagged ? writer.uvarint(1).uvarint(0).uvarint(2).int16(9) : writer.noTags();
  writer.int8(0).int32(70).int16(0).int32(0).uvarint(2).raw(Uint8Array.fromHex(id)).uvarint(2)
    .int32(5).int16(0).int64(30n).int64(20n).int64(10n).uvarint(2).int64(77n).int64(12n);
  tags();
  writer.int32(-1).uvarint(records.length + 1).raw(records);
  tags();
  tags();
  tags();
  const bytes = writer.bytes;
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    start: 1,
    end: bytes.length,
    release() {},
  };
}

Deno.test("a Fetch 13 response tells where the batches lie, whatever fields later brokers add", () => {
  const records = Uint8Array.of(1, 2, 3, 4, 5);
  for (const tagged of [false, true]) {
    const frame = response(idOfB, records, tagged);
    const { throttleTimeMs, errorCode, partitions } = decodeFetchById(frame, topicIds);
    assert.deepEqual([throttleTimeMs, errorCode], [70, 0]);
    const [{ recordsStart, recordsEnd, ...rest } = { recordsStart: 0, recordsEnd: 0 }] = partitions;
    assert.deepEqual(rest, {
      topic: "b",
      partition: 5,
      errorCode: 0,
      highWatermark: 30n,
      lastStableOffset: 20n,
      logStartOffset: 10n,
      abortedTransactions: [{ producerId: 77n, firstOffset: 12n }],
    });
    assert.deepEqual(frame.bytes.slice(recordsStart, recordsEnd), records);
  }
});

Deno.test("a Fetch 13 response about another topic, or of another length, is refused", () => {
  const frame = response(idOfA, new Uint8Array(3));
  assert.throws(() => decodeFetchById(frame, new Map([["b", idOfB]])), ProtocolError);
  for (const end of [frame.end - 1, frame.end - 4, 20]) {
    assert.throws(() => decodeFetchById({ ...frame, end }, topicIds), ProtocolError);
  }
  const longer = new Uint8Array(frame.end + 1);
  longer.set(frame.bytes);
  const view = new DataView(longer.buffer);
  const more = { ...frame, bytes: longer, view, end: longer.length };
  assert.throws(() => decodeFetchById(more, topicIds), ProtocolError);
});
