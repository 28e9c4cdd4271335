// Positions of groups: which are committed on the target, at which offset, and which are not, with the reason. Pure: the
// caller has translated the offsets, and commits them.

import { type Failure, failure, within } from "../model/failure.ts";
import type { FailureCode } from "../model/failure_kinds.ts";
import { isActive, isShareGroup } from "../model/group_state.ts";
import { type MetadataLeftOut, whyLeftOut } from "./metadata_text.ts";
import type { Plan } from "./plan.ts";
import type { GroupSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";

/**
 * What became of one position. `committed`: committed and read back. `further`: the group has already committed this
 * offset or a higher one on the target. `left`: it was not committed, for a reason.
 */
export type GroupOffsetStatus = "committed" | "further" | "left";

/** The position of one group on one partition. */
export interface GroupOffset extends TopicPartition {
  readonly group: string;
  readonly status: GroupOffsetStatus;
  /** What the group has committed on the source. */
  readonly sourceOffset: bigint;
  /** The target offset of the first copied message at or after it; absent where that is not known. */
  readonly targetOffset?: bigint;
  /** What the group had committed on the target before; absent where it had committed nothing. */
  readonly before?: bigint;
  /** What the group has committed on the target now, as read back; absent where nothing. */
  readonly after?: bigint;
  /** Why the metadata text was not committed with the offset; absent where it was, or where there is none. */
  readonly metadataLeftOut?: MetadataLeftOut;
  /** Why the position was not committed: a sentence, and its code. */
  readonly reason?: string;
  readonly code?: FailureCode;
}

/** A position to carry over, as the plan saw it. */
export interface WantedPosition extends TopicPartition {
  readonly group: string;
  readonly sourceOffset: bigint;
}

/** The facts by which positions are judged. */
export interface GroupOffsetFacts {
  /** By group: what is committed on the source now, just before anything is committed on the target. */
  readonly onSource: ReadonlyMap<string, GroupSnapshot>;
  readonly onTarget: ReadonlyMap<string, GroupSnapshot>;
  /** Why a partition's positions must not be used, by `formatTopicPartition`. */
  readonly unverified: ReadonlyMap<string, Failure>;
  /** The target offset of a position, or why it is not known. */
  readonly translate: (position: WantedPosition) => bigint | Failure;
  /** `offset.metadata.max.bytes` of the target; absent where it is not known. */
  readonly maxMetadataLength?: number;
}

/** A position that may be committed. */
export interface PositionToCommit extends WantedPosition {
  readonly targetOffset: bigint;
  readonly before?: bigint;
  /** Empty where the group committed none, or where it is not carried over. */
  readonly metadata: string;
  readonly metadataLeftOut?: MetadataLeftOut;
}

/** Every position that the plan's groups have committed. */
export function wantedPositions(plan: Plan): readonly WantedPosition[] {
  return plan.partitions.flatMap(({ topic, partition, groups }) =>
    groups.flatMap(({ group, committed }) =>
      committed === undefined ? [] : [{ group, topic, partition, sourceOffset: committed }]
    )
  );
}

/** Divides the positions into those to commit and those not to commit. */
export function judgePositions(
  wanted: readonly WantedPosition[],
  facts: GroupOffsetFacts,
): { readonly commit: readonly PositionToCommit[]; readonly rest: readonly GroupOffset[] } {
  const commit: PositionToCommit[] = [];
  const rest: GroupOffset[] = [];
  for (const position of wanted) {
    const key = formatTopicPartition(position);
    const { group, topic, partition, sourceOffset } = position;
    const source = facts.onSource.get(group);
    const target = facts.onTarget.get(group);
    const before = target?.committed.get(topic)?.get(partition);
    const offset = facts.unverified.get(key) ?? facts.translate(position);
    const known = { ...position, ...(before !== undefined && { before, after: before }) };
    const leave = ({ text: reason, code }: Failure) => {
      const targetOffset = typeof offset === "bigint" ? { targetOffset: offset } : {};
      rest.push({ ...known, ...targetOffset, status: "left", reason, code });
    };
    const now = source?.committed.get(topic)?.get(partition);
    const unreadable = problemOf("target", target) ?? problemOf("source", source);
    if (typeof offset !== "bigint") leave(offset);
    else if (unreadable !== undefined) leave(unreadable);
    else if (before !== undefined && before >= offset) {
      rest.push({ ...known, targetOffset: offset, status: "further" });
    } else if (now !== sourceOffset) {
      const text = `The group has moved on the source since the plan was made, to ${
        now ?? "no offset"
      }`;
      leave(failure("GROUP_MOVED", text));
    } else if (target !== undefined && isShareGroup(target)) {
      leave(failure("TARGET_SHARE_GROUP", "On the target a share group has this name"));
    } else if (target !== undefined && isActive(target)) {
      const text = `The group is active on the target (${target.state})`;
      leave(failure("TARGET_GROUP_ACTIVE", text));
    } else {
      const metadata = source?.metadata?.get(key) ?? "";
      const metadataLeftOut = whyLeftOut(metadata, facts.maxMetadataLength);
      commit.push({
        ...position,
        targetOffset: offset,
        ...(before !== undefined && { before }),
        ...(metadataLeftOut === undefined ? { metadata } : { metadata: "", metadataLeftOut }),
      });
    }
  }
  return { commit, rest };
}

/**
 * Positions that an earlier run planned for and that no group has any more. The copy that was begun is finished, but it
 * is not known at which offset the groups would continue. A coordinator that has just moved may list no group for a while.
 */
export function forgottenPositions({ partitions }: Plan): readonly GroupOffset[] {
  return partitions.flatMap(({ topic, partition, groups, submittedBy, submittedOffset }) =>
    groups.length > 0 || submittedOffset === undefined ? [] : [{
      ...{ group: submittedBy, topic, partition, sourceOffset: submittedOffset, status: "left" },
      reason: "No group has a committed offset here on the source any more",
      code: "GROUP_GONE",
    }]
  );
}

/** The problem of a group about which nothing is known now: its position must not be guessed. */
function problemOf(role: "source" | "target", group: GroupSnapshot | undefined) {
  return group?.problem === undefined ? undefined : within(`On the ${role} `, group.problem);
}

/**
 * What became of a position, judged by the offset read back after the commit.
 *
 * @param problem why it was not committed, or why nothing could be read back
 */
export function committedPosition(
  { metadata: _, metadataLeftOut, ...position }: PositionToCommit,
  after: bigint | undefined,
  problem: Failure | undefined,
): GroupOffset {
  const known = { ...position, ...(after !== undefined && { after }) };
  if (after === position.targetOffset) {
    return { ...known, status: "committed", ...(metadataLeftOut && { metadataLeftOut }) };
  }
  const others = `The target reads back ${
    after ?? "no offset"
  }: somebody else has committed meanwhile`;
  const { text: reason, code } = problem ?? failure("COMMITTED_BY_OTHERS", others);
  return { ...known, status: "left", reason, code };
}
