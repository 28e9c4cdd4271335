// Topics that the target lacks and that are to be created there: as they are on the source, fitted to the target. What
// of a topic's settings is bound to the source's cluster is left out and said; what the target refuses is found by
// asking it, elsewhere.

import { escapeName, listNames } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsNeeded, type Plan } from "./plan.ts";
import type { ClusterSnapshot, TopicSettings } from "../model/snapshot.ts";

/** A setting of the source's topic that the new one does not get. */
export interface LeftOutSetting {
  readonly name: string;
  /** A phrase. */
  readonly reason: string;
}

/** A topic to be created. */
export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Its own settings, by name. */
  readonly configs: ReadonlyMap<string, string>;
  readonly leftOut: readonly LeftOutSetting[];
  /** Why the source's settings are not known, so that it gets none: the user may not see them, or no broker tells any. */
  readonly settingsUnknown?: "hidden" | "untold";
  /** What would be in force, as the target tells; absent where it does not. */
  readonly settings?: TopicSettings;
}

/** How topics are created. */
export interface NewTopicOptions {
  /** Where absent, the source's, but not more than the target has brokers. */
  readonly replicationFactor?: number;
  /** Whether groups' positions are carried over. */
  readonly carriesPositions?: boolean;
  /** Whether an earlier run has written to the topic: it is missed, not missing. */
  readonly written: (topic: string) => boolean;
}

/**
 * Settings that name brokers, storage or versions of the cluster they were made on. Others that the target does not
 * know it refuses by itself.
 */
const BOUND_TO_THE_CLUSTER =
  /^(?:leader|follower)\.replication\.throttled\.replicas$|^remote\.|^local\.retention\.|^confluent\.|^message\.format\.version$/;

/** Whether a setting has a meaning on its own cluster only. */
export function isBoundToCluster(name: string): boolean {
  return BOUND_TO_THE_CLUSTER.test(name);
}

/** The topics to create: those that the target needs and lacks. */
export function planNewTopics(
  plan: Plan,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
  { replicationFactor, written, carriesPositions = false }: NewTopicOptions,
): readonly NewTopic[] {
  const untold = source.untold?.includes("topicSettings") ?? false;
  const names = new Set(partitionsNeeded(plan, carriesPositions).map(({ topic }) => topic));
  return [...names].flatMap((topic): NewTopic[] => {
    const onSource = source.topics.get(topic);
    if (onSource === undefined || target.topics.has(topic) || written(topic)) return [];
    const replicas = replicationFactor ??
      Math.max(1, Math.min(onSource.replicationFactor ?? 1, target.brokers.length));
    const { settings } = onSource;
    return [{
      topic,
      partitions: onSource.partitions.length,
      replicationFactor: replicas,
      ...ownSettings(settings, replicas),
      ...(settings === undefined && { settingsUnknown: untold ? "untold" : "hidden" }),
    }];
  });
}

function ownSettings(
  settings: TopicSettings | undefined,
  replicas: number,
): Pick<NewTopic, "configs" | "leftOut"> {
  const configs = new Map<string, string>();
  const leftOut: LeftOutSetting[] = [];
  for (const name of [...settings?.own ?? []].sort()) {
    const value = settings?.values.get(name) ?? "";
    if (isBoundToCluster(name)) {
      leftOut.push({ name, reason: "it belongs to the source cluster" });
    } else if (name === "min.insync.replicas" && Number(value) > replicas) {
      // Nothing could be written to such a topic.
      leftOut.push({ name, reason: `${value} is more than the replication factor ${replicas}` });
    } else configs.set(name, value);
  }
  return { configs, leftOut };
}

/** The topic without some of its settings. */
export function withoutSettings(
  topic: NewTopic,
  names: readonly string[],
  reason: string,
): NewTopic {
  const leftOut = names.map((name) => ({ name, reason }));
  return {
    ...topic,
    configs: new Map([...topic.configs].filter(([name]) => !names.includes(name))),
    leftOut: [...topic.leftOut, ...leftOut],
  };
}

/** What is worth knowing before they are created. */
export function newTopicFindings(topics: readonly NewTopic[]): readonly Finding[] {
  const unknown = (why: NewTopic["settingsUnknown"]) =>
    topics.filter(({ settingsUnknown }) => settingsUnknown === why).map(({ topic }) => topic);
  const [hidden, untold] = [unknown("hidden"), unknown("untold")];
  return [
    ...topics.filter(({ leftOut }) => leftOut.length > 0).map(({ topic, leftOut }) =>
      finding(
        "TOPIC_CONFIG_LEFT_OUT",
        { cluster: "target", topic },
        `Topic ${escapeName(topic)} is created without ${
          leftOut.map(({ name, reason }) => `${escapeName(name)} (${reason})`).join(", ")
        }`,
        "Nothing, if the target's own values will do; otherwise create the topic by hand",
      )
    ),
    ...(untold.length === 0 ? [] : [finding(
      "TOPIC_CONFIG_LEFT_OUT",
      { cluster: "target", topics: untold },
      `The source's brokers do not tell topic settings (DescribeConfigs, which Kafka 0.11.0 brought). Created with the target's defaults: ${
        listNames(untold)
      }; what they have of their own is lost, such as cleanup.policy, retention.ms, max.message.bytes and message.timestamp.type`,
      "Create topics by hand that have settings of their own on the source; its kafka-topics.sh --zookeeper … --describe shows them",
    )]),
    ...(hidden.length === 0 ? [] : [finding(
      "TOPIC_CONFIG_LEFT_OUT",
      { cluster: "target", topics: hidden },
      `The user may not see the source's settings of ${
        listNames(hidden)
      }: created with the target's defaults`,
      "Give the user DescribeConfigs on the source's topics, or create the topics by hand",
    )]),
  ];
}

/** What is not known of the topics before they are created. */
export function untoldSettings(topics: readonly NewTopic[]): readonly Finding[] {
  const untold = topics.filter(({ settings }) => settings === undefined).map(({ topic }) => topic);
  if (untold.length === 0) return [];
  return [finding(
    "TOPIC_CONFIG_UNKNOWN",
    { cluster: "target", topics: untold },
    `The target does not tell which settings ${
      listNames(untold)
    } will have beside the source's own (that takes CreateTopics 5, which Kafka 2.4 brought, and DescribeConfigs): whether it would keep and take all messages is not known`,
    "Compare the brokers' defaults for retention, max.message.bytes and message.timestamp.type with the source's, or create the topics by hand: then a check looks at their settings",
  )];
}

/** A topic that the target refuses to create, whatever its settings. */
export function topicRefused(topic: string, problem: string): Finding {
  return finding(
    "TARGET_TOPIC_REFUSED",
    { cluster: "target", topic },
    `The target refuses to create topic ${escapeName(topic)}: ${escapeName(problem)}`,
    "Set createTopics: {replicationFactor: …} to what the target accepts, or create the topic by hand",
  );
}

/** `partitions: 3, replication factor: 2, configs: retention.ms=1000, cleanup.policy=compact`. */
export function newTopicText({ partitions, replicationFactor, configs }: NewTopic): string {
  const own = [...configs].map(([name, value]) => `${escapeName(name)}=${escapeName(value)}`);
  return [
    `partitions: ${partitions}`,
    `replication factor: ${replicationFactor}`,
    `configs: ${own.join(", ") || "none"}`,
  ].join(", ");
}
