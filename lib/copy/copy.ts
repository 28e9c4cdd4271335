// The copy: every partition of the plan from its leader on the source to its leader on the target, in parallel, until
// each is done or has failed. One partition's failure stops that partition only. It writes no log of its own and keeps
// no journal: what happens is told to the caller as it happens.

import type { TopicPartition } from "../core/topic_partition.ts";
import type { Cluster } from "../kafka/cluster.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { createBufferPool } from "../wire/buffer_pool.ts";
import { createLeaders } from "./leaders.ts";
import { type Acknowledgement, PartitionCopy } from "./partition_copy.ts";
import { createRouter } from "./router.ts";
import { createSourceLane } from "./source_lane.ts";
import { createTargetLane } from "./target_lane.ts";
import { createTroubleLog } from "./trouble_log.ts";

/** One partition to copy. */
export interface CopyTask extends TopicPartition {
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  /** Records copied by earlier plans of the same migration. */
  readonly recordsBefore: bigint;
}

/** How one partition ended. */
export interface CopyResult extends TopicPartition {
  readonly status: "done" | "failed" | "interrupted";
  /** Why it failed, as a sentence. */
  readonly failure?: string;
  /** Records read from the source range, counted apart from those acknowledged. */
  readonly recordsRead: bigint;
  /** Batches read and left out: control batches, those of aborted transactions, and empty ones. */
  readonly batchesLeftOut: number;
  readonly recordsAcknowledged: bigint;
  /** Source offset up to which everything is acknowledged. */
  readonly sourceOffset: bigint;
  /** Target offsets of the first record and after the last; absent where nothing was written. */
  readonly targetFirstOffset?: bigint;
  readonly targetNextOffset?: bigint;
}

/** Running totals. */
export interface CopyProgress {
  readonly recordsAcknowledged: bigint;
  /** Bytes of record batches acknowledged, as they are on the wire. */
  readonly bytesAcknowledged: number;
  /** Source offsets behind, of those planned. */
  readonly offsetsDone: bigint;
  readonly partitionsSettled: number;
}

/** What a copy works with. */
export interface CopyOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly tasks: readonly CopyTask[];
  readonly identity: ProducerIdentity;
  /** Topic ids of the plan, where known. */
  readonly sourceTopicIds: ReadonlyMap<string, string | undefined>;
  readonly targetTopicIds: ReadonlyMap<string, string | undefined>;
  readonly giveUpAfterMs: number;
  readonly log: { warning(text: string): void; info(text: string): void };
  /** Called for every batch the target has stored, in order for each partition. */
  readonly onAcknowledged: (partition: TopicPartition, acknowledgement: Acknowledgement) => void;
  /** Called once for every partition. */
  readonly onSettled: (result: CopyResult) => void;
  readonly signal: AbortSignal;
}

/** A copy under way. */
export interface Copy {
  readonly progress: CopyProgress;
  /** Results of every partition, in the order of the tasks, when all are settled or the signal has fired. */
  readonly results: Promise<readonly CopyResult[]>;
}

/** Responses, re-encoded batches and room for responses to come may add up to this. */
const MEMORY_BYTES = 96 * 1024 * 1024;
const SOURCE_LANES_PER_BROKER = 2;
const TARGET_LANES_PER_BROKER = 2;

