// The plan of one partition: which group's committed offset sets the start, which of the wanted offsets the log still
// holds, and how much less would be copied without that group. Nothing here looks at filters or at other partitions.

import { clamp, type ClampedRange } from "./clamp.ts";
import { compareNames } from "../model/compare_names.ts";
import type { PartitionOffsets } from "../model/snapshot.ts";
import type { PartitionRange } from "./partition_range.ts";
import type { TopicPartition } from "../model/topic_partition.ts";

/** What one group has committed on one partition. */
export interface GroupPosition {
  readonly group: string;
  /** Absent where the group has committed on the topic, but not on this partition. */
  readonly committed?: bigint;
}

/** A group's position with its lag. */
export interface PlannedGroup extends GroupPosition {
  /** High watermark − committed offset (log start offset where there is none), in offsets, never negative: Kafka's lag, expired messages included. */
  readonly lag: bigint;
}

/** What would be copied without the group that sets the start. */
export interface WithoutSmallest {
  readonly startOffset: bigint;
  readonly offsets: bigint;
}

/** What will be copied of one partition, and why. Plain data, fixed before the first byte is copied. */
export interface PlannedPartition extends TopicPartition, ClampedRange {
  /** The smallest committed ("submitted") offset; absent where the start is set by a group that has not committed, or by a range. */
  readonly submittedOffset?: bigint;
  /** The group that sets the start, the first by name among equals; for a range, the range in words. */
  readonly submittedBy: string;
  /** Every group that the plan counts on this partition, by name; none for a range. */
  readonly groups: readonly PlannedGroup[];
  /** Present where other groups remain and less would be copied without `submittedBy`. */
  readonly withoutSmallest?: WithoutSmallest;
  /** Offsets copied only because a group that has not committed counts as the log start offset. */
  readonly uncommittedOffsets: bigint;
  /** The log's offsets when the plan was made. */
  readonly log: PartitionOffsets;
  /** The range that the config asked for; absent where groups decided. */
  readonly range?: Pick<PartitionRange, "start" | "end">;
}

/**
 * Plans one partition.
 *
 * @param positions the groups that count, at least one.
 * @throws RangeError where there is none: a partition without groups does not belong in a plan.
 */
export function planPartition(
  { topic, partition }: TopicPartition,
  log: PartitionOffsets,
  positions: readonly GroupPosition[],
): PlannedPartition {
  const order = (a: GroupPosition, b: GroupPosition): number =>
    comparePositions(a, b, log.logStartOffset);
  const smallest = least(positions, order);
  if (smallest === undefined) {
    throw new RangeError(`Cannot plan partition ${partition} of ${topic}: no group counts`);
  }
  const range = clamp(smallest.committed, log);
  const next = least(positions.filter((position) => position !== smallest), order);
  const rest = next === undefined ? undefined : clamp(next.committed, log);
  const committed = least(positions.filter((p) => p.committed !== undefined), order);
  const committedOffsets = committed === undefined ? 0n : clamp(committed.committed, log).offsets;
  return {
    topic,
    partition,
    ...range,
    ...(smallest.committed === undefined ? {} : { submittedOffset: smallest.committed }),
    submittedBy: smallest.group,
    groups: positions.map((position) => withLag(position, log)).sort(byGroup),
    ...(rest === undefined || rest.offsets === range.offsets
      ? {}
      : { withoutSmallest: { startOffset: rest.startOffset, offsets: rest.offsets } }),
    uncommittedOffsets: range.offsets - committedOffsets,
    log,
  };
}

/** By offset; among equals a real commit before none (it proves that the group existed), then by name. */
function comparePositions(a: GroupPosition, b: GroupPosition, logStartOffset: bigint): number {
  const positionOfA = a.committed ?? logStartOffset;
  const positionOfB = b.committed ?? logStartOffset;
  if (positionOfA !== positionOfB) return positionOfA < positionOfB ? -1 : 1;
  if ((a.committed === undefined) !== (b.committed === undefined)) {
    return a.committed === undefined ? 1 : -1;
  }
  return byGroup(a, b);
}

function byGroup(a: GroupPosition, b: GroupPosition): number {
  return compareNames(a.group, b.group);
}

function least<T>(values: readonly T[], order: (a: T, b: T) => number): T | undefined {
  let smallest: T | undefined;
  for (const value of values) {
    if (smallest === undefined || order(value, smallest) < 0) smallest = value;
  }
  return smallest;
}

function withLag(position: GroupPosition, log: PartitionOffsets): PlannedGroup {
  const lag = log.highWatermark - (position.committed ?? log.logStartOffset);
  return { ...position, lag: lag > 0n ? lag : 0n };
}
