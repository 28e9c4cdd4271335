// What blocks a migration on the target: topics and partitions that are missing, offline or not empty. Only those are
// looked at that the run would write to, or on which it would commit groups' positions.

import { escapeName, quoteForShell } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { partitionsNeeded, type Plan, type PlannedPartition } from "../plan/plan.ts";
import { alterTopic } from "./setting_findings.ts";
import type { ClusterSnapshot, PartitionSnapshot, TopicSnapshot } from "../model/snapshot.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import { countOf, sum } from "../model/units.ts";

/** What the judgement of the target depends on. */
export interface TargetOptions {
  /** For a partition to be written that already holds messages: `refuse` blocks the run, `append` only warns. */
  readonly nonEmptyTarget: "refuse" | "append";
  /** Whether groups' positions are carried over. */
  readonly carriesPositions?: boolean;
  /** How many records of this migration the target's log still holds, from earlier runs: they do not count as foreign. */
  readonly ownRecords?: (partition: TopicPartition) => bigint;
  /** Whether the messages in a partition look like the copy of an earlier run. */
  readonly looksLikeCopy?: (partition: TopicPartition) => boolean;
  /** Whether a missing topic will be created, or could not be, which another finding says. */
  readonly creates?: (topic: string) => boolean;
  /** Whether this migration has already planned to write to a topic. */
  readonly written?: (topic: string) => boolean;
}

/** All findings about the target side of a plan. */
export function targetFindings(
  plan: Plan,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
  options: TargetOptions,
): readonly Finding[] {
  const bootstrap = target.brokers[0]?.address ?? "TARGET";
  const partitions = partitionsNeeded(plan, options.carriesPositions ?? false);
  const needed = Map.groupBy(partitions, ({ topic }) => topic);
  return [...needed].flatMap(([topic, partitions]) => {
    const onSource = source.topics.get(topic)?.partitions.length ?? partitions.length;
    const onTarget = target.topics.get(topic);
    if (onTarget === undefined) {
      if (options.creates?.(topic)) return [];
      return [options.written?.(topic) ? gone(topic) : missing(topic, onSource, bootstrap)];
    }
    return [
      ...partitionCounts(onTarget, onSource, bootstrap),
      ...offline(onTarget, partitions),
      ...oldFormat(onTarget, partitions, bootstrap),
      ...notEmpty(onTarget, partitions.filter(({ offsets }) => offsets > 0n), options),
    ];
  });
}

function missing(topic: string, partitions: number, bootstrap: string): Finding {
  const name = escapeName(topic);
  return finding(
    "TARGET_TOPIC_MISSING",
    { cluster: "target", topic },
    `Topic ${name} does not exist on the target`,
    `Create it: ${
      createCommand(bootstrap, topic, partitions)
    }, or set createTopics: true (or check that the user has Describe on it)`,
  );
}

/** The topic was deleted together with what had been copied to it: creating an empty one would hide that. */
function gone(topic: string): Finding {
  return finding(
    "TARGET_TOPIC_MISSING",
    { cluster: "target", topic },
    `Topic ${
      escapeName(topic)
    } does not exist on the target any more: this migration has written to it before`,
    "Check that the user has Describe on it. To start over, create it anew and delete the state file; to go on without it, leave it out in another config file",
  );
}

/** The command that creates a topic, with one setting where it is given. */
export function createCommand(
  bootstrap: string,
  topic: string,
  partitions: number,
  setting?: string,
): string {
  const config = setting === undefined ? "" : ` --config ${quoteForShell(setting)}`;
  return `kafka-topics.sh --bootstrap-server ${bootstrap} --create --topic ${
    escapeName(topic)
  } --partitions ${partitions}${config}`;
}

function partitionCounts(
  onTarget: TopicSnapshot,
  onSource: number,
  bootstrap: string,
): readonly Finding[] {
  const { topic, partitions: { length } } = onTarget;
  if (length === onSource) return [];
  const where = { cluster: "target", topic } as const;
  const name = escapeName(topic);
  const message = `Topic ${name} has ${
    countOf(length, "partition")
  } on the target and ${onSource} on the source`;
  return [
    length < onSource
      ? finding(
        "FEWER_PARTITIONS",
        where,
        message,
        `Add the missing ones: kafka-topics.sh --bootstrap-server ${bootstrap} --alter --topic ${name} --partitions ${onSource}`,
      )
      : finding(
        "MORE_PARTITIONS",
        where,
        message,
        "Each message keeps its partition; producers that choose partitions by key will choose others on the target",
      ),
  ];
}

