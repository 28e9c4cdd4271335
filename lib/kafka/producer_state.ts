// The last sequences of producers, ours among them, that the leaders of the target's partitions remember. A leader
// forgets producers that were idle for long (producer.id.expiration.ms, 24 h), and brokers before Kafka 2.8 do not
// tell sequences.

import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import {
  decodeDescribeProducers,
  type DescribedPartition,
  encodeDescribeProducers,
} from "../protocol/describe_producers.ts";
import { supportedVersion } from "../wire/api_version.ts";
import type { ProducerIdentity } from "./producer_id.ts";

/** The sequence of the last record that a leader remembers, or the error that it gave for the partition. */
export type LastSequence = { readonly sequence: number } | { readonly errorCode: number };

/** What a leader remembers of a producer. */
export type ProducerState = DescribedPartition["producers"][number];

/**
 * Asks a leader which producers it remembers on partitions that it leads.
 *
 * @returns for each partition the producers, or the error that the leader gave; nothing if it does not speak the request
 * @throws {ConnectionError}
 */
export async function fetchProducers(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
): Promise<readonly DescribedPartition[]> {
  const version = supportedVersion(broker, "DescribeProducers");
  if (version === undefined || partitions.length === 0) return [];
  return decodeDescribeProducers(
    await broker.connection.send(encodeDescribeProducers(partitions)),
  );
}

/** The last sequence of one of the producers; undefined if the leader does not remember it. */
export function lastSequenceOf(
  producers: readonly ProducerState[],
  { producerId, producerEpoch }: ProducerIdentity,
): number | undefined {
  const found = producers.find((each) =>
    each.producerId === producerId && each.producerEpoch === producerEpoch
  );
  return found !== undefined && found.lastSequence >= 0 ? found.lastSequence : undefined;
}

/**
 * Asks a leader for the last sequence of a producer on partitions that it leads.
 *
 * @returns by `formatTopicPartition`; absent if the leader remembers nothing, or does not speak the request
 * @throws {ConnectionError}
 */
export async function fetchLastSequences(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
  identity: ProducerIdentity,
): Promise<ReadonlyMap<string, LastSequence>> {
  const found = new Map<string, LastSequence>();
  const described = await fetchProducers(broker, partitions);
  for (const { producers, errorCode, ...partition } of described) {
    const key = formatTopicPartition(partition);
    if (errorCode !== 0) found.set(key, { errorCode });
    const sequence = lastSequenceOf(producers, identity);
    if (sequence !== undefined) found.set(key, { sequence });
  }
  return found;
}
