// Group positions carried over: which group goes on where on the target, and which are left as they are, with the
// reason. Pure: the target offsets have been translated, nothing is committed here.

import { type Failure, failure, within } from "../model/failure.ts";
import type { FailureCode } from "../model/failure_kinds.ts";
import { isActive, isShareGroup } from "../model/group_state.ts";
import { type MetadataLeftOut, whyLeftOut } from "./metadata_text.ts";
import type { Plan } from "./plan.ts";
import type { GroupSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";

/**
 * What became of one position. `committed`: committed and read back. `further`: the group stands there already, or
 * further on, on the target. `left`: it was not committed, for a reason.
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
  /** What the group had committed on the target before; absent where it had not. */
  readonly before?: bigint;
  /** What is committed on the target now, read back; absent where nothing is. */
  readonly after?: bigint;
  /** Why the text that the group has committed beside the offset did not go along; absent where it did, or there is none. */
  readonly metadataLeftOut?: MetadataLeftOut;
  /** Why it was left: a sentence, and its code. */
  readonly reason?: string;
  readonly code?: FailureCode;
}

/** A position to carry over, as the plan saw it. */
export interface WantedPosition extends TopicPartition {
  readonly group: string;
  readonly sourceOffset: bigint;
}

/** What positions are judged by. */
export interface GroupOffsetFacts {
  /** By group: as they are now, just before anything is committed. */
  readonly onSource: ReadonlyMap<string, GroupSnapshot>;
  readonly onTarget: ReadonlyMap<string, GroupSnapshot>;
  /** Why a partition's positions must not be used, by `formatTopicPartition`. */
  readonly unverified: ReadonlyMap<string, Failure>;
  /** A target offset, or why it is not known. */
  readonly translate: (position: WantedPosition) => bigint | Failure;
  /** `offset.metadata.max.bytes` of the target; absent where it is not known. */
  readonly maxMetadataLength?: number;
}

/** A position that may be committed. */
export interface PositionToCommit extends WantedPosition {
  readonly targetOffset: bigint;
  readonly before?: bigint;
  /** Empty where there is none, or it is left out. */
  readonly metadata: string;
  readonly metadataLeftOut?: MetadataLeftOut;
}

/** Every position that groups of the plan have committed. */
export function wantedPositions(plan: Plan): readonly WantedPosition[] {
  return plan.partitions.flatMap(({ topic, partition, groups }) =>
    groups.flatMap(({ group, committed }) =>
      committed === undefined ? [] : [{ group, topic, partition, sourceOffset: committed }]
    )
  );
}

/** Divides the positions into those to commit and those that stay as they are. */
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
 * Positions that an earlier run has planned for and no group has any more: what was begun is copied to its end, but
 * where groups would go on is not known. A coordinator that has just moved may list none for a while.
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

/** A group of which nothing is known now: where it stands must not be guessed. */
function problemOf(role: "source" | "target", group: GroupSnapshot | undefined) {
  return group?.problem === undefined ? undefined : within(`On the ${role} `, group.problem);
}

/**
 * What became of a position that was committed, by what reads back.
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
