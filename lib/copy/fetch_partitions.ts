// Sends one Fetch for many partitions, by topic id where both the broker and the plan have ids, else by name, and
// matches each answer to what was asked. It looks at no record, decides nothing about a partition, and never asks
// twice.

import { kafkaError } from "../model/kafka_error.ts";
import { requireVersion, supportedVersion } from "../wire/api_version.ts";
import type { BufferPool } from "../protocol/buffer_pool.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import {
  decodeFetch,
  encodeFetch,
  type FetchedPartition,
  type FetchLimits,
  type FetchPartition,
  type FetchResponse,
} from "../protocol/fetch.ts";
import { decodeFetchById, encodeFetchById } from "../protocol/fetch_by_id.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";
import { LONGEST_THROTTLE_MS } from "../wire/peer_error.ts";

/** What a Fetch needs. */
export interface FetchOptions {
  /** Responses are read into buffers of this pool. */
  readonly pool: BufferPool;
  /** The topic's id as the plan has it, 32 hex digits, where the cluster gives one. */
  readonly topicId: (topic: string) => string | undefined;
}

/** What came back for one of the partitions asked for. */
export interface FetchAnswer<Asked> {
  readonly asked: Asked;
  readonly fetched: FetchedPartition;
}

/** What came back; the broker may omit a partition that was asked for. */
export interface FetchAnswers<Asked> {
  /** The response, which holds the records; the caller releases it. */
  readonly frame: ResponseFrame;
  /** The broker wants us to wait, milliseconds. */
  readonly throttleMs: number;
  /** How long a quota has delayed the answer, milliseconds. */
  readonly delayedMs: number;
  readonly answers: readonly FetchAnswer<Asked>[];
}

/**
 * Sends one Fetch. Partitions of one topic should come one after the other in `wanted`.
 *
 * @throws {ConnectionError} when the connection ends
 * @throws {ProtocolError} when the answer is an error, or about anything but what was asked, each once
 */
export async function fetchPartitions<Asked extends FetchPartition>(
  broker: BrokerConnection,
  wanted: readonly Asked[],
  limits: FetchLimits,
  { pool, topicId }: FetchOptions,
): Promise<FetchAnswers<Asked>> {
  const topicIds = fetchesById(broker) ? topicIdsOf(wanted, topicId) : undefined;
  const version = requireVersion(broker, topicIds === undefined ? "Fetch" : "FetchById");
  const request = topicIds === undefined
    ? encodeFetch(version, wanted, limits)
    : encodeFetchById(wanted, limits, topicIds);
  const frame = await broker.connection.send({ ...request, pool });
  try {
    const response = topicIds === undefined
      ? decodeFetch(version, frame)
      : decodeFetchById(frame, topicIds);
    if (response.errorCode !== 0) {
      throw new ProtocolError(`Fetch failed: ${kafkaError(response.errorCode).name}`);
    }
    const throttleMs = Math.min(response.throttleTimeMs, LONGEST_THROTTLE_MS);
    const { delayedMs } = response;
    return { frame, throttleMs, delayedMs, answers: matchAnswers(wanted, response) };
  } catch (error) {
    frame.release();
    throw error;
  }
}

function fetchesById(broker: BrokerConnection): boolean {
  return supportedVersion(broker, "FetchById") !== undefined;
}

/** The ids by topic name; undefined where any of them is unknown. */
function topicIdsOf(
  wanted: readonly FetchPartition[],
  topicId: FetchOptions["topicId"],
): ReadonlyMap<string, string> | undefined {
  const ids = new Map<string, string>();
  for (const { topic } of wanted) {
    const id = topicId(topic);
    if (id === undefined) return undefined;
    ids.set(topic, id);
  }
  return ids;
}

/** Partition numbers and names lie outside every checksum: the answer must be about what was asked, each once. */
function matchAnswers<Asked extends FetchPartition>(
  wanted: readonly Asked[],
  { partitions }: FetchResponse,
): FetchAnswer<Asked>[] {
  const unanswered = new Map(wanted.map((each) => [`${each.partition} ${each.topic}`, each]));
  return partitions.map((fetched) => {
    const key = `${fetched.partition} ${fetched.topic}`;
    const asked = unanswered.get(key);
    if (!unanswered.delete(key) || asked === undefined) {
      throw new ProtocolError("The answer to Fetch is about other partitions than were asked for");
    }
    return { asked, fetched };
  });
}
