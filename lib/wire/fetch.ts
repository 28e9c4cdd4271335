// Fetch 11 (Kafka ≥ 2.3; KIP-227 sessions not used): request and response as bytes. The record batches stay where they
// lie in the response; what is handed on are positions.

import type { RequestFrame, ResponseFrame } from "./connection.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** API key of Fetch. */
export const FETCH_API_KEY = 1;
/** Versions used here. */
export const FETCH_VERSIONS = { min: 11, max: 11 };
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/** One partition to read. */
export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  /** −1 where the leader epoch is unknown (KIP-320): the broker then checks nothing. */
  readonly leaderEpoch: number;
  readonly fetchOffset: bigint;
}

/** Limits of one Fetch request. */
export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  /** Default `read_committed`: nothing at or behind the last stable offset, and aborted transactions are listed. */
  readonly isolation?: "read_committed" | "read_uncommitted";
}

/** An aborted transaction that overlaps the range read (read_committed only). */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** What came back for one partition; record batches lie at `recordsStart`..`recordsEnd` of the response's bytes. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly recordsStart: number;
  readonly recordsEnd: number;
}

/** A read Fetch response. */
export interface FetchResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

/** The isolation level as it is written. */
export function isolationLevel({ isolation }: FetchLimits): number {
  return isolation === "read_uncommitted" ? READ_UNCOMMITTED : READ_COMMITTED;
}

/** Encodes a Fetch; partitions of one topic should stand together. */
export function encodeFetch(
  partitions: readonly FetchPartition[],
  limits: FetchLimits,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "body"> {
  const writer = new ProtocolWriter(256 + partitions.length * 40)
    .int32(-1) // replica id: a consumer
    .int32(limits.maxWaitMs)
    .int32(1) // min bytes
    .int32(limits.maxBytes)
    .int8(isolationLevel(limits))
    .int32(0) // session id
    .int32(-1); // session epoch: no session
  writer.array(groupByTopic(partitions), ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition, leaderEpoch, fetchOffset }) => {
      writer.int32(partition).int32(leaderEpoch).int64(fetchOffset)
        .int64(-1n) // log start offset: only followers tell
        .int32(limits.partitionMaxBytes);
    });
  });
  writer.int32(0).string(""); // forgotten topics, rack
  return { apiKey: FETCH_API_KEY, apiVersion: FETCH_VERSIONS.max, body: [writer.bytes] };
}

/** Reads a Fetch response. @throws {ProtocolError} when it is not one */
export function decodeFetch({ bytes, start, end }: ResponseFrame): FetchResponse {
  const reader = new ProtocolReader(bytes, start, end);
  const throttleTimeMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session id
  const partitions: FetchedPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => partitions.push(decodePartition(reader, topic)));
  });
  reader.end();
  return { throttleTimeMs, errorCode, partitions };
}

function decodePartition(reader: ProtocolReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = reader.int64();
  const abortedTransactions = reader.array(() => ({
    producerId: reader.int64(),
    firstOffset: reader.int64(),
  }));
  reader.int32(); // preferred read replica
  const size = Math.max(reader.int32(), 0);
  const recordsStart = reader.skip(size);
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

/** Runs of neighbours with the same topic. */
export function groupByTopic<Item extends { readonly topic: string }>(
  items: readonly Item[],
): [topic: string, items: Item[]][] {
  const groups: [string, Item[]][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last?.[0] === item.topic) last[1].push(item);
    else groups.push([item.topic, [item]]);
  }
  return groups;
}
