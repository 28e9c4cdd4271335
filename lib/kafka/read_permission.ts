// Finds out which topics the user may not read, for brokers that do not tell permissions (before Kafka 2.3, KIP-430).
// For a Fetch from the end of a partition the broker checks the permission and returns no records.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import { requireVersion } from "../wire/api_version.ts";
import { decodeFetch, encodeFetch } from "../protocol/fetch.ts";
import type { Cluster } from "./cluster.ts";

const PARTITIONS_PER_REQUEST = 500;
const NOTHING = { maxWaitMs: 0, maxBytes: 1, partitionMaxBytes: 1 };

/** The end of a partition, at its leader. */
export interface PartitionEnd extends TopicPartition {
  readonly leader: number;
  readonly highWatermark: bigint;
}

/**
 * Asks about one partition of each topic.
 *
 * @returns the topics that the user has no Read on
 * @throws {ConnectionError | ProtocolError}
 */
export async function topicsWithoutRead(
  cluster: Cluster,
  ends: readonly PartitionEnd[],
): Promise<readonly string[]> {
  const byLeader = Map.groupBy(ends, ({ leader }) => leader);
  const refused = await Promise.all([...byLeader].map(async ([leader, ofLeader]) => {
    // A quota may delay the answer, which a data connection allows for and a control connection does not.
    const broker = await cluster.openData(leader);
    try {
      const version = requireVersion(broker, "Fetch");
      const lacking: string[] = [];
      for (let at = 0; at < ofLeader.length; at += PARTITIONS_PER_REQUEST) {
        const asked = ofLeader.slice(at, at + PARTITIONS_PER_REQUEST)
          .map(({ topic, partition, highWatermark }) => ({
            ...{ topic, partition, fetchOffset: highWatermark },
            leaderEpoch: -1,
          }));
        const frame = await broker.connection.send(encodeFetch(version, asked, NOTHING));
        for (const { topic, errorCode } of decodeFetch(version, frame).partitions) {
          if (errorCode === KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED) lacking.push(topic);
        }
      }
      return lacking;
    } finally {
      broker.connection.close();
    }
  }));
  return refused.flat();
}
