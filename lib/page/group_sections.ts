// The page's sections about consumer groups: their lag, and what became of positions that were to be carried over.

import { remedyOf } from "../model/failure.ts";
import type { GroupOffset } from "../plan/group_offsets.ts";
import type { GroupLag } from "../plan/lag.ts";
import { expirySentence } from "../plan/positions_expiry.ts";
import type { Report } from "../report/report.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { formatCount } from "../model/units.ts";
import { facts, furtherColumns } from "./facts.ts";
import { type HtmlValue, markup } from "./html.ts";
import { type Column, table } from "./table.ts";

const GROUP_COLUMNS: readonly Column<GroupLag>[] = [
  { label: "Group", kind: "text", cell: ({ group }) => group },
  { label: "Topics", kind: "count", cell: ({ topics }) => topics },
  { label: "Partitions", kind: "count", cell: ({ partitions }) => partitions },
  {
    label: "Never committed",
    kind: "count",
    optional: true,
    cell: (group) => group.partitionsNeverCommitted,
  },
  { label: "Lag before", kind: "count", cell: ({ lagBefore }) => lagBefore },
];
const LAG_AFTER: Column<GroupLag> = {
  label: "Lag after",
  kind: "count",
  cell: ({ lagAfter }) => lagAfter,
};

/** The section with the groups' lag. */
export function groupsSection({ groups = [] }: Report): HtmlValue {
  const carried = groups.some(({ lagAfter }) => lagAfter !== undefined);
  const columns = carried ? [...GROUP_COLUMNS, LAG_AFTER] : GROUP_COLUMNS;
  const shown = table({ id: "groups", caption: "Lag in offsets, by group", columns, rows: groups });
  if (shown === undefined) return undefined;
  const note = carried
    ? "Before: on the source when the plan was made. After: on the target, after the positions that were carried over."
    : "On the source when the plan was made. The groups have no positions on the target: they were not carried over.";
  return [markup`<p>${note} Lag counts messages that have expired.</p>`, shown];
}

const POSITION_COLUMNS: readonly Column<GroupOffset>[] = [
  { label: "Group", kind: "text", cell: ({ group }) => group },
  { label: "Topic", kind: "text", cell: ({ topic }) => topic },
  { label: "Partition", kind: "offset", cell: ({ partition }) => partition },
  { label: "Status", kind: "status", cell: ({ status }) => status },
  { label: "On the source", kind: "offset", cell: ({ sourceOffset }) => sourceOffset },
  { label: "Wanted on the target", kind: "offset", cell: ({ targetOffset }) => targetOffset },
  { label: "Before", kind: "offset", cell: ({ before }) => before },
  { label: "Now", kind: "offset", cell: ({ after }) => after },
  {
    label: "Text left out",
    kind: "text",
    optional: true,
    cell: ({ metadataLeftOut }) => metadataLeftOut,
  },
];
const LEFT_COLUMNS: readonly Column<GroupOffset>[] = [
  { label: "Group", kind: "text", cell: ({ group }) => group },
  { label: "Partition", kind: "text", cell: formatTopicPartition },
  { label: "Code", kind: "text", cell: ({ code }) => code },
  { label: "Why", kind: "text", cell: ({ reason }) => reason },
  { label: "What to do", kind: "text", cell: ({ code }) => remedyOf(code) },
];
const POSITION_FIELDS = [
  ...["group", "topic", "partition", "status", "sourceOffset", "targetOffset", "before"],
  ...["after", "metadataLeftOut", "reason", "code"],
];
const LEFT_FIRST = ["left", "committed", "further"];

/** The section with what became of every position, those not committed first. */
export function positionsSection({ groupOffsets = [], positionsExpiry }: Report): HtmlValue {
  const rank = ({ status }: GroupOffset) => LEFT_FIRST.indexOf(status);
  const rows = groupOffsets.toSorted((a, b) => rank(a) - rank(b));
  const shown = table({
    id: "positions",
    caption: "Committed offsets, by group and partition",
    columns: [...POSITION_COLUMNS, ...furtherColumns(rows, POSITION_FIELDS)],
    rows,
  });
  if (shown === undefined) return undefined;
  const count = (wanted: GroupOffset["status"]) =>
    rows.filter(({ status }) => status === wanted).length;
  const [further, left] = [count("further"), count("left")];
  return [
    markup`<p>A group goes on on the target at the first copied message at or after the offset that it has committed on the source. Before and now are what is committed on the target.</p>`,
    positionsExpiry && markup`<p>${expirySentence(positionsExpiry)}.</p>`,
    facts([
      ["Committed", `${formatCount(count("committed"))} of ${formatCount(rows.length)}`],
      ["There or further on already", further > 0 && formatCount(further)],
      ["Left", left > 0 && formatCount(left)],
    ]),
    table({
      id: "positions-left",
      caption: "What was left as it was, why, and what to do",
      columns: LEFT_COLUMNS,
      rows: rows.filter(({ status }) => status === "left"),
      stacked: true,
    }),
    shown,
  ];
}
