/**
 * metadata.ts: that asking for topics never has a broker create one, whatever version it speaks.
 */

import assert from "node:assert/strict";
import { fetchMetadata } from "../../../lib/kafka/metadata.ts";
import { APIS } from "../../../lib/protocol/apis.ts";
import type { BrokerConnection } from "../../../lib/wire/broker_connection.ts";
import type { RequestFrame } from "../../../lib/protocol/frame.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** A broker that has topic `there` and notes what it was asked, below version 9. */
function broker(max: number, asked: RequestFrame[]): BrokerConnection {
  const send = (frame: RequestFrame) => {
    asked.push(frame);
    const writer = new ProtocolWriter();
    if (max >= 3) writer.int32(0);
    writer.int32(1).int32(7).string("host").int32(9092).string(null).string("cluster").int32(7);
    writer.int32(1).int16(0).string("there").int8(0).int32(0);
    if (max >= 8) writer.int32(-(2 ** 31)).int32(-(2 ** 31));
    const bytes = writer.bytes.slice();
    const view = new DataView(bytes.buffer);
    return Promise.resolve({ bytes, view, start: 0, end: bytes.length, release() {} });
  };
  const versions = new Map([[APIS.Metadata.key, { min: 0, max }]]);
  return { connection: { send }, versions } as unknown as BrokerConnection;
}

const textOf = ({ body }: RequestFrame) =>
  body.map((part) => new TextDecoder("latin1").decode(part)).join("");

Deno.test("what a broker would create is never named: any topic before 0.11, an internal one before 2.8", async () => {
  const table: readonly [max: number, topics: readonly string[], named: boolean][] = [
    [2, ["there", "missing"], false],
    [3, ["missing"], false],
    [4, ["there", "missing"], true],
    [4, ["__consumer_offsets"], false],
    [8, ["there", "__consumer_offsets", "missing"], false],
    [8, ["there", "missing"], true],
  ];
  for (const [max, topics, named] of table) {
    const asked: RequestFrame[] = [];
    const metadata = await fetchMetadata(broker(max, asked), topics);
    assert.equal(asked.length, 1);
    for (const topic of topics) {
      assert.equal(textOf(asked[0]!).includes(topic), named, `${topic} in version ${max}`);
    }
    if (named) continue;
    const codes = metadata.topics.map(({ topic, errorCode }) => [topic, errorCode]);
    assert.deepEqual(
      codes,
      topics.map((topic) => [topic, topic === "there" ? 0 : UNKNOWN_TOPIC_OR_PARTITION]),
    );
  }
});

Deno.test("where no topic is wanted none is asked for, and all where all are", async () => {
  for (const max of [2, 4, 8]) {
    const asked: RequestFrame[] = [];
    await fetchMetadata(broker(max, asked), []);
    await fetchMetadata(broker(max, asked), "all");
    const counts = asked.map(({ body }) => new DataView(body[0]!.slice().buffer).getInt32(0));
    assert.deepEqual(counts, [0, -1], `version ${max}`);
  }
});
