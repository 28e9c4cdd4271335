/**
 * The requests and responses that are encoded and read here, byte for byte: Fetch and ListOffsets against kafkajs's
 * encoders, the others against bytes spelt out after the protocol guide.
 */

import assert from "node:assert/strict";
import kafkajsFetch from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import kafkajsListOffsets from "kafkajs/src/protocol/requests/listOffsets/v3/request.js";
import type { RequestFrame, ResponseFrame } from "../../../lib/protocol/frame.ts";
import {
  decodeDescribeProducers,
  encodeDescribeProducers,
} from "../../../lib/protocol/describe_producers.ts";
import { decodeCreateTopics, encodeCreateTopics } from "../../../lib/protocol/create_topics.ts";
import {
  decodeDescribeLogDirs,
  encodeDescribeLogDirs,
} from "../../../lib/protocol/describe_log_dirs.ts";
import { decodeFetch, encodeFetch, groupByTopic } from "../../../lib/protocol/fetch.ts";
import { decodeListGroups, encodeListGroups } from "../../../lib/protocol/list_groups.ts";
import { decodeListOffsets, encodeListOffsets } from "../../../lib/protocol/list_offsets.ts";
import { decodeMetadata, encodeMetadata } from "../../../lib/protocol/metadata.ts";
import { decodeOffsetFetch, encodeOffsetFetch } from "../../../lib/protocol/offset_fetch.ts";
import { decodeProduce, encodeProduce } from "../../../lib/protocol/produce.ts";
import { ProtocolError } from "../../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const hexOf = ({ body }: Pick<RequestFrame, "body">) => body.map((part) => part.toHex()).join("");
const text = (value: string) => new TextEncoder().encode(value).toHex();

/** A response whose body lies somewhere inside its buffer, with bytes around it that mean nothing. */
function frameOf(body: Uint8Array): ResponseFrame {
  const bytes = new Uint8Array(body.length + 7).fill(0xee);
  bytes.set(body, 3);
  const view = new DataView(bytes.buffer);
  return { bytes, view, start: 3, end: 3 + body.length, release: () => undefined };
}

/** Reads the body, and asserts that each shorter one is refused. */
function decoded<Response>(
  body: Uint8Array,
  decode: (frame: ResponseFrame) => Response,
  end = body.length,
): Response {
  for (let size = 0; size < end; size++) {
    assert.throws(() => decode(frameOf(body.subarray(0, size))), ProtocolError, `${size} bytes`);
  }
  return decode(frameOf(body));
}

Deno.test("Fetch 11 is encoded as kafkajs encodes it", async () => {
  const limits = { maxWaitMs: 500, maxBytes: 1_000_000, partitionMaxBytes: 4_000 };
  const partition = (number: number, fetchOffset: bigint, leaderEpoch: number) => ({
    partition: number,
    fetchOffset,
    leaderEpoch,
  });
  const topics = [
    { topic: "test1", partitions: [partition(0, 5226n, 3), partition(7, 2n ** 40n, -1)] },
    { topic: "zürich", partitions: [partition(2, 0n, 0)] },
  ];
  const request = encodeFetch(
    11,
    topics.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, ...each }))),
    limits,
  );
  const theirs = kafkajsFetch({
    replicaId: -1,
    maxWaitTime: limits.maxWaitMs,
    minBytes: 1,
    maxBytes: limits.maxBytes,
    isolationLevel: 1,
    rackId: "",
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((each) => ({
        partition: each.partition,
        currentLeaderEpoch: each.leaderEpoch,
        fetchOffset: String(each.fetchOffset),
        maxBytes: limits.partitionMaxBytes,
      })),
    })),
  });
  assert.deepEqual([request.apiKey, request.apiVersion], [theirs.apiKey, theirs.apiVersion]);
  assert.equal(hexOf(request), new Uint8Array((await theirs.encode()).buffer).toHex());
});

