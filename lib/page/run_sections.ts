// The page's sections about the run: findings, gaps, results, throughput, changes, and the configuration.

import { remedyOf } from "../model/failure.ts";
import { formatPlace } from "../findings/finding_place.ts";
import type { Finding } from "../model/finding.ts";
import type { Report } from "../report/report.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { countOf } from "../model/units.ts";
import type { PartitionResult, TopicResult } from "../verify/verify.ts";
import { chart } from "./chart.ts";
import { anything, facts, furtherColumns, inWords } from "./facts.ts";
import { type HtmlValue, markup } from "./html.ts";
import { type Column, table } from "./table.ts";

const FINDING_COLUMNS: readonly Column<Finding>[] = [
  { label: "Code", kind: "text", cell: ({ code }) => code },
  {
    label: "Severity",
    kind: "status",
    cell: ({ severity, accepted }) => accepted ? "accepted" : severity,
  },
  { label: "Where", kind: "text", cell: ({ where }) => formatPlace(where) },
  { label: "What", kind: "text", cell: ({ message }) => message },
  { label: "What to do", kind: "text", cell: ({ remedy }) => remedy },
];

/** The section with the findings and what to do about each. */
export function findingsSection({ findings }: Report): HtmlValue {
  const caption = countOf(findings.length, "finding");
  return table({
    id: "findings",
    caption,
    columns: FINDING_COLUMNS,
    rows: findings,
    stacked: true,
  }) ??
    markup`<p>Nothing was found that stands in the way or is worth knowing.</p>`;
}

/** The section with the messages that expired after the plan was made: they are lost for good. */
export function gapsSection({ results }: Report): HtmlValue {
  if (results === undefined) return undefined;
  const rows = results.partitions.flatMap(({ topic, partition, lost = [] }) =>
    lost.map((span) => ({ topic, partition, ...span }))
  );
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { label: "Topic", kind: "text", cell: ({ topic }) => topic },
    { label: "Partition", kind: "offset", cell: ({ partition }) => partition },
    { label: "First offset lost", kind: "offset", cell: ({ startOffset }) => startOffset },
    { label: "Last offset lost", kind: "offset", cell: ({ endOffset }) => endOffset - 1n },
    {
      label: "Offsets",
      kind: "count",
      cell: ({ startOffset, endOffset }) => endOffset - startOffset,
    },
  ];
  const caption = "Expired on the source after the plan was made, before they were read";
  return table({ id: "gaps", caption, columns, rows }) ??
    markup`<p>None: no message expired between the plan and the copy.</p>`;
}

const count = <Row>(label: string, cell: Column<Row>["cell"]): Column<Row> => ({
  label,
  kind: "count",
  cell,
});
const TOPIC_COLUMNS: readonly Column<TopicResult>[] = [
  { label: "Topic", kind: "text", cell: ({ topic }) => topic },
  count("Messages read", ({ recordsRead }) => recordsRead),
  count("On the target", ({ recordsProduced }) => recordsProduced),
  count("Offsets planned", ({ plannedOffsets }) => plannedOffsets),
  count("Partitions", ({ partitions }) => partitions),
  count("Verified", ({ verified }) => verified),
  count("Skipped", ({ skipped }) => skipped),
  count("Lost", ({ lost }) => lost),
  count("Failed", ({ failed }) => failed),
];
const PARTITION_COLUMNS: readonly Column<PartitionResult>[] = [
  { label: "Topic", kind: "text", cell: ({ topic }) => topic },
  { label: "Partition", kind: "offset", cell: ({ partition }) => partition },
  { label: "Status", kind: "status", cell: ({ status }) => status },
  count("Messages read", ({ recordsRead }) => recordsRead),
  count("On the target", ({ recordsProduced }) => recordsProduced),
  count("Offsets planned", ({ plannedOffsets }) => plannedOffsets),
  ...([
    ["Equal", "equal"],
    ["Compacted away", "compacted"],
    ["Gone from the source", "goneFromSource"],
    ["Without timestamps", "withoutTimestamp"],
  ] as const).map(([label, key]): Column<PartitionResult> => ({
    ...count(label, ({ content }) => content?.[key]),
    optional: true,
  })),
  { label: "Why", kind: "text", optional: true, cell: ({ reason }) => reason },
];
const FAILED_COLUMNS: readonly Column<PartitionResult>[] = [
  { label: "Partition", kind: "text", cell: formatTopicPartition },
  { label: "Status", kind: "status", cell: ({ status }) => status },
  { label: "Code", kind: "text", cell: ({ code }) => code },
  { label: "Why", kind: "text", cell: ({ reason }) => reason },
  { label: "What to do", kind: "text", cell: ({ code }) => remedyOf(code) },
];
const TOPIC_FIELDS = [
  ...["topic", "partitions", "plannedOffsets", "recordsRead", "recordsProduced"],
  ...["verified", "skipped", "lost", "failed"],
];
const PARTITION_FIELDS = [
  ...["topic", "partition", "status", "plannedOffsets", "recordsRead", "recordsProduced"],
  ...["reason", "code"],
];
const WORST_FIRST = ["failed", "lost", "verified", "skipped"];

