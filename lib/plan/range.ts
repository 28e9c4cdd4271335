// Ranges that the config asks for: in words, as settings, and the plan of one of them. Whether the log holds the whole
// range is judged by lib/findings/range_findings.ts.

import { clamp, type ClampedRange } from "./clamp.ts";
import type { PlannedPartition } from "./planned_partition.ts";
import type { PartitionOffsets } from "../model/snapshot.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import type { PartitionRange } from "./partition_range.ts";

/** `range 100 to 264322`, `range earliest to end of log`, `range 2022-11-03T15:02:08.000Z to end of log`. */
export function rangeText({ start, end }: Pick<PartitionRange, "start" | "end">): string {
  return `range ${startText(start)} to ${end ?? "end of log"}`;
}

/** The ranges as a setting that must not change during a migration: in a fixed order, without bigints. */
export function rangeSettings(ranges: readonly PartitionRange[]): readonly unknown[] {
  return ranges.toSorted(byCodeUnits).map(({ topic, partition, start, end }) => ({
    topic,
    partition,
    start: startText(start),
    ...(end !== undefined && { end: String(end) }),
  }));
}

/** Journals store the ranges in this order and are compared with it: it must not change, however names are listed for people. */
function byCodeUnits(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}

/**
 * Plans one range.
 *
 * @param timeOffset the first offset at or after the time at which the range starts; undefined where there is none.
 */
export function planRange(
  range: PartitionRange,
  log: PartitionOffsets,
  timeOffset: bigint | undefined,
): PlannedPartition {
  const { topic, partition, start, end } = range;
  const from = typeof start === "bigint"
    ? start
    : start === "earliest"
    ? undefined
    : timeOffset ?? log.highWatermark;
  const { skip, startReason, ...clamped } = clamp(from, log, end);
  return {
    topic,
    partition,
    ...clamped,
    startReason: startReason === "expired" ? "expired" : "range",
    ...(skip !== undefined && { skip: skipReason(skip, log) }),
    submittedBy: rangeText(range),
    groups: [],
    uncommittedOffsets: 0n,
    log,
    range: { start, ...(end !== undefined && { end }) },
  };
}

function skipReason(
  skip: NonNullable<ClampedRange["skip"]>,
  { logStartOffset, highWatermark }: PartitionOffsets,
): NonNullable<ClampedRange["skip"]> {
  if (skip === "expired" || skip === "open-transaction") return skip;
  return logStartOffset === highWatermark ? "empty" : "outside";
}

function startText(start: PartitionRange["start"]): string {
  return typeof start === "object" ? new Date(start.timestampMs).toISOString() : String(start);
}
