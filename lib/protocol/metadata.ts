// Metadata 2 to 12 (Kafka ≥ 0.10.1): from 7 leader epochs (KIP-320), from 8 what the user may do (KIP-430), from 10
// (Kafka ≥ 2.8) topic ids (KIP-516); kafkajs stops at 6. A request must never create the topics that it names. Versions
// below 4 cannot tell the broker so, and therefore must not name any.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** The first version that can name missing topics without creating them. */
export const METADATA_CREATES_NOTHING = 4;
/** The first version (2.8) whose brokers create no internal topic; older ones create a named one even if told not to. */
export const METADATA_CREATES_NO_INTERNAL = 10;
/** The versions that tell what the user may do to the cluster (KIP-430); newer brokers still speak the last of them. */
export const METADATA_WITH_OPERATIONS = { from: 8, to: 10 };
const WITH_OFFLINE_REPLICAS = 5;
const WITH_LEADER_EPOCHS = 7;
const FLEXIBLE = 9;
const WITH_TOPIC_IDS = 10;
const NO_ID = "0".repeat(32);
/** What brokers answer if the request does not ask for operations. */
const NO_OPERATIONS = -(2 ** 31);

/** A cluster's brokers, topics and leaders. */
export interface Metadata {
  readonly clusterId: string;
  /** Node id of the broker that accepts CreateTopics; −1 if there is none. */
  readonly controller: number;
  /** What the user may do to the cluster: bit n for the ACL operation with code n; only if asked for. */
  readonly operations?: number;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
  }[];
  readonly topics: readonly TopicMetadata[];
}

/** One topic; `errorCode` is 0 if the topic exists and the user may see it. */
export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  readonly topicId?: string;
  readonly internal: boolean;
  /** What the user may do to the topic: bit n for the ACL operation with code n; only if asked for. */
  readonly operations?: number;
  readonly partitions: readonly PartitionMetadata[];
}

/** One partition; `leader` is −1 if it has none. */
export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  readonly leader: number;
  /** Undefined below version 7. */
  readonly leaderEpoch: number | undefined;
  /** How many brokers are assigned a replica of it. */
  readonly replicas: number;
}

/**
 * Encodes a request for the named topics, or for all.
 *
 * @param operations whether the broker should tell what the user may do, from version 8 on
 * @throws {RangeError} when topics are named in a version that would create them
 */
export function encodeMetadata(
  version: number,
  topics: readonly string[] | "all",
  operations = false,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter();
  if (version < METADATA_CREATES_NOTHING && topics !== "all" && topics.length > 0) {
    throw new RangeError(`Cannot name topics in Metadata ${version}: the broker would create them`);
  }
  if (version < FLEXIBLE) {
    if (topics === "all") writer.int32(-1);
    else writer.array(topics, (topic) => writer.string(topic));
    if (version >= METADATA_CREATES_NOTHING) writer.boolean(false); // allow auto topic creation
    if (version >= METADATA_WITH_OPERATIONS.from) writer.boolean(operations).boolean(operations);
    return { apiKey: APIS.Metadata.key, apiVersion: version, body: [writer.bytes] };
  }
  if (topics === "all") writer.uvarint(0);
  else {
    writer.compactArray(topics, (topic) => {
      if (version >= WITH_TOPIC_IDS) writer.int64(0n).int64(0n); // topic id: none, the topic is named
      writer.compactString(topic).noTags();
    });
  }
  writer.boolean(false); // allow auto topic creation
  if (version <= METADATA_WITH_OPERATIONS.to) writer.boolean(operations); // include cluster authorized operations
  writer.boolean(operations).noTags(); // include topic authorized operations
  return { apiKey: APIS.Metadata.key, apiVersion: version, flexible: true, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when the bytes are not one */
export function decodeMetadata(version: number, { bytes, start, end }: ResponseFrame): Metadata {
  const reader = new ProtocolReader(bytes, start, end);
  if (version < FLEXIBLE) return decodeOlder(version, reader);
  reader.int32(); // throttle time
  const brokers = reader.compactArray(() => {
    const broker = { nodeId: reader.int32(), host: reader.compactString(), port: reader.int32() };
    reader.compactNullableString(); // rack
    reader.skipTags();
    return broker;
  });
  const clusterId = reader.compactString();
  const controller = reader.int32();
  const topics = reader.compactArray(() => decodeTopic(version, reader));
  const operations = version <= METADATA_WITH_OPERATIONS.to ? reader.int32() : NO_OPERATIONS;
  return {
    clusterId,
    controller,
    brokers,
    topics,
    ...(operations !== NO_OPERATIONS && { operations }),
  };
}

function decodeTopic(version: number, reader: ProtocolReader): TopicMetadata {
  const errorCode = reader.int16();
  const topic = reader.compactString();
  const id = version >= WITH_TOPIC_IDS ? reader.uuid() : NO_ID;
  const internal = reader.boolean();
  const partitions = reader.compactArray(() => decodePartition(reader));
  const operations = reader.int32();
  reader.skipTags();
  return {
    errorCode,
    topic,
    internal,
    partitions,
    ...(id !== NO_ID && { topicId: id }),
    ...(operations !== NO_OPERATIONS && { operations }),
  };
}

function decodePartition(reader: ProtocolReader): PartitionMetadata {
  const errorCode = reader.int16();
  const partition = reader.int32();
  const leader = reader.int32();
  const leaderEpoch = reader.int32();
  const replicas = reader.compactArray(() => reader.int32()).length;
  reader.compactArray(() => reader.int32()); // in-sync replicas
  reader.compactArray(() => reader.int32()); // offline replicas
  reader.skipTags();
  return { errorCode, partition, leader, leaderEpoch, replicas };
}

/** Reads a response below version 9. */
function decodeOlder(version: number, reader: ProtocolReader): Metadata {
  if (version >= 3) reader.int32(); // throttle time
  const brokers = reader.array(() => {
    const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
    reader.nullableString(); // rack
    return broker;
  });
  const clusterId = reader.string();
  const controller = reader.int32();
  const topics = reader.array(() => decodeOlderTopic(version, reader));
  return { clusterId, controller, brokers, topics, ...operationsOf(version, reader) };
}

function decodeOlderTopic(version: number, reader: ProtocolReader): TopicMetadata {
  const errorCode = reader.int16();
  const topic = reader.string();
  const internal = reader.boolean();
  const partitions = reader.array((): PartitionMetadata => {
    const errorCode = reader.int16();
    const partition = reader.int32();
    const leader = reader.int32();
    const leaderEpoch = version >= WITH_LEADER_EPOCHS ? reader.int32() : undefined;
    const replicas = reader.array(() => reader.int32()).length;
    reader.array(() => reader.int32()); // in-sync replicas
    if (version >= WITH_OFFLINE_REPLICAS) reader.array(() => reader.int32());
    return { errorCode, partition, leader, leaderEpoch, replicas };
  });
  return { errorCode, topic, internal, partitions, ...operationsOf(version, reader) };
}

function operationsOf(version: number, reader: ProtocolReader): { readonly operations?: number } {
  const operations = version < METADATA_WITH_OPERATIONS.from ? NO_OPERATIONS : reader.int32();
  return operations === NO_OPERATIONS ? {} : { operations };
}
