// Estimates how many bytes a plan copies and how long that takes: a partition's size on the source's disks times the
// share of its offsets to be copied. Sizes are compressed ones, and records of compacted logs are spread unevenly, so
// this is never exact, and the output says so.

import { escapeName } from "../model/escape_name.ts";
import { partitionsToCopy, type Plan, type PlannedPartition } from "./plan.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { formatBytes, formatDuration, sum } from "../model/units.ts";

/** Bytes on the source's disks, by `formatTopicPartition`; partitions whose size no broker reported are absent. */
export type PartitionBytes = ReadonlyMap<string, bigint>;

/** An estimate of what will be copied. */
export interface Estimate {
  readonly partitions: number;
  /** Offsets to copy, an upper bound for the messages. */
  readonly messages: bigint;
  /** Absent where the sizes of some partitions are not known. */
  readonly bytes?: bigint;
  /** The time the copy takes at `limits.bytesPerSecond`; absent without a limit. */
  readonly durationMs?: number;
  /** The part of `messages` that is copied only because of the `uncommitted` rule. */
  readonly uncommittedMessages: bigint;
  /** The same part of `bytes`. */
  readonly uncommittedBytes?: bigint;
}

/** An estimate in total and by topic. */
export interface PlanEstimate extends Estimate {
  readonly topics: readonly (Estimate & { readonly topic: string })[];
  /** `limits.bytesPerSecond`. */
  readonly bytesPerSecond?: number;
}

/** Estimates a plan. */
export function estimatePlan(
  plan: Plan,
  sizes: PartitionBytes,
  bytesPerSecond?: number,
): PlanEstimate {
  const toCopy = partitionsToCopy(plan);
  return {
    ...estimate(toCopy, sizes, bytesPerSecond),
    topics: [...Map.groupBy(toCopy, ({ topic }) => topic)].map(([topic, partitions]) => ({
      topic,
      ...estimate(partitions, sizes, bytesPerSecond),
    })),
    ...(bytesPerSecond !== undefined && { bytesPerSecond }),
  };
}

/** The bytes of some of a partition's offsets; undefined where the partition's size is not known. */
export function estimatedBytes(
  { log, ...partition }: PlannedPartition,
  offsets: bigint,
  sizes: PartitionBytes,
): bigint | undefined {
  const size = sizes.get(formatTopicPartition(partition));
  const held = log.highWatermark - log.logStartOffset;
  if (size === undefined) return undefined;
  return held > 0n ? size * offsets / held : 0n;
}

function estimate(
  partitions: readonly PlannedPartition[],
  sizes: PartitionBytes,
  bytesPerSecond: number | undefined,
): Estimate {
  const bytesOf = (offsets: (partition: PlannedPartition) => bigint): bigint | undefined => {
    const all = partitions.map((each) => estimatedBytes(each, offsets(each), sizes));
    return all.includes(undefined) ? undefined : sum(all, (bytes) => bytes ?? 0n);
  };
  const bytes = bytesOf(({ offsets }) => offsets);
  const uncommittedBytes = bytesOf((each) => each.uncommittedOffsets);
  return {
    partitions: partitions.length,
    messages: sum(partitions, ({ offsets }) => offsets),
    uncommittedMessages: sum(partitions, (each) => each.uncommittedOffsets),
    ...(bytes !== undefined && { bytes }),
    ...(uncommittedBytes !== undefined && { uncommittedBytes }),
    ...(bytes !== undefined && bytesPerSecond !== undefined &&
      { durationMs: Math.ceil(Number(bytes) * 1000 / bytesPerSecond) }),
  };
}

/** Lines for the log, first the total, then each topic; the first also goes to the screen. None where nothing is copied. */
export function estimateLines(found: PlanEstimate): readonly string[] {
  if (found.messages === 0n) return [];
  if (found.bytes === undefined) {
    return [
      "Estimated: sizes are not known, as the user has no Describe on the source cluster (or a broker did not tell)",
    ];
  }
  return [
    `Estimated: ${figures(found, found.bytesPerSecond)}`,
    ...found.topics.map((each) =>
      `topic: ${escapeName(each.topic)}, messages: ${each.messages}, estimated: ${
        figures(each, found.bytesPerSecond)
      }`
    ),
  ];
}

/** `1.2 GB, 24 s at 50 MB/s, 300 MB of it only because of uncommitted: earliest`. */
function figures(
  { bytes = 0n, durationMs, uncommittedBytes = 0n, uncommittedMessages }: Estimate,
  bytesPerSecond = 0,
): string {
  return [
    formatBytes(bytes),
    ...(durationMs === undefined
      ? []
      : [`${formatDuration(durationMs)} at ${formatBytes(bytesPerSecond)}/s`]),
    ...(uncommittedMessages === 0n
      ? []
      : [`${formatBytes(uncommittedBytes)} of it only because of uncommitted: earliest`]),
  ].join(", ");
}
