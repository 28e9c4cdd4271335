// What has changed on the source between two looks: the report of the last check against the plan of this run. The
// report is read as what it is, a file that anybody may have edited: one that is damaged, of another shape or of other
// clusters counts as none.

import { compareNames } from "./compare_names.ts";
import { escapeName, listNames } from "./escape_name.ts";
import type { Plan } from "./plan.ts";
import { countOf, sum } from "./units.ts";

/** What of a check's report is compared. */
export interface LastCheck {
  readonly runId: string;
  readonly startedAt: string;
  readonly sourceClusterId: string;
  readonly targetClusterId: string;
  readonly partitions: readonly ComparedPartition[];
}

interface ComparedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Offsets to be copied. */
  readonly offsets: bigint;
  readonly groups: readonly { readonly group: string; readonly committed?: bigint }[];
}

/** What has changed; empty lists where nothing has. */
export interface SinceLastCheck {
  readonly runId: string;
  readonly startedAt: string;
  readonly messagesBefore: bigint;
  readonly messagesNow: bigint;
  readonly newTopics: readonly string[];
  readonly goneTopics: readonly string[];
  /** Topics of both with other numbers. */
  readonly changedTopics: readonly {
    readonly topic: string;
    readonly partitionsBefore: number;
    readonly partitionsNow: number;
    readonly messagesBefore: bigint;
    readonly messagesNow: bigint;
  }[];
  /** Groups that have come, gone, or committed something else. */
  readonly groups: readonly {
    readonly group: string;
    readonly change: "new" | "gone" | "moved";
    /** Partitions on which its committed offset is another one. */
    readonly partitions: number;
  }[];
}

/** Reads a report's JSON; undefined where it is no check's, or not to be made out. */
export function readLastCheck(text: string): LastCheck | undefined {
  try {
    const { mode, runId, startedAt, source, target, plan } = JSON.parse(text);
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
      sourceClusterId: textOf(source.clusterId),
      targetClusterId: textOf(target.clusterId),
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

/** Compares; undefined where the last check was of other clusters. */
export function sinceLastCheck(
  last: LastCheck | undefined,
  plan: Plan,
  clusters: { readonly source: string; readonly target: string },
): SinceLastCheck | undefined {
  if (
    last === undefined || last.sourceClusterId !== clusters.source ||
    last.targetClusterId !== clusters.target
  ) return undefined;
  const [before, now] = [byTopic(last.partitions), byTopic(plan.partitions)];
  const both = [...now].flatMap(([topic, partitions]) => {
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
    newTopics: [...now.keys()].filter((topic) => !before.has(topic)).sort(compareNames),
    goneTopics: [...before.keys()].filter((topic) => !now.has(topic)).sort(compareNames),
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

/** Lines for the log, the first for the screen too; nothing where nothing has changed. */
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
