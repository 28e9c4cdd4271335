// Results in words, for the log and the screen: each partition when it is finished, each topic after verification.

import { placeBeside } from "../findings/finding_place.ts";
import type { Finding } from "../model/finding.ts";
import { partitionText } from "../plan/plan_text.ts";
import { escapeName } from "../model/escape_name.ts";
import { countOf, formatCount, formatDuration } from "../model/units.ts";
import { remedyOf } from "../model/failure.ts";
import type { PartitionResult, TopicResult } from "../verify/verify.ts";

/** A line with its level. */
export interface ResultLine {
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

/** A finding as one line: code, place, message and remedy. */
export function findingLine(
  { code, severity, where, message, remedy, accepted }: Finding,
): ResultLine {
  const place = placeBeside(message, where);
  const text = `${code}: ${message}${place && ` (${place})`}. ${remedy}`;
  return { level: severity, text: accepted ? `${text} (accepted)` : text };
}

/** A partition after verification; for one that is not verified, with what to do next. */
export function partitionResultLine(result: PartitionResult): ResultLine {
  const { status, recordsRead, recordsProduced, reason, code } = result;
  const counts = `messages read: ${recordsRead}, on the target: ${recordsProduced}`;
  const text = `${partitionText(result)}, ${counts}, ${status}`;
  if (status === "verified" || status === "skipped") {
    return { level: "info", text: reason ? `${text}: ${reason}` : text };
  }
  const why = reason ? `: ${reason}` : "";
  return { level: "error", text: `${text}${why}. ${remedyOf(code)}` };
}

/** A topic after verification: how many messages were read and how many are on the target. */
export function topicResultLine(result: TopicResult): ResultLine {
  const { topic, recordsRead, recordsProduced, failed, lost, verified } = result;
  const bad = [
    failed > 0 && `${failed} failed`,
    lost > 0 && `${lost} with expired messages`,
  ].filter((part) => part !== false);
  const counts = `messages read: ${recordsRead}, on the target: ${recordsProduced}`;
  const partitions = `partitions verified: ${verified} of ${result.partitions - result.skipped}`;
  const text = [`topic: ${escapeName(topic)}`, counts, partitions, ...bad].join(", ");
  return bad.length === 0
    ? { level: "info", text }
    : { level: "error", text: `${text}. What to do stands beside each partition` };
}

/** The figures of a line about comparing contents. */
export interface CompareFigures {
  readonly recordsRead: bigint;
  readonly records: bigint;
  readonly partitionsCompared: number;
  readonly partitions: number;
  readonly elapsedMs: number;
}

/** `compared 41 %, 31,200 of 76,522 messages, 3 of 6 partitions, about 4 s left`. */
export function compareLine(figures: CompareFigures, done = "compared"): string {
  const { recordsRead, records, partitionsCompared, partitions, elapsedMs } = figures;
  const share = records === 0n ? 100 : Math.min(Number(recordsRead * 1000n / records) / 10, 100);
  return [
    `${done} ${Math.floor(share)} %`,
    `${formatCount(recordsRead)} of ${countOf(records, "message")}`,
    `${partitionsCompared} of ${countOf(partitions, "partition")}`,
    ...timeLeft(share, elapsedMs),
  ].join(", ");
}

function timeLeft(share: number, elapsedMs: number): readonly string[] {
  if (share <= 0 || share >= 100) return [];
  return [`about ${formatDuration(elapsedMs * (100 - share) / share)} left`];
}
