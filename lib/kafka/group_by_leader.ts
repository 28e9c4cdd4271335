// Groups partitions by the broker that leads them now, so that it can be asked about them; one metadata request.

import { ignorePeerError } from "../wire/peer_error.ts";
import { createLeaders } from "./leaders.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import type { Cluster } from "./cluster.ts";

/** The partitions by their leader's node id; −1 if there is no leader, or the cluster cannot be asked. */
export async function groupByLeader<Partition extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly Partition[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, readonly Partition[]>> {
  const leaders = createLeaders(
    cluster,
    new Map(partitions.map(({ topic }) => [topic, {}])),
    signal,
  );
  await leaders.refresh().catch(ignorePeerError);
  return Map.groupBy(partitions, (partition) => leaders.leader(partition)?.nodeId ?? -1);
}