/** Starts a copy. */
export function startCopy(options: CopyOptions): Copy {
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, options.signal]);
  const partitions = options.tasks.map((task) =>
    new PartitionCopy({ ...task, identity: options.identity })
  );
  const settled = new Map<PartitionCopy, CopyResult>();
  const totals = { recordsAcknowledged: 0n, bytesAcknowledged: 0, offsetsDone: 0n };
  const pool = createBufferPool(MEMORY_BYTES);
  const allSettled = Promise.withResolvers<void>();
  const positions = new Map(partitions.map((partition) => [partition, partition.startOffset]));

  function settle(partition: PartitionCopy): void {
    if (partition.status === "copying" || settled.has(partition)) return;
    const result = resultOf(partition, sourceOffsetOf(partition));
    settled.set(partition, result);
    options.onSettled(result);
    if (settled.size === partitions.length) allSettled.resolve();
  }

  function sourceOffsetOf(partition: PartitionCopy): bigint {
    return partition.status === "done" ? partition.endOffset : positions.get(partition) ?? 0n;
  }

  function advance(partition: PartitionCopy, sourceOffset: bigint): void {
    totals.offsetsDone += sourceOffset - (positions.get(partition) ?? 0n);
    positions.set(partition, sourceOffset);
  }

  function onAcknowledged(partition: PartitionCopy, acknowledgement: Acknowledgement): void {
    const { batch } = acknowledgement;
    totals.recordsAcknowledged += BigInt(batch.recordCount);
    totals.bytesAcknowledged += batch.bytes.length;
    advance(partition, batch.nextSourceOffset);
    targetRouter.succeeded(partition);
    options.onAcknowledged(partition, acknowledgement);
    sourceRouter.wake(partition);
    settle(partition);
  }

  const troubleLog = createTroubleLog(options.log, () => performance.now());
  const sourceLeaders = createLeaders(options.source, options.sourceTopicIds, signal);
  const targetLeaders = createLeaders(options.target, options.targetTopicIds, signal);
  const common = { giveUpAfterMs: options.giveUpAfterMs, troubleLog, onFailed: settle, signal };
  const sourceRouter = createRouter({
    ...common,
    cluster: options.source,
    leaders: sourceLeaders,
    lanesPerBroker: SOURCE_LANES_PER_BROKER,
    openLane: (nodeId, reportTrouble) =>
      createSourceLane({
        open: () => options.source.openData(nodeId),
        pool,
        leaderEpoch: (partition) => sourceLeaders.leader(partition)?.leaderEpoch ?? -1,
        reportTrouble,
        onFramed(partition) {
          sourceRouter.succeeded(partition);
          targetRouter.wake(partition);
          settle(partition);
        },
        signal,
      }),
  });
  const targetRouter = createRouter({
    ...common,
    cluster: options.target,
    leaders: targetLeaders,
    lanesPerBroker: TARGET_LANES_PER_BROKER,
    openLane: (nodeId, reportTrouble) =>
      createTargetLane({
        open: () => options.target.openData(nodeId),
        reportTrouble,
        onAcknowledged,
        signal,
      }),
  });

  async function run(): Promise<readonly CopyResult[]> {
    if (partitions.length > 0) {
      await Promise.all([sourceLeaders.refresh(), targetLeaders.refresh()]);
      for (const partition of partitions) {
        targetRouter.place(partition);
        if (partition.status === "copying") sourceRouter.place(partition);
        settle(partition);
      }
      await untilAborted(allSettled.promise, options.signal);
      end.abort();
      await Promise.all([sourceRouter.ended(), targetRouter.ended()]);
    }
    return partitions.map((partition) =>
      settled.get(partition) ?? resultOf(partition, sourceOffsetOf(partition))
    );
  }

  return {
    get progress() {
      return { ...totals, partitionsSettled: settled.size };
    },
    results: run().finally(() => end.abort()),
  };
}

function resultOf(partition: PartitionCopy, sourceOffset: bigint): CopyResult {
  const { status, failure, targetFirstOffset, targetNextOffset } = partition;
  return {
    topic: partition.topic,
    partition: partition.partition,
    status: status === "copying" ? "interrupted" : status,
    recordsRead: partition.recordsRead,
    batchesLeftOut: partition.batchesLeftOut,
    recordsAcknowledged: partition.recordsAcknowledged,
    sourceOffset,
    ...(failure !== undefined && { failure }),
    ...(targetFirstOffset !== undefined && { targetFirstOffset }),
    ...(targetNextOffset !== undefined && { targetNextOffset }),
  };
}

/** Resolves with the promise, or as soon as the signal fires. */
function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