/** The section with the results by topic and by partition, problems first. */
export function resultsSection({ results, mode }: Report): HtmlValue {
  if (results === undefined) {
    return mode === "check" ? undefined : markup`<p>Nothing was verified in this run.</p>`;
  }
  const { topics } = results;
  const rank = ({ status }: PartitionResult) => WORST_FIRST.indexOf(status);
  const partitions = results.partitions.toSorted((a, b) => rank(a) - rank(b));
  return [
    table({
      id: "not-verified",
      caption: "What is not verified, why, and what to do",
      columns: FAILED_COLUMNS,
      rows: partitions.filter(({ status }) => status === "failed" || status === "lost"),
      stacked: true,
    }),
    table({
      id: "topic-results",
      caption: "Results of all runs of this migration, by topic",
      columns: [...TOPIC_COLUMNS, ...furtherColumns(topics, TOPIC_FIELDS)],
      rows: topics,
    }),
    table({
      id: "results",
      caption: "Results of all runs of this migration, by partition",
      columns: [...PARTITION_COLUMNS, ...furtherColumns(partitions, PARTITION_FIELDS)],
      rows: partitions,
    }),
  ];
}

/** The section with the throughput over time: a chart and a table. */
export function throughputSection({ throughput }: Report): HtmlValue {
  if (throughput === undefined || throughput.samples.length < 2) return undefined;
  const rows = throughput.samples.slice(1).map(({ elapsedMs, bytes, records }, index) => {
    const before = throughput.samples[index] ?? { elapsedMs: 0, bytes: 0, records: 0n };
    const seconds = Math.max(elapsedMs - before.elapsedMs, 1) / 1000;
    return {
      seconds: elapsedMs / 1000,
      megabytesPerSecond: (bytes - before.bytes) / seconds / 1e6,
      messagesPerSecond: Number(records - before.records) / seconds,
      megabytes: bytes / 1e6,
      records,
    };
  });
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { label: "Seconds", kind: "figure", cell: ({ seconds }) => seconds },
    { label: "MB/s", kind: "figure", cell: (row) => row.megabytesPerSecond },
    { label: "Messages/s", kind: "figure", cell: (row) => row.messagesPerSecond },
    { label: "MB so far", kind: "figure", cell: ({ megabytes }) => megabytes },
    { label: "Messages so far", kind: "count", cell: ({ records }) => records },
  ];
  const shown = table({
    id: "throughput",
    caption: "Throughput of this run's copy",
    columns,
    rows,
  });
  const series = [{ column: 1, label: "MB/s" }];
  const title = "MB/s acknowledged by the target, over seconds";
  const drawn = chart({ id: "throughput-chart", title, kind: "line", table: "throughput", series });
  return markup`<div class="beside">${drawn}${shown}</div>`;
}

/** The section with what all runs of the migration have changed on the target. */
export function changesSection({ changes, mode }: Report): HtmlValue {
  if (changes === undefined) {
    return markup`<p>${
      mode === "check" ? "Nothing: this was a check, and no migration has begun." : "Nothing."
    }</p>`;
  }
  const { records, ...others } = changes;
  type Written = (typeof records)[number];
  const columns: readonly Column<Written>[] = [
    { label: "Topic", kind: "text", cell: ({ topic }) => topic },
    { label: "Partition", kind: "offset", cell: ({ partition }) => partition },
    count("Messages written", (written) => written.records),
    { label: "First target offset", kind: "offset", cell: ({ baseOffset }) => baseOffset },
    { label: "Last target offset", kind: "offset", cell: ({ endOffset }) => endOffset - 1n },
  ];
  return [
    markup`<p>By all runs of this migration so far, in ${
      countOf(records.length, "partition")
    }. On the source nothing was changed.</p>`,
    table({
      id: "written",
      caption: "Where the messages lie on the target",
      columns,
      rows: records,
    }),
    facts(
      Object.entries(others).map(([key, value], index) => [
        inWords(key),
        anything(`changes-${index}`, inWords(key), value),
      ]),
    ),
  ];
}

/** The section with the configuration, without secrets. */
export function configurationSection({ configuration }: Report): HtmlValue {
  // Shows the keys as they are in migration.yaml.
  const label = (key: string) => key;
  return configuration && anything("configuration", "Configuration", configuration, label);
}
