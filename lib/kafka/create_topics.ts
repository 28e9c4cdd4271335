// Has the cluster's controller create topics, or only validate them (CreateTopics with validate-only), and waits until
// every broker knows their leaders. This is the only way topics are created: metadata requests forbid it.

import { formatKafkaError, KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import {
  type CreatedTopic,
  decodeCreateTopics,
  encodeCreateTopics,
  type TopicToCreate,
} from "../protocol/create_topics.ts";
import { requireVersion } from "../wire/api_version.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import { isAway } from "../wire/connection_error.ts";
import type { Metadata } from "../protocol/metadata.ts";
import type { Cluster } from "./cluster.ts";
import { controllerOf } from "./controller.ts";
import { fetchMetadata } from "./metadata.ts";

/** Controllers refuse requests that result in more than 10,000 metadata records. */
const PARTITIONS_PER_REQUEST = 2_000;
const TOPICS_PER_REQUEST = 100;
const TIMEOUT_MS = 20_000;
const USABLE_WITHIN = { ...CONTROL_BACKOFF, totalMs: 60_000 };

/** Sends the topics to the controller. Errors are reported for each topic. @throws {ConnectionError | ProtocolError} */
export async function createTopics(
  cluster: Cluster,
  topics: readonly TopicToCreate[],
  options: { readonly validateOnly: boolean; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, CreatedTopic>> {
  const done = new Map<string, CreatedTopic>();
  for (const chunk of chunks(topics)) {
    let left = chunk;
    await createBackoff(CONTROL_BACKOFF, options.signal)(async () => {
      for (const answer of await send(cluster, left, options.validateOnly)) {
        done.set(answer.topic, answer);
      }
      left = left.filter(({ topic }) =>
        isPassing(done.get(topic)?.errorCode ?? KAFKA_ERRORS.NOT_CONTROLLER)
      );
      return left.length === 0 ? true : undefined;
    }, () => undefined);
  }
  return done;
}

async function send(
  cluster: Cluster,
  topics: readonly TopicToCreate[],
  validateOnly: boolean,
): Promise<readonly CreatedTopic[]> {
  const broker = await controllerOf(cluster);
  const version = requireVersion(broker, "CreateTopics");
  const request = encodeCreateTopics(version, topics, { timeoutMs: TIMEOUT_MS, validateOnly });
  return decodeCreateTopics(version, await broker.connection.send(request));
}

function isPassing(errorCode: number): boolean {
  return errorCode !== 0 && kafkaError(errorCode).action !== "fatal";
}

function* chunks(topics: readonly TopicToCreate[]): Generator<readonly TopicToCreate[]> {
  let chunk: TopicToCreate[] = [];
  let partitions = 0;
  for (const topic of topics) {
    const full = chunk.length === TOPICS_PER_REQUEST ||
      partitions + topic.partitions > PARTITIONS_PER_REQUEST;
    if (full && chunk.length > 0) {
      yield chunk;
      chunk = [];
      partitions = 0;
    }
    chunk.push(topic);
    partitions += topic.partitions;
  }
  if (chunk.length > 0) yield chunk;
}

/**
 * Waits until every broker that answers knows all partitions of the topics with their leaders.
 *
 * @returns undefined when they all do; else, as a phrase, what was still missing when the time was up
 * @throws {ConnectionError | ProtocolError}
 */
export async function waitUntilUsable(
  cluster: Cluster,
  topics: readonly Pick<TopicToCreate, "topic" | "partitions">[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const names = topics.map(({ topic }) => topic);
  let problem = "";
  const usable = await createBackoff(USABLE_WITHIN, signal)(async () => {
    problem = "";
    for (const nodeId of cluster.brokers().keys()) {
      const metadata = await metadataOf(cluster, nodeId, names);
      if (metadata === undefined) continue;
      const known = new Map(metadata.topics.map((each) => [each.topic, each]));
      for (const { topic, partitions } of topics) {
        const found = known.get(topic);
        const led = found?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
        if (led >= partitions) continue;
        const why = found !== undefined && found.errorCode !== 0
          ? formatKafkaError(found.errorCode)
          : `${led} of ${partitions} partitions have a leader`;
        problem = `broker ${nodeId} knows topic ${topic} only so far: ${why}`;
        return undefined;
      }
    }
    return true;
  }, () => undefined);
  return usable ? undefined : problem;
}

/** What one broker knows of the topics; undefined if it is away, because then no client gets metadata from it. */
async function metadataOf(
  cluster: Cluster,
  nodeId: number,
  names: readonly string[],
): Promise<Metadata | undefined> {
  try {
    return await fetchMetadata(await cluster.control(nodeId), names);
  } catch (error) {
    if (!isAway(error)) throw error;
    return undefined;
  }
}
