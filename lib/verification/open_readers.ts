// Reading back what was copied: both clusters, with the memory that this may take.

import type { ClusterReader } from "../compare/partition_reader.ts";
import { createPace } from "../copy/pace.ts";
import { createLeaders } from "../kafka/leaders.ts";
import type { JournaledPartition } from "../journal/journal_state.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { createDataConnections } from "../kafka/data_connections.ts";
import { type BufferPool, createBufferPool } from "../protocol/buffer_pool.ts";
import { optional } from "../model/optional.ts";

/** Two responses a side and partition, 2 MB each but for larger batches. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/** Readers of both clusters. */
export interface Readers {
  readonly source: ClusterReader;
  readonly target: ClusterReader;
  close(): void;
}

type TopicIds = Pick<JournaledPartition, "topic" | "sourceTopicId" | "targetTopicId">;

/** Opens readers for some partitions; a topic that is not the journal's any more is not read. */
export function openReaders(
  source: Cluster,
  target: Cluster,
  work: readonly TopicIds[],
  { bytesPerSecond, signal, byConnector = false }: {
    readonly bytesPerSecond: number | undefined;
    readonly signal: AbortSignal;
    /** Whether a connector has copied, whose aborted transactions lie on the target. */
    readonly byConnector?: boolean;
  },
): Readers {
  const pool = createBufferPool(MEMORY_BYTES);
  const options = { bytesPerSecond, signal, pool };
  const ours = open(source, work, ({ sourceTopicId }) => sourceTopicId, options);
  const theirs = open(target, work, ({ targetTopicId }) => targetTopicId, options);
  return {
    source: { ...ours, isolation: "read_committed" },
    // Our own copy is read uncommitted: open transactions of others do not hold it back.
    target: { ...theirs, isolation: byConnector ? "read_committed" : "read_uncommitted" },
    close() {
      ours.connections.close();
      theirs.connections.close();
    },
  };
}

/** Opens a reader of the target alone, whatever is committed there; the caller closes its connections. */
export function openTargetReader(
  target: Cluster,
  work: readonly TopicIds[],
  options: { readonly bytesPerSecond: number | undefined; readonly signal: AbortSignal },
): ClusterReader {
  const pool = createBufferPool(MEMORY_BYTES);
  const reader = open(target, work, ({ targetTopicId }) => targetTopicId, { ...options, pool });
  return { ...reader, isolation: "read_uncommitted" };
}

function open(
  cluster: Cluster,
  work: readonly TopicIds[],
  idOf: (each: TopicIds) => string | undefined,
  { bytesPerSecond, signal, pool }: {
    readonly bytesPerSecond: number | undefined;
    readonly signal: AbortSignal;
    readonly pool: BufferPool;
  },
): Omit<ClusterReader, "isolation"> {
  const planned = new Map(work.map((each) => [each.topic, optional("topicId", idOf(each))]));
  return {
    role: cluster.role,
    leaders: createLeaders(cluster, planned, signal),
    connections: createDataConnections(cluster),
    pool,
    pace: createPace(bytesPerSecond, signal),
    signal,
    failingSince: new Map<number, number>(),
  };
}