Deno.test("a Fetch 11 response tells where the batches lie", () => {
  const records = Uint8Array.fromHex("0badcafe");
  const writer = new ProtocolWriter().int32(25).int16(0).int32(0);
  writer.array(["a", "b"], (topic) => {
    writer.string(topic).array([0, 1], (partition) => {
      writer.int32(partition).int16(partition === 0 ? 0 : 6).int64(100n).int64(90n).int64(10n);
      writer.array(partition === 0 ? [7n] : [], (id) => writer.int64(id).int64(55n)).int32(-1);
      if (partition === 0) writer.int32(records.length).raw(records);
      else writer.int32(-1);
    });
  });
  const frame = frameOf(writer.bytes);
  const response = decoded(writer.bytes, (frame) => decodeFetch(11, frame));
  assert.equal(response.throttleTimeMs, 25);
  assert.deepEqual(
    response.partitions.map((each) => [each.topic, each.partition, each.errorCode]),
    [["a", 0, 0], ["a", 1, 6], ["b", 0, 0], ["b", 1, 6]],
  );
  const [first, second] = response.partitions;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(frame.bytes.subarray(first.recordsStart, first.recordsEnd), records);
  assert.equal(second.recordsStart, second.recordsEnd);
  assert.deepEqual(first.abortedTransactions, [{ producerId: 7n, firstOffset: 55n }]);
  assert.deepEqual(
    [first.highWatermark, first.lastStableOffset, first.logStartOffset],
    [100n, 90n, 10n],
  );
});

Deno.test("Produce 5 to 8 hold each batch as it stands, by topic and partition", () => {
  const batch = (byte: number) => new Uint8Array(3).fill(byte);
  const partitions = [
    { topic: "b", partition: 0, batch: batch(1) },
    { topic: "a", partition: 10, batch: batch(2) },
    { topic: "b", partition: 2, batch: batch(3) },
    { topic: "a", partition: 9, batch: batch(4) },
  ];
  for (const version of [5, 6, 7, 8]) {
    const request = encodeProduce(version, partitions, 20_000);
    assert.deepEqual([request.apiKey, request.apiVersion], [0, version]);
    assert.equal(
      hexOf(request),
      "ffff" + "ffff" + "00004e20" + "00000002" +
        `0001${text("a")}00000002` + "0000000900000003040404" + "0000000a00000003020202" +
        `0001${text("b")}00000002` + "0000000000000003010101" + "0000000200000003030303",
    );
    for (const { batch } of partitions) assert.ok(request.body.includes(batch), "copied");
  }
});

Deno.test("a partition that stands twice in one Produce is refused: brokers would lose one", () => {
  const twice = ["a", "b", "a"].map((topic) => ({ topic, partition: 1, batch: new Uint8Array(1) }));
  assert.throws(() => encodeProduce(8, twice, 1), /Cannot produce a-1 twice in one request/);
});

Deno.test("a Produce 8 response is read with its record errors", () => {
  const writer = new ProtocolWriter();
  writer.array(["t"], (topic) => {
    writer.string(topic).array([3, 4], (partition) => {
      writer.int32(partition).int16(partition === 3 ? 0 : 87).int64(partition === 3 ? 640n : -1n);
      writer.int64(-1n).int64(12n);
      writer.array(partition === 3 ? [] : [5], (index) => writer.int32(index).string("bad record"));
      writer.string(partition === 3 ? null : "refused");
    });
  }).int32(17);
  const { throttleTimeMs, partitions } = decoded(writer.bytes, (frame) => decodeProduce(8, frame));
  assert.equal(throttleTimeMs, 17);
  assert.deepEqual(partitions, [
    {
      ...{ topic: "t", partition: 3, errorCode: 0, baseOffset: 640n, logStartOffset: 12n },
      ...{ errorMessage: null, recordErrors: [] },
    },
    {
      ...{ topic: "t", partition: 4, errorCode: 87, baseOffset: -1n, logStartOffset: 12n },
      ...{ errorMessage: "refused", recordErrors: [{ index: 5, message: "bad record" }] },
    },
  ]);
});

Deno.test("a Produce response below version 8 tells nothing of records", () => {
  const writer = new ProtocolWriter();
  writer.array(["t"], (topic) => {
    writer.string(topic).array([3], (partition) => {
      writer.int32(partition).int16(59).int64(-1n).int64(-1n).int64(12n);
    });
  }).int32(17);
  for (const version of [5, 6, 7]) {
    assert.deepEqual(decoded(writer.bytes, (frame) => decodeProduce(version, frame)), {
      throttleTimeMs: 17,
      partitions: [{
        ...{ topic: "t", partition: 3, errorCode: 59, baseOffset: -1n, logStartOffset: 12n },
        ...{ errorMessage: undefined, recordErrors: undefined },
      }],
    });
  }
});

