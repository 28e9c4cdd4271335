/**
 * Requests and responses in every version that older brokers speak, byte for byte: against kafkajs's encoders and
 * decoders where it has the version, else against bytes spelt out after Kafka's message schemas. What a version does not
 * hold is undefined.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import DescribeGroups from "kafkajs/src/protocol/requests/describeGroups/index.js";
import Fetch from "kafkajs/src/protocol/requests/fetch/index.js";
import ListGroups from "kafkajs/src/protocol/requests/listGroups/index.js";
import ListOffsets from "kafkajs/src/protocol/requests/listOffsets/index.js";
import Metadata from "kafkajs/src/protocol/requests/metadata/index.js";
import OffsetFetch from "kafkajs/src/protocol/requests/offsetFetch/index.js";
import { type ApiName, APIS } from "../../../lib/protocol/apis.ts";
import type { RequestChannel } from "../../../lib/wire/request_channel.ts";
import type { RequestFrame, ResponseFrame } from "../../../lib/protocol/frame.ts";
import {
  decodeDescribeGroups,
  encodeDescribeGroups,
} from "../../../lib/protocol/describe_groups.ts";
import {
  decodeDescribeLogDirs,
  encodeDescribeLogDirs,
} from "../../../lib/protocol/describe_log_dirs.ts";
import { decodeFetch, encodeFetch } from "../../../lib/protocol/fetch.ts";
import { fetchApiVersions } from "../../../lib/wire/fetch_api_versions.ts";
import type { KafkajsProtocol } from "../../../lib/wire/kafkajs_protocol.ts";
import { decodeListGroups, encodeListGroups } from "../../../lib/protocol/list_groups.ts";
import { decodeListOffsets, encodeListOffsets } from "../../../lib/protocol/list_offsets.ts";
import { decodeMetadata, encodeMetadata } from "../../../lib/protocol/metadata.ts";
import { decodeOffsetFetch, encodeOffsetFetch } from "../../../lib/protocol/offset_fetch.ts";
import { ProtocolError } from "../../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

interface KafkajsDefinition {
  protocol(chosen: { readonly version: number }): (options: object) => KafkajsProtocol;
}

const versionsOf = (name: ApiName, to: number = APIS[name].max) =>
  Array.from({ length: to - APIS[name].min + 1 }, (_, index) => APIS[name].min + index);

const hexOf = ({ body }: Pick<RequestFrame, "body">) => body.map((part) => part.toHex()).join("");
const text = (value: string) => new TextEncoder().encode(value).toHex();

/** Asserts that a request is kafkajs's. */
async function assertLikeKafkajs(
  ours: Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body">,
  definition: KafkajsDefinition,
  options: object,
): Promise<void> {
  const { request } = definition.protocol({ version: ours.apiVersion })(options);
  const theirs = new Uint8Array((await request.encode()).buffer).toHex();
  assert.equal(ours.apiKey, request.apiKey);
  assert.ok(!ours.flexible, "these versions have no tagged fields");
  assert.equal(hexOf(ours), theirs, `version ${ours.apiVersion}`);
}

/** What kafkajs reads in a response. */
async function readByKafkajs<Response>(
  definition: KafkajsDefinition,
  version: number,
  options: object,
  body: Uint8Array,
): Promise<Response> {
  const { response } = definition.protocol({ version })(options);
  return await response.decode(Buffer.from(body)) as Response;
}

/** Reads the body from within a larger buffer, and asserts that each shorter one is refused. */
function decoded<Response>(
  body: Uint8Array,
  decode: (frame: ResponseFrame) => Response,
): Response {
  const frame = (size: number): ResponseFrame => {
    const bytes = new Uint8Array(size + 7).fill(0xee);
    bytes.set(body.subarray(0, size), 3);
    const view = new DataView(bytes.buffer);
    return { bytes, view, start: 3, end: 3 + size, release: () => undefined };
  };
  for (let size = 0; size < body.length; size++) {
    assert.throws(() => decode(frame(size)), ProtocolError, `${size} bytes`);
  }
  return decode(frame(body.length));
}

const fetchLimits = { maxWaitMs: 500, maxBytes: 1_000_000, partitionMaxBytes: 4_000 };

