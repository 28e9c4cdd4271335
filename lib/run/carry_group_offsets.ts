// The positions of consumer groups, carried over: translated, judged against both clusters as they are now, committed
// on the target, and read back.

import type { MigrationConfig } from "../config/migration_config.ts";
import {
  committedPosition,
  type GroupOffset,
  judgePositions,
  type PositionToCommit,
  wantedPositions,
} from "../core/group_offsets.ts";
import type { JournalState } from "../core/journal.ts";
import type { Plan } from "../core/plan.ts";
import type { GroupSnapshot } from "../core/snapshot.ts";
import { compareTopicPartitions, formatTopicPartition } from "../core/topic_partition.ts";
import type { Verification } from "../core/verify.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { commitOffsets } from "../kafka/commit_offsets.ts";
import { openReaders } from "./open_readers.ts";
import { allGroups } from "./snapshot.ts";
import { formatPosition, translatePositions } from "./translate_positions.ts";

/** What positions are carried over from and to. */
export interface CarryOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly plan: Plan;
  readonly journal: JournalState;
  /** Absent where an earlier run has verified everything. */
  readonly results: Verification | undefined;
  /** Read on either side where logs have to be looked at; no limit where undefined. */
  readonly bytesPerSecond: number | undefined;
  readonly signal: AbortSignal;
}

const GROUPS_AT_ONCE = 16;

/** Whether positions are to be carried over. */
export function carriesGroupOffsets({ groupOffsets, ranges }: MigrationConfig): boolean {
  return groupOffsets === "commit" && ranges === undefined;
}

/** Carries the positions over. @returns what became of each, by group, topic and partition */
export async function carryGroupOffsets(options: CarryOptions): Promise<readonly GroupOffset[]> {
  const { source, target, plan, journal, signal } = options;
  const wanted = wantedPositions(plan);
  if (wanted.length === 0) return [];
  const work = [...journal.partitions.values()];
  const translated = await translatePositions(
    wanted,
    journal,
    () => openReaders(source, target, work, options),
  );
  const [onSource, onTarget] = await Promise.all([groupsOf(source), groupsOf(target)]);
  const { commit, rest } = judgePositions(wanted, {
    onSource,
    onTarget,
    unverified: unverified(options),
    translate: (position) => translated.get(formatPosition(position)) ?? "It was not translated",
  });
  const done = commit.length === 0 ? [] : await commitAll(target, commit, signal);
  return [...done, ...rest].sort((a, b) =>
    a.group === b.group ? compareTopicPartitions(a, b) : a.group < b.group ? -1 : 1
  );

  async function groupsOf(cluster: Cluster): Promise<ReadonlyMap<string, GroupSnapshot>> {
    return new Map((await allGroups(cluster, signal)).map((each) => [each.group, each]));
  }
}

/** Why positions on a partition must not be used: by count or content, not everything is there. */
function unverified({ results, journal }: CarryOptions): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const [key, { status }] of journal.partitions) {
    if (status !== "done") reasons.set(key, "The partition is not migrated");
  }
  for (const { status, ...partition } of results?.partitions ?? []) {
    if (status !== "failed" && status !== "lost") continue;
    reasons.set(formatTopicPartition(partition), "The partition is not verified");
  }
  return reasons;
}

async function commitAll(
  target: Cluster,
  positions: readonly PositionToCommit[],
  signal: AbortSignal,
): Promise<readonly GroupOffset[]> {
  const problems = new Map<string, ReadonlyMap<string, string>>();
  const byGroup = Map.groupBy(positions, ({ group }) => group);
  const queue = byGroup.entries();
  await Promise.all(Array.from({ length: GROUPS_AT_ONCE }, async () => {
    for (const [group, ofGroup] of queue) {
      const offsets = ofGroup.map(({ targetOffset, ...each }) => ({
        ...each,
        offset: targetOffset,
      }));
      problems.set(group, await commitOffsets(target, group, offsets, signal));
    }
  }));
  const after = new Map((await allGroups(target, signal)).map((each) => [each.group, each]));
  return positions.map((position) => {
    const { group, topic, partition } = position;
    const read = after.get(group)?.committed.get(topic)?.get(partition);
    const problem = problems.get(group)?.get(formatTopicPartition(position));
    return committedPosition(position, read, problem);
  });
}