Deno.test("Metadata is asked for without creating topics, by name or for all", () => {
  const id = "00".repeat(16);
  const cases = [
    [9, ["ab"], `02${"03" + text("ab")}00` + "00" + "00" + "00" + "00"],
    [10, ["ab"], `02${id}03${text("ab")}00` + "00" + "00" + "00" + "00"],
    [11, ["ab"], `02${id}03${text("ab")}00` + "00" + "00" + "00"],
    [12, "all", "00" + "00" + "00" + "00"],
    [12, [], "01" + "00" + "00" + "00"],
  ] as const;
  for (const [version, topics, expected] of cases) {
    const request = encodeMetadata(version, topics);
    assert.deepEqual([request.apiKey, request.apiVersion, request.flexible], [3, version, true]);
    assert.equal(hexOf(request), expected, `version ${version}`);
  }
});

for (const version of [9, 10, 11, 12]) {
  Deno.test(`a Metadata ${version} response is read with leaders and topic ids`, () => {
    const id = "0f".repeat(16);
    const writer = new ProtocolWriter().int32(0);
    writer.compactArray([1, 2], (nodeId) => {
      writer.int32(nodeId).compactString(`host-${nodeId}`).int32(9092).uvarint(0).noTags();
    }).compactString("cluster-id").int32(1);
    writer.compactArray([0, 3], (errorCode) => {
      writer.int16(errorCode).compactString(`topic-${errorCode}`);
      if (version >= 10) writer.raw(Uint8Array.fromHex(errorCode === 0 ? id : "00".repeat(16)));
      writer.boolean(errorCode === 0).compactArray(errorCode === 0 ? [1, -1] : [], (leader) => {
        writer.int16(leader < 0 ? 5 : 0).int32(leader < 0 ? 1 : 0).int32(leader).int32(4);
        for (const nodes of [[1, 2], [1], []]) {
          writer.compactArray(nodes, (node) => writer.int32(node));
        }
        writer.noTags();
      }).int32(-2_147_483_648).noTags();
    });
    if (version <= 10) writer.int32(-2_147_483_648);
    const end = writer.bytes.length;
    writer.noTags();
    const read = decoded(writer.bytes, (frame) => decodeMetadata(version, frame), end);
    assert.deepEqual(read, {
      clusterId: "cluster-id",
      controller: 1,
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: `host-${nodeId}`, port: 9092 })),
      topics: [
        {
          errorCode: 0,
          topic: "topic-0",
          internal: true,
          partitions: [
            { errorCode: 0, partition: 0, leader: 1, leaderEpoch: 4, replicas: 2 },
            { errorCode: 5, partition: 1, leader: -1, leaderEpoch: 4, replicas: 2 },
          ],
          ...(version >= 10 && { topicId: id }),
        },
        { errorCode: 3, topic: "topic-3", internal: false, partitions: [] },
      ],
    });
  });
}

Deno.test("ListGroups 3 to 5 tell what their version knows", () => {
  for (const version of [3, 4, 5]) {
    assert.equal(hexOf(encodeListGroups(version)), "01".repeat(version - 3) + "00");
    const writer = new ProtocolWriter().int32(0).int16(14);
    writer.compactArray(["g", "é"], (group) => {
      writer.compactString(group).compactString("consumer");
      if (version >= 4) writer.compactString("Stable");
      if (version >= 5) writer.compactString("classic");
      writer.noTags();
    });
    const read = decoded(writer.bytes, (frame) => decodeListGroups(version, frame));
    assert.equal(read.errorCode, 14);
    assert.deepEqual(
      read.groups,
      ["g", "é"].map((group) => ({
        group,
        protocolType: "consumer",
        state: version >= 4 ? "Stable" : undefined,
        type: version >= 5 ? "classic" : undefined,
      })),
    );
  }
});

Deno.test("OffsetFetch 6 to 8 ask for all of a group's offsets", () => {
  assert.equal(hexOf(encodeOffsetFetch(6, ["g"], true)), `02${text("g")}00` + "00");
  assert.equal(hexOf(encodeOffsetFetch(7, ["g"], true)), `02${text("g")}00` + "01" + "00");
  assert.equal(
    hexOf(encodeOffsetFetch(8, ["g", "h"], false)),
    `0302${text("g")}000002${text("h")}0000` + "00" + "00",
  );
});