Deno.test("every Fetch from 3 to 11 is encoded as kafkajs encodes it", async () => {
  for (const version of versionsOf("Fetch")) {
    for (const isolation of ["read_committed", "read_uncommitted"] as const) {
      const asked = [
        { topic: "a", partition: 0, leaderEpoch: 3, fetchOffset: 5226n },
        { topic: "a", partition: 7, leaderEpoch: -1, fetchOffset: 2n ** 40n },
        { topic: "zürich", partition: 2, leaderEpoch: 0, fetchOffset: 0n },
      ];
      const partition = ({ partition, leaderEpoch, fetchOffset }: (typeof asked)[number]) => ({
        ...{ partition, currentLeaderEpoch: leaderEpoch, fetchOffset: String(fetchOffset) },
        maxBytes: fetchLimits.partitionMaxBytes,
      });
      await assertLikeKafkajs(encodeFetch(version, asked, { ...fetchLimits, isolation }), Fetch, {
        ...{ replicaId: -1, maxWaitTime: 500, minBytes: 1, maxBytes: 1_000_000, rackId: "" },
        isolationLevel: isolation === "read_committed" ? 1 : 0,
        topics: [
          { topic: "a", partitions: asked.slice(0, 2).map(partition) },
          { topic: "zürich", partitions: asked.slice(2).map(partition) },
        ],
      });
    }
  }
});

/** A response to Fetch, after the schema of its version. */
function fetchResponse(version: number, records: Uint8Array): Uint8Array {
  const writer = new ProtocolWriter().int32(25);
  if (version >= 7) writer.int16(0).int32(0);
  writer.array([0, 1], (partition) => {
    writer.string(`t${partition}`).int32(1);
    writer.int32(partition).int16(partition === 0 ? 0 : 6).int64(100n);
    if (version >= 4) writer.int64(90n);
    if (version >= 5) writer.int64(10n);
    if (version >= 4) {
      writer.array(partition === 0 ? [7n] : [], (id) => writer.int64(id).int64(55n));
    }
    if (version >= 11) writer.int32(-1);
    const part = partition === 0 ? records : new Uint8Array();
    writer.int32(part.length).raw(part);
  });
  return writer.bytes;
}

Deno.test("a Fetch response of each version tells what that version holds, and nothing else", async () => {
  interface Theirs {
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly { readonly lastStableOffset?: string }[];
    }[];
  }
  for (const version of versionsOf("Fetch")) {
    const records = Uint8Array.fromHex("0badcafe");
    const body = fetchResponse(version, records);
    const read = decoded(body, (frame) => {
      const response = decodeFetch(version, frame);
      const [first] = response.partitions;
      const held = first && frame.bytes.slice(first.recordsStart, first.recordsEnd).toHex();
      return { ...response, held };
    });
    assert.equal(read.held, records.toHex());
    assert.equal(read.errorCode, 0);
    // Since 2.0 a broker asks to wait; one before has waited itself.
    assert.deepEqual([read.throttleTimeMs, read.delayedMs], version >= 8 ? [25, 0] : [0, 25]);
    const [first, second] = read.partitions;
    assert.deepEqual([first?.topic, second?.topic, second?.errorCode], ["t0", "t1", 6]);
    assert.equal(first?.highWatermark, 100n);
    assert.equal(first?.lastStableOffset, version >= 4 ? 90n : undefined);
    assert.equal(first?.logStartOffset, version >= 5 ? 10n : undefined);
    const aborted = version >= 4 ? [{ producerId: 7n, firstOffset: 55n }] : undefined;
    assert.deepEqual(first?.abortedTransactions, aborted);
    assert.deepEqual(second?.abortedTransactions, version >= 4 ? [] : undefined);
    const theirs = await readByKafkajs<Theirs>(
      Fetch,
      version,
      { topics: [] },
      fetchResponse(version, new Uint8Array()),
    );
    assert.deepEqual(theirs.responses.map(({ topicName }) => topicName), ["t0", "t1"]);
    const [stable] = theirs.responses.map(({ partitions }) => partitions[0]?.lastStableOffset);
    assert.equal(stable, version >= 4 ? "90" : undefined);
  }
});

