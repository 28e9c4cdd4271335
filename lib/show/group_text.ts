// Groups and their positions in words: before anything is committed, and after, what became of each position.

import { escapeName } from "../model/escape_name.ts";
import { remedyOf } from "../model/failure.ts";
import type { GroupOffset } from "../plan/group_offsets.ts";
import { partitionsOf } from "../findings/finding_place.ts";
import type { GroupLag } from "../plan/lag.ts";
import type { MetadataLeftOut } from "../plan/metadata_text.ts";
import type { PlannedPartition } from "../plan/plan.ts";
import { partitionText } from "../plan/plan_text.ts";
import { countOf, formatCount } from "../model/units.ts";
import type { ResultLine } from "./result_text.ts";

/** `group: a, topic: t, partition: 0, committed offset: 17, messages left: 3`: where each group will continue. */
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

/** What became of one position; for one that was not committed, with what to do next. */
export function groupOffsetLine(offset: GroupOffset): ResultLine {
  const { group, status, sourceOffset, targetOffset, before, after, reason, code } = offset;
  const { metadataLeftOut } = offset;
  const name = `group: ${escapeName(group)}, ${partitionText(offset)}`;
  const wanted = `committed offset: ${sourceOffset}, on the target: ${targetOffset ?? "not known"}`;
  const outcomes = {
    committed: `committed${before === undefined ? "" : `, was ${before}`}${
      metadataLeftOut === undefined
        ? ""
        : `, without its metadata text, which ${WHY[metadataLeftOut]}`
    }`,
    further: `stands at ${after} there already`,
    left: `not carried over: ${reason}. ${remedyOf(code)}`,
  };
  return {
    level: status === "left" ? "error" : "info",
    text: `${name}, ${wanted}, ${outcomes[status]}`,
  };
}

const WHY: Readonly<Record<MetadataLeftOut, string>> = {
  "too long": "is longer than the target takes",
  "counts offsets": "counts offsets of the source",
};

/**
 * The positions that were not committed, as lines. Positions of a group with the same kind of reason share one line, which
 * shows the first reason and the partitions.
 */
export function leftLines(offsets: readonly GroupOffset[]): readonly ResultLine[] {
  const left = offsets.filter(({ status }) => status === "left");
  const alike = Map.groupBy(left, ({ group, code }) => `${code} ${group}`);
  return [...alike.values()].map((ofGroup) => {
    const [first] = ofGroup as [GroupOffset];
    if (ofGroup.length === 1) return groupOffsetLine(first);
    const byTopic = [...Map.groupBy(ofGroup, ({ topic }) => topic)].map(([topic, ofTopic]) =>
      partitionsOf(topic, ofTopic)
    );
    const more = byTopic.length - MOST_TOPICS_NAMED;
    const places = [
      ...byTopic.slice(0, MOST_TOPICS_NAMED),
      ...(more > 0 ? [countOf(more, "more topic")] : []),
    ].join("; ");
    return {
      level: "error",
      text: `group: ${escapeName(first.group)}, ${
        countOf(ofGroup.length, "position")
      } not carried over (${places}), the first of them: ${first.reason}. ${remedyOf(first.code)}`,
    };
  });
}

const MOST_TOPICS_NAMED = 3;

/** One line for each group: how many of its positions were committed. */
export function carriedLines(offsets: readonly GroupOffset[]): readonly string[] {
  return [...Map.groupBy(offsets, ({ group }) => group)].map(([group, ofGroup]) => {
    const count = (wanted: GroupOffset["status"]) =>
      ofGroup.filter(({ status }) => status === wanted).length;
    const [further, left] = [count("further"), count("left")];
    const textless = ofGroup.filter(({ metadataLeftOut }) => metadataLeftOut !== undefined).length;
    return [
      `group: ${escapeName(group)}`,
      `positions committed: ${count("committed")} of ${countOf(ofGroup.length, "partition")}`,
      ...(textless > 0 ? [`${textless} without their metadata text`] : []),
      ...(further > 0 ? [`${further} there already`] : []),
      ...(left > 0 ? [`${left} not carried over`] : []),
    ].join(", ");
  });
}
