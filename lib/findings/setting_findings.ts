// What the topic settings of both clusters mean for the messages: timestamps, sizes, keys. Each topic with something to copy
// is compared once; where the user may not see the settings of one side, there is no finding.

import { escapeName, quoteForShell } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { isBoundToCluster, type NewTopic } from "../plan/new_topics.ts";
import { partitionsToCopy, type Plan } from "../plan/plan.ts";
import type { ClusterSnapshot, TopicSettings } from "../model/snapshot.ts";

/** The findings about settings, by topic. */
export function settingFindings(
  plan: Plan,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
  newTopics: readonly NewTopic[] = [],
): readonly Finding[] {
  const created = new Map(newTopics.map((each) => [each.topic, each.settings]));
  const topics = [...new Set(partitionsToCopy(plan).map(({ topic }) => topic))];
  const bootstrap = target.brokers[0]?.address ?? "TARGET";
  return topics.flatMap((topic) => {
    const onSource = source.topics.get(topic)?.settings;
    const onTarget = target.topics.get(topic)?.settings ?? created.get(topic);
    if (onSource === undefined || onTarget === undefined) return [];
    return [
      ...compaction(topic, onSource, onTarget, bootstrap),
      ...timestamps(topic, onSource, onTarget, bootstrap),
      ...sizes(topic, onSource, onTarget, bootstrap),
      ...(created.has(topic) ? [] : differences(topic, onSource, onTarget, bootstrap)),
    ];
  });
}

function compaction(
  topic: string,
  source: TopicSettings,
  target: TopicSettings,
  bootstrap: string,
): Finding[] {
  if (!target.compacted || source.compacted) return [];
  return [finding(
    "COMPACTION_NEEDS_KEYS",
    { cluster: "target", topic },
    `Topic ${
      escapeName(topic)
    } is compacted on the target and not on the source: messages without a key are refused there, and of each key only the newest stays`,
    `${alterTopic(bootstrap, topic, "cleanup.policy=delete")}, or accept: [COMPACTION_NEEDS_KEYS]`,
  )];
}

function timestamps(
  topic: string,
  source: TopicSettings,
  target: TopicSettings,
  bootstrap: string,
): Finding[] {
  const name = escapeName(topic);
  const where = { cluster: "target", topic } as const;
  if (target.logAppendTime) {
    return [finding(
      "LOG_APPEND_TIME",
      where,
      `Topic ${name} has message.timestamp.type=LogAppendTime on the target: consumers will see the time of the migration instead of the messages' own timestamps`,
      alterTopic(bootstrap, topic, "message.timestamp.type=CreateTime"),
    )];
  }
  if (!source.logAppendTime) return [];
  return [finding(
    "LOG_APPEND_TIME",
    where,
    `Topic ${name} has message.timestamp.type=LogAppendTime on the source and CreateTime on the target: the timestamps stay as consumers saw them, but every batch has to be re-encoded, which is slow`,
    `Nothing has to be done; new messages on the target will carry their producers' timestamps unless it is set there too`,
  )];
}

function sizes(
  topic: string,
  source: TopicSettings,
  target: TopicSettings,
  bootstrap: string,
): Finding[] {
  const [from, to] = [source.maxMessageBytes, target.maxMessageBytes];
  if (from === undefined || to === undefined || to >= from) return [];
  return [finding(
    "MAX_MESSAGE_BYTES_LOWER",
    { cluster: "target", topic },
    `Topic ${
      escapeName(topic)
    } takes batches of ${to} bytes on the target and ${from} on the source: larger batches are split, and a single message above it stops its partition`,
    alterTopic(bootstrap, topic, `max.message.bytes=${from}`),
  )];
}

/** Compared wherever they are set (topic, broker or default), because they decide how long messages stay. */
const ALWAYS_COMPARED = ["cleanup.policy", "retention.bytes", "retention.ms"];
/** Not compared, because other findings cover them, or because they differ on purpose. */
const NOT_COMPARED = new Set(["max.message.bytes", "message.timestamp.type"]);

function differences(
  topic: string,
  source: TopicSettings,
  target: TopicSettings,
  bootstrap: string,
): Finding[] {
  const names = [...new Set([...ALWAYS_COMPARED, ...source.own, ...target.own])]
    .filter((name) => !NOT_COMPARED.has(name) && !isBoundToCluster(name))
    .filter((name) => source.values.has(name) && target.values.has(name))
    .filter((name) => source.values.get(name) !== target.values.get(name))
    // COMPACTION_NEEDS_KEYS covers this difference.
    .filter((name) => name !== "cleanup.policy" || source.compacted || !target.compacted)
    .sort();
  if (names.length === 0) return [];
  const wanted = names.map((name) => {
    const value = source.values.get(name) ?? "";
    return `${name}=${value.includes(",") ? `[${value}]` : value}`;
  });
  return [finding(
    "CONFIG_DIFFERS",
    { cluster: "target", topic },
    `Topic ${escapeName(topic)} differs: ${
      names.map((name) =>
        `${escapeName(name)} is ${
          escapeName(target.values.get(name) || "empty")
        } on the target and ${escapeName(source.values.get(name) || "empty")} on the source`
      ).join(", ")
    }`,
    `Nothing, if that is meant; otherwise ${alterTopic(bootstrap, topic, wanted.join(","))}`,
  )];
}

/** The command that changes a setting of a topic on the target. */
export function alterTopic(bootstrap: string, topic: string, setting: string): string {
  return `kafka-configs.sh --bootstrap-server ${bootstrap} --alter --entity-type topics --entity-name ${
    escapeName(topic)
  } --add-config ${quoteForShell(setting)}`;
}
