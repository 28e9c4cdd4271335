// Topic settings as they are in force (DescribeConfigs, kafkajs's version 2): the topic's own, else the broker's.

import { kafkaError } from "../core/kafka_error.ts";
import type { TopicSettings } from "../core/snapshot.ts";
import type { BrokerConnection } from "../wire/connect.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";

const TOPIC_RESOURCE = 2;
const TOPICS_PER_REQUEST = 200;
const NAMES = ["max.message.bytes", "message.timestamp.type", "cleanup.policy"];

interface DescribeConfigsResponse {
  readonly resources: readonly {
    readonly errorCode: number;
    readonly resourceName: string;
    readonly configEntries: readonly { configName: string; configValue: string | null }[];
  }[];
}

/**
 * Asks for the settings that decide how batches are written.
 *
 * @returns by topic; a topic whose settings may not be seen is absent
 * @throws {ConnectionError}
 */
export async function fetchTopicSettings(
  { connection, versions }: BrokerConnection,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  const settings = new Map<string, TopicSettings>();
  for (let at = 0; at < topics.length; at += TOPICS_PER_REQUEST) {
    const resources = topics.slice(at, at + TOPICS_PER_REQUEST)
      .map((name) => ({ type: TOPIC_RESOURCE, name, configNames: NAMES }));
    const answer = await sendKafkajsRequest<DescribeConfigsResponse>(
      connection,
      versions,
      "DescribeConfigs",
      {
        resources,
        includeSynonyms: false,
      },
    );
    for (const { errorCode, resourceName, configEntries } of answer.resources) {
      if (errorCode !== 0 && kafkaError(errorCode).action === "fatal") continue;
      const values = new Map(
        configEntries.map(({ configName, configValue }) => [configName, configValue ?? ""]),
      );
      settings.set(resourceName, toSettings(values));
    }
  }
  return settings;
}

function toSettings(values: ReadonlyMap<string, string>): TopicSettings {
  const maxMessageBytes = Number(values.get("max.message.bytes"));
  return {
    ...(maxMessageBytes > 0 && { maxMessageBytes }),
    logAppendTime: values.get("message.timestamp.type") === "LogAppendTime",
    compacted: (values.get("cleanup.policy") ?? "").split(",").map((each) => each.trim()).includes(
      "compact",
    ),
  };
}
