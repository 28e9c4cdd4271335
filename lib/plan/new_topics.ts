// Topics that the target lacks and that this run will create there: like those on the source, adapted to the target.
// Settings that make sense only on the source's cluster are left out and reported. Whether the target refuses something is
// found out by asking it, elsewhere.

import { escapeName, listNames } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsNeeded, type Plan } from "./plan.ts";
import type { ClusterSnapshot, TopicSettings } from "../model/snapshot.ts";

/** A setting of the source's topic that the new topic does not get. */
export interface LeftOutSetting {
  readonly name: string;
  /** Why, as a phrase. */
  readonly reason: string;
}

/** A topic to be created. */
export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** The settings that are set on the source's topic itself, by name. */
  readonly configs: ReadonlyMap<string, string>;
  readonly leftOut: readonly LeftOutSetting[];
  /** Why the source's settings are not known, so that the topic gets none: not visible to the user, or not reported by brokers. */
  readonly settingsUnknown?: "hidden" | "untold";
  /** The settings that will be in force, as the target reports them; absent where it does not. */
  readonly settings?: TopicSettings;
}

/** How topics are created. */
export interface NewTopicOptions {
  /** Where absent, the source's factor, but at most the number of the target's brokers. */
  readonly replicationFactor?: number;
  /** Whether groups' positions are carried over. */
  readonly carriesPositions?: boolean;
  /** Whether an earlier run has written to the topic: such a topic was deleted and must not be created anew. */
  readonly written: (topic: string) => boolean;
}

/**
 * Settings that name brokers, storage or versions of the cluster they were made on. The target itself refuses any other
 * setting that it does not know.
 */
const BOUND_TO_THE_CLUSTER =
  /^(?:leader|follower)\.replication\.throttled\.replicas$|^remote\.|^local\.retention\.|^confluent\.|^message\.format\.version$/;

/** Whether a setting makes sense only on the cluster where it was set. */
export function isBoundToCluster(name: string): boolean {
  return BOUND_TO_THE_CLUSTER.test(name);
}

/** The topics to create: those that the plan needs and the target lacks. */
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
      // No batch could be written to such a topic: it would need more in-sync replicas than it has.
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

/** Findings about the topics that will be created. */
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

/** Findings about topics for which the target does not report the settings that they will have. */
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

/** The finding that the target refuses to create a topic, whatever its settings. */
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
