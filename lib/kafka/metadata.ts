// Metadata from one broker, in the highest version that both sides speak. Asking must never create a topic. Brokers
// before 0.11 create any missing topic that a request names (if auto.create.topics.enable is on), and those before 2.8
// create a missing internal topic even if it is off. In these cases all topics are asked for, and the wanted ones
// picked out.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import {
  decodeMetadata,
  encodeMetadata,
  type Metadata,
  METADATA_CREATES_NO_INTERNAL,
  METADATA_CREATES_NOTHING,
  type TopicMetadata,
} from "../protocol/metadata.ts";
import { requireVersion } from "../wire/api_version.ts";

/** Kafka's two internal topics begin with it: __consumer_offsets and __transaction_state. */
const INTERNAL_PREFIX = "__";

/**
 * Asks for brokers and the named topics, or all topics.
 *
 * @returns every named topic. A missing one has the error UNKNOWN_TOPIC_OR_PARTITION; so has one that the user may not see,
 * if all topics had to be asked for
 * @throws {ConnectionError | ProtocolError}
 */
export async function fetchMetadata(
  broker: BrokerConnection,
  topics: readonly string[] | "all",
): Promise<Metadata> {
  const version = requireVersion(broker, "Metadata");
  const ask = async (wanted: readonly string[] | "all") =>
    decodeMetadata(version, await broker.connection.send(encodeMetadata(version, wanted)));
  if (topics === "all" || !mustNotBeNamed(version, topics)) return await ask(topics);
  const metadata = await ask("all");
  const known = new Map(metadata.topics.map((each) => [each.topic, each]));
  return { ...metadata, topics: topics.map((topic) => known.get(topic) ?? unknownTopic(topic)) };
}

/** Whether naming the topics could create one of them. */
function mustNotBeNamed(version: number, topics: readonly string[]): boolean {
  if (version >= METADATA_CREATES_NO_INTERNAL || topics.length === 0) return false;
  return version < METADATA_CREATES_NOTHING ||
    topics.some((topic) => topic.startsWith(INTERNAL_PREFIX));
}

function unknownTopic(topic: string): TopicMetadata {
  return {
    topic,
    errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION,
    internal: false,
    partitions: [],
  };
}
