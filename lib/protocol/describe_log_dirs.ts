// DescribeLogDirs 0 and 1 (KIP-113, Kafka ≥ 1.0), which have the same form: how many bytes the partitions of a broker
// take on its disks. kafkajs does not have this request.

import type { TopicPartition } from "../model/topic_partition.ts";
import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { groupByTopic } from "./fetch.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** A directory of a broker. */
export interface LogDir {
  readonly errorCode: number;
  readonly partitions: readonly (TopicPartition & { readonly bytes: bigint })[];
}

/** Encodes a request; partitions of one topic should stand together. */
export function encodeDescribeLogDirs(
  version: number,
  partitions: readonly TopicPartition[],
): Pick<RequestFrame, "apiKey" | "apiVersion" | "body"> {
  const writer = new ProtocolWriter();
  writer.array(groupByTopic(partitions), ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition }) => writer.int32(partition));
  });
  return { apiKey: APIS.DescribeLogDirs.key, apiVersion: version, body: [writer.bytes] };
}

/**
 * Reads a response; if it has no directory, the user may not see them.
 *
 * @throws {ProtocolError} when the bytes are not one
 */
export function decodeDescribeLogDirs({ bytes, start, end }: ResponseFrame): LogDir[] {
  const reader = new ProtocolReader(bytes, start, end);
  reader.int32(); // throttle time
  return reader.array(() => {
    const errorCode = reader.int16();
    reader.string(); // directory
    const partitions = reader.array(() => {
      const topic = reader.string();
      return reader.array(() => {
        const partition = reader.int32();
        const bytes = reader.int64();
        reader.int64(); // offset lag
        const future = reader.boolean();
        return future ? undefined : { topic, partition, bytes };
      });
    }).flat().filter((each) => each !== undefined);
    return { errorCode, partitions };
  });
}
