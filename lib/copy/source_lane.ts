// A data connection to a source broker: fetches the partitions given to it, one Fetch at a time, has the responses cut
// into batches (accept_fetched.ts) and tells its router. A partition with much unacknowledged is not fetched until the
// target has caught up, and no Fetch goes out before the throttle allows it and there is room for its response.

import { failure } from "../model/failure.ts";
import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import type { PartitionOffsets } from "../model/snapshot.ts";
import { minOffset } from "../model/offsets.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { delay } from "../waiting/delay.ts";
import { listPartitionOffsets } from "../kafka/partition_offsets.ts";
import { keepsAnswersBack, speaks } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import type { FetchedPartition } from "../protocol/fetch.ts";
import { acceptFetched, type AcceptOptions } from "./accept_fetched.ts";
import { type FetchOptions, fetchPartitions } from "./fetch_partitions.ts";
import {
  FETCH_BYTES,
  fetchBytesUnderQuota,
  type FetchedUnderQuota,
  fetchSize,
  PARTITION_QUEUE_BYTES,
  partitionMaxBytes,
} from "./fetch_size.ts";
import type { Lane, ReportTrouble, Trouble } from "./lane.ts";
import { isPeerError } from "../wire/peer_error.ts";
import { type Pace, takeTurn } from "./pace.ts";
import type { PartitionCopy } from "./partition_copy.ts";
import type { ProduceQueue } from "./produce_queue.ts";