Deno.test("ListOffsets 1 to 3 are kafkajs's, and their responses are read", async () => {
  for (const version of versionsOf("ListOffsets")) {
    for (const committedOnly of [true, false]) {
      const asked = [
        { topic: "a", partition: 0, timestampMs: -1 },
        { topic: "b", partition: 3, timestampMs: 1_667_487_728_123 },
      ];
      const request = encodeListOffsets(version, asked, committedOnly);
      await assertLikeKafkajs(request, ListOffsets, {
        ...{ replicaId: -1, isolationLevel: committedOnly ? 1 : 0 },
        topics: asked.map(({ topic, partition, timestampMs }) => ({
          topic,
          partitions: [{ partition, timestamp: String(timestampMs) }],
        })),
      });
    }
    const writer = new ProtocolWriter();
    if (version >= 2) writer.int32(0);
    writer.array(["a"], (topic) => {
      writer.string(topic).int32(1).int32(4).int16(0).int64(-1n).int64(77n);
    });
    const read = decoded(writer.bytes, (frame) => decodeListOffsets(version, frame));
    assert.deepEqual(read, [{ topic: "a", partition: 4, errorCode: 0, offset: 77n }]);
    const theirs = await readByKafkajs<
      { readonly responses: readonly { readonly partitions: readonly { offset: string }[] }[] }
    >(ListOffsets, version, { topics: [] }, writer.bytes);
    assert.equal(theirs.responses[0]?.partitions[0]?.offset, "77");
  }
});

/** A response to Metadata below 9, after the schema of its version. */
function metadataResponse(version: number): Uint8Array {
  const writer = new ProtocolWriter();
  if (version >= 3) writer.int32(0);
  writer.array([1, 2], (nodeId) => {
    writer.int32(nodeId).string(`host${nodeId}`).int32(9092).string(nodeId === 1 ? null : "rack");
  });
  writer.string("cluster").int32(2);
  writer.array(["a", "__internal"], (topic) => {
    writer.int16(topic === "a" ? 0 : 5).string(topic).int8(topic === "a" ? 0 : 1);
    writer.array([0, 1], (partition) => {
      writer.int16(0).int32(partition).int32(partition + 1);
      if (version >= 7) writer.int32(12);
      writer.array([1, 2, 3], (node) => writer.int32(node));
      writer.array([1], (node) => writer.int32(node));
      if (version >= 5) writer.array([2, 3], (node) => writer.int32(node));
    });
    if (version >= 8) writer.int32(0x108);
  });
  if (version >= 8) writer.int32(0x100);
  return writer.bytes;
}

Deno.test("Metadata 2 to 8 ask for all, and from 4 on for names, which are not to be created", async () => {
  for (const version of versionsOf("Metadata", 8)) {
    const options = { allowAutoTopicCreation: false };
    if (version <= 6) {
      // kafkajs writes null, which asks for all, where no topic is named.
      await assertLikeKafkajs(encodeMetadata(version, "all"), Metadata, { topics: [], ...options });
    }
    const rest = (version >= 4 ? "00" : "") + (version >= 8 ? "0000" : "");
    assert.equal(hexOf(encodeMetadata(version, "all")), "ffffffff" + rest);
    assert.equal(hexOf(encodeMetadata(version, [])), "00000000" + rest);
    if (version < 4) {
      assert.throws(() => encodeMetadata(version, ["a"]), /the broker would create them/);
      continue;
    }
    const named = encodeMetadata(version, ["a", "é"]);
    if (version <= 6) {
      await assertLikeKafkajs(named, Metadata, { topics: ["a", "é"], ...options });
    }
    const names = `000000020001${text("a")}0002${text("é")}` + "00";
    assert.equal(hexOf(named), names + (version >= 8 ? "0000" : ""));
  }
  assert.equal(hexOf(encodeMetadata(8, [], true)), "00000000" + "00" + "0101");
});

