// What the target's time-based settings mean for the messages to be copied: retention by time, and how far timestamps may be
// in the past or future (KIP-937). No message is read: a source broker can report the first offset at or after a time, so
// this file makes the questions, others ask them, and this file judges the answers.

import { escapeName } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import { partitionsToCopy, type Plan, type PlannedPartition } from "../plan/plan.ts";
import type { TopicSettings } from "../model/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { countOf, formatDuration, sum } from "../model/units.ts";

/**
 * `kept`: the target deletes older messages. `behind`, `ahead`: the target refuses timestamps further in the past or future.
 * `any`: asks for the first message that still exists, since compaction or deletion may have removed those at a range's start.
 */
export type TimeRule = "kept" | "behind" | "ahead" | "any";

/** Asks for the first offset whose message has this timestamp or a later one. */
export interface TimeQuestion extends TopicPartition {
  readonly rule: TimeRule;
  /** Milliseconds since the epoch, compared with the timestamps of the source's messages. */
  readonly timestampMs: number;
}

/** Answers, by {@link timeQuestionKey}: an offset, or undefined where there is no such message; absent without an answer. */
export type TimeAnswers = ReadonlyMap<string, bigint | undefined>;

type SettingsOf = (topic: string) => TopicSettings | undefined;

/** The key of a question's answer. */
export function timeQuestionKey(question: TimeQuestion): string {
  return `${question.rule} ${formatTopicPartition(question)}`;
}

/** The questions to ask first, by topic and partition. */
export function timeQuestions(
  plan: Plan,
  onTarget: SettingsOf,
  nowMs: number,
): readonly TimeQuestion[] {
  return partitionsToCopy(plan).flatMap(({ topic, partition }) => {
    const settings = onTarget(topic);
    // A target that sets the timestamps itself gives every message a new one.
    if (settings === undefined || settings.logAppendTime) return [];
    const { retentionMs, timestampBeforeMaxMs, timestampAfterMaxMs } = settings;
    const times: readonly (readonly [TimeRule, number])[] = [
      ["kept", nowMs - (retentionMs ?? Infinity)],
      ["behind", nowMs - (timestampBeforeMaxMs ?? Infinity)],
      ["ahead", nowMs + (timestampAfterMaxMs ?? Infinity)],
    ];
    // Brokers give negative times a special meaning (−1 latest, −2 earliest).
    const asked = times.filter(([, timestampMs]) =>
      timestampMs >= 0 && Number.isSafeInteger(timestampMs)
    );
    return asked.map(([rule, timestampMs]) => ({ topic, partition, rule, timestampMs }));
  });
}

/** Follow-up questions after the first answers: whether the messages that seem too old still exist. */
export function timeQuestionsLeft(plan: Plan, answers: TimeAnswers): readonly TimeQuestion[] {
  const toCopy = partitionsToCopy(plan);
  const seemOld = [...tooOld(toCopy, "kept", answers), ...tooOld(toCopy, "behind", answers)];
  const places = new Map(seemOld.map((place) => [formatTopicPartition(place), place]));
  return [...places.values()].map(({ topic, partition }) => ({
    topic,
    partition,
    rule: "any",
    timestampMs: 0,
  }));
}

/**
 * Judges the answers.
 *
 * @param command makes the command that changes a setting of a topic on the target
 */
export function timeFindings(
  plan: Plan,
  answers: TimeAnswers,
  onSource: SettingsOf,
  onTarget: SettingsOf,
  command: (topic: string, setting: string) => string,
): readonly Finding[] {
  const toCopy = partitionsToCopy(plan);
  return [
    ...perTopic(tooOld(toCopy, "kept", answers), (topic, partitions) => {
      const { retentionMs = 0 } = onTarget(topic) ?? {};
      const kept = onSource(topic)?.retentionMs;
      const wanted = kept !== undefined && kept > retentionMs ? kept : -1;
      return finding(
        "RETENTION_WOULD_DELETE",
        { cluster: "target", topic, partitions: partitions.map((p) => p.partition) },
        `Topic ${escapeName(topic)} keeps messages for ${
          formatDuration(retentionMs)
        } on the target (retention.ms=${retentionMs}): ${
          countOf(sum(partitions, (p) => p.old), "message")
        } to be copied of ${partitionsOf(topic, partitions)} are older and would be deleted there`,
        `${command(topic, `retention.ms=${wanted}`)}, or accept: [RETENTION_WOULD_DELETE]`,
      );
    }),
    ...perTopic(tooOld(toCopy, "behind", answers), (topic, partitions) => {
      const name = limitName(onTarget(topic), "before");
      return finding(
        "TIMESTAMPS_REFUSED",
        { cluster: "target", topic, partitions: partitions.map((p) => p.partition) },
        `Topic ${escapeName(topic)} takes no timestamps older than ${
          formatDuration(onTarget(topic)?.timestampBeforeMaxMs ?? 0)
        } on the target (${name}): ${
          countOf(sum(partitions, (p) => p.old), "message")
        } to be copied of ${
          partitionsOf(topic, partitions)
        } are older, and the first stops its partition`,
        `${command(topic, `${name}=9223372036854775807`)}, or accept: [TIMESTAMPS_REFUSED]`,
      );
    }),
    ...perTopic(tooNew(toCopy, answers), (topic, partitions) => {
      const name = limitName(onTarget(topic), "after");
      const [first] = partitions;
      return finding(
        "TIMESTAMPS_REFUSED",
        { cluster: "target", topic, partitions: partitions.map((p) => p.partition) },
        `Topic ${escapeName(topic)} takes timestamps up to ${
          formatDuration(onTarget(topic)?.timestampAfterMaxMs ?? 0)
        } ahead on the target (${name}): the message at offset ${first?.offset} of partition ${first?.partition} is further ahead and would stop its partition`,
        `${command(topic, `${name}=9223372036854775807`)}, or accept: [TIMESTAMPS_REFUSED]`,
      );
    }),
  ];
}

/** The partitions whose first messages are older than the time asked for, with how many are at most: gaps count too. */
function tooOld(toCopy: readonly PlannedPartition[], rule: TimeRule, answers: TimeAnswers) {
  return toCopy.flatMap(({ topic, partition, startOffset, endOffset }) => {
    const keyOf = (rule: TimeRule) => timeQuestionKey({ topic, partition, rule, timestampMs: 0 });
    if (!answers.has(keyOf(rule))) return [];
    // Where no message is left, none is too old.
    const still = answers.has(keyOf("any")) ? answers.get(keyOf("any")) ?? endOffset : startOffset;
    const old = minOffset(answers.get(keyOf(rule)) ?? endOffset, endOffset) -
      maxOffset(still, startOffset);
    return old > 0n ? [{ topic, partition, old }] : [];
  });
}

function tooNew(toCopy: readonly PlannedPartition[], answers: TimeAnswers) {
  return toCopy.flatMap(({ topic, partition, startOffset, endOffset }) => {
    const offset = answers.get(
      timeQuestionKey({ topic, partition, rule: "ahead", timestampMs: 0 }),
    );
    const copied = offset !== undefined && offset >= startOffset && offset < endOffset;
    return copied ? [{ topic, partition, offset }] : [];
  });
}

/** The setting's name on the target's broker: before Kafka 3.6 one limit applied in both directions. */
function limitName(settings: TopicSettings | undefined, direction: "before" | "after"): string {
  const name = `message.timestamp.${direction}.max.ms`;
  return settings?.values.has(name) ? name : "message.timestamp.difference.max.ms";
}
