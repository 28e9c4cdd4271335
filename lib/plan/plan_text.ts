// The operator's log lines about a planned partition, in the words that operators know: "Prepare to migrate",
// "submitted offset", "messages have expired", "skip migrate...". Numbers have no separators, so that they can be searched
// for and compared with the output of Kafka's own tools. Names are escaped; nothing here prints.

import type { SkipReason } from "./clamp.ts";
import { escapeName } from "../model/escape_name.ts";
import type { PlannedPartition } from "./planned_partition.ts";
import { countOf, formatCount } from "../model/units.ts";

/** One line for the log, without its time. */
export interface PlanLine {
  readonly level: "info" | "warning";
  readonly text: string;
}

const SKIPPED_BECAUSE: Readonly<Record<SkipReason, string>> = {
  "consumed": "everything is consumed",
  "expired": "all unconsumed messages have expired",
  "empty": "the partition is empty",
  "beyond-end": "the submitted offset is beyond the end",
  "open-transaction": "all that remains belongs to or follows an open transaction",
  "migrated": "already migrated",
  "outside": "the log holds nothing of the range",
};

/** The lines of one partition: what had expired, what will be copied or why nothing is, what an open transaction holds back. */
export function planLines(planned: PlannedPartition): readonly PlanLine[] {
  const name = partitionText(planned);
  const submitted = submittedText(planned);
  const start = `start offset: ${planned.startOffset}`;
  const end = `end offset: ${planned.endOffset}`;
  const lines: PlanLine[] = [];
  if (planned.expiredMessages > 0n) {
    lines.push({
      level: "warning",
      text:
        `${name}, ${submitted}, ${planned.expiredMessages} messages have expired, log start offset: ${planned.log.logStartOffset}`,
    });
  }
  lines.push(
    planned.skip === undefined
      ? {
        level: "info",
        text:
          `Prepare to migrate ${name}, ${submitted}, ${start}, ${end}, messages: ${planned.offsets}`,
      }
      : {
        level: planned.skip === "beyond-end" ? "warning" : "info",
        text: `${name}, ${submitted}, ${start}, ${end}, skip migrate... (${
          skippedBecause(planned)
        })`,
      },
  );
  if (planned.openTransactionOffsets > 0n) {
    lines.push({
      level: "warning",
      text:
        `${name}, a transaction is open at offset ${planned.log.lastStableOffset}, left behind: ${planned.openTransactionOffsets}`,
    });
  }
  const cost = costText(planned);
  if (cost !== undefined) lines.push({ level: "info", text: `${name}, ${cost}` });
  return lines;
}

function skippedBecause({ skip = "consumed", range }: PlannedPartition): string {
  return skip === "expired" && range !== undefined
    ? "all messages of the range have expired"
    : SKIPPED_BECAUSE[skip];
}

/** What the smallest committed offset costs: `without console-consumer-41: 12 messages instead of 4,100,000`; undefined where excluding that group changes nothing. */
export function costText(
  { submittedBy, offsets, withoutSmallest }: PlannedPartition,
): string | undefined {
  if (withoutSmallest === undefined) return undefined;
  const without = countOf(withoutSmallest.offsets, "message");
  return `without ${escapeName(submittedBy)}: ${without} instead of ${formatCount(offsets)}`;
}

/** `topic: test3, partition: 0`. */
export function partitionText(
  { topic, partition }: Pick<PlannedPartition, "topic" | "partition">,
): string {
  return `topic: ${escapeName(topic)}, partition: ${partition}`;
}

/** `submitted offset: 187800 (test123-group)`, `submitted offset: none (GROUP)`, or `submitted offset: none (range 100 to 200)`. */
export function submittedText(
  { submittedOffset, submittedBy }: Pick<PlannedPartition, "submittedOffset" | "submittedBy">,
): string {
  return `submitted offset: ${submittedOffset ?? "none"} (${escapeName(submittedBy)})`;
}
