// Log start offset, high watermark and last stable offset of many partitions: three ListOffsets requests a leader
// (kafkajs's version 3). kafkajs's own fetchTopicOffsets calls the last stable offset "high"; here both isolation
// levels are asked.

import type { PartitionOffsets } from "../core/snapshot.ts";
import { formatKafkaError } from "../core/kafka_error.ts";
import { formatTopicPartition, type TopicPartition } from "../core/topic_partition.ts";
import type { BrokerConnection } from "../wire/connect.ts";
import { groupByTopic } from "../wire/fetch.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";

const EARLIEST = -2;
const LATEST = -1;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/** Offsets, or the error code the leader gave. */
export type PartitionOffsetsResult =
  | { readonly offsets: PartitionOffsets }
  | { readonly errorCode: number };

interface ListOffsetsResponse {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { partition: number; errorCode: number; offset: string }[];
  }[];
}

type OffsetOrError = { readonly offset: bigint; readonly errorCode: number };

/**
 * Asks one leader for the offsets of partitions it leads.
 *
 * @returns by `formatTopicPartition`
 * @throws {ConnectionError}
 */
export async function listPartitionOffsets(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, PartitionOffsetsResult>> {
  const [start, high, stable] = await Promise.all([
    list(broker, partitions, EARLIEST, READ_UNCOMMITTED),
    list(broker, partitions, LATEST, READ_UNCOMMITTED),
    list(broker, partitions, LATEST, READ_COMMITTED),
  ]);
  return new Map(partitions.map((partition) => {
    const key = formatTopicPartition(partition);
    return [key, combine(start.get(key), high.get(key), stable.get(key))];
  }));
}

function combine(
  start: OffsetOrError | undefined,
  high: OffsetOrError | undefined,
  stable: OffsetOrError | undefined,
): PartitionOffsetsResult {
  if (!start || !high || !stable) return { errorCode: -1 };
  const errorCode = start.errorCode || high.errorCode || stable.errorCode;
  if (errorCode !== 0) return { errorCode };
  // The high watermark may move between the requests; the last stable offset never counts beyond it.
  const lastStableOffset = stable.offset < high.offset ? stable.offset : high.offset;
  return {
    offsets: { logStartOffset: start.offset, highWatermark: high.offset, lastStableOffset },
  };
}

async function list(
  { connection, versions }: BrokerConnection,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolationLevel: number,
): Promise<ReadonlyMap<string, OffsetOrError>> {
  const topics = groupByTopic(partitions).map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition }) => ({ partition, timestamp })),
  }));
  const answer = await sendKafkajsRequest<ListOffsetsResponse>(
    connection,
    versions,
    "ListOffsets",
    {
      isolationLevel,
      topics,
    },
  );
  return new Map(
    answer.responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode, offset }) =>
        [
          formatTopicPartition({ topic, partition }),
          { offset: BigInt(offset), errorCode },
        ] as const
      )
    ),
  );
}

/** What is said of a partition whose leader gave an error. */
export function offsetsProblem(errorCode: number): string {
  return `its leader answered ${formatKafkaError(errorCode)}`;
}
