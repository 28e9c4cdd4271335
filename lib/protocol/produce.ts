// Produce 5 to 8, which differ only in the answer: since 8 it tells which records were refused, and why (KIP-467). A
// request holds one record batch for each partition. Of two entries for the same partition brokers store only one and
// report no error (tried on 4.1.0), so this encoder refuses two.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { groupByTopic } from "./fetch.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

const ALL_IN_SYNC_REPLICAS = -1;

/** One record batch for one partition. */
export interface ProducePartition {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array;
}

/** The broker's answer for one partition. */
export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The offset that the batch's first record was given; −1 with an error. */
  readonly baseOffset: bigint;
  readonly logStartOffset: bigint;
  /** Undefined below version 8. */
  readonly errorMessage: string | null | undefined;
  /** The records that the broker refused, by their index in the batch; undefined below version 8. */
  readonly recordErrors:
    | readonly { readonly index: number; readonly message: string | null }[]
    | undefined;
}

/** A decoded Produce response. */
export interface ProduceResponse {
  readonly throttleTimeMs: number;
  readonly partitions: readonly ProducedPartition[];
}

/** Encodes a Produce with acks=all. @throws {RangeError} when a partition is named twice */
export function encodeProduce(
  version: number,
  partitions: readonly ProducePartition[],
  timeoutMs: number,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "body"> {
  const body: Uint8Array[] = [];
  let writer = new ProtocolWriter(256)
    .string(null) // transactional id
    .int16(ALL_IN_SYNC_REPLICAS)
    .int32(timeoutMs);
  const topics = groupByTopic(
    partitions.toSorted((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition
    ),
  );
  writer.int32(topics.length);
  for (const [topic, ofTopic] of topics) {
    writer.string(topic).int32(ofTopic.length);
    let previous = -1;
    for (const { partition, batch } of ofTopic) {
      if (partition === previous) {
        throw new RangeError(`Cannot produce ${topic}-${partition} twice in one request`);
      }
      previous = partition;
      writer.int32(partition).int32(batch.length);
      body.push(writer.bytes, batch);
      writer = new ProtocolWriter(64);
    }
  }
  body.push(writer.bytes);
  return { apiKey: APIS.Produce.key, apiVersion: version, body };
}

/** Reads a Produce response. @throws {ProtocolError} when the bytes are not one */
export function decodeProduce(
  version: number,
  { bytes, start, end }: ResponseFrame,
): ProduceResponse {
  const reader = new ProtocolReader(bytes, start, end);
  const partitions: ProducedPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = reader.int64();
      reader.int64(); // log append time
      const logStartOffset = reader.int64();
      const recordErrors = version < 8 ? undefined : reader.array(() => ({
        index: reader.int32(),
        message: reader.nullableString(),
      }));
      const errorMessage = version < 8 ? undefined : reader.nullableString();
      partitions.push({
        topic,
        partition,
        errorCode,
        baseOffset,
        logStartOffset,
        errorMessage,
        recordErrors,
      });
    });
  });
  const throttleTimeMs = reader.int32();
  reader.end();
  return { throttleTimeMs, partitions };
}
