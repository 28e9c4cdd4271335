// The format of `migration.report.json`, published as JSON Schema by `--schema report`. The model is lib/report/report.ts;
// this file describes it as JSON. The compiler holds the two together: whoever adds, drops or renames a field in one, or
// makes it optional, has to do so in the other. Fields may be added without a new version; readers ignore unknown ones.

import * as z from "zod";
import { FINDING_KINDS, type FindingCode } from "../model/finding.ts";
import { FAILURE_KINDS, type FailureCode } from "../model/failure_kinds.ts";
import { type Report, REPORT_SCHEMA_VERSION } from "./report.ts";

const count = z.int().min(0);
/** Offsets and counts of offsets: a JSON number up to 2^53 − 1, a string of digits beyond. */
const offset = z.union([z.int(), z.string().regex(/^-?\d+$/)])
  .meta({ id: "offset", description: "A number, or beyond 2^53 - 1 its digits as a string" });
const time = z.string().describe("ISO 8601, UTC");
const topicPartition = { topic: z.string(), partition: count };

const failureCode = z.enum(Object.keys(FAILURE_KINDS) as FailureCode[])
  .meta({ id: "failureCode", description: "What it means, and what to do: docs/failures.md" });

const cluster = z.object({
  clusterId: z.string().exactOptional(),
  bootstrapServers: z.array(z.string()),
}).meta({ id: "cluster", description: "A cluster; without clusterId it was never reached" });

const verdict = z.object({
  exitStatus: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(130)])
    .describe("The program's exit status"),
  outcome: z.enum([
    "done",
    "checked",
    "nothing to migrate",
    "incomplete",
    "blocked",
    "interrupted",
  ]),
  sentence: z.string(),
});

const finding = z.object({
  code: z.enum(Object.keys(FINDING_KINDS) as FindingCode[]),
  severity: z.enum(["error", "warning"]),
  overridable: z.boolean().describe("Whether accept may make a warning of the error"),
  where: z.object({
    cluster: z.enum(["source", "target"]).exactOptional(),
    broker: z.string().exactOptional(),
    topic: z.string().exactOptional(),
    topics: z.array(z.string()).exactOptional(),
    partitions: z.array(count).exactOptional(),
    groups: z.array(z.string()).exactOptional(),
  }),
  message: z.string(),
  remedy: z.string(),
  accepted: z.literal(true).exactOptional(),
});

const plannedPartition = z.object({
  ...topicPartition,
  startOffset: offset,
  endOffset: offset.describe("One past the last offset to copy"),
  offsets: offset.describe("endOffset - startOffset: at most so many messages"),
  startReason: z.enum(["committed", "expired", "uncommitted", "migrated", "range"]),
  skip: z.enum([
    "consumed",
    "expired",
    "empty",
    "beyond-end",
    "open-transaction",
    "migrated",
    "outside",
  ])
    .exactOptional().describe("Why nothing is copied"),
  expiredMessages: offset,
  openTransactionOffsets: offset,
  submittedOffset: offset.exactOptional().describe("The smallest committed offset"),
  submittedBy: z.string().describe("The group that sets the start, or the range in words"),
  groups: z.array(
    z.object({ group: z.string(), committed: offset.exactOptional(), lag: offset }),
  ),
  withoutSmallest: z.object({ startOffset: offset, offsets: offset }).exactOptional()
    .describe("What would be copied without the group that sets the start"),
  uncommittedOffsets: offset,
  log: z.object({ logStartOffset: offset, highWatermark: offset, lastStableOffset: offset }),
  range: z.object({
    start: z.union([offset, z.literal("earliest"), z.object({ timestampMs: z.number() })]),
    end: offset.exactOptional(),
  }).exactOptional().describe("What was asked for by ranges instead of groups"),
});

