// Reads one partition from its leader, Fetch by Fetch, one ahead of the one being compared. It retries when a leader moves
// or a connection breaks. It knows nothing of batches: the caller says at which offset to continue.

import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { DataConnections } from "../kafka/data_connections.ts";
import { type Failure, failure, refusal, within } from "../model/failure.ts";
import { formatKafkaError, KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import { partitionText } from "../plan/plan_text.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import type { ClusterRole } from "../kafka/cluster.ts";
import { delay } from "../waiting/delay.ts";
import { isPeerError, LONGEST_THROTTLE_MS } from "../wire/peer_error.ts";
import { peerFailure } from "../copy/peer_failure.ts";
import type { Leaders } from "../kafka/leaders.ts";
import { type Pace, takeTurn } from "../copy/pace.ts";
import { requireVersion } from "../wire/api_version.ts";
import type { BufferPool } from "../protocol/buffer_pool.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import {
  decodeFetch,
  encodeFetch,
  type FetchedPartition,
  type FetchLimits,
} from "../protocol/fetch.ts";

/** A log cannot be read. */
export class ReadError extends Error {
  override readonly name = "ReadError";

  constructor(readonly failure: Failure) {
    super(failure.text);
  }
}

/** What reading one cluster takes. */
export interface ClusterReader {
  readonly role: ClusterRole;
  readonly leaders: Leaders;
  readonly connections: DataConnections;
  readonly pool: BufferPool;
  readonly isolation: NonNullable<FetchLimits["isolation"]>;
  /** The limit on this side. */
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Since when (milliseconds) brokers give nothing, by node id; −1 for those that no leader is known of. */
  readonly failingSince: Map<number, number>;
}

/** What one Fetch brought; `release` gives its bytes back. */
export interface FetchedPage extends Pick<ResponseFrame, "bytes" | "view" | "release"> {
  readonly fetched: FetchedPartition;
}

/** Below a power of two, so that a response fits a pooled buffer; a batch that is larger comes whole (KIP-74). */
const FETCH_BYTES = 2 * 1024 * 1024 - 64 * 1024;
const NO_LEADER = -1;
/** Longer than a broker takes to start again: what it leads is tried twice then, not waited for one by one. */
const LONGEST_FAILING_MS = 120_000;

/** Fetches a partition from an offset on. @throws {ReadError} where that cannot be done */
export async function fetchPage(
  reader: ClusterReader,
  partition: TopicPartition,
  fetchOffset: bigint,
): Promise<FetchedPage> {
  let page: FetchedPage | "throttled";
  // Time spent waiting because of a quota does not count towards giving up.
  do page = await tryFetch(reader, partition, fetchOffset); while (page === "throttled");
  return page;
}

async function tryFetch(
  { role, leaders, connections, pool, isolation, pace, signal, failingSince }: ClusterReader,
  partition: TopicPartition,
  fetchOffset: bigint,
): Promise<FetchedPage | "throttled"> {
  let last = failure("PARTITION_UNAVAILABLE", "it has no leader");
  let stale = false;
  let nodeId = NO_LEADER;
  return await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    try {
      if (stale || leaders.leader(partition) === undefined) await leaders.refresh();
      const problem = leaders.topicProblem(partition.topic);
      if (problem !== undefined) throw new ReadError(problem);
      nodeId = leaders.leader(partition)?.nodeId ?? NO_LEADER;
      if (nodeId === NO_LEADER) return failed();
      const broker = await connections.to(nodeId);
      const version = requireVersion(broker, "Fetch");
      const maxBytes = Math.min(FETCH_BYTES, pace.pieceBytes ?? FETCH_BYTES);
      const request = encodeFetch(version, [{ ...partition, leaderEpoch: -1, fetchOffset }], {
        ...{ maxWaitMs: 200, maxBytes, partitionMaxBytes: maxBytes, isolation },
      });
      await takeTurn(pace, maxBytes);
      signal.throwIfAborted();
      const frame = await broker.connection.send({ ...request, pool });
      pace.correct(frame.end - frame.start - maxBytes);
      const { partitions: [fetched], throttleTimeMs } = decodeFetch(version, frame);
      if (throttleTimeMs > 0) await delay(Math.min(throttleTimeMs, LONGEST_THROTTLE_MS), signal);
      if (fetched?.errorCode === 0) {
        failingSince.delete(nodeId);
        return { ...frame, fetched };
      }
      frame.release();
      // Above a quota a broker answers without any partition (KIP-219).
      if (fetched === undefined && throttleTimeMs > 0) return "throttled";
      const code = fetched?.errorCode ?? KAFKA_ERRORS.UNKNOWN_SERVER_ERROR;
      if (code === KAFKA_ERRORS.OFFSET_OUT_OF_RANGE) {
        const text = `The ${role} no longer holds offset ${fetchOffset} of ${
          partitionText(partition)
        }`;
        throw new ReadError(failure("LOG_EXPIRED", text));
      }
      last = failure(refusal(role, code), formatKafkaError(code));
      if (kafkaError(code).action === "fatal") throw unreadable(role, partition, last);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerError(error)) throw error;
      last = peerFailure(error);
    }
    return failed();
  }, () => unreadable(role, partition, last));

  function failed(): undefined {
    const now = performance.now();
    const since = failingSince.get(nodeId) ?? now;
    failingSince.set(nodeId, since);
    if (stale && now - since > LONGEST_FAILING_MS) throw unreadable(role, partition, last);
    stale = true;
  }
}

function unreadable(role: ClusterRole, partition: TopicPartition, why: Failure): ReadError {
  const words = `${partitionText(partition)} could not be read back from the ${role}: `;
  return new ReadError(within(words, why));
}
