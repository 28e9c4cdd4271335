// Fetch 13 (Kafka ≥ 3.1, KIP-516): the same as Fetch 11, but topics are named by their ids, so that a topic that was
// deleted and re-created under its name is never read in place of the old one.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import {
  type FetchedPartition,
  type FetchLimits,
  type FetchPartition,
  type FetchResponse,
  groupByTopic,
  isolationLevel,
} from "./fetch.ts";
import { ProtocolError, ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/**
 * Encodes a Fetch; partitions of one topic should stand together.
 *
 * @param topicIds the id of each topic, 32 hex digits, by its name
 * @throws {RangeError} when one is missing
 */
export function encodeFetchById(
  partitions: readonly FetchPartition[],
  limits: FetchLimits,
  topicIds: ReadonlyMap<string, string>,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter(256 + partitions.length * 40)
    .int32(-1) // replica id: a consumer
    .int32(limits.maxWaitMs)
    .int32(1) // min bytes
    .int32(limits.maxBytes)
    .int8(isolationLevel(limits))
    .int32(0) // session id
    .int32(-1); // session epoch: no session
  writer.compactArray(groupByTopic(partitions), ([topic, ofTopic]) => {
    const id = topicIds.get(topic);
    if (id === undefined) throw new RangeError(`Cannot fetch ${topic} by its id: it is not known`);
    writer.raw(Uint8Array.fromHex(id));
    writer.compactArray(ofTopic, ({ partition, leaderEpoch, fetchOffset }) => {
      writer.int32(partition).int32(leaderEpoch).int64(fetchOffset)
        .int32(-1) // last fetched epoch and
        .int64(-1n) // log start offset: only followers send them
        .int32(limits.partitionMaxBytes)
        .noTags();
    }).noTags();
  });
  writer.uvarint(1).compactString("").noTags(); // no forgotten topics, no rack
  return {
    apiKey: APIS.FetchById.key,
    apiVersion: APIS.FetchById.max,
    flexible: true,
    body: [writer.bytes],
  };
}

/**
 * Reads a response.
 *
 * @param topicIds those of the request
 * @throws {ProtocolError} when the bytes are not one, or it is about other topics
 */
export function decodeFetchById(
  { bytes, start, end }: ResponseFrame,
  topicIds: ReadonlyMap<string, string>,
): FetchResponse {
  const names = new Map([...topicIds].map(([topic, id]) => [id, topic]));
  const reader = new ProtocolReader(bytes, start, end);
  const throttleTimeMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session id
  const partitions: FetchedPartition[] = [];
  reader.compactArray(() => {
    const topic = names.get(reader.uuid());
    if (topic === undefined) {
      throw new ProtocolError("The answer to Fetch is about other topics than were asked for");
    }
    reader.compactArray(() => partitions.push(decodePartition(reader, topic)));
    reader.skipTags();
  });
  reader.skipTags();
  reader.end();
  return { throttleTimeMs, delayedMs: 0, errorCode, partitions };
}

function decodePartition(reader: ProtocolReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = reader.int64();
  const abortedTransactions = reader.compactArray(() => {
    const entry = { producerId: reader.int64(), firstOffset: reader.int64() };
    reader.skipTags();
    return entry;
  });
  reader.int32(); // preferred read replica
  const size = Math.max(reader.uvarint() - 1, 0);
  const recordsStart = reader.skip(size);
  reader.skipTags();
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions,
    recordsStart,
    recordsEnd: recordsStart + size,
  };
}
