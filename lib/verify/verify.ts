// Verification by count: for each partition, the target has acknowledged every record read from the planned range, and still
// holds it. The lag in offsets and the number of records are counted separately, because compacted and transactional logs
// hold fewer records than offsets. A partition without evidence never passes. Where contents were compared too, their
// result is added here.

import { type Failure, failure, recordedFailure, within } from "../model/failure.ts";
import type { FailureCode } from "../model/failure_kinds.ts";
import { minOffset, type OffsetSpan } from "../model/offsets.ts";
import { sequenceOf } from "../model/sequence.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { countOf, formatCount, sum } from "../model/units.ts";

/** The planned range of one partition. */
export interface PlannedRange extends TopicPartition, OffsetSpan {
  /** endOffset − startOffset, or 0 where nothing is copied. */
  readonly offsets: bigint;
}

/** What the copy, and the target afterwards, tell about one partition. All counts cover all runs of the migration. */
export interface CountEvidence extends TopicPartition {
  /** The next source offset to read; the planned end when the whole range has been read. */
  readonly nextSourceOffset: bigint;
  /** Records read from the range that belong on the target, counted independently of what was sent. */
  readonly recordsRead: bigint;
  /** Batches that were read and deliberately not sent: control batches, batches of aborted transactions, empty ones. */
  readonly batchesLeftOut: number;
  /** Records the target has acknowledged. */
  readonly recordsProduced: bigint;
  /** The target's high watermark when the first plan was made; absent where it is not known. */
  readonly targetPlannedOffset?: bigint;
  /** Target offset of our first record; absent where the target acknowledged none. */
  readonly targetFirstOffset?: bigint;
  /** One past the target offset of our last record; where others write too, larger than the count suggests. Absent where not known. */
  readonly targetNextOffset?: bigint;
  /** Log start offset of the target partition after the copy; absent where the target did not report it. */
  readonly targetLogStartOffset?: bigint;
  /** High watermark of the target partition after the copy; absent where the target did not report it. */
  readonly targetHighWatermark?: bigint;
  /** The last sequence of our producer id that the target's leader remembers; absent where it remembers none. */
  readonly targetLastSequence?: number;
  /** Records before the epoch to which that sequence belongs; absent for the first epoch. */
  readonly epochRecords?: bigint;
  /** The fault that reading our records back from the target found, where that was necessary. */
  readonly wrongOnTarget?: Failure;
  /** Set where transaction markers lie among our records, so that offsets do not show how many messages others wrote. */
  readonly marked?: true;
  /** The planned end, where the copy went beyond it because producers still wrote to the source. */
  readonly overshotOffset?: bigint;
  /** Spans of source offsets that expired before they were read. */
  readonly lost?: readonly OffsetSpan[];
  /** Why the copy of this partition stopped early. */
  readonly failed?: Failure;
}

/**
 * How a partition ended. `verified`: every record is on the target. `skipped`: nothing was planned. `lost`: part of the range
 * expired on the source after the plan was made, and is gone for good. `failed`: incomplete or unproved; the next run tries
 * again.
 */
export type PartitionStatus = "verified" | "skipped" | "lost" | "failed";

/** The result of one partition. */
export interface PartitionResult extends TopicPartition {
  readonly status: PartitionStatus;
  readonly plannedOffsets: bigint;
  readonly recordsRead: bigint;
  readonly recordsProduced: bigint;
  readonly lost?: readonly OffsetSpan[];
  /** Offsets that others have taken on the target since the first plan; absent where there are none or this is unknown. */
  readonly othersOnTarget?: bigint;
  /** Present where contents were compared too. */
  readonly content?: ContentEvidence;
  /** Why the partition is not verified, or a remark on one that is: a sentence. */
  readonly reason?: string;
  /** The code of why it is not verified; present where the status is `failed` or `lost`. */
  readonly code?: FailureCode;
}

/** The result of comparing the contents of both sides. */
export interface ContentEvidence {
  /** Messages with equal key, value, headers and timestamp, in the same order. */
  readonly equal: bigint;
  /** Messages that compaction has removed on the target, which holds later messages with their keys. */
  readonly compacted: bigint;
  /** Messages that compaction has removed on the source since they were copied. */
  readonly goneFromSource: bigint;
  /** Messages whose timestamps were not compared, because the target sets its own. */
  readonly withoutTimestamp: bigint;
  /** The first difference, or why there was nothing to compare: a sentence. */
  readonly difference?: string;
  /** The code of that difference. */
  readonly code?: FailureCode;
}

/** Sums over several partitions. */
export interface ResultTotals {
  readonly partitions: number;
  readonly plannedOffsets: bigint;
  readonly recordsRead: bigint;
  readonly recordsProduced: bigint;
  /** How many partitions ended with each status; the four add up to `partitions`. */
  readonly verified: number;
  readonly skipped: number;
  readonly lost: number;
  readonly failed: number;
}

/** The sums of one topic. */
export interface TopicResult extends ResultTotals {
  readonly topic: string;
}

