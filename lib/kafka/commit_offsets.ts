// Commits offsets for groups without members (OffsetCommit with generation −1, as Kafka's own kafka-consumer-groups
// does). Each group's coordinator is looked up first. commit_in_parts.ts decides how many offsets go into a request.

import { formatTopicPartition } from "../model/topic_partition.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { Cluster } from "./cluster.ts";
import {
  beginCommit,
  commitRound,
  type CommitState,
  type OffsetToCommit,
  refuseAll,
  type SendPart,
} from "./commit_in_parts.ts";

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
 * Commits offsets of one group. A metadata text that the target refuses is left out.
 *
 * @returns the positions that were not committed, and those that were committed without their text
 * @throws {ConnectionError | ProtocolError}
 */
export async function commitOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly OffsetToCommit[],
  signal: AbortSignal,
): Promise<Pick<CommitState, "problems" | "withoutMetadata">> {
  let state = beginCommit(offsets);
  await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    const any = await cluster.anyControl();
    const found = await sendKafkajsRequest<FindCoordinatorResponse>(
      any,
      "FindCoordinator",
      { groupId: group },
    );
    if (found.errorCode !== 0) {
      state = refuseAll(state, found.errorCode);
      return state.left.length === 0 ? true : undefined;
    }
    const broker = await cluster.control(found.coordinator.nodeId);
    const send: SendPart = async (part) => {
      signal.throwIfAborted();
      const { responses } = await sendKafkajsRequest<OffsetCommitResponse>(
        broker,
        "OffsetCommit",
        { groupId: group, groupGenerationId: -1, memberId: "", topics: byTopic(part) },
      );
      return new Map(
        responses.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, errorCode }) =>
            [formatTopicPartition({ topic, partition }), errorCode] as const
          )
        ),
      );
    };
    state = await commitRound(state, group, send);
    return state.left.length === 0 ? true : undefined;
  }, () => undefined);
  return state;
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
