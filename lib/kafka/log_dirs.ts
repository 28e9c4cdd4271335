// How many bytes partitions take on their leader's disks, according to DescribeLogDirs; for estimates only.

import { kafkaError } from "../model/kafka_error.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { decodeDescribeLogDirs, encodeDescribeLogDirs } from "../protocol/describe_log_dirs.ts";
import { supportedVersion } from "../wire/api_version.ts";

/**
 * Asks one broker for the sizes of partitions that it holds.
 *
 * @returns bytes by `formatTopicPartition`; empty if the user has no Describe on the cluster, or the broker cannot tell
 * @throws {ConnectionError | ProtocolError}
 */
export async function fetchPartitionBytes(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, bigint>> {
  const version = supportedVersion(broker, "DescribeLogDirs");
  if (version === undefined || partitions.length === 0) return new Map();
  const dirs = decodeDescribeLogDirs(
    await broker.connection.send(encodeDescribeLogDirs(version, partitions)),
  );
  return new Map(
    dirs.filter(({ errorCode }) => kafkaError(errorCode).code === 0)
      .flatMap((dir) => dir.partitions)
      .map(({ bytes, ...partition }) => [formatTopicPartition(partition), bytes]),
  );
}
