// The page's sections about the source before a copy: estimated bytes and time, and what has changed since the last check.

import type { PlanEstimate } from "../plan/estimate.ts";
import type { Report } from "../report/report.ts";
import type { SinceLastCheck } from "../plan/since_last_check.ts";
import { countOf, formatBytes, formatCount, formatDuration } from "../model/units.ts";
import { facts, furtherColumns, timeText } from "./facts.ts";
import { type HtmlValue, markup } from "./html.ts";
import { type Column, table } from "./table.ts";

type TopicEstimate = PlanEstimate["topics"][number];

const ESTIMATE_FIELDS = [
  ...["topic", "partitions", "messages", "bytes", "durationMs"],
  ...["uncommittedMessages", "uncommittedBytes"],
];
const megabytes = (bytes: bigint | undefined) => bytes && Number(bytes) / 1e6;
const ESTIMATE_COLUMNS: readonly Column<TopicEstimate>[] = [
  { label: "Topic", kind: "text", cell: ({ topic }) => topic },
  { label: "MB", kind: "figure", cell: ({ bytes }) => megabytes(bytes) },
  {
    label: "Seconds at the limit",
    kind: "figure",
    optional: true,
    cell: ({ durationMs }) => durationMs && durationMs / 1000,
  },
  { label: "Messages", kind: "count", cell: ({ messages }) => messages },
  { label: "Partitions", kind: "count", cell: ({ partitions }) => partitions },
  {
    label: "Messages only as uncommitted",
    kind: "count",
    optional: true,
    cell: (topic) => topic.uncommittedMessages,
  },
  {
    label: "MB only as uncommitted",
    kind: "figure",
    optional: true,
    cell: (topic) => megabytes(topic.uncommittedBytes),
  },
];

/** The section with the estimated bytes and time of the plan, in total and by topic, the largest first. */
export function estimateSection({ estimate }: Report): HtmlValue {
  if (estimate === undefined || estimate.messages === 0n) return undefined;
  const { bytes, durationMs, bytesPerSecond, uncommittedBytes, uncommittedMessages } = estimate;
  if (bytes === undefined) {
    return markup`<p>Sizes are not known. Allow the user Describe on the source cluster, and see that every broker answers.</p>`;
  }
  const rows = estimate.topics.toSorted((a, b) => Number((b.bytes ?? 0n) - (a.bytes ?? 0n)));
  return [
    markup`<p>From what the partitions take on the source's disks, in proportion to the offsets to migrate: compressed, and never exact.</p>`,
    facts([
      ["Bytes", formatBytes(bytes)],
      [
        bytesPerSecond === undefined ? "Time" : `Time at ${formatBytes(bytesPerSecond)}/s`,
        durationMs === undefined
          ? "not known without limits.bytesPerSecond"
          : formatDuration(durationMs),
      ],
      [
        "Only because of uncommitted: earliest",
        uncommittedMessages > 0n &&
        `${formatBytes(uncommittedBytes ?? 0n)}, ${countOf(uncommittedMessages, "message")}`,
      ],
    ]),
    table({
      id: "estimate",
      caption: "Estimated, by topic",
      columns: [...ESTIMATE_COLUMNS, ...furtherColumns(estimate.topics, ESTIMATE_FIELDS)],
      rows,
    }),
  ];
}

type ChangedTopic = SinceLastCheck["changedTopics"][number];
type ChangedGroup = SinceLastCheck["groups"][number];

const TOPIC_COLUMNS: readonly Column<ChangedTopic>[] = [
  { label: "Topic", kind: "text", cell: ({ topic }) => topic },
  { label: "Messages before", kind: "count", cell: ({ messagesBefore }) => messagesBefore },
  { label: "Messages now", kind: "count", cell: ({ messagesNow }) => messagesNow },
  { label: "Difference", kind: "count", cell: (each) => each.messagesNow - each.messagesBefore },
  { label: "Partitions before", kind: "count", cell: (each) => each.partitionsBefore },
  { label: "Partitions now", kind: "count", cell: ({ partitionsNow }) => partitionsNow },
];
const GROUP_COLUMNS: readonly Column<ChangedGroup>[] = [
  { label: "Group", kind: "text", cell: ({ group }) => group },
  { label: "Change", kind: "status", cell: ({ change }) => change },
  { label: "Partitions concerned", kind: "count", cell: ({ partitions }) => partitions },
];

/** The section with the differences from the last check. */
export function sinceLastCheckSection({ sinceLastCheck: since }: Report): HtmlValue {
  if (since === undefined) return undefined;
  const { messagesBefore, messagesNow, newTopics, goneTopics, changedTopics, groups } = since;
  const lists = [newTopics, goneTopics, changedTopics, groups];
  if (messagesBefore === messagesNow && lists.every(({ length }) => length === 0)) {
    return markup`<p>Nothing has changed on the source since ${
      timeText(since.startedAt)
    } (UTC), run ${since.runId}.</p>`;
  }
  return [
    facts([
      ["Last check (UTC)", timeText(since.startedAt)],
      ["Its run", since.runId],
      [
        "Messages to migrate",
        messagesBefore === messagesNow
          ? `${formatCount(messagesNow)}, as before`
          : `${formatCount(messagesNow)}, were ${formatCount(messagesBefore)}`,
      ],
      ["New topics", newTopics.length > 0 && newTopics.join(", ")],
      ["Topics gone", goneTopics.length > 0 && goneTopics.join(", ")],
    ]),
    table({
      id: "changed-topics",
      caption: "Topics that have changed",
      columns: TOPIC_COLUMNS,
      rows: changedTopics,
    }),
    table({
      id: "changed-groups",
      caption: "Groups that have come, gone, or committed something else",
      columns: GROUP_COLUMNS,
      rows: groups,
    }),
  ];
}
