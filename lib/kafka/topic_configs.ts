// The topic settings in force (DescribeConfigs, Kafka ≥ 0.11): the topic's own, otherwise the broker's.

import { kafkaError } from "../model/kafka_error.ts";
import { type TopicSettings, topicSettings } from "../model/topic_settings.ts";
import { supportedVersion } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";

const TOPIC_RESOURCE = 2;
const TOPICS_PER_REQUEST = 200;

interface DescribeConfigsResponse {
  readonly resources: readonly {
    readonly errorCode: number;
    readonly resourceName: string;
    readonly configEntries: readonly {
      readonly configName: string;
      readonly configValue: string | null;
      readonly configSource: number;
    }[];
  }[];
}

/**
 * Asks for all settings of topics.
 *
 * @returns by topic; a topic whose settings the user may not see is absent, and so are all if the broker tells no settings
 * @throws {ConnectionError}
 */
export async function fetchTopicSettings(
  broker: BrokerConnection,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  const settings = new Map<string, TopicSettings>();
  if (supportedVersion(broker, "DescribeConfigs") === undefined) return settings;
  for (let at = 0; at < topics.length; at += TOPICS_PER_REQUEST) {
    const resources = topics.slice(at, at + TOPICS_PER_REQUEST)
      .map((name) => ({ type: TOPIC_RESOURCE, name }));
    const answer = await sendKafkajsRequest<DescribeConfigsResponse>(
      broker,
      "DescribeConfigs",
      {
        resources,
        includeSynonyms: false,
      },
    );
    for (const { errorCode, resourceName, configEntries } of answer.resources) {
      if (errorCode !== 0 && kafkaError(errorCode).action === "fatal") continue;
      const described = configEntries.map(({ configName, configValue, configSource }) => ({
        name: configName,
        value: configValue ?? "",
        source: configSource,
      }));
      settings.set(resourceName, topicSettings(described));
    }
  }
  return settings;
}
