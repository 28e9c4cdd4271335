// What has changed on the source since the last check: compares that check's report with the plan of this run. Anybody may
// have edited the report, so a damaged one, or one of another shape, counts as none. A report about other clusters, another
// config file or other settings is not compared: the differences would look as if the source had changed.

import { compareNames } from "../model/compare_names.ts";
import { escapeName, listNames } from "../model/escape_name.ts";
import type { Plan } from "./plan.ts";
import { countOf, sum } from "../model/units.ts";

/** What must be equal in two runs for a comparison. */
export interface CheckIdentity {
  readonly sourceClusterId: string;
  readonly targetClusterId: string;
  /** The config's file name without its directory, which may have moved. */
  readonly configName: string;
  /** The settings that decide what is planned, by their key in `migration.yaml`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Two plans can be compared only where these settings are equal. */
const COMPARED_SETTINGS = ["topics", "groups", "uncommitted", "ranges"] as const;

/**
 * The identity of a run, to be compared with another run's.
 *
 * @param configuration as a report has it
 */
export function checkIdentity(
  clusters: { readonly source: string; readonly target: string },
  configPath: string,
  configuration: Readonly<Record<string, unknown>>,
): CheckIdentity {
  return {
    sourceClusterId: clusters.source,
    targetClusterId: clusters.target,
    configName: configPath.slice(configPath.lastIndexOf("/") + 1),
    settings: Object.fromEntries(COMPARED_SETTINGS.map((name) => [name, configuration[name]])),
  };
}

/** The parts of a check's report that are compared. */
export interface LastCheck {
  readonly runId: string;
  readonly startedAt: string;
  readonly of: CheckIdentity;
  readonly partitions: readonly ComparedPartition[];
}

interface ComparedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Offsets to copy. */
  readonly offsets: bigint;
  readonly groups: readonly { readonly group: string; readonly committed?: bigint }[];
}

/** What has changed; a list without changes is empty. */
export interface SinceLastCheck {
  readonly runId: string;
  readonly startedAt: string;
  readonly messagesBefore: bigint;
  readonly messagesNow: bigint;
  readonly newTopics: readonly string[];
  readonly goneTopics: readonly string[];
  /** Topics that both have, with different numbers. */
  readonly changedTopics: readonly {
    readonly topic: string;
    readonly partitionsBefore: number;
    readonly partitionsNow: number;
    readonly messagesBefore: bigint;
    readonly messagesNow: bigint;
  }[];
  /** Groups that are new, are gone, or have committed other offsets. */
  readonly groups: readonly {
    readonly group: string;
    readonly change: "new" | "gone" | "moved";
    /** The number of partitions on which the group's committed offset differs. */
    readonly partitions: number;
  }[];
}

