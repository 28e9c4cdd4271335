// Log start offset, high watermark and last stable offset of many partitions: three ListOffsets requests to each
// leader, and a fourth if the offsets of times are wanted. kafkajs's fetchTopicOffsets calls the last stable offset
// "high"; this file asks with both isolation levels.

import type { PartitionOffsets } from "../model/snapshot.ts";
import { formatKafkaError, KAFKA_ERRORS } from "../model/kafka_error.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import {
  type AskedOffset,
  decodeListOffsets,
  encodeListOffsets,
} from "../protocol/list_offsets.ts";
import { requireVersion } from "../wire/api_version.ts";

const EARLIEST = -2;
const LATEST = -1;

/** A partition's offsets, or the error code that its leader gave. */
export type PartitionOffsetsResult =
  | {
    readonly offsets: PartitionOffsets;
    /** The first offset at or after the time asked for; absent if there is none. */
    readonly timeOffset?: bigint;
  }
  | { readonly errorCode: number };

type OffsetOrError = { readonly offset: bigint; readonly errorCode: number };

/**
 * Asks one leader for the offsets of partitions that it leads.
 *
 * @param times by `formatTopicPartition`, in milliseconds since 1970: the times whose offsets are wanted too
 * @returns the offsets, by `formatTopicPartition`
 * @throws {ConnectionError}
 */
export async function listPartitionOffsets(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
  times: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, PartitionOffsetsResult>> {
  const timed = partitions.flatMap((partition) => {
    const timestampMs = times.get(formatTopicPartition(partition));
    return timestampMs === undefined ? [] : [{ ...partition, timestampMs }];
  });
  const ends = all(partitions, LATEST);
  const [start, high, stable, atTime] = await Promise.all([
    list(broker, all(partitions, EARLIEST)),
    list(broker, ends),
    list(broker, ends, { committedOnly: true }),
    list(broker, timed),
  ]);
  return new Map(partitions.map((partition) => {
    const key = formatTopicPartition(partition);
    const result = combine(start.get(key), high.get(key), stable.get(key));
    return [key, withTimeOffset(result, atTime.get(key))];
  }));
}

function combine(
  start: OffsetOrError | undefined,
  high: OffsetOrError | undefined,
  stable: OffsetOrError | undefined,
): PartitionOffsetsResult {
  if (!start || !high || !stable) return { errorCode: KAFKA_ERRORS.UNKNOWN_SERVER_ERROR };
  const errorCode = start.errorCode || high.errorCode || stable.errorCode;
  if (errorCode !== 0) return { errorCode };
  // The high watermark may move between the requests; the last stable offset must not exceed it.
  const lastStableOffset = stable.offset < high.offset ? stable.offset : high.offset;
  return {
    offsets: { logStartOffset: start.offset, highWatermark: high.offset, lastStableOffset },
  };
}

/** The offset of a time after the last message is −1. */
function withTimeOffset(
  result: PartitionOffsetsResult,
  atTime: OffsetOrError | undefined,
): PartitionOffsetsResult {
  if ("errorCode" in result || atTime === undefined) return result;
  if (atTime.errorCode !== 0) return { errorCode: atTime.errorCode };
  return atTime.offset < 0n ? result : { ...result, timeOffset: atTime.offset };
}

/**
 * Asks one leader for high watermarks alone.
 *
 * @returns by `formatTopicPartition`; partitions with an error are absent
 * @throws {ConnectionError}
 */
export async function listEndOffsets(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, bigint>> {
  const found = await list(broker, all(partitions, LATEST));
  return new Map(
    [...found].filter(([, { errorCode }]) => errorCode === 0)
      .map(([key, { offset }]) => [key, offset]),
  );
}

/**
 * Asks one leader for the first offset whose message has the given timestamp or a later one.
 *
 * @returns by `formatTopicPartition`; undefined if there is no such message, absent if there was an error
 * @throws {ConnectionError}
 */
export async function listOffsetsAt(
  broker: BrokerConnection,
  asked: readonly AskedOffset[],
): Promise<ReadonlyMap<string, bigint | undefined>> {
  const found = await list(broker, asked);
  return new Map(
    [...found].filter(([, { errorCode }]) => errorCode === 0)
      .map(([key, { offset }]) => [key, offset < 0n ? undefined : offset]),
  );
}

function all(partitions: readonly TopicPartition[], timestampMs: number): readonly AskedOffset[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, timestampMs }));
}

async function list(
  broker: BrokerConnection,
  asked: readonly AskedOffset[],
  { committedOnly = false } = {},
): Promise<ReadonlyMap<string, OffsetOrError>> {
  if (asked.length === 0) return new Map();
  const version = requireVersion(broker, "ListOffsets");
  const answer = await broker.connection.send(encodeListOffsets(version, asked, committedOnly));
  return new Map(
    decodeListOffsets(version, answer).map((each) => [formatTopicPartition(each), each]),
  );
}

/** The sentence about a partition whose leader gave an error. */
export function offsetsProblem(errorCode: number): string {
  return `its leader answered ${formatKafkaError(errorCode)}`;
}