Deno.test("OffsetFetch responses are read with the errors of groups and partitions", () => {
  const topics = (writer: ProtocolWriter) =>
    writer.compactArray(["t"], (topic) => {
      writer.compactString(topic).compactArray([0n, -1n], (offset) => {
        writer.int32(offset < 0n ? 1 : 0).int64(offset).int32(-1).compactString("note");
        writer.int16(offset < 0n ? 88 : 0).noTags();
      }).noTags();
    });
  const partitions = [
    { topic: "t", partition: 0, committedOffset: 0n, metadata: "note", errorCode: 0 },
    { topic: "t", partition: 1, committedOffset: -1n, metadata: "note", errorCode: 88 },
  ];
  for (const version of [6, 7]) {
    const writer = topics(new ProtocolWriter().int32(0)).int16(16);
    const read = decoded(writer.bytes, (frame) => decodeOffsetFetch(version, ["g"], frame));
    assert.deepEqual(read, [{ group: "g", partitions, errorCode: 16 }]);
  }
  const writer = new ProtocolWriter().int32(0);
  writer.compactArray(["g", "h"], (group) => {
    topics(writer.compactString(group)).int16(group === "g" ? 0 : 14).noTags();
  });
  const read = decoded(writer.bytes, (frame) => decodeOffsetFetch(8, ["g", "h"], frame));
  assert.deepEqual(read, [
    { group: "g", errorCode: 0, partitions },
    { group: "h", errorCode: 14, partitions },
  ]);
});

Deno.test("ListOffsets 3 is encoded as kafkajs encodes it", async () => {
  const topics = [
    {
      topic: "test1",
      partitions: [{ partition: 0, timestampMs: -2 }, { partition: 7, timestampMs: 1.7e12 }],
    },
    { topic: "zürich", partitions: [{ partition: 2, timestampMs: -1 }] },
  ];
  for (const committedOnly of [false, true]) {
    const request = encodeListOffsets(
      3,
      topics.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, ...each }))),
      committedOnly,
    );
    const theirs = kafkajsListOffsets({
      replicaId: -1,
      isolationLevel: committedOnly ? 1 : 0,
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, timestampMs }) => ({
          partition,
          timestamp: timestampMs,
        })),
      })),
    });
    assert.deepEqual([request.apiKey, request.apiVersion], [theirs.apiKey, theirs.apiVersion]);
    assert.equal(hexOf(request), new Uint8Array((await theirs.encode()).buffer).toHex());
  }
});

Deno.test("a ListOffsets 3 response tells offsets, and errors beside them", () => {
  const writer = new ProtocolWriter().int32(0);
  writer.array(["a", "b"], (topic) => {
    writer.string(topic).array([0, 4], (partition) => {
      writer.int32(partition).int16(partition === 0 ? 0 : 6).int64(1_700_000_000_000n);
      writer.int64(partition === 0 ? 2n ** 40n : -1n);
    });
  });
  const told = (topic: string) => [
    { topic, partition: 0, errorCode: 0, offset: 2n ** 40n },
    { topic, partition: 4, errorCode: 6, offset: -1n },
  ];
  assert.deepEqual(decoded(writer.bytes, (frame) => decodeListOffsets(3, frame)), [
    ...told("a"),
    ...told("b"),
  ]);
});

Deno.test("DescribeProducers tells how far each producer id got", () => {
  const asked = [{ topic: "t", partition: 0 }, { topic: "t", partition: 4 }];
  const request = encodeDescribeProducers(asked);
  assert.deepEqual([request.apiKey, request.apiVersion, request.flexible], [61, 0, true]);
  assert.equal(hexOf(request), `0202${text("t")}03${"00000000"}${"00000004"}00` + "00");
  const writer = new ProtocolWriter().int32(0);
  writer.compactArray(["t"], (topic) => {
    writer.compactString(topic).compactArray([0, 4], (partition) => {
      writer.int32(partition).int16(partition === 0 ? 0 : 6).uvarint(0);
      writer.compactArray(partition === 0 ? [77n] : [], (id) => {
        writer.int64(id).int32(2).int32(41).int64(-1n).int32(-1).int64(-1n).noTags();
      }).noTags();
    }).noTags();
  });
  assert.deepEqual(decoded(writer.bytes, decodeDescribeProducers), [
    {
      topic: "t",
      partition: 0,
      errorCode: 0,
      producers: [{ producerId: 77n, producerEpoch: 2, lastSequence: 41 }],
    },
    { topic: "t", partition: 4, errorCode: 6, producers: [] },
  ]);
});

