// The page's sections about the plan: by partition and by topic.

import type { TopicBacklog } from "../plan/lag.ts";
import { listNames } from "../model/escape_name.ts";
import type { PatternMatches } from "../plan/pattern_matches.ts";
import type { PlannedPartition } from "../plan/plan.ts";
import type { Report } from "../report/report.ts";
import { chart } from "./chart.ts";
import { anything, facts, furtherColumns, inWords } from "./facts.ts";
import { formatCount } from "../model/units.ts";
import { type Html, type HtmlValue, markup } from "./html.ts";
import { type Column, table } from "./table.ts";

const SKIPPED: Readonly<Record<NonNullable<PlannedPartition["skip"]>, string>> = {
  "consumed": "all consumed",
  "expired": "all expired",
  "empty": "empty",
  "beyond-end": "beyond the end",
  "open-transaction": "open transaction",
  "migrated": "already migrated",
  "outside": "outside the log",
};

const PLAN_COLUMNS: readonly Column<PlannedPartition>[] = [
  { label: "Topic", kind: "text", cell: ({ topic }) => topic },
  { label: "Partition", kind: "offset", cell: ({ partition }) => partition },
  { label: "Messages", kind: "count", cell: ({ offsets }) => offsets },
  { label: "Start offset", kind: "offset", cell: ({ startOffset }) => startOffset },
  { label: "End offset", kind: "offset", cell: ({ endOffset }) => endOffset },
  { label: "Submitted offset", kind: "offset", cell: (p) => p.submittedOffset },
  { label: "Set by", kind: "text", cell: ({ submittedBy }) => submittedBy },
  { label: "Without it", kind: "count", cell: (p) => p.withoutSmallest?.offsets },
  { label: "Expired", kind: "count", optional: true, cell: (p) => p.expiredMessages },
  {
    label: "Held by transactions",
    kind: "count",
    optional: true,
    cell: (p) => p.openTransactionOffsets,
  },
  {
    label: "Only as uncommitted",
    kind: "count",
    optional: true,
    cell: (p) => p.uncommittedOffsets,
  },
  { label: "Skipped", kind: "text", optional: true, cell: (p) => p.skip && SKIPPED[p.skip] },
];
const PLAN_FIELDS = [
  ...["topic", "partition", "startOffset", "endOffset", "offsets", "startReason", "skip"],
  ...["expiredMessages", "openTransactionOffsets", "submittedOffset", "submittedBy"],
  "uncommittedOffsets",
];
const TOTAL_FIELDS = [
  ...["topics", "partitions", "partitionsToCopy", "offsets", "expiredMessages"],
  ...["uncommittedOffsets", "openTransactionOffsets"],
];

const PATTERN_COLUMNS: readonly Column<PatternMatches>[] = [
  { label: "Pattern", kind: "text", cell: ({ pattern }) => pattern },
  { label: "List", kind: "text", cell: ({ list }) => list },
  { label: "Names", kind: "count", cell: ({ names }) => names.length },
  { label: "Which", kind: "text", cell: ({ names }) => listNames(names, 20) },
];

/** The section with the plan: totals, and every partition. */
export function planSection({ plan, planTotals }: Report): HtmlValue {
  if (plan === undefined || planTotals === undefined) return undefined;
  const { partitions } = plan;
  const known = facts([
    ["Topics", formatCount(planTotals.topics)],
    [
      "Partitions to migrate",
      `${formatCount(planTotals.partitionsToCopy)} of ${formatCount(planTotals.partitions)}`,
    ],
    ["Messages to migrate (offsets)", formatCount(planTotals.offsets)],
    ["Expired before the plan", formatCount(planTotals.expiredMessages)],
    ["Only as uncommitted counts as earliest", formatCount(planTotals.uncommittedOffsets)],
    ["Held by open transactions", formatCount(planTotals.openTransactionOffsets)],
    ...Object.entries(planTotals).flatMap(([key, value], index): [string, HtmlValue][] =>
      TOTAL_FIELDS.includes(key)
        ? []
        : [[inWords(key), anything(`total-${index}`, inWords(key), value)]]
    ),
  ]);
  const columns = [...PLAN_COLUMNS, ...furtherColumns(partitions, PLAN_FIELDS)];
  return [
    known,
    table({
      id: "patterns",
      caption: "What the patterns matched",
      columns: PATTERN_COLUMNS,
      rows: plan.patterns ?? [],
    }),
    table({ id: "plan", caption: "The plan, by partition", columns, rows: partitions }),
  ];
}

/** The section with the backlog by topic: a chart and a table. */
export function backlogSection({ backlog = [], results }: Report): HtmlValue {
  const rows = backlog.toSorted((a, b) =>
    a.offsets === b.offsets ? 0 : a.offsets > b.offsets ? -1 : 1
  );
  const columns: readonly Column<TopicBacklog>[] = [
    { label: "Topic", kind: "text", cell: ({ topic }) => topic },
    { label: "Messages planned", kind: "count", cell: ({ offsets }) => offsets },
    ...(results === undefined ? [] : [
      {
        label: "Of these verified",
        kind: "count",
        cell: ({ offsetsVerified }: TopicBacklog) => offsetsVerified,
      } as const,
    ]),
    { label: "Partitions", kind: "count", cell: ({ partitions }) => partitions },
    { label: "To migrate", kind: "count", cell: ({ partitionsToCopy }) => partitionsToCopy },
    { label: "Expired", kind: "count", optional: true, cell: (topic) => topic.expiredMessages },
  ];
  const shown = table({ id: "backlog", caption: "Backlog, by topic", columns, rows });
  if (shown === undefined) return undefined;
  const series = [
    { column: 1, label: "planned" },
    ...(results === undefined ? [] : [{ column: 2, label: "verified" }]),
  ];
  const title = "Messages, by topic";
  const drawn = rows.some(({ offsets }) => offsets > 0n) &&
    chart({ id: "backlog-chart", title, kind: "bars", table: "backlog", series });
  return markup`<div class="beside">${drawn}${shown}</div>`;
}

/** A section of the page; one without content is omitted. */
export type Section = readonly [id: string, title: string, content: HtmlValue];

/** Renders a section; undefined where it has no content. */
export function section([id, title, content]: Section): Html | undefined {
  if (content === undefined || content === false) return undefined;
  return markup`<section aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>
`;
}