/** Reads a report's JSON; undefined where it is unreadable or not the report of a check. */
export function readLastCheck(text: string): LastCheck | undefined {
  try {
    const { mode, runId, startedAt, source, target, plan, configPath, configuration } = JSON
      .parse(text);
    if (mode !== "check" || typeof runId !== "string" || typeof startedAt !== "string") {
      return undefined;
    }
    const partitions = (plan.partitions as readonly ComparedPartition[]).map((each) => ({
      topic: textOf(each.topic),
      partition: Number(each.partition),
      offsets: BigInt(each.offsets),
      groups: each.groups.map(({ group, committed }) => ({
        group: textOf(group),
        ...(committed !== undefined && { committed: BigInt(committed) }),
      })),
    }));
    return {
      runId,
      startedAt,
      of: checkIdentity(
        { source: textOf(source.clusterId), target: textOf(target.clusterId) },
        textOf(configPath),
        configuration ?? {},
      ),
      partitions,
    };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("Cannot read the report: it is damaged");
  return value;
}

/** Why the last check cannot be compared, as phrases; empty where it can. */
export function notComparable(last: LastCheck, now: CheckIdentity): readonly string[] {
  const { of } = last;
  return [
    ...(of.sourceClusterId === now.sourceClusterId ? [] : ["the source cluster"]),
    ...(of.targetClusterId === now.targetClusterId ? [] : ["the target cluster"]),
    ...(of.configName === now.configName ? [] : [`the config (${escapeName(of.configName)})`]),
    ...COMPARED_SETTINGS.filter((name) =>
      canonical(of.settings[name]) !== canonical(now.settings[name])
    ),
  ];
}

/** A line that says that there was a check, and why it is not compared. */
export function notComparedLine(last: LastCheck, now: CheckIdentity): string {
  return `Not compared with the last check (${escapeName(last.startedAt)}), which differs in ${
    notComparable(last, now).join(", ")
  }`;
}

/** The value as a report writes it: numbers too large for a double become strings. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, each) => {
    if (typeof each !== "bigint") return each;
    return Number.isSafeInteger(Number(each)) ? Number(each) : String(each);
  });
}

/** Compares this run's plan with the last check; undefined where there is no check to compare with. */
export function sinceLastCheck(
  last: LastCheck | undefined,
  plan: Plan,
  now: CheckIdentity,
): SinceLastCheck | undefined {
  if (last === undefined || notComparable(last, now).length > 0) return undefined;
  const [before, current] = [byTopic(last.partitions), byTopic(plan.partitions)];
  const both = [...current].flatMap(([topic, partitions]) => {
    const known = before.get(topic);
    return known === undefined ? [] : [{
      topic,
      partitionsBefore: known.length,
      partitionsNow: partitions.length,
      messagesBefore: messagesOf(known),
      messagesNow: messagesOf(partitions),
    }];
  });
  return {
    runId: last.runId,
    startedAt: last.startedAt,
    messagesBefore: messagesOf(last.partitions),
    messagesNow: messagesOf(plan.partitions),
    newTopics: [...current.keys()].filter((topic) => !before.has(topic)).sort(compareNames),
    goneTopics: [...before.keys()].filter((topic) => !current.has(topic)).sort(compareNames),
    changedTopics: both.filter((each) =>
      each.partitionsBefore !== each.partitionsNow || each.messagesBefore !== each.messagesNow
    ),
    groups: changedGroups(committedBy(last.partitions), committedBy(plan.partitions)),
  };
}

type Committed = ReadonlyMap<string, ReadonlyMap<string, bigint | undefined>>;

function changedGroups(before: Committed, now: Committed): SinceLastCheck["groups"] {
  return [...new Set([...before.keys(), ...now.keys()])].sort(compareNames).flatMap(
    (group): SinceLastCheck["groups"] => {
      const [old, current] = [before.get(group), now.get(group)];
      if (old === undefined || current === undefined) {
        const known = old ?? current;
        const change = old === undefined ? "new" : "gone";
        return [{ group, change, partitions: known?.size ?? 0 }];
      }
      const places = new Set([...old.keys(), ...current.keys()]);
      const moved = [...places].filter((place) => old.get(place) !== current.get(place)).length;
      return moved === 0 ? [] : [{ group, change: "moved", partitions: moved }];
    },
  );
}

function committedBy(partitions: readonly ComparedPartition[]): Committed {
  const byGroup = new Map<string, Map<string, bigint | undefined>>();
  for (const { topic, partition, groups } of partitions) {
    for (const { group, committed } of groups) {
      const places = byGroup.get(group) ?? new Map<string, bigint | undefined>();
      byGroup.set(group, places.set(`${topic} ${partition}`, committed));
    }
  }
  return byGroup;
}

function byTopic(partitions: readonly ComparedPartition[]) {
  return Map.groupBy(partitions, ({ topic }) => topic);
}

function messagesOf(partitions: readonly ComparedPartition[]): bigint {
  return sum(partitions, ({ offsets }) => offsets);
}

/** Lines for the log, the first also for the screen; none where nothing has changed. */
export function sinceLastCheckLines(since: SinceLastCheck): readonly string[] {
  const { newTopics, goneTopics, changedTopics, groups } = since;
  const of = (change: string) => groups.filter((each) => each.change === change);
  const phrases = [
    newTopics.length > 0 && `${countOf(newTopics.length, "new topic")} (${listNames(newTopics)})`,
    goneTopics.length > 0 &&
    `${countOf(goneTopics.length, "topic")} gone (${listNames(goneTopics)})`,
    since.messagesNow !== since.messagesBefore &&
    difference(since.messagesBefore, since.messagesNow),
    ...(["moved", "new", "gone"] as const).map((change) => {
      const names = of(change).map(({ group }) => group);
      return names.length > 0 &&
        `${countOf(names.length, "group")} ${change} (${listNames(names)})`;
    }),
  ].filter((phrase) => phrase !== false);
  if (phrases.length + changedTopics.length === 0) return [];
  return [
    `Since the last check (${since.startedAt}): ${
      phrases.join(", ") || `${countOf(changedTopics.length, "topic")} changed`
    }`,
    ...changedTopics.map((each) =>
      [
        `topic: ${escapeName(each.topic)}, since the last check`,
        ...(each.messagesBefore === each.messagesNow
          ? []
          : [difference(each.messagesBefore, each.messagesNow)]),
        ...(each.partitionsBefore === each.partitionsNow
          ? []
          : [`partitions: ${each.partitionsNow} instead of ${each.partitionsBefore}`]),
      ].join(", ")
    ),
    ...groups.map(({ group, change, partitions }) =>
      `group: ${escapeName(group)}, since the last check ${change}, partitions: ${partitions}`
    ),
  ];
}

function difference(before: bigint, now: bigint): string {
  return now > before
    ? `${countOf(now - before, "message")} more`
    : `${countOf(before - now, "message")} fewer`;
}
