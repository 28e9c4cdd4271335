// The positions of consumer groups, carried over: translated, judged against both clusters as they are now, committed
// on the target, and read back.

import { type Failure, failure, refusal, within } from "../model/failure.ts";
import { formatKafkaError } from "../model/kafka_error.ts";
import {
  committedPosition,
  forgottenPositions,
  type GroupOffset,
  judgePositions,
  type PositionToCommit,
  wantedPositions,
} from "../plan/group_offsets.ts";
import { compareNames } from "../model/compare_names.ts";
import { isByConnector } from "../journal/journal.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { Plan } from "../plan/plan.ts";
import type { GroupSnapshot } from "../model/snapshot.ts";
import { type PositionsExpiry, positionsExpiry } from "../plan/positions_expiry.ts";
import {
  compareTopicPartitions,
  formatTopicPartition,
  type TopicPartition,
} from "../model/topic_partition.ts";
import type { Verification } from "../verify/verify.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { isPeerError } from "../wire/peer_error.ts";
import { peerFailure } from "../copy/peer_failure.ts";
import { commitOffsets } from "../kafka/commit_offsets.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";
import { GroupListError } from "../kafka/groups.ts";
import { offsetSettings } from "../preflight/offset_settings.ts";
import { openReaders } from "../verification/open_readers.ts";
import { optional } from "../model/optional.ts";
import { allGroups } from "../preflight/snapshot.ts";
import type { Clusters } from "../preflight/reach.ts";
import { formatPosition, translatePositions } from "./translate_positions.ts";
import { withRetries } from "../kafka/with_retries.ts";

/** What positions are carried over from and to. */
export interface CarryOptions extends Clusters {
  readonly plan: Plan;
  readonly journal: JournalState;
  /** Absent where an earlier run has verified everything. */
  readonly results: Verification | undefined;
  /** Read on either side where logs have to be looked at; no limit where undefined. */
  readonly bytesPerSecond: number | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

const GROUPS_AT_ONCE = 16;

/** What came of carrying positions over. */
export interface CarriedPositions {
  /** What became of each, by group, topic and partition. */
  readonly groupOffsets: readonly GroupOffset[];
  /** Absent where the target has none of them. */
  readonly positionsExpiry?: PositionsExpiry;
}

/** Carries the positions over. */
export async function carryGroupOffsets(options: CarryOptions): Promise<CarriedPositions> {
  const { source, target, plan, journal, signal } = options;
  const wanted = wantedPositions(plan);
  const forgotten = forgottenPositions(plan);
  if (wanted.length === 0) return { groupOffsets: forgotten };
  const work = [...journal.partitions.values()];
  const planned = new Map(plan.partitions.map((each) => [formatTopicPartition(each), each]));
  const translated = await translatePositions(
    wanted,
    journal,
    (partition) => planned.get(formatTopicPartition(partition))?.log.logStartOffset ?? 0n,
    () => openReaders(source, target, work, { ...options, byConnector: isByConnector(journal) }),
  );
  const names = new Set(wanted.map(({ group }) => group));
  const [groups, settings] = await Promise.all([
    Promise.all([groupsOf(source, names, signal), groupsOf(target, names, signal)])
      .catch(peersFailure),
    offsetSettings(target),
  ]);
  const unread = "code" in groups ? within("The groups could not be read: ", groups) : undefined;
  const [onSource, onTarget] = "code" in groups ? [new Map(), new Map()] : groups;
  const { commit, rest } = judgePositions(wanted, {
    onSource,
    onTarget,
    unverified: unverified(options),
    ...optional("maxMetadataLength", settings.maxMetadataLength),
    translate: (position) => unread ?? translated.get(formatPosition(position)) ?? NOT_TRANSLATED,
  });
  const committedAt = options.now();
  const done = commit.length === 0 ? [] : await commitAll(target, commit, signal);
  const groupOffsets = [...done, ...rest, ...forgotten].sort((a, b) =>
    compareNames(a.group, b.group) || compareTopicPartitions(a, b)
  );
  if (groupOffsets.every(({ status }) => status === "left")) return { groupOffsets };
  const anew = done.some(({ status }) => status === "committed");
  return {
    groupOffsets,
    positionsExpiry: positionsExpiry(settings, anew ? committedAt : undefined),
  };
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
  const outcomes = new Map<string, GroupCommit>();
  const byGroup = Map.groupBy(positions, ({ group }) => group);
  await forEachAtOnce(byGroup, GROUPS_AT_ONCE, async ([group, ofGroup]) => {
    outcomes.set(group, await commitGroup(target, group, ofGroup, signal));
  });
  const after = await groupsOf(target, new Set(byGroup.keys()), signal).catch(peersFailure);
  return positions.map((each) => {
    const { group, topic, partition } = each;
    const outcome = outcomes.get(group);
    const problem = outcome?.problemOf(each);
    const position = outcome?.refusedText(each)
      ? { ...each, metadataLeftOut: "too long" as const }
      : each;
    if ("code" in after) {
      const unread = within("What was committed could not be read back: ", after);
      return committedPosition(position, undefined, problem ?? unread);
    }
    const read = after.get(group)?.committed.get(topic)?.get(partition);
    return committedPosition(position, read, problem);
  });
}

/** What became of the positions of one group. */
interface GroupCommit {
  /** Why a position was not committed; undefined where it was. */
  readonly problemOf: (position: TopicPartition) => Failure | undefined;
  /** Whether the target took a position without its text only. */
  readonly refusedText: (position: TopicPartition) => boolean;
}

/** Commits the positions of one group. If that fails because a broker is away, the other groups still go on. */
async function commitGroup(
  target: Cluster,
  group: string,
  positions: readonly PositionToCommit[],
  signal: AbortSignal,
): Promise<GroupCommit> {
  const offsets = positions.map(({ targetOffset, ...each }) => ({ ...each, offset: targetOffset }));
  const outcome = await withRetries(
    () => commitOffsets(target, group, offsets, signal),
    signal,
  ).catch(peersFailure);
  if ("code" in outcome) {
    return { problemOf: () => within("The commit failed: ", outcome), refusedText: () => false };
  }
  return {
    refusedText: (position) => outcome.withoutMetadata.has(formatTopicPartition(position)),
    problemOf: (position) => {
      const errorCode = outcome.problems.get(formatTopicPartition(position));
      if (errorCode === undefined) return undefined;
      const text = `The target refused the commit: ${formatKafkaError(errorCode)}`;
      return failure(refusal("target", errorCode), text);
    },
  };
}

/** @throws anything but a peer's error */
function peersFailure(error: unknown): Failure {
  if (error instanceof GroupListError) return error.failure;
  if (!isPeerError(error)) throw error;
  return peerFailure(error);
}

const NOT_TRANSLATED = failure("POSITION_LOST", "It was not translated");