const plan = z.object({
  partitions: z.array(plannedPartition),
  unknownPartitions: z.array(z.object({ ...topicPartition, problem: z.string() })),
  droppedOffsets: z.array(z.object({
    topic: z.string(),
    topicExists: z.boolean(),
    partitions: z.array(count),
    groups: z.array(z.string()),
  })),
  internalTopics: z.array(z.string()),
  shareGroups: z.array(z.string()),
  unreadableGroups: z.array(z.object({ group: z.string(), problem: z.string() })),
  patterns: z.array(z.object({
    list: z.enum(["topics.include", "topics.exclude", "groups.include", "groups.exclude"]),
    pattern: z.string(),
    names: z.array(z.string()),
  })).exactOptional().describe("What each pattern of the filters matched on the source"),
  ranges: z.object({
    missing: z.array(z.object(topicPartition)),
    filtered: z.array(z.object(topicPartition)),
  }).exactOptional().describe("Ranges asked for that are not planned"),
  empty: z.enum([
    "no-groups",
    "no-committed-offsets",
    "groups-filter",
    "topics-filter",
    "missing-topics",
    "ranges-filter",
  ]).exactOptional(),
});

const planTotals = z.object({
  topics: count,
  partitions: count,
  partitionsToCopy: count,
  offsets: offset,
  expiredMessages: offset,
  uncommittedOffsets: offset,
  openTransactionOffsets: offset,
});

const resultTotals = {
  partitions: count,
  plannedOffsets: offset,
  recordsRead: offset,
  recordsProduced: offset,
  verified: count,
  skipped: count,
  lost: count,
  failed: count,
};

const results = z.object({
  partitions: z.array(z.object({
    ...topicPartition,
    status: z.enum(["verified", "skipped", "lost", "failed"]),
    plannedOffsets: offset,
    recordsRead: offset,
    recordsProduced: offset,
    content: z.object({
      equal: offset,
      compacted: offset.describe("Compacted away on the target, with later ones of their keys"),
      goneFromSource: offset.describe("Compacted away on the source since they were copied"),
      withoutTimestamp: offset.describe("Compared without their timestamps"),
      difference: z.string().exactOptional(),
      code: failureCode.exactOptional().describe("Of the difference"),
    }).exactOptional().describe("Messages, where verify is content"),
    othersOnTarget: offset.exactOptional(),
    lost: z.array(z.object({ startOffset: offset, endOffset: offset })).exactOptional()
      .describe("Source offsets that expired before they were read, the end exclusive"),
    reason: z.string().exactOptional(),
    code: failureCode.exactOptional().describe("Of the reason, where it is not verified"),
  })),
  topics: z.array(z.object({ topic: z.string(), ...resultTotals })),
  totals: z.object(resultTotals),
});

const throughput = z.object({
  intervalMs: z.int().describe("At least so much time lies between two samples"),
  samples: z.array(z.object({ elapsedMs: z.number(), bytes: z.number(), records: offset })),
}).describe(
  "Of the copy: totals acknowledged so far, since it began; at most some hundred samples",
);

const topicBacklog = z.object({
  topic: z.string(),
  partitions: count,
  partitionsToCopy: count,
  offsets: offset,
  expiredMessages: offset,
  offsetsVerified: offset.exactOptional()
    .describe("Part of offsets, in partitions that are verified; absent where nothing was"),
});

const groupLag = z.object({
  group: z.string(),
  topics: count,
  partitions: count,
  partitionsNeverCommitted: count,
  lagBefore: offset.describe("On the source when the plan was made, in offsets"),
  lagAfter: offset.exactOptional()
    .describe("On the target; only where the group's positions were carried over"),
});

const changes = z.object({
  topicsCreated: z.array(z.string()),
  records: z.array(z.object({
    ...topicPartition,
    records: offset,
    baseOffset: offset.describe("Target offset of the first record written"),
    endOffset: offset.describe("One past the target offset of the last record written"),
  })),
}).describe("What all runs of this migration have changed on the target so far");

const estimated = {
  partitions: count,
  messages: offset.describe("Offsets, an upper bound for the messages"),
  bytes: offset.exactOptional().describe("Absent where sizes are not known"),
  durationMs: z.number().exactOptional().describe("At limits.bytesPerSecond"),
  uncommittedMessages: offset.describe("Part of messages: only because of uncommitted: earliest"),
  uncommittedBytes: offset.exactOptional().describe("Part of bytes"),
};

const estimate = z.object({
  ...estimated,
  topics: z.array(z.object({ topic: z.string(), ...estimated })),
  bytesPerSecond: z.number().exactOptional(),
}).describe("Bytes of the plan, from the partitions' sizes on disk in proportion to offsets");

