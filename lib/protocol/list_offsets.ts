// ListOffsets 1 to 3 (Kafka ≥ 0.10.1): where partitions begin and end, and the first offset at or after a time.
// kafkajs encodes it too, but takes half a kilobyte of working memory for each partition.

import type { TopicPartition } from "../model/topic_partition.ts";
import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { groupByTopic } from "./fetch.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** The first version with isolation levels: a broker that does not speak it has no transactions (KIP-98). */
export const LIST_OFFSETS_WITH_ISOLATION = 2;

/** A question about one partition. */
export interface AskedOffset extends TopicPartition {
  /** Milliseconds since the epoch; −1 asks for the end, −2 for the beginning. */
  readonly timestampMs: number;
}

/** The leader's answer for one partition. */
export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  /** −1 if no message has that timestamp or a later one. */
  readonly offset: bigint;
}

/**
 * Encodes a request; partitions of one topic should stand together.
 *
 * @param committedOnly whether the end is the last stable offset (isolation level read_committed), not the high
 * watermark; below version 2 there is no difference
 */
export function encodeListOffsets(
  version: number,
  partitions: readonly AskedOffset[],
  committedOnly: boolean,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "body"> {
  const writer = new ProtocolWriter();
  writer.int32(-1); // replica id: a consumer
  if (version >= LIST_OFFSETS_WITH_ISOLATION) writer.boolean(committedOnly);
  writer.array(groupByTopic(partitions), ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition, timestampMs }) => {
      writer.int32(partition).int64(BigInt(timestampMs));
    });
  });
  return { apiKey: APIS.ListOffsets.key, apiVersion: version, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when the bytes are not one */
export function decodeListOffsets(
  version: number,
  { bytes, start, end }: ResponseFrame,
): ListedOffset[] {
  const reader = new ProtocolReader(bytes, start, end);
  if (version >= 2) reader.int32(); // throttle time
  return reader.array(() => {
    const topic = reader.string();
    return reader.array(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      reader.int64(); // timestamp of the message at that offset
      const offset = reader.int64();
      return { topic, partition, errorCode, offset };
    });
  }).flat();
}
