// A data connection to a target broker: sends the framed batches of the partitions given to it. A request holds one
// batch of each partition, a few requests are in flight at once, and the lane tells which batches were acknowledged. A
// partition stays on its lane while any of its batches is in flight, so that they arrive in order.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import { requireVersion } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { decodeProduce, encodeProduce, type ProducedPartition } from "../protocol/produce.ts";
import type { Lane, ReportTrouble, Trouble } from "./lane.ts";
import { isPeerError, LONGEST_THROTTLE_MS } from "../wire/peer_error.ts";
import type { Pace } from "./pace.ts";
import type { Acknowledgement, PartitionCopy } from "./partition_copy.ts";
import type { ProduceBatch } from "./produce_queue.ts";

/** What a target lane needs, and whom it tells what happens. */
export interface TargetLaneOptions {
  readonly open: () => Promise<BrokerConnection>;
  /** The throttle, shared with the other lanes of the target. */
  readonly pace: Pace;
  /** Called with the milliseconds that the lane has waited for the throttle. */
  readonly onWaited: (ms: number) => void;
  readonly reportTrouble: ReportTrouble;
  /** Called when a broker's quota wants us to wait, with the milliseconds. */
  readonly onThrottled: (throttleMs: number) => void;
  /** Called when the target has stored a batch. */
  readonly onAcknowledged: (partition: PartitionCopy, acknowledgement: Acknowledgement) => void;
  /** Called when a partition has failed because of an answer. */
  readonly onFailed: (partition: PartitionCopy) => void;
  /** Called when something fails that no broker caused, so that the copy must end. */
  readonly onCrash: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const REQUESTS_IN_FLIGHT = 5;
/** No batch is added to a request of this size; brokers accept 100 MB (socket.request.max.bytes). */
const REQUEST_BYTES = 8 * 1024 * 1024;
/** How long the broker may wait for its replicas; shorter than the connection waits for an answer. */
const REPLICATION_TIMEOUT_MS = 8_000;

interface Sent {
  readonly partition: PartitionCopy;
  readonly batch: ProduceBatch;
}

/** Opens a lane; its connection is made with the first partition, while that is still being fetched. */
export function createTargetLane(options: TargetLaneOptions): Lane {
  const { pace, signal, reportTrouble } = options;
  const requestBytes = Math.min(REQUEST_BYTES, pace.pieceBytes ?? REQUEST_BYTES);
  /** Partitions with something to send, oldest first. */
  let ready = new Set<PartitionCopy>();
  const members = new Set<PartitionCopy>();
  const requests = new Set<Promise<void>>();
  let broker: BrokerConnection | undefined;
  let opening: Promise<void> | undefined;
  let throttledUntil = 0;
  let pumpScheduled = false;
  /** Whether a request waits for its turn under the throttle. */
  let asked = false;

  /** Sends once the current task has ended, so that one request takes all that a Fetch response brought. */
  function schedulePump(): void {
    if (pumpScheduled) return;
    pumpScheduled = true;
    queueMicrotask(() => {
      pumpScheduled = false;
      pump();
    });
  }

  function pump(): void {
    if (asked || signal.aborted || ready.size === 0) return;
    if (requests.size === REQUESTS_IN_FLIGHT) return;
    if (broker === undefined || broker.connection.closed) {
      // On another connection a later batch could be answered before it is known that an earlier one failed.
      return requests.size === 0 ? connect() : undefined;
    }
    const throttledMs = throttledUntil - performance.now();
    if (throttledMs > 0) {
      setTimeout(pump, throttledMs);
      return;
    }
    asked = true;
    const since = performance.now();
    pace.ask(() => {
      asked = false;
      if (pace.pieceBytes !== undefined) options.onWaited(performance.now() - since);
      schedulePump();
      return sendNext();
    });
  }

  /** Sends one request, unless that has become impossible while it waited for its turn. @returns its bytes */
  function sendNext(): number {
    if (signal.aborted || throttledUntil > performance.now()) return 0;
    if (broker === undefined || broker.connection.closed) return 0;
    const entries = collect();
    if (entries.length === 0) return 0;
    const encoded = encodeProduce(
      requireVersion(broker, "Produce"),
      entries.map(({ partition: { topic, partition }, batch }) => ({
        topic,
        partition,
        batch: batch.bytes,
      })),
      REPLICATION_TIMEOUT_MS,
    );
    const request = send(broker, encoded, entries).catch(options.onCrash);
    requests.add(request);
    request.finally(() => {
      requests.delete(request);
      pump();
    });
    return encoded.body.reduce((bytes, part) => bytes + part.length, 0);
  }

  function collect(): Sent[] {
    const entries: Sent[] = [];
    const later = new Set<PartitionCopy>();
    let bytes = 0;
    for (const partition of ready) {
      if (bytes >= requestBytes) break;
      ready.delete(partition);
      if (!partition.queue.sendable) continue;
      const batch = partition.queue.send();
      entries.push({ partition, batch });
      bytes += batch.bytes.length;
      if (partition.queue.sendable) later.add(partition);
    }
    ready = new Set([...ready, ...later]);
    return entries;
  }

  function connect(): void {
    opening ??= options.open().then((opened) => {
      broker = opened;
      if (signal.aborted) opened.connection.close();
    }).catch((error) => {
      if (!isPeerError(error)) return options.onCrash(error);
      const waiting = [...members];
      members.clear();
      ready.clear();
      for (const partition of waiting) {
        reportTrouble(partition, { kind: "connection", error });
      }
    }).finally(() => {
      opening = undefined;
      pump();
    });
  }

  async function send(
    { connection }: BrokerConnection,
    request: ReturnType<typeof encodeProduce>,
    entries: readonly Sent[],
  ): Promise<void> {
    let answers: ReadonlyMap<string, ProducedPartition>;
    try {
      const response = decodeProduce(request.apiVersion, await connection.send(request));
      const throttleMs = Math.min(response.throttleTimeMs, LONGEST_THROTTLE_MS);
      if (throttleMs > 0) {
        options.onThrottled(throttleMs);
        throttledUntil = performance.now() + throttleMs;
      }
      answers = new Map(
        response.partitions.map((each) => [`${each.partition} ${each.topic}`, each]),
      );
    } catch (error) {
      if (!isPeerError(error)) throw error;
      connection.close();
      for (const { partition } of entries) {
        failed(partition, { kind: "connection", error });
      }
      return;
    }
    for (const { partition } of entries) {
      const answer = answers.get(`${partition.partition} ${partition.topic}`);
      if (answer === undefined) {
        failed(partition, {
          kind: "code",
          code: KAFKA_ERRORS.UNKNOWN_SERVER_ERROR,
          message: "the answer leaves the partition out",
        });
      } else if (answer.errorCode !== 0) {
        const [first] = answer.recordErrors ?? [];
        const message = answer.errorMessage ?? first?.message ?? undefined;
        failed(partition, {
          kind: "code",
          code: answer.errorCode,
          ...(message && { message }),
          ...(first && { recordIndex: first.index }),
        });
      } else acknowledged(partition, answer.baseOffset);
    }
  }

  function acknowledged(partition: PartitionCopy, targetOffset: bigint): void {
    const acknowledgement = partition.acknowledge(targetOffset);
    if (acknowledgement !== undefined) options.onAcknowledged(partition, acknowledgement);
    else if (partition.status === "failed") options.onFailed(partition);
    if (partition.queue.readyToResend) leave(partition);
    else if (partition.queue.sendable) ready.add(partition);
  }

  /** The trouble of partitions that wait until the rest of their requests are answered. */
  const troubles = new WeakMap<PartitionCopy, Trouble>();

  function failed(partition: PartitionCopy, trouble: Trouble): void {
    // The first trouble is the cause; those after it (sequences out of order) are its effects.
    if (!troubles.has(partition)) troubles.set(partition, trouble);
    partition.queue.sendFailed();
    if (partition.queue.readyToResend) leave(partition);
  }

  function leave(partition: PartitionCopy): void {
    const trouble = troubles.get(partition);
    troubles.delete(partition);
    members.delete(partition);
    ready.delete(partition);
    if (trouble !== undefined) reportTrouble(partition, trouble);
  }

  const ended = new Promise<void>((resolve) => {
    const stop = () => {
      broker?.connection.close();
      resolve(Promise.allSettled(requests).then(() => {}));
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });

  return {
    add(partition) {
      members.add(partition);
      if (partition.queue.sendable) ready.add(partition);
      if (broker === undefined) connect();
      schedulePump();
    },
    wake(partition) {
      if (!members.has(partition) || !partition.queue.sendable) return;
      ready.add(partition);
      schedulePump();
    },
    ended,
  };
}