/** The result of a migration, by partition, by topic and in total. */
export interface Verification {
  readonly partitions: readonly PartitionResult[];
  readonly topics: readonly TopicResult[];
  readonly totals: ResultTotals;
}

/** Whether contents can be compared; a partition that failed by count fails in any case. */
export function isComparable({ status, recordsProduced }: PartitionResult): boolean {
  return (status === "verified" || status === "lost") && recordsProduced > 0n;
}

/** Adds the result of comparing contents; a comparable partition without such a result fails. */
export function addContent(
  { partitions }: Verification,
  evidence: ReadonlyMap<string, ContentEvidence>,
): Verification {
  return summed(partitions.map((result) => {
    if (!isComparable(result)) return result;
    const content = evidence.get(formatTopicPartition(result));
    return withContent(result, content);
  }));
}

function withContent(
  result: PartitionResult,
  content: ContentEvidence | undefined,
): PartitionResult {
  const found = contentFailure(content);
  const { reason: counted, ...rest } = result;
  const reasons = [found?.text, counted, ...(content === undefined ? [] : notesOn(content))];
  const reason = reasons.filter((each) => each !== undefined).join("; ");
  return {
    ...rest,
    ...(content !== undefined && { content }),
    ...(found !== undefined && { status: "failed", code: found.code }),
    ...(reason !== "" && { reason }),
  };
}

function contentFailure(content: ContentEvidence | undefined): Failure | undefined {
  if (content === undefined) return failure("NOT_COMPARED", "The contents were not compared");
  const { difference, code, equal } = content;
  if (difference !== undefined) return recordedFailure(difference, code);
  if (equal > 0n) return undefined;
  return failure("LOG_EXPIRED", "The source holds nothing of it any more to compare");
}

function notesOn({ compacted, goneFromSource, withoutTimestamp }: ContentEvidence): string[] {
  return [
    ...(compacted > 0n
      ? [
        `${
          countOf(compacted, "message")
        } compacted away on the target, which holds later ones of the same keys`,
      ]
      : []),
    ...(goneFromSource > 0n
      ? [`${countOf(goneFromSource, "message")} compacted away on the source since, not compared`]
      : []),
    ...(withoutTimestamp > 0n
      ? [
        `The timestamps of ${
          countOf(withoutTimestamp, "message")
        } left out, since the target sets its own`,
      ]
      : []),
  ];
}

/** Judges every planned partition by its evidence; a partition without evidence fails. */
export function verifyCount(
  planned: readonly PlannedRange[],
  evidence: readonly CountEvidence[],
): Verification {
  const byPartition = new Map(evidence.map((item) => [formatTopicPartition(item), item]));
  const partitions = planned.map((plan) =>
    verifyPartition(plan, byPartition.get(formatTopicPartition(plan)))
  );
  return summed(partitions);
}

function summed(partitions: readonly PartitionResult[]): Verification {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)]
    .map(([topic, results]) => ({ topic, ...totalsOf(results) }));
  return { partitions, topics, totals: totalsOf(partitions) };
}

/** Judges one partition. */
export function verifyPartition(
  planned: PlannedRange,
  evidence: CountEvidence | undefined,
): PartitionResult {
  const { topic, partition, offsets: plannedOffsets } = planned;
  const { recordsRead = 0n, recordsProduced = 0n, lost } = evidence ?? {};
  const result = { topic, partition, plannedOffsets, recordsRead, recordsProduced } as const;
  if (plannedOffsets === 0n && recordsRead === 0n && recordsProduced === 0n) {
    return { ...result, status: "skipped" };
  }
  const problem = problemOf(planned, evidence);
  const others = problem === undefined ? othersOnTarget(evidence) : undefined;
  const told = { ...result, ...(others !== undefined && { othersOnTarget: others }) };
  if (lost !== undefined) {
    const spans = lost.map(({ startOffset, endOffset }) => `${startOffset} to ${endOffset - 1n}`);
    const range = `Offsets ${spans.join(", ")} expired on the source before they were read`;
    // The lost range is final, but any other problem is not: the status is `failed`, so that the next run tries again.
    const { code, text: reason } = problem === undefined
      ? failure("EXPIRED_UNREAD", range)
      : within(`${range}; `, problem);
    return { ...told, lost, status: problem === undefined ? "lost" : "failed", reason, code };
  }
  if (problem !== undefined) {
    return { ...told, status: "failed", reason: problem.text, code: problem.code };
  }
  const reason = recordsRead === 0n
    ? "The range holds no messages, only what marks transactions"
    : othersText(others, evidence) ?? overshoot(planned, evidence);
  return { ...told, status: "verified", ...(reason !== undefined && { reason }) };
}

/** Target offsets that others have taken since the first plan: a duplicate produced by hand shows up here. */
function othersOnTarget(evidence: CountEvidence | undefined): bigint | undefined {
  const { targetFirstOffset, targetHighWatermark, recordsProduced = 0n, marked } = evidence ?? {};
  if (targetFirstOffset === undefined || targetHighWatermark === undefined || marked) {
    return undefined;
  }
  const { targetPlannedOffset = targetFirstOffset } = evidence ?? {};
  const from = minOffset(targetPlannedOffset, targetFirstOffset);
  const others = targetHighWatermark - from - recordsProduced;
  return others > 0n ? others : undefined;
}