Deno.test("groupByTopic() groups neighbours only", () => {
  const items = ["a", "a", "b", "a"].map((topic, index) => ({ topic, index }));
  assert.deepEqual(
    groupByTopic(items).map(([topic, group]) => [topic, group.map(({ index }) => index)]),
    [["a", [0, 1]], ["b", [2]], ["a", [3]]],
  );
});

Deno.test("CreateTopics 5 carries settings there and brings those in force back", () => {
  const topic = { topic: "t", partitions: 3, replicationFactor: 2, configs: new Map([["a", "b"]]) };
  const request = encodeCreateTopics(5, [topic], { timeoutMs: 1_000, validateOnly: true });
  assert.deepEqual([request.apiKey, request.apiVersion, request.flexible], [19, 5, true]);
  const entry = `02${text("a")}02${text("b")}00`;
  assert.equal(
    hexOf(request),
    `0202${text("t")}00000003000201` + `02${entry}` + "00" + "000003e8" + "01" + "00",
  );

  const writer = new ProtocolWriter().int32(0);
  writer.compactArray([0, 40], (errorCode) => {
    writer.compactString(`t${errorCode}`).int16(errorCode);
    if (errorCode === 0) writer.uvarint(0);
    else writer.compactString("no");
    writer.int32(3).int16(2);
    writer.compactArray(errorCode === 0 ? ["a"] : [], (name) => {
      writer.compactString(name).compactString("b").boolean(false).int8(1).boolean(false).noTags();
    });
    writer.noTags();
  });
  const end = writer.bytes.length;
  writer.noTags();
  assert.deepEqual(decoded(writer.bytes, (frame) => decodeCreateTopics(5, frame), end), [
    { topic: "t0", errorCode: 0, settings: [{ name: "a", value: "b", source: 1 }] },
    { topic: "t40", errorCode: 40, errorMessage: "no" },
  ]);
});

Deno.test("CreateTopics 2 to 4 carry settings there and bring none back", () => {
  const topic = { topic: "t", partitions: 3, replicationFactor: 2, configs: new Map([["a", "b"]]) };
  const writer = new ProtocolWriter().int32(0);
  writer.array([0, 40], (errorCode) => {
    writer.string(`t${errorCode}`).int16(errorCode).string(errorCode === 0 ? null : "no");
  });
  for (const version of [2, 3, 4]) {
    const request = encodeCreateTopics(version, [topic], { timeoutMs: 1_000, validateOnly: true });
    assert.deepEqual(
      [request.apiKey, request.apiVersion, request.flexible],
      [19, version, undefined],
    );
    const entry = `0001${text("a")}0001${text("b")}`;
    assert.equal(
      hexOf(request),
      `000000010001${text("t")}00000003000200000000` + `00000001${entry}` + "000003e8" + "01",
    );
    assert.deepEqual(decoded(writer.bytes, (frame) => decodeCreateTopics(version, frame)), [
      { topic: "t0", errorCode: 0 },
      { topic: "t40", errorCode: 40, errorMessage: "no" },
    ]);
  }
});

Deno.test("DescribeLogDirs 1 tells the bytes of each partition, but not of logs that are moving in", () => {
  const request = encodeDescribeLogDirs(1, [{ topic: "t", partition: 1 }, {
    topic: "t",
    partition: 2,
  }]);
  assert.deepEqual([request.apiKey, request.apiVersion], [35, 1]);
  assert.equal(hexOf(request), `000000010001${text("t")}000000020000000100000002`);

  const writer = new ProtocolWriter().int32(0);
  writer.array([0], (errorCode) => {
    writer.int16(errorCode).string("/data").array(["t"], (topic) => {
      writer.string(topic).array([false, true], (future) => {
        writer.int32(1).int64(2n ** 40n).int64(0n).boolean(future);
      });
    });
  });
  assert.deepEqual(decoded(writer.bytes, decodeDescribeLogDirs), [
    { errorCode: 0, partitions: [{ topic: "t", partition: 1, bytes: 2n ** 40n }] },
  ]);
});
