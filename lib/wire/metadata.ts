// Metadata 9 to 12: leader epochs (KIP-320), and from 10 (Kafka ≥ 2.8) topic ids (KIP-516); kafkajs stops at 6, which
// has neither. Topics are never created by asking.

import type { RequestFrame, ResponseFrame } from "./connection.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** API key of Metadata. */
export const METADATA_API_KEY = 3;
/** Versions read here. */
export const METADATA_VERSIONS = { min: 9, max: 12 };
const NO_ID = "0".repeat(32);

/** The last version that tells what the user may do to the cluster (KIP-430); newer brokers still speak it. */
export const METADATA_WITH_OPERATIONS = { min: 9, max: 10 };
/** What brokers answer where operations were not asked for. */
const NO_OPERATIONS = -(2 ** 31);

/** A cluster's brokers, topics and leaders. */
export interface Metadata {
  readonly clusterId: string;
  /** Node id of the broker that takes CreateTopics; −1 where there is none. */
  readonly controller: number;
  /** What the user may do to the cluster: bit n for the ACL operation with code n. Where asked for. */
  readonly operations?: number;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
  }[];
  readonly topics: readonly TopicMetadata[];
}

/** One topic; `errorCode` is 0 where it exists and may be seen. */
export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  readonly topicId?: string;
  readonly internal: boolean;
  /** What the user may do to it: bit n for the ACL operation with code n. Where asked for. */
  readonly operations?: number;
  readonly partitions: readonly PartitionMetadata[];
}

/** One partition; leader −1 where it has none. */
export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  /** How many brokers are to hold it. */
  readonly replicas: number;
}

/** Encodes a request for the named topics, or for all, with what the user may do where `operations` is true. */
export function encodeMetadata(
  version: number,
  topics: readonly string[] | "all",
  operations = false,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter();
  if (topics === "all") writer.uvarint(0);
  else {
    writer.compactArray(topics, (topic) => {
      if (version >= 10) writer.int64(0n).int64(0n); // topic id: none, asked by name
      writer.compactString(topic).noTags();
    });
  }
  writer.boolean(false); // allow auto topic creation
  if (version <= 10) writer.boolean(operations); // include cluster authorized operations
  writer.boolean(operations).noTags(); // include topic authorized operations
  return { apiKey: METADATA_API_KEY, apiVersion: version, flexible: true, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when it is not one */
export function decodeMetadata(version: number, { bytes, start, end }: ResponseFrame): Metadata {
  const reader = new ProtocolReader(bytes, start, end);
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
  const operations = version <= 10 ? reader.int32() : NO_OPERATIONS;
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
  const id = version >= 10 ? reader.uuid() : NO_ID;
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
