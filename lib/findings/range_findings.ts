// Findings about a plan made from ranges: partitions that do not exist, logs that end before a range does, ranges that the
// topic filter excludes. Findings that ranges share with groups are in lib/findings/plan_findings.ts.

import { listNames } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlannedPartition } from "../plan/planned_partition.ts";
import { countOf } from "../model/units.ts";

/** All findings about ranges; none for a plan made from groups. */
export function rangeFindings({ partitions, ranges }: Plan): readonly Finding[] {
  if (ranges === undefined) return [];
  return [
    ...perTopic(ranges.missing, (topic, missing) =>
      finding(
        "RANGE_PARTITION_MISSING",
        { cluster: "source", topic, partitions: missing.map(({ partition }) => partition) },
        `ranges name ${partitionsOf(topic, missing)}, which the source does not have`,
        "Correct ranges; if the topic exists, give the user Describe on it",
      )),
    ...perTopic(partitions.filter(endsBefore), (topic, short) => {
      const [first] = short as [PlannedPartition];
      return finding(
        "RANGE_BEYOND_END",
        { cluster: "source", topic, partitions: short.map(({ partition }) => partition) },
        `The log ends before the range does for ${
          partitionsOf(topic, short)
        } (partition ${first.partition}: ${first.submittedBy}, end ${first.log.highWatermark})`,
        "Correct ranges; what the log does not hold is not copied",
      );
    }),
    ...filteredOut(ranges.filtered.map(({ topic }) => topic)),
  ];
}

/** Whether the range ends beyond the log, or begins at a time after the log's last message. */
function endsBefore({ range, log, skip }: PlannedPartition): boolean {
  if (range === undefined) return false;
  const { start, end = 0n } = range;
  if (end > log.highWatermark || (typeof start === "bigint" && start > log.highWatermark)) {
    return true;
  }
  return typeof start === "object" && skip === "outside";
}

function filteredOut(topics: readonly string[]): readonly Finding[] {
  if (topics.length === 0) return [];
  return [finding(
    "RANGE_FILTERED_OUT",
    { cluster: "source" },
    `${countOf(topics.length, "range")} left out by topics.include and topics.exclude: ${
      listNames([...new Set(topics)])
    }`,
    "Nothing, if that is meant; otherwise correct the patterns of topics",
  )];
}
