// Where the ranges that an earlier run has begun stand on the target: each leader is asked over one connection, one
// partition after the other.

import { createLeaders } from "../kafka/leaders.ts";
import { findPosition } from "../copy/find_position.ts";
import {
  type CompareContents,
  type FoundPosition,
  PositionError,
} from "../copy/target_position.ts";
import { type Failure, failure, within } from "../model/failure.ts";
import { endsWithOurs } from "../journal/journal.ts";
import type { JournaledPartition } from "../journal/journal_state.ts";
import { partitionProducer } from "../model/sequence.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { createDataConnections, type DataConnections } from "../kafka/data_connections.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { isPeerError } from "../wire/peer_error.ts";
import { peerFailure } from "../copy/peer_failure.ts";
import { groupByLeader } from "../kafka/group_by_leader.ts";
import { optional } from "../model/optional.ts";

/** A position, or why it could not be found. */
export interface Found {
  readonly position?: FoundPosition;
  readonly problem?: Failure;
}

/**
 * Finds the positions, by `formatTopicPartition`.
 *
 * @param compare says where the records beyond the journal's position are wanted too
 */
export async function findPositions(
  target: Cluster,
  begun: readonly JournaledPartition[],
  identity: ProducerIdentity,
  compare: (partition: JournaledPartition) => CompareContents | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  if (begun.length === 0) return found;
  // A leader that cannot be asked now is asked again for each of its partitions.
  const byLeader = await groupByLeader(target, begun, signal);
  const connections = createDataConnections(target);
  const search = { target, connections, identity, signal };
  try {
    await Promise.all([...byLeader].map(async ([nodeId, partitions]) => {
      for (const partition of partitions) {
        const key = formatTopicPartition(partition);
        found.set(key, await findOne(search, nodeId, partition, compare(partition)));
      }
    }));
  } finally {
    connections.close();
  }
  return found;
}

interface Search {
  readonly target: Cluster;
  readonly connections: DataConnections;
  readonly identity: ProducerIdentity;
  readonly signal: AbortSignal;
}

async function findOne(
  { target, connections, identity, signal }: Search,
  nodeId: number,
  journaled: JournaledPartition,
  compare: CompareContents | undefined,
): Promise<Found> {
  const { topic, partition, records, targetOffset, targetFirstOffset } = journaled;
  const from = {
    ...{ records, targetOffset, ...optional("targetFirstOffset", targetFirstOffset) },
    endsWithOurs: endsWithOurs(journaled),
  };
  const producer = partitionProducer(identity, journaled.epochs);
  const leaders = createLeaders(target, new Map([[topic, {}]]), signal);
  let leader = nodeId;
  let last = failure("PARTITION_UNAVAILABLE", "it has no leader on the target");
  try {
    const position = await createBackoff(CONTROL_BACKOFF, signal)(async () => {
      try {
        if (leader < 0) {
          await leaders.refresh();
          leader = leaders.leader({ topic, partition })?.nodeId ?? -1;
          if (leader < 0) return undefined;
        }
        const broker = await connections.to(leader);
        return await findPosition(broker, { topic, partition }, producer, from, {
          contents: compare,
        }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isPeerError(error)) throw error;
        last = peerFailure(error);
        leader = -1;
        return undefined;
      }
    }, () => new PositionError(last));
    return { position };
  } catch (error) {
    if (!(error instanceof PositionError)) throw error;
    return { problem: within("it is not known how far an earlier run got: ", error.failure) };
  }
}