const sinceLastCheck = z.object({
  runId: z.string(),
  startedAt: time,
  messagesBefore: offset,
  messagesNow: offset,
  newTopics: z.array(z.string()),
  goneTopics: z.array(z.string()),
  changedTopics: z.array(z.object({
    topic: z.string(),
    partitionsBefore: count,
    partitionsNow: count,
    messagesBefore: offset,
    messagesNow: offset,
  })),
  groups: z.array(z.object({
    group: z.string(),
    change: z.enum(["new", "gone", "moved"]),
    partitions: count.describe("Where its committed offset is another one"),
  })),
}).describe("What has changed on the source since the check before");

const groupOffset = z.object({
  group: z.string(),
  ...topicPartition,
  status: z.enum(["committed", "further", "left"])
    .describe("further: the group stands there already, or further on; left: see the reason"),
  sourceOffset: offset.describe("Committed on the source"),
  targetOffset: offset.exactOptional()
    .describe("Target offset of the first copied message at or after it"),
  before: offset.exactOptional().describe("Committed on the target before this run"),
  after: offset.exactOptional().describe("Committed on the target now, read back"),
  metadataLeftOut: z.enum(["too long", "counts offsets"]).exactOptional()
    .describe("Why the metadata text beside the offset did not go along"),
  reason: z.string().exactOptional(),
  code: failureCode.exactOptional().describe("Of the reason"),
});

const positionsExpiry = z.object({
  retentionMinutes: count.exactOptional()
    .describe("offsets.retention.minutes of the target; absent where it could not be read"),
  startConsumersBefore: time.exactOptional()
    .describe("When positions that this run has committed expire where no consumer has joined"),
});

/** A report as JSON. */
export const reportSchema = z.object({
  schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
  verdict,
  runId: z.string(),
  mode: z.enum(["check", "migrate", "verify"]),
  configPath: z.string(),
  version: z.string().describe("Of data-migrate"),
  startedAt: time,
  finishedAt: time,
  durationMs: z.int(),
  source: cluster,
  target: cluster,
  interrupted: z.boolean(),
  findings: z.array(finding),
  plan: plan.exactOptional(),
  planTotals: planTotals.exactOptional(),
  results: results.exactOptional().describe("Of the verification, over all runs"),
  configuration: z.record(z.string(), z.unknown()).exactOptional()
    .describe("migration.yaml with defaults filled in; secrets are named, never shown"),
  backlog: z.array(topicBacklog).exactOptional().describe("The plan, topic by topic"),
  groups: z.array(groupLag).exactOptional().describe("The plan, group by group"),
  throughput: throughput.exactOptional(),
  groupOffsets: z.array(groupOffset).exactOptional()
    .describe("What became of the groups' positions, where groupOffsets is commit"),
  positionsExpiry: positionsExpiry.exactOptional(),
  changes: changes.exactOptional(),
  estimate: estimate.exactOptional(),
  sinceLastCheck: sinceLastCheck.exactOptional(),
});

/** The JSON Schema (2020-12) of `migration.report.json`. */
export function reportJsonSchema(): object {
  // "input" leaves unknown properties open, because readers should ignore them.
  const schema = z.toJSONSchema(reportSchema, { io: "input" });
  return { title: "data-migrate: migration.report.json", ...schema };
}

/** The JSON form of a type. */
type AsJson<T> = T extends bigint ? number | string
  : T extends string | number | boolean ? T
  : { readonly [K in keyof T]: AsJson<T[K]> };

/** The type with every field required: otherwise an optional field that one side lacks would go unnoticed. */
type Whole<T> = T extends string | number | boolean ? T
  : { readonly [K in keyof T]-?: Whole<T[K]> };

type Model = AsJson<Report>;
type Schema = AsJson<z.output<typeof reportSchema>>;

/** Does not compile where U is not assignable to T; the compiler names the field. */
type Assert<T, U extends T> = U;

/** A compile error here means that this schema and lib/report/report.ts differ in the named field. */
export type ReportMatchesItsSchema = [
  Assert<Model, Schema>,
  Assert<Schema, Model>,
  Assert<Whole<Model>, Whole<Schema>>,
  Assert<Whole<Schema>, Whole<Model>>,
];