/** What a source lane needs, and whom it tells what happens. */
export interface SourceLaneOptions extends FetchOptions, AcceptOptions {
  readonly open: () => Promise<BrokerConnection>;
  /** The throttle, shared with the other lanes of the source. */
  readonly pace: Pace;
  /** Called with the milliseconds that the lane has waited for the throttle. */
  readonly onWaited: (ms: number) => void;
  readonly leaderEpoch: (partition: PartitionCopy) => number;
  readonly reportTrouble: ReportTrouble;
  /** Called when a broker's quota wants us to wait, or has delayed an answer, with the milliseconds. */
  readonly onThrottled: (throttleMs: number) => void;
  /** Called when batches of this partition were framed, or its state has changed. */
  readonly onFramed: (partition: PartitionCopy) => void;
  /** Called when messages of this partition expired before they were read. */
  readonly onLost: (partition: PartitionCopy) => void;
  /** Called when something fails that no broker caused, so that the copy must end. */
  readonly onCrash: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const FETCH_WAIT_MS = 500;

/**
 * What it means that a response holds no records of a partition. It is no trouble where other partitions had taken the
 * room of the response, or where compaction has left nothing up to the end.
 *
 * @param first whether the partition was the first of its Fetch
 */
function troubleOfNothing(
  { compacted, endOffset }: PartitionCopy,
  { highWatermark, lastStableOffset }: FetchedPartition,
  first: boolean,
): Trouble | undefined {
  const readable = minOffset(highWatermark, lastStableOffset ?? highWatermark);
  if (readable < endOffset) return { kind: "behind", readable };
  // The first partition of a Fetch always gets what there is (KIP-74), unless its leader could not read it in time:
  // from tiered storage (KIP-405) it then answers as if there were nothing.
  return first && !compacted ? { kind: "nothing" } : undefined;
}

/** Whether a leader refuses to tell its high watermark until it has caught up after an election (KIP-207). */
function tellsHowFar(broker: BrokerConnection): boolean {
  return speaks(broker, "ListOffsets", 5);
}

/** Opens a lane; its connection is made with the first partition. */
export function createSourceLane(options: SourceLaneOptions): Lane {
  const { pace, pool, signal, reportTrouble } = options;
  const size = fetchSize(pace.pieceBytes);
  const { partitions: partitionsPerFetch } = size;
  /** What the next Fetch asks for. */
  let { maxBytes } = size;
  /** What the last Fetch brought from a broker that delays its answers while a quota is exceeded. */
  let underQuota: FetchedUnderQuota | undefined;
  /** The average size of the batches in the last response. */
  let averageBatchBytes = Infinity;
  /** In the order in which they are fetched: a partition that got records goes to the end. */
  const partitions = new Set<PartitionCopy>();
  /** Queues of partitions whose next messages have expired: everything before them has to be acknowledged first. */
  const draining = new WeakSet<ProduceQueue>();
  let broker: BrokerConnection | undefined;
  let wakeUp = () => {};
  const stop = () => {
    wakeUp();
    broker?.connection.close();
  };
  signal.addEventListener("abort", stop);

  function choose(): PartitionCopy[] {
    const chosen: PartitionCopy[] = [];
    for (const partition of partitions) {
      if (!partition.fetchable) partitions.delete(partition);
      else if (mayFetch(partition)) chosen.push(partition);
      if (chosen.length === partitionsPerFetch) break;
    }
    // Partitions of one topic go together in the request; the one whose turn it is stays first.
    return [...Map.groupBy(chosen, ({ topic }) => topic).values()].flat();
  }

  function mayFetch({ queue }: PartitionCopy): boolean {
    if (draining.has(queue)) return queue.empty;
    // Batches that cannot be sent now would take memory that other partitions need.
    return !queue.inTrouble && queue.bytes < PARTITION_QUEUE_BYTES;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (choose().length === 0) {
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        continue;
      }
      let unreserve = () => {};
      await turn();
      /** Counted in advance; the response may be smaller, or larger where it holds a larger batch. */
      let counted = maxBytes;
      try {
        if (signal.aborted) return;
        const chosen = choose();
        if (chosen.length === 0) continue;
        // Room is reserved after connecting, so that a broker that is down holds none that others need.
        if (broker === undefined || broker.connection.closed) broker = await options.open();
        unreserve = await pool.reserve(FETCH_BYTES, signal);
        if (signal.aborted) return;
        if (keepsAnswersBack(broker)) maxBytes = fetchBytesUnderQuota(underQuota, size.maxBytes);
        const { throttleMs, bytes } = await fetchOnce(broker, chosen);
        unreserve();
        pace.correct(bytes - counted);
        counted = 0;
        if (throttleMs > 0) {
          options.onThrottled(throttleMs);
          await delay(throttleMs, signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isPeerError(error)) return options.onCrash(error);
        broker?.connection.close();
        broker = undefined;
        for (const partition of partitions) {
          reportTrouble(partition, { kind: "connection", error });
        }
        partitions.clear();
      } finally {
        unreserve();
        pace.correct(-counted);
      }
    }
  }

  /** Waits until the throttle lets a Fetch go, and counts it. Meanwhile neither memory nor a connection is held. */
  async function turn(): Promise<void> {
    if (pace.pieceBytes === undefined) return;
    const asked = performance.now();
    await takeTurn(pace, maxBytes);
    options.onWaited(performance.now() - asked);
  }

  async function fetchOnce(
    from: BrokerConnection,
    chosen: PartitionCopy[],
  ): Promise<{ readonly throttleMs: number; readonly bytes: number }> {
    const wanted = chosen.map((copy) => ({
      topic: copy.topic,
      partition: copy.partition,
      leaderEpoch: options.leaderEpoch(copy),
      fetchOffset: copy.nextFetchOffset,
      copy,
    }));
    const limits = {
      maxWaitMs: FETCH_WAIT_MS,
      maxBytes,
      partitionMaxBytes: partitionMaxBytes(maxBytes, chosen.length, averageBatchBytes),
    };
    const { frame, throttleMs, delayedMs, answers } = await fetchPartitions(
      from,
      wanted,
      limits,
      options,
    );
    if (delayedMs > 0) options.onThrottled(delayedMs);
    const outOfRange: PartitionCopy[] = [];
    const seen = { batches: 0, bytes: 0 };
    try {
      for (const { asked: { copy, fetchOffset }, fetched } of answers) {
        // The partition may have been told to read from another offset since the Fetch was sent.
        if (copy.nextFetchOffset !== fetchOffset) continue;
        if (fetched.errorCode === KAFKA_ERRORS.OFFSET_OUT_OF_RANGE) outOfRange.push(copy);
        else {
          seen.batches += take(copy, fetched, frame, copy === chosen[0]);
          seen.bytes += fetched.recordsEnd - fetched.recordsStart;
        }
      }
    } finally {
      frame.release();
    }
    if (seen.batches > 0) averageBatchBytes = seen.bytes / seen.batches;
    await judgeOutOfRange(from, outOfRange);
    const bytes = frame.end - frame.start;
    underQuota = { askedBytes: maxBytes, bytes, delayedMs };
    return { throttleMs, bytes };
  }

  /** Asks where the logs begin and end now, which the answer "offset out of range" does not tell, and acts on that. */
  async function judgeOutOfRange(from: BrokerConnection, asked: PartitionCopy[]): Promise<void> {
    if (asked.length === 0) return;
    const offsets = await listPartitionOffsets(from, asked);
    for (const partition of asked) {
      partitions.delete(partition);
      const result = offsets.get(formatTopicPartition(partition)) ??
        { errorCode: KAFKA_ERRORS.UNKNOWN_SERVER_ERROR };
      if ("offsets" in result) outOfRange(partition, result.offsets, tellsHowFar(from));
      else reportTrouble(partition, { kind: "code", code: result.errorCode });
    }
  }

  /**
   * @returns the number of batches that the records were cut into; a run of uncompressed batches merged counts as one
   */
  function take(
    partition: PartitionCopy,
    fetched: FetchedPartition,
    frame: ResponseFrame,
    first: boolean,
  ): number {
    if (fetched.errorCode !== 0) {
      letGo(partition, { kind: "code", code: fetched.errorCode });
      return 0;
    }
    const empty = fetched.recordsEnd === fetched.recordsStart;
    const trouble = empty ? troubleOfNothing(partition, fetched, first) : undefined;
    if (trouble !== undefined) {
      letGo(partition, trouble);
      return 0;
    }
    const { lost } = partition;
    const nothingLeft = empty && first;
    const { batches, problem } = acceptFetched(partition, frame, fetched, nothingLeft, options);
    // A loss is reported before any record after it can be sent.
    if (partition.lost !== lost) options.onLost(partition);
    if (!empty) {
      partitions.delete(partition);
      if (partition.fetchable) partitions.add(partition);
    }
    if (problem?.kind === "impossible") partition.stop(problem.failure);
    options.onFramed(partition);
    if (problem?.kind === "damaged") letGo(partition, problem);
    return batches;
  }

  function letGo(partition: PartitionCopy, trouble: Trouble): void {
    partitions.delete(partition);
    reportTrouble(partition, trouble);
  }

  /** @param told whether the leader tells its high watermark only once it has caught up after an election (KIP-207) */
  function outOfRange(
    partition: PartitionCopy,
    { logStartOffset, highWatermark }: PartitionOffsets,
    told: boolean,
  ): void {
    const { nextFetchOffset } = partition;
    if (nextFetchOffset > highWatermark && !told) {
      return reportTrouble(partition, { kind: "behind", readable: highWatermark });
    }
    if (logStartOffset <= nextFetchOffset && nextFetchOffset <= highWatermark) {
      // The broker that refused the Fetch was not the leader any more, or not yet.
      return reportTrouble(partition, { kind: "code", code: KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER });
    }
    if (logStartOffset > nextFetchOffset && !partition.queue.empty) {
      draining.add(partition.queue);
      partitions.add(partition);
      return;
    }
    if (logStartOffset > nextFetchOffset) {
      draining.delete(partition.queue);
      const { lost } = partition;
      partition.lose(logStartOffset);
      if (partition.lost !== lost) options.onLost(partition);
      if (partition.fetchable) partitions.add(partition);
    } else {
      const text =
        `the source's log no longer reaches offset ${nextFetchOffset}: it was truncated or re-created`;
      partition.stop(failure("SOURCE_TRUNCATED", text));
    }
    options.onFramed(partition);
  }

  return {
    add(partition) {
      partitions.add(partition);
      wakeUp();
    },
    wake: () => wakeUp(),
    ended: run().finally(stop),
  };
}
