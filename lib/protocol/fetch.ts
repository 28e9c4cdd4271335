// Fetch 3 to 11 (Kafka ≥ 0.10.1; without KIP-227 sessions): request and response as bytes. The record batches are not
// copied out of the response; a decoded response holds their positions in it.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
/** The first version with isolation levels: a broker that does not speak it has no transactions (KIP-98). */
const WITH_ISOLATION = 4;
const WITH_LOG_START = 5;
const WITH_SESSIONS = 7;
/** The first version in which a broker above a quota answers at once and asks to wait (KIP-219). */
const WITH_THROTTLING = 8;
const WITH_LEADER_EPOCHS = 9;
const WITH_RACKS = 11;

/** One partition to read. */
export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  /** −1 if the leader epoch is unknown (KIP-320): the broker then does not check it. */
  readonly leaderEpoch: number;
  readonly fetchOffset: bigint;
}

/** Limits of one Fetch request. */
export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  /** Default `read_committed`: nothing at or after the last stable offset, and aborted transactions are listed. */
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
  /** Undefined below Fetch 4: there are no transactions then, and all below the high watermark is stable. */
  readonly lastStableOffset: bigint | undefined;
  /** Undefined below Fetch 5. */
  readonly logStartOffset: bigint | undefined;
  /** Undefined below Fetch 4. */
  readonly abortedTransactions: readonly AbortedTransaction[] | undefined;
  readonly recordsStart: number;
  readonly recordsEnd: number;
}

/** A decoded Fetch response. */
export interface FetchResponse {
  /** How long the broker asks us to wait, in milliseconds. */
  readonly throttleTimeMs: number;
  /** How long the broker has delayed the answer, in milliseconds: below Fetch 8 it does so in place of asking to wait. */
  readonly delayedMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

/** The isolation level as the protocol encodes it. */
export function isolationLevel({ isolation }: FetchLimits): number {
  return isolation === "read_uncommitted" ? READ_UNCOMMITTED : READ_COMMITTED;
}

/** Encodes a Fetch; partitions of one topic should stand together. Leader epochs are sent from version 9 on. */
export function encodeFetch(
  version: number,
  partitions: readonly FetchPartition[],
  limits: FetchLimits,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "body"> {
  const writer = new ProtocolWriter(256 + partitions.length * 40)
    .int32(-1) // replica id: a consumer
    .int32(limits.maxWaitMs)
    .int32(1) // min bytes
    .int32(limits.maxBytes);
  if (version >= WITH_ISOLATION) writer.int8(isolationLevel(limits));
  if (version >= WITH_SESSIONS) writer.int32(0).int32(-1); // session id and epoch: no session
  writer.array(groupByTopic(partitions), ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition, leaderEpoch, fetchOffset }) => {
      writer.int32(partition);
      if (version >= WITH_LEADER_EPOCHS) writer.int32(leaderEpoch);
      writer.int64(fetchOffset);
      if (version >= WITH_LOG_START) writer.int64(-1n); // log start offset: only followers send theirs
      writer.int32(limits.partitionMaxBytes);
    });
  });
  if (version >= WITH_SESSIONS) writer.int32(0); // forgotten topics
  if (version >= WITH_RACKS) writer.string("");
  return { apiKey: APIS.Fetch.key, apiVersion: version, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when the bytes are not one */
export function decodeFetch(version: number, { bytes, start, end }: ResponseFrame): FetchResponse {
  const reader = new ProtocolReader(bytes, start, end);
  const throttleMs = reader.int32();
  let errorCode = 0;
  if (version >= WITH_SESSIONS) {
    errorCode = reader.int16();
    reader.int32(); // session id
  }
  const partitions: FetchedPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => partitions.push(decodePartition(version, reader, topic)));
  });
  reader.end();
  const [throttleTimeMs, delayedMs] = version >= WITH_THROTTLING
    ? [throttleMs, 0]
    : [0, throttleMs];
  return { throttleTimeMs, delayedMs, errorCode, partitions };
}

function decodePartition(
  version: number,
  reader: ProtocolReader,
  topic: string,
): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = version >= WITH_ISOLATION ? reader.int64() : undefined;
  const logStartOffset = version >= WITH_LOG_START ? reader.int64() : undefined;
  const abortedTransactions = version < WITH_ISOLATION ? undefined : reader.array(() => ({
    producerId: reader.int64(),
    firstOffset: reader.int64(),
  }));
  if (version >= WITH_RACKS) reader.int32(); // preferred read replica
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

/** Groups neighbours with the same topic. */
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
