// DescribeProducers 0 (KIP-664, Kafka ≥ 2.8): which producer ids a partition's leader remembers, and the last sequence
// of each.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { groupByTopic } from "./fetch.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** What the leader remembers of one partition. */
export interface DescribedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly producers: readonly {
    readonly producerId: bigint;
    readonly producerEpoch: number;
    /** Sequence of the last record appended; −1 if there is none. */
    readonly lastSequence: number;
  }[];
}

/** Encodes a request; partitions of one topic should stand together. */
export function encodeDescribeProducers(
  partitions: readonly TopicPartition[],
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter();
  writer.compactArray(groupByTopic(partitions), ([topic, ofTopic]) => {
    writer.compactString(topic);
    writer.compactArray(ofTopic, ({ partition }) => writer.int32(partition)).noTags();
  });
  writer.noTags();
  return {
    apiKey: APIS.DescribeProducers.key,
    apiVersion: 0,
    flexible: true,
    body: [writer.bytes],
  };
}

/** Reads a response. @throws {ProtocolError} when the bytes are not one */
export function decodeDescribeProducers(
  { bytes, start, end }: ResponseFrame,
): DescribedPartition[] {
  const reader = new ProtocolReader(bytes, start, end);
  reader.int32(); // throttle time
  return reader.compactArray(() => {
    const topic = reader.compactString();
    const partitions = reader.compactArray(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      reader.compactNullableString(); // error message
      const producers = reader.compactArray(() => {
        const producerId = reader.int64();
        const producerEpoch = reader.int32();
        const lastSequence = reader.int32();
        reader.int64(); // last timestamp
        reader.int32(); // coordinator epoch
        reader.int64(); // start of the current transaction
        reader.skipTags();
        return { producerId, producerEpoch, lastSequence };
      });
      reader.skipTags();
      return { topic, partition, errorCode, producers };
    });
    reader.skipTags();
    return partitions;
  }).flat();
}
