// The plan on the screen: the lines of every partition while there are few; otherwise one line for each topic, the largest
// partitions, and how many are expired or skipped. The log has every line.

import { partitionsToCopy, type Plan, type PlannedPartition } from "../plan/plan.ts";
import { type PlanLine, planLines } from "../plan/plan_text.ts";
import { planTotals } from "../report/report.ts";
import { countOf, formatCount, sum } from "../model/units.ts";
import { escapeName } from "../model/escape_name.ts";

/** With more partitions than this, the screen shows a summary instead of each partition's lines. */
export const MOST_PARTITIONS_SHOWN = 40;
const LARGEST_SHOWN = 5;

/** The lines for the screen. */
export function planSummary(plan: Plan): readonly PlanLine[] {
  const { partitions } = plan;
  const lines = partitions.length <= MOST_PARTITIONS_SHOWN
    ? partitions.flatMap(planLines)
    : [...topicLines(partitions), ...largest(plan), ...counts(partitions)];
  return [...lines, info(totalsLine(plan))];
}

/** `Total: 3 topics, 5 of 6 partitions to migrate, 76,522 messages`. */
export function totalsLine(plan: Plan): string {
  const totals = planTotals(plan);
  const extra = [
    totals.expiredMessages > 0n && `${formatCount(totals.expiredMessages)} expired before`,
    totals.uncommittedOffsets > 0n &&
    `${formatCount(totals.uncommittedOffsets)} of them only because of uncommitted: earliest`,
  ].filter((part) => part !== false);
  return [
    `Total: ${countOf(totals.topics, "topic")}`,
    `${totals.partitionsToCopy} of ${countOf(totals.partitions, "partition")} to migrate`,
    `messages: ${totals.offsets}`,
    ...extra,
  ].join(", ");
}

function topicLines(partitions: readonly PlannedPartition[]): readonly PlanLine[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, ofTopic]) => {
    const toCopy = ofTopic.filter(({ offsets }) => offsets > 0n).length;
    const messages = sum(ofTopic, ({ offsets }) => offsets);
    return info(
      `Prepare to migrate topic: ${
        escapeName(topic)
      }, partitions: ${toCopy} of ${ofTopic.length}, messages: ${messages}`,
    );
  });
}

function largest(plan: Plan): readonly PlanLine[] {
  const sorted = partitionsToCopy(plan).toSorted((a, b) => Number(b.offsets - a.offsets));
  return sorted.slice(0, LARGEST_SHOWN).flatMap(planLines);
}

function counts(partitions: readonly PlannedPartition[]): readonly PlanLine[] {
  const expired = partitions.filter(({ expiredMessages }) => expiredMessages > 0n);
  const skipped = partitions.filter(({ skip }) => skip !== undefined);
  const lines: PlanLine[] = [];
  if (expired.length > 0) {
    const messages = sum(expired, ({ expiredMessages }) => expiredMessages);
    lines.push({
      level: "warning",
      text: `In ${countOf(expired.length, "partition")} ${
        formatCount(messages)
      } messages have expired`,
    });
  }
  if (skipped.length > 0) {
    lines.push(info(`${countOf(skipped.length, "partition")}: skip migrate...`));
  }
  return lines;
}

function info(text: string): PlanLine {
  return { level: "info", text };
}