Deno.test("a Metadata response of each version tells what that version holds, and nothing else", async () => {
  interface Theirs {
    readonly clusterId: string;
    readonly topicMetadata: readonly {
      readonly partitionMetadata: readonly { readonly leader: number; readonly isr: number[] }[];
    }[];
  }
  for (const version of versionsOf("Metadata", 8)) {
    const body = metadataResponse(version);
    const read = decoded(body, (frame) => decodeMetadata(version, frame));
    assert.deepEqual(read.brokers, [
      { nodeId: 1, host: "host1", port: 9092 },
      { nodeId: 2, host: "host2", port: 9092 },
    ]);
    assert.deepEqual([read.clusterId, read.controller], ["cluster", 2]);
    assert.equal(read.operations, version >= 8 ? 0x100 : undefined);
    assert.deepEqual(
      read.topics.map(({ topic, errorCode, internal, topicId, operations }) => [
        ...[topic, errorCode, internal, topicId, operations],
      ]),
      [
        ["a", 0, false, undefined, version >= 8 ? 0x108 : undefined],
        ["__internal", 5, true, undefined, version >= 8 ? 0x108 : undefined],
      ],
    );
    const leaderEpoch = version >= 7 ? 12 : undefined;
    for (const { partitions } of read.topics) {
      assert.deepEqual(partitions, [
        { errorCode: 0, partition: 0, leader: 1, leaderEpoch, replicas: 3 },
        { errorCode: 0, partition: 1, leader: 2, leaderEpoch, replicas: 3 },
      ]);
    }
    if (version > 6) continue;
    const theirs = await readByKafkajs<Theirs>(Metadata, version, { topics: [] }, body);
    assert.equal(theirs.clusterId, "cluster");
    assert.equal(theirs.topicMetadata[1]?.partitionMetadata[1]?.leader, 2);
    assert.deepEqual(theirs.topicMetadata[1]?.partitionMetadata[1]?.isr, [1]);
  }
});

Deno.test("OffsetFetch 2 to 5 ask for all of one group's offsets and are read", async () => {
  interface Theirs {
    readonly errorCode: number;
    readonly responses: readonly { readonly partitions: readonly { offset: string }[] }[];
  }
  for (const version of versionsOf("OffsetFetch", 5)) {
    const request = encodeOffsetFetch(version, ["g"], true);
    assert.deepEqual([request.apiKey, request.apiVersion, request.flexible], [9, version, false]);
    assert.equal(hexOf(request), `0001${text("g")}` + "ffffffff");
    const writer = new ProtocolWriter();
    if (version >= 3) writer.int32(0);
    writer.array(["a", "b"], (topic) => {
      writer.string(topic).array([3, 4], (partition) => {
        writer.int32(partition).int64(partition === 3 ? 640n : -1n);
        if (version >= 5) writer.int32(-1);
        writer.string(partition === 3 ? "noted" : null).int16(partition === 3 ? 0 : 14);
      });
    }).int16(16);
    const read = decoded(writer.bytes, (frame) => decodeOffsetFetch(version, ["g"], frame));
    const of = (topic: string) => [
      { topic, partition: 3, committedOffset: 640n, metadata: "noted", errorCode: 0 },
      { topic, partition: 4, committedOffset: -1n, metadata: "", errorCode: 14 },
    ];
    assert.deepEqual(read, [{
      ...{ group: "g", errorCode: 16 },
      partitions: [...of("a"), ...of("b")],
    }]);
    if (version > 4) continue;
    const options = { groupId: "g", topics: [] };
    const theirs = await readByKafkajs<Theirs>(OffsetFetch, version, options, writer.bytes);
    assert.equal(theirs.errorCode, 16);
    assert.equal(theirs.responses[1]?.partitions[0]?.offset, "640");
  }
});

Deno.test("ListGroups 0 to 2 are kafkajs's and tell neither states nor types", async () => {
  for (const version of versionsOf("ListGroups", 2)) {
    await assertLikeKafkajs(encodeListGroups(version), ListGroups, {});
    const writer = new ProtocolWriter();
    if (version >= 1) writer.int32(0);
    writer.int16(14).array(["g", "é"], (group) => writer.string(group).string("consumer"));
    const read = decoded(writer.bytes, (frame) => decodeListGroups(version, frame));
    assert.equal(read.errorCode, 14);
    assert.deepEqual(
      read.groups,
      ["g", "é"].map((group) => ({
        ...{ group, protocolType: "consumer", state: undefined, type: undefined },
      })),
    );
    const theirs = await readByKafkajs<{ readonly groups: readonly { groupId: string }[] }>(
      ListGroups,
      version,
      {},
      writer.bytes,
    );
    assert.deepEqual(theirs.groups.map(({ groupId }) => groupId), ["g", "é"]);
  }
});

