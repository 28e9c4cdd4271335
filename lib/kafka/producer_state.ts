// How far our producer id got on partitions of the target, as their leaders remember it. A leader forgets producers
// that were idle for long (producer.id.expiration.ms, 24 h), and brokers before Kafka 2.8 do not tell.

import { formatTopicPartition, type TopicPartition } from "../core/topic_partition.ts";
import type { BrokerConnection } from "../wire/connect.ts";
import { decodeDescribeProducers, encodeDescribeProducers } from "../wire/describe_producers.ts";
import { supportedVersion } from "../wire/api_version.ts";
import type { ProducerIdentity } from "./producer_id.ts";

/** The sequence of the last record that a leader remembers, or the error it gave for the partition. */
export type LastSequence = { readonly sequence: number } | { readonly errorCode: number };

/**
 * Asks a leader for the last sequence of a producer on partitions it leads.
 *
 * @returns by `formatTopicPartition`; absent where the leader remembers nothing, or cannot be asked
 * @throws {ConnectionError}
 */
export async function fetchLastSequences(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
  { producerId, producerEpoch }: ProducerIdentity,
): Promise<ReadonlyMap<string, LastSequence>> {
  const version = supportedVersion(broker, "DescribeProducers");
  if (version === undefined || partitions.length === 0) return new Map();
  const frame = await broker.connection.send(encodeDescribeProducers(partitions));
  const found = new Map<string, LastSequence>();
  for (const { producers, errorCode, ...partition } of decodeDescribeProducers(frame)) {
    const key = formatTopicPartition(partition);
    if (errorCode !== 0) found.set(key, { errorCode });
    const ours = producers.find((each) =>
      each.producerId === producerId && each.producerEpoch === producerEpoch
    );
    if (ours !== undefined && ours.lastSequence >= 0) {
      found.set(key, { sequence: ours.lastSequence });
    }
  }
  return found;
}
