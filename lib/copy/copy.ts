// Copies every partition of the plan from its leader on the source to its leader on the target, all in parallel, until
// each is done or has failed. One partition's failure stops that partition only. The copy keeps no journal: it tells
// its caller what happens as it happens, and the caller writes that down.

import type { Failure } from "../model/failure.ts";
import type { OffsetSpan } from "../model/offsets.ts";
import { type EpochStart, nextEpoch } from "../model/sequence.ts";
import { sum } from "../model/units.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { createDataConnections } from "../kafka/data_connections.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { type BufferPool, createBufferPool } from "../protocol/buffer_pool.ts";
import { ignorePeerError } from "../wire/peer_error.ts";
import { createLeaders, type PlannedTopic } from "../kafka/leaders.ts";
import { createPace } from "./pace.ts";
import type { ProduceBatch } from "./produce_queue.ts";
import { findPosition } from "./find_position.ts";
import type { FoundPosition, TargetPosition } from "./target_position.ts";
import type { CopyPosition, CopyProgress, CopyResult, CopyTask } from "./copy_task.ts";
import { mergeBelow } from "./merge_below.ts";
import { type Acknowledgement, PartitionCopy } from "./partition_copy.ts";
import { createRouter } from "./router.ts";
import { furthestFromEnd } from "./slowest.ts";
import { createSourceLane } from "./source_lane.ts";
import { createTargetLane } from "./target_lane.ts";
import { createWaitClock } from "../waiting/wait_clock.ts";
import { createTopicWatch } from "./topic_watch.ts";
import { createTroubleLog } from "./trouble_log.ts";

/** What a copy needs, and whom it tells what happens. */
export interface CopyOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly tasks: readonly CopyTask[];
  readonly identity: ProducerIdentity;
  /** The topics of the tasks, by name. */
  readonly sourceTopics: ReadonlyMap<string, PlannedTopic>;
  readonly targetTopics: ReadonlyMap<string, PlannedTopic>;
  readonly giveUpAfterMs: number;
  /** The throttle: limits the reading and, apart from it, the writing of all connections together. Absent: no limit. */
  readonly bytesPerSecond?: number;
  readonly log: { warning(text: string): void; info(text: string): void };
  /** Called for every batch that the target has stored; the batches of one partition come in order. */
  readonly onAcknowledged: (partition: CopyPosition, acknowledgement: Acknowledgement) => void;
  /** Called when a partition goes on with a fresh producer epoch; nothing is sent with it before this returns. */
  readonly onEpoch: (partition: CopyPosition, epoch: EpochStart) => void;
  /** Called when messages expired on the source before they were read. */
  readonly onLost: (partition: CopyPosition, span: OffsetSpan) => void;
  /**
   * Called once for every partition that is done or has failed, and a second time where a partition that was done turns
   * out to be worthless, because its topic was deleted, re-created or changed meanwhile.
   */
  readonly onSettled: (result: CopyResult) => void;
  readonly signal: AbortSignal;
}

/** A copy under way. */
export interface Copy {
  readonly progress: CopyProgress;
  /** The result of every partition, in the order of the tasks, once all are done or failed or the signal has fired. */
  readonly results: Promise<readonly CopyResult[]>;
}

/**
 * Responses in memory, and the room reserved for responses to come, may add up to this. What they grow by when their
 * batches are merged or re-encoded comes on top.
 */
const MEMORY_BYTES = 64 * 1024 * 1024;
const SOURCE_LANES_PER_BROKER = 2;
const TARGET_LANES_PER_BROKER = 2;
const SLOWEST_SHOWN = 5;