Deno.test("DescribeGroups 0 to 2 are kafkajs's and tell the states, whatever the members are", async () => {
  for (const version of versionsOf("DescribeGroups")) {
    const request = encodeDescribeGroups(version, ["g", "é"]);
    await assertLikeKafkajs(request, DescribeGroups, { groupIds: ["g", "é"] });
    const writer = new ProtocolWriter();
    if (version >= 1) writer.int32(0);
    writer.array(["Stable", "Empty", ""], (state) => {
      writer.int16(state === "" ? 30 : 0).string(`g${state}`).string(state).string("consumer");
      writer.string(state === "Stable" ? "range" : "");
      writer.array(state === "Stable" ? [1, 2] : [], (member) => {
        writer.string(`m${member}`).string("client").string("/127.0.0.1");
        writer.int32(3).raw(new Uint8Array(3));
        if (member === 1) writer.int32(2).raw(new Uint8Array(2));
        else writer.int32(0);
      });
    });
    const read = decoded(writer.bytes, (frame) => decodeDescribeGroups(version, frame));
    assert.deepEqual(read, [
      { group: "gStable", errorCode: 0, state: "Stable" },
      { group: "gEmpty", errorCode: 0, state: "Empty" },
      { group: "g", errorCode: 30, state: "" },
    ]);
    const theirs = await readByKafkajs<
      { readonly groups: readonly { readonly state: string; readonly members: unknown[] }[] }
    >(DescribeGroups, version, { groupIds: [] }, writer.bytes);
    assert.deepEqual(theirs.groups.map(({ state }) => state), ["Stable", "Empty", ""]);
    assert.equal(theirs.groups[0]?.members.length, 2);
  }
});

Deno.test("DescribeLogDirs 0 and 1 have one form", () => {
  for (const version of versionsOf("DescribeLogDirs")) {
    const request = encodeDescribeLogDirs(version, [{ topic: "t", partition: 1 }]);
    assert.deepEqual([request.apiKey, request.apiVersion], [35, version]);
    assert.equal(hexOf(request), `000000010001${text("t")}0000000100000001`);
    const writer = new ProtocolWriter().int32(0).int32(1).int16(0).string("/logs").int32(1);
    writer.string("t").int32(1).int32(1).int64(5_000n).int64(0n).int8(0);
    const read = decoded(writer.bytes, decodeDescribeLogDirs);
    assert.deepEqual(read, [{
      errorCode: 0,
      partitions: [{ topic: "t", partition: 1, bytes: 5_000n }],
    }]);
  }
});

Deno.test("ApiVersions 0 is asked, and a broker that does not speak it is told by its error", async () => {
  const address = { advertised: "broker:9092", dialled: "broker:9092" };
  const answering = (hex: string): RequestChannel => ({
    address,
    send({ apiKey, apiVersion, body }) {
      assert.deepEqual([apiKey, apiVersion, hexOf({ body })], [18, 0, ""]);
      const bytes = Uint8Array.fromHex(hex);
      const view = new DataView(bytes.buffer);
      return Promise.resolve({ bytes, view, start: 0, end: bytes.length, release() {} });
    },
    sendToken: () => Promise.reject(new Error("nobody logs in")),
  });
  const versions = await fetchApiVersions(
    answering("0000" + "00000002" + "000100040010" + "001200000004"),
  );
  assert.deepEqual([...versions], [[1, { min: 4, max: 16 }], [18, { min: 0, max: 4 }]]);
  await assert.rejects(fetchApiVersions(answering("0023" + "00000000")), {
    ...{ name: "ConnectionError", kind: "unsupported" },
    message: "Broker broker:9092: the broker does not speak ApiVersions 0",
  });
  await assert.rejects(fetchApiVersions(answering("0029" + "00000000")), ProtocolError);
});
