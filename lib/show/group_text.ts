// Groups and their positions in words: before anything is committed, and what became of each.

import { escapeName } from "../core/escape_name.ts";
import { remedyOf } from "../core/failure.ts";
import type { GroupOffset } from "../core/group_offsets.ts";
import type { GroupLag } from "../core/lag.ts";
import type { PlannedPartition } from "../core/plan.ts";
import { partitionText } from "../core/plan_text.ts";
import { countOf, formatCount } from "../core/units.ts";
import type { ResultLine } from "./result_text.ts";

/** `group: a, topic: t, partition: 0, committed offset: 17, messages left: 3`: where each group will go on. */
export function groupPositionLines(partition: PlannedPartition): readonly string[] {
  return partition.groups.map(({ group, committed, lag }) => {
    const offset = committed === undefined
      ? "committed offset: none, none will be committed on the target"
      : `committed offset: ${committed}`;
    return `group: ${escapeName(group)}, ${
      partitionText(partition)
    }, ${offset}, messages left: ${lag}`;
  });
}

/** `group: a, partitions: 6, messages left: 76,522`. */
export function groupLagLine({ group, partitions, lagBefore }: GroupLag): string {
  return `group: ${escapeName(group)}, partitions: ${partitions}, messages left: ${
    formatCount(lagBefore)
  }`;
}

/** What became of one position; where it was left, with what to do next. */
export function groupOffsetLine(offset: GroupOffset): ResultLine {
  const { group, status, sourceOffset, targetOffset, before, after, reason, code } = offset;
  const name = `group: ${escapeName(group)}, ${partitionText(offset)}`;
  const wanted = `committed offset: ${sourceOffset}, on the target: ${targetOffset ?? "not known"}`;
  const outcomes = {
    committed: `committed${before === undefined ? "" : `, was ${before}`}`,
    further: `stands at ${after} there already`,
    left: `not carried over: ${reason}. ${remedyOf(code)}`,
  };
  return {
    level: status === "left" ? "error" : "info",
    text: `${name}, ${wanted}, ${outcomes[status]}`,
  };
}

/** A line a group: how many of its positions were committed. */
export function carriedLines(offsets: readonly GroupOffset[]): readonly string[] {
  return [...Map.groupBy(offsets, ({ group }) => group)].map(([group, ofGroup]) => {
    const count = (wanted: GroupOffset["status"]) =>
      ofGroup.filter(({ status }) => status === wanted).length;
    const [further, left] = [count("further"), count("left")];
    return [
      `group: ${escapeName(group)}`,
      `positions committed: ${count("committed")} of ${countOf(ofGroup.length, "partition")}`,
      ...(further > 0 ? [`${further} there already`] : []),
      ...(left > 0 ? [`${left} not carried over`] : []),
    ].join(", ");
  });
}
