// Commits offsets for groups that nobody is a member of (OffsetCommit with generation −1, as Kafka's own
// kafka-consumer-groups does): each group's coordinator is looked up first.

import { KAFKA_ERRORS, kafkaError } from "../core/kafka_error.ts";
import { formatTopicPartition, type TopicPartition } from "../core/topic_partition.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import { CONTROL_BACKOFF, createBackoff } from "./backoff.ts";
import type { Cluster } from "./cluster.ts";

/** An offset to commit. */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: bigint;
  readonly metadata: string;
}

interface FindCoordinatorResponse {
  readonly errorCode: number;
  readonly coordinator: { readonly nodeId: number };
}

interface OffsetCommitResponse {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

/**
 * Commits offsets of one group.
 *
 * @returns Kafka's error for each offset that was not committed, by `formatTopicPartition`; empty where all were
 * @throws {ConnectionError | ProtocolError}
 */
export async function commitOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly OffsetToCommit[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  let left = offsets;
  const problems = new Map<string, number>();
  const failAll = (code: number) =>
    left.forEach((each) => problems.set(formatTopicPartition(each), code));
  await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    const any = await cluster.anyControl();
    const found = await sendKafkajsRequest<FindCoordinatorResponse>(
      any,
      "GroupCoordinator",
      { groupId: group },
    );
    // What the answer leaves out was not committed either.
    failAll(found.errorCode || KAFKA_ERRORS.UNKNOWN_SERVER_ERROR);
    if (found.errorCode !== 0) return isFatal(found.errorCode) ? true : undefined;
    const broker = await cluster.control(found.coordinator.nodeId);
    const { responses } = await sendKafkajsRequest<OffsetCommitResponse>(
      broker,
      "OffsetCommit",
      { groupId: group, groupGenerationId: -1, memberId: "", topics: byTopic(left) },
    );
    const again = new Set<string>();
    for (const { topic, partitions } of responses) {
      for (const { partition, errorCode } of partitions) {
        const key = formatTopicPartition({ topic, partition });
        if (errorCode === 0) problems.delete(key);
        else problems.set(key, errorCode);
        if (errorCode !== 0 && !isFatal(errorCode)) again.add(key);
      }
    }
    left = left.filter((each) => again.has(formatTopicPartition(each)));
    return left.length === 0 ? true : undefined;
  }, () => undefined);
  return problems;
}

function isFatal(code: number): boolean {
  return kafkaError(code).action === "fatal";
}

function byTopic(offsets: readonly OffsetToCommit[]) {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      metadata,
    })),
  }));
}
