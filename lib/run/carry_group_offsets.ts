// The positions of consumer groups, carried over: translated, judged against both clusters as they are now, committed
// on the target, and read back.

import type { MigrationConfig } from "../config/migration_config.ts";
import { type Failure, failure, refusal, within } from "../core/failure.ts";
import { formatKafkaError } from "../core/kafka_error.ts";
import {
  committedPosition,
  forgottenPositions,
  type GroupOffset,
  judgePositions,
  type PositionToCommit,
  wantedPositions,
} from "../core/group_offsets.ts";
import { compareNames } from "../core/compare_names.ts";
import { isByConnector, type JournalState } from "../core/journal.ts";
import type { Plan } from "../core/plan.ts";
import type { GroupSnapshot } from "../core/snapshot.ts";
import { compareTopicPartitions, formatTopicPartition } from "../core/topic_partition.ts";
import type { Verification } from "../core/verify.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { isPeerError } from "../copy/lane.ts";
import { peerFailure } from "../copy/peer_failure.ts";
import { commitOffsets } from "../kafka/commit_offsets.ts";
import { forEachAtOnce } from "../kafka/for_each_at_once.ts";
import { GroupListError } from "../kafka/groups.ts";
import { openReaders } from "./open_readers.ts";
import { allGroups } from "./snapshot.ts";
import type { Clusters } from "./reach.ts";
import { formatPosition, translatePositions } from "./translate_positions.ts";
import { withRetries } from "./with_retries.ts";

/** What positions are carried over from and to. */
export interface CarryOptions extends Clusters {
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
  const forgotten = forgottenPositions(plan);
  if (wanted.length === 0) return forgotten;
  const work = [...journal.partitions.values()];
  const planned = new Map(plan.partitions.map((each) => [formatTopicPartition(each), each]));
  const translated = await translatePositions(
    wanted,
    journal,
    (partition) => planned.get(formatTopicPartition(partition))?.log.logStartOffset ?? 0n,
    () => openReaders(source, target, work, { ...options, byConnector: isByConnector(journal) }),
  );
  const names = new Set(wanted.map(({ group }) => group));
  const groups = await Promise.all([
    groupsOf(source, names, signal),
    groupsOf(target, names, signal),
  ]).catch(peersFailure);
  const unread = "code" in groups ? within("The groups could not be read: ", groups) : undefined;
  const [onSource, onTarget] = "code" in groups ? [new Map(), new Map()] : groups;
  const { commit, rest } = judgePositions(wanted, {
    onSource,
    onTarget,
    unverified: unverified(options),
    translate: (position) => unread ?? translated.get(formatPosition(position)) ?? NOT_TRANSLATED,
  });
  const done = commit.length === 0 ? [] : await commitAll(target, commit, signal);
  return [...done, ...rest, ...forgotten].sort((a, b) =>
    compareNames(a.group, b.group) || compareTopicPartitions(a, b)
  );
}

/** As they are now. Asked again on its own: what has been committed is not to be taken for what was there before. */
async function groupsOf(
  cluster: Cluster,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, GroupSnapshot>> {
  const groups = await withRetries(() => allGroups(cluster, signal, names), signal);
  return new Map(groups.map((each) => [each.group, each]));
}

/** Why positions on a partition must not be used: by count or content, not everything is there. */
function unverified({ results, journal }: CarryOptions): ReadonlyMap<string, Failure> {
  const reasons = new Map<string, Failure>();
  const code = "PARTITION_NOT_VERIFIED";
  for (const [key, { status }] of journal.partitions) {
    if (status !== "done") reasons.set(key, failure(code, "The partition is not migrated"));
  }
  for (const { status, ...partition } of results?.partitions ?? []) {
    if (status !== "failed" && status !== "lost") continue;
    reasons.set(formatTopicPartition(partition), failure(code, "The partition is not verified"));
  }
  return reasons;
}

async function commitAll(
  target: Cluster,
  positions: readonly PositionToCommit[],
  signal: AbortSignal,
): Promise<readonly GroupOffset[]> {
  const problems = new Map<string, Problems>();
  const byGroup = Map.groupBy(positions, ({ group }) => group);
  await forEachAtOnce(byGroup, GROUPS_AT_ONCE, async ([group, ofGroup]) => {
    problems.set(group, await commitGroup(target, group, ofGroup, signal));
  });
  const after = await groupsOf(target, new Set(byGroup.keys()), signal).catch(peersFailure);
  return positions.map((position) => {
    const { group, topic, partition } = position;
    const problem = problems.get(group)?.(position);
    if ("code" in after) {
      const unread = within("What was committed could not be read back: ", after);
      return committedPosition(position, undefined, problem ?? unread);
    }
    const read = after.get(group)?.committed.get(topic)?.get(partition);
    return committedPosition(position, read, problem);
  });
}

/** Why a position was not committed; undefined where it was. */
type Problems = (position: PositionToCommit) => Failure | undefined;

/** Commits the positions of one group. That one cannot be reached keeps no other from going on. */
async function commitGroup(
  target: Cluster,
  group: string,
  positions: readonly PositionToCommit[],
  signal: AbortSignal,
): Promise<Problems> {
  const offsets = positions.map(({ targetOffset, ...each }) => ({ ...each, offset: targetOffset }));
  const problems = await withRetries(
    () => commitOffsets(target, group, offsets, signal),
    signal,
  ).catch(peersFailure);
  if ("code" in problems) return () => within("The commit failed: ", problems);
  return (position) => {
    const errorCode = problems.get(formatTopicPartition(position));
    if (errorCode === undefined) return undefined;
    const text = `The target refused the commit: ${formatKafkaError(errorCode)}`;
    return failure(refusal("target", errorCode), text);
  };
}

/** @throws anything but a peer's error */
function peersFailure(error: unknown): Failure {
  if (error instanceof GroupListError) return error.failure;
  if (!isPeerError(error)) throw error;
  return peerFailure(error);
}

const NOT_TRANSLATED = failure("POSITION_LOST", "It was not translated");