function offline(
  onTarget: TopicSnapshot,
  needed: readonly PlannedPartition[],
): readonly Finding[] {
  const concerned = needed
    .map(({ partition }) => partitionOf(onTarget, partition))
    .filter((found) => found !== undefined)
    .filter(({ leader, offsets }) => leader < 0 || offsets === undefined)
    .map((found) => ({ ...found, topic: onTarget.topic }));
  return perTopic(concerned, (topic, partitions) => {
    const problems = [...new Set(partitions.map(({ problem }) => problem ?? "no leader"))];
    return finding(
      "PARTITION_OFFLINE",
      { cluster: "target", topic, partitions: partitions.map(({ partition }) => partition) },
      `The offsets of ${partitionsOf(topic, partitions)} on the target are not known: ${
        problems.slice(0, 2).map(escapeName).join(", ")
      }`,
      "Bring the partition's leader back",
    );
  });
}

/** Formats before 0.11 (magic 0 and 1) hold neither producer ids nor headers, and brokers refuse batches that have them. */
const OLD_FORMAT = /^0\.(?:\d|10)(?:\.|-|$)/;

function oldFormat(
  { topic, settings }: TopicSnapshot,
  needed: readonly PlannedPartition[],
  bootstrap: string,
): readonly Finding[] {
  const format = settings?.values.get("message.format.version") ?? "";
  if (!OLD_FORMAT.test(format) || needed.every(({ offsets }) => offsets === 0n)) return [];
  return [finding(
    "OLD_MESSAGE_FORMAT",
    { cluster: "target", topic },
    `Topic ${escapeName(topic)} has message.format.version=${
      escapeName(format)
    } on the target, a format without producer ids and headers: its brokers refuse what is copied`,
    `${
      alterTopic(bootstrap, topic, "message.format.version=0.11.0")
    }, or accept: [OLD_MESSAGE_FORMAT] where they ignore it (inter.broker.protocol.version 3.0 or later)`,
  )];
}

function notEmpty(
  onTarget: TopicSnapshot,
  written: readonly PlannedPartition[],
  options: TargetOptions,
): readonly Finding[] {
  const { nonEmptyTarget, ownRecords = () => 0n, looksLikeCopy = () => false } = options;
  const concerned = written.flatMap(({ topic, partition }) => {
    const offsets = partitionOf(onTarget, partition)?.offsets;
    if (offsets === undefined) return [];
    const held = offsets.highWatermark - offsets.logStartOffset - ownRecords({ topic, partition });
    return held > 0n ? [{ topic, partition, held }] : [];
  });
  return perTopic(concerned, (topic, partitions) => {
    const held = countOf(sum(partitions, (p) => p.held), "message");
    const mayBeOurs = partitions.some(looksLikeCopy);
    const blocking = finding(
      "TARGET_NOT_EMPTY",
      { cluster: "target", topic, partitions: partitions.map(({ partition }) => partition) },
      `The target already holds ${held} in ${partitionsOf(topic, partitions)}`,
      whatToDo(mayBeOurs, options.written?.(topic) ?? false),
    );
    if (nonEmptyTarget === "refuse") return blocking;
    const remedy = mayBeOurs
      ? "Where they are of an earlier run of this migration, all of them would arrive a second time: put its state file back. Else nothing: nonEmptyTarget is append"
      : "Nothing: nonEmptyTarget is append";
    return { ...blocking, severity: "warning", remedy };
  });
}

/** Messages that may be our own copy must never be followed by a second copy. */
function whatToDo(mayBeOurs: boolean, written: boolean): string {
  if (mayBeOurs) {
    return "They may be of an earlier run of this migration: put its state file back, or empty the topic";
  }
  return written
    ? "Where the state file is an older copy, put the newest back. Where others have written them, set nonEmptyTarget: append to write after them"
    : "Empty the topic, or set nonEmptyTarget: append to write after them; where they are of an earlier run of this migration, put its state file back instead";
}

function partitionOf(
  { partitions }: TopicSnapshot,
  partition: number,
): PartitionSnapshot | undefined {
  // Partitions are contiguous from 0 by contract; the search is for a target described in another order.
  const found = partitions[partition];
  return found?.partition === partition
    ? found
    : partitions.find((candidate) => candidate.partition === partition);
}