/** Starts a copy. */
export function startCopy(options: CopyOptions): Copy {
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, options.signal]);
  const partitions = options.tasks.map((task) =>
    new PartitionCopy({ ...task, identity: options.identity })
  );
  const settled = new Map<PartitionCopy, CopyResult>();
  const totals = { recordsAcknowledged: 0n, bytesAcknowledged: 0 };
  const throttled = {
    source: createWaitClock(() => performance.now()),
    target: createWaitClock(() => performance.now()),
  };
  // Thousands of positions may have to be found at once, so that work has connections of its own.
  const lookConnections = createDataConnections(options.target);
  const roundTripMs = options.target.roundTripMs();
  const pool = createBufferPool(MEMORY_BYTES);
  const sourcePace = createPace(options.bytesPerSecond, signal);
  const targetPace = createPace(options.bytesPerSecond, signal);
  const allSettled = Promise.withResolvers<void>();
  // A crash after the copy has ended has nobody who waits for it, and must not count as unhandled.
  allSettled.promise.catch(() => {});

  function settle(partition: PartitionCopy): void {
    if (partition.status === "copying" || settled.has(partition)) return;
    const result = resultOf(partition);
    settled.set(partition, result);
    options.onSettled(result);
    if (settled.size === partitions.length) allSettled.resolve();
  }

  function fail(partition: PartitionCopy, failed: Failure | undefined): void {
    if (failed !== undefined) partition.fail(failed);
    settle(partition);
  }

  function onAcknowledged(partition: PartitionCopy, acknowledgement: Acknowledgement): void {
    const { batch } = acknowledgement;
    totals.recordsAcknowledged += BigInt(batch.recordCount);
    totals.bytesAcknowledged += batch.bytes.length;
    targetRouter.succeeded(partition);
    options.onAcknowledged(resultOf(partition), acknowledgement);
    sourceRouter.wake(partition);
    settle(partition);
  }

  const troubleLog = createTroubleLog(options.log, () => performance.now());
  const sourceLeaders = createLeaders(options.source, options.sourceTopics, signal);
  const targetLeaders = createLeaders(options.target, options.targetTopics, signal);
  const topics = createTopicWatch({
    leaders: [sourceLeaders, targetLeaders],
    partitions,
    fail,
    signal,
  });
  const { giveUpAfterMs, log } = options;
  const onCrash = (error: unknown) => allSettled.reject(error);
  const common = { giveUpAfterMs, log, troubleLog, onCrash, signal };
  const sourceRouter = createRouter({
    ...common,
    cluster: options.source,
    leaders: sourceLeaders,
    onRefetch: (partition) => targetRouter.wake(partition),
    findPosition: () =>
      Promise.reject(new Error("Cannot find a position: the source has no sequences")),
    beginEpoch: () => undefined,
    // Stops the reading only: what has been read is still produced.
    giveUp(partition, failed) {
      if (failed !== undefined) partition.stop(failed);
      settle(partition);
    },
    lanesPerBroker: SOURCE_LANES_PER_BROKER,
    openLane: (nodeId, reportTrouble, onWaited) =>
      createSourceLane({
        open: () => options.source.openData(nodeId),
        pool,
        pace: sourcePace,
        onWaited,
        leaderEpoch: (partition) => sourceLeaders.leader(partition)?.leaderEpoch ?? -1,
        topicId: (topic) => options.sourceTopics.get(topic)?.topicId,
        reportTrouble,
        onThrottled: throttled.source.add,
        onCrash,
        mergeBelow: () => mergeBelow(roundTripMs, partitions.length - settled.size),
        onLost(partition) {
          const span = partition.lost.at(-1);
          if (span !== undefined) options.onLost(resultOf(partition), span);
        },
        onFramed(partition) {
          if (partition.status === "copying") sourceRouter.succeeded(partition);
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
    giveUp: fail,
    onRefetch: (partition) => sourceRouter.place(partition),
    // A batch that waits keeps the whole response that it lies in out of the pool: it gets memory of its own.
    onWaiting: ({ queue }) => queue.moveOut((batch) => inOwnMemory(batch, pool)),
    findPosition: findOn,
    beginEpoch(partition, { records, targetOffset, targetFirstOffset }) {
      const producerEpoch = nextEpoch(partition.producer);
      if (producerEpoch === undefined) return undefined;
      const first = targetFirstOffset !== undefined && { targetFirstOffset };
      const epoch = { producerEpoch, records, targetOffset, ...first };
      partition.beginEpoch(epoch);
      options.onEpoch(resultOf(partition), epoch);
      return producerEpoch;
    },
    lanesPerBroker: TARGET_LANES_PER_BROKER,
    openLane: (nodeId, reportTrouble, onWaited) =>
      createTargetLane({
        open: () => options.target.openData(nodeId),
        pace: targetPace,
        onWaited,
        reportTrouble,
        onThrottled: throttled.target.add,
        onCrash,
        onAcknowledged,
        onFailed: settle,
        signal,
      }),
  });

  async function findOn(
    partition: PartitionCopy,
    nodeId: number,
    settleMs: number,
  ): Promise<FoundPosition> {
    const broker = await lookConnections.to(nodeId);
    const from = positionOf(partition);
    const { producer, compare: contents } = partition;
    return await findPosition(broker, partition, producer, from, { contents, settleMs }, signal);
  }

  async function run(): Promise<readonly CopyResult[]> {
    if (partitions.length === 0) return [];
    options.tasks.forEach(({ problem }, index) => {
      if (problem !== undefined) partitions[index]?.fail(problem);
    });
    const copying = () => partitions.filter(({ status }) => status === "copying");
    // Reading may begin with the leaders that the plan knows; nothing is sent before the topics have been checked
    // again.
    const known = new Set(
      copying().filter((partition) => sourceLeaders.leader(partition) !== undefined),
    );
    known.forEach(sourceRouter.place);
    // If that fails, partitions without a known leader are retried like any other in trouble.
    await topics.look(ignorePeerError);
    for (const partition of copying()) {
      targetRouter.place(partition);
      if (!known.has(partition)) sourceRouter.place(partition);
    }
    partitions.forEach(settle);
    const watching = topics.watch();
    await untilAborted(allSettled.promise, options.signal);
    // What was copied since the last check counts only if the topics are still the same.
    if (!options.signal.aborted) await topics.refresh(true).catch(() => {});
    end.abort();
    await Promise.all([sourceRouter.ended(), targetRouter.ended(), watching]);
    return partitions.map((partition) => {
      const result = settled.get(partition) ?? resultOf(partition);
      const problem = topics.problem(partition);
      if (problem === undefined || result.status !== "done") return result;
      const worthless: CopyResult = { ...result, status: "failed", failure: problem };
      options.onSettled(worthless);
      return worthless;
    });
  }

  return {
    get progress() {
      const offsetsDone = sum(
        partitions,
        ({ sourceOffset, startOffset }) => sourceOffset - startOffset,
      );
      return {
        ...totals,
        offsetsDone,
        partitionsSettled: settled.size,
        retries: troubleLog.retries,
        troubles: troubleLog.current(),
        throttledMs: { source: throttled.source.totalMs, target: throttled.target.totalMs },
        slowest: furthestFromEnd(partitions, SLOWEST_SHOWN),
      };
    },
    results: run().finally(() => {
      end.abort();
      lookConnections.close();
    }),
  };
}

function positionOf(partition: PartitionCopy): TargetPosition {
  const { recordsAcknowledged, targetNextOffset, targetFirstOffset } = partition;
  return {
    records: recordsAcknowledged,
    targetOffset: targetNextOffset,
    ...(targetFirstOffset !== undefined && { targetFirstOffset }),
  };
}

function resultOf(partition: PartitionCopy): CopyResult {
  const { status, failure, targetFirstOffset } = partition;
  return {
    topic: partition.topic,
    partition: partition.partition,
    status: status === "copying" ? "interrupted" : status,
    recordsRead: partition.recordsRead,
    batchesLeftOut: partition.batchesLeftOut,
    recordsAcknowledged: partition.recordsAcknowledged,
    sourceOffset: partition.sourceOffset,
    targetOffset: partition.targetNextOffset,
    lost: partition.lost,
    ...(failure !== undefined && { failure }),
    ...(targetFirstOffset !== undefined && { targetFirstOffset }),
  };
}

function inOwnMemory(batch: ProduceBatch, pool: BufferPool): ProduceBatch {
  const bytes = batch.bytes.slice();
  batch.release();
  return { ...batch, bytes, release: pool.charge(bytes.length) };
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