function othersText(
  others: bigint | undefined,
  { targetPlannedOffset }: Pick<CountEvidence, "targetPlannedOffset"> = {},
): string | undefined {
  if (others === undefined) return undefined;
  const since = targetPlannedOffset === undefined ? "the first of these" : "the first plan";
  return `Others have written ${countOf(others, "message")} since ${since}`;
}

/** A remark where more was copied than planned: everything up to the actual end is copied and verified. */
function overshoot(
  { endOffset }: PlannedRange,
  { overshotOffset }: Pick<CountEvidence, "overshotOffset"> = {},
): string | undefined {
  if (overshotOffset === undefined) return undefined;
  return `The source was written to meanwhile: planned end offset ${overshotOffset}, actual end offset ${endOffset}`;
}

function problemOf(
  { startOffset, endOffset, offsets }: PlannedRange,
  evidence: CountEvidence | undefined,
): Failure | undefined {
  if (evidence === undefined) return failure("NOT_COPIED", "The partition was not copied");
  const { nextSourceOffset, recordsRead, recordsProduced, batchesLeftOut, lost, failed } = evidence;
  if (failed !== undefined) return failed;
  if (nextSourceOffset < endOffset) {
    const read = formatCount(nextSourceOffset - startOffset);
    return failure("READ_INCOMPLETE", `Only ${read} of ${countOf(offsets, "offset")} were read`);
  }
  if (recordsRead > offsets) {
    const text = `More messages were read (${
      formatCount(recordsRead)
    }) than the range has offsets (${formatCount(offsets)})`;
    return failure("COUNTS_DIFFER", text);
  }
  if (recordsProduced !== recordsRead) {
    const text = `${countOf(recordsRead, "message")} read from the source, ${
      formatCount(recordsProduced)
    } ${evidence.marked ? "found on" : "acknowledged by"} the target`;
    return failure("COUNTS_DIFFER", text);
  }
  if (recordsRead > 0n) return problemOnTarget(evidence);
  return batchesLeftOut > 0 || lost !== undefined ? undefined : failure(
    "NOTHING_READ",
    `Nothing was read of ${countOf(offsets, "offset")}, which proves nothing`,
  );
}

/** The target must still hold everything that it has acknowledged, from our first record to our last. */
function problemOnTarget(evidence: CountEvidence): Failure | undefined {
  const { recordsProduced, targetFirstOffset, targetLogStartOffset, targetHighWatermark } =
    evidence;
  if (targetFirstOffset === undefined) {
    return failure("PLACE_UNKNOWN", "It is not known where the messages went on the target");
  }
  if (targetLogStartOffset === undefined || targetHighWatermark === undefined) {
    const text = "The target could not be asked whether it still holds the messages";
    return failure("PARTITION_UNAVAILABLE", text);
  }
  if (targetLogStartOffset > targetFirstOffset) {
    const text =
      `The target has already deleted some of the messages: its log starts at ${targetLogStartOffset}, the first message was written at ${targetFirstOffset}`;
    return failure("TARGET_DELETED", text);
  }
  const { targetLastSequence, epochRecords = 0n } = evidence;
  const lastSequence = sequenceOf(recordsProduced - 1n - epochRecords);
  if (targetLastSequence !== undefined && targetLastSequence !== lastSequence) {
    const text =
      `The last sequence of this migration is ${targetLastSequence} on the target, after ${
        countOf(recordsProduced, "message")
      } it would be ${lastSequence}: it does not hold what was acknowledged`;
    return failure("SEQUENCE_UNKNOWN", text);
  }
  if (evidence.wrongOnTarget !== undefined) return evidence.wrongOnTarget;
  const end = evidence.targetNextOffset ?? targetFirstOffset + recordsProduced;
  if (end - targetFirstOffset < recordsProduced) {
    const text = `The target has acknowledged ${
      countOf(recordsProduced, "message")
    } between offsets ${targetFirstOffset} and ${end - 1n}, which can't hold as many`;
    return failure("TARGET_HOLDS_LESS", text);
  }
  return targetHighWatermark < end
    ? failure(
      "TARGET_HOLDS_LESS",
      `The target has acknowledged messages up to offset ${
        end - 1n
      } and its log ends at ${targetHighWatermark}`,
    )
    : undefined;
}

function totalsOf(results: readonly PartitionResult[]): ResultTotals {
  const count = (status: PartitionStatus): number =>
    results.filter((result) => result.status === status).length;
  return {
    partitions: results.length,
    plannedOffsets: sum(results, (result) => result.plannedOffsets),
    recordsRead: sum(results, (result) => result.recordsRead),
    recordsProduced: sum(results, (result) => result.recordsProduced),
    verified: count("verified"),
    skipped: count("skipped"),
    lost: count("lost"),
    failed: count("failed"),
  };
}
