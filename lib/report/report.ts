// The report: everything a run found, planned and did, as one typed and versioned model from which the screen, the JSON file
// and the page are rendered. Nothing here renders for people, and the report never holds a secret.

import type { Finding } from "../model/finding.ts";
import type { PlanEstimate } from "../plan/estimate.ts";
import type { GroupOffset } from "../plan/group_offsets.ts";
import { type GroupLag, groupLags, type TopicBacklog, topicBacklogs } from "../plan/lag.ts";
import { partitionsToCopy, type Plan } from "../plan/plan.ts";
import type { PositionsExpiry } from "../plan/positions_expiry.ts";
import type { SinceLastCheck } from "../plan/since_last_check.ts";
import type { Throughput } from "./throughput.ts";
import { topicsOf } from "../model/topic_partition.ts";
import { sum } from "../model/units.ts";
import { judge, type Mode, type Verdict } from "./verdict.ts";
import type { Verification } from "../verify/verify.ts";
import type { WrittenRecords } from "../model/written_records.ts";

/** The version of the report's format; it increases when a field changes its meaning or is removed. */
export const REPORT_SCHEMA_VERSION = 1;

/** One of the two clusters. */
export interface ReportCluster {
  /** Absent where this program never reached the cluster. */
  readonly clusterId?: string;
  /** `host:port`, as configured. */
  readonly bootstrapServers: readonly string[];
}

/** The totals of a plan. Offsets and counts of offsets refer to the source's logs. */
export interface PlanTotals {
  readonly topics: number;
  readonly partitions: number;
  readonly partitionsToCopy: number;
  /** Lag in offsets: an upper bound for the number of messages. */
  readonly offsets: bigint;
  readonly expiredMessages: bigint;
  /** The part of `offsets` that is copied only because of the `uncommitted` rule. */
  readonly uncommittedOffsets: bigint;
  /** Offsets, not part of `offsets`, that open transactions hold back. */
  readonly openTransactionOffsets: bigint;
}

/** What all runs of a migration have changed on the target so far, which is what undoing it has to undo. */
export interface Changes {
  /** The topics created, by name. */
  readonly topicsCreated: readonly string[];
  /** By topic, then by partition; partitions without our records are absent. */
  readonly records: readonly WrittenRecords[];
}

/** The facts that a run collects; the rest of the report is derived from them. */
export interface RunFacts {
  readonly runId: string;
  readonly mode: Mode;
  /** The path of the configuration, as given or as found. */
  readonly configPath: string;
  /** The version of the program. */
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly source: ReportCluster;
  readonly target: ReportCluster;
  readonly interrupted: boolean;
  /** The findings after `accept` was applied. */
  readonly findings: readonly Finding[];
  readonly plan?: Plan;
  readonly results?: Verification;
  /** The content of `migration.yaml` under its own keys, defaults filled in; plain data in which secrets are named but not shown. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Absent where nothing was copied. */
  readonly throughput?: Throughput;
  /** Absent where no migration has begun. */
  readonly changes?: Changes;
  /** What became of the groups' positions, by group, topic and partition; absent where they are not carried over. */
  readonly groupOffsets?: readonly GroupOffset[];
  /** When the positions on the target expire unless consumers start; absent where none was committed. */
  readonly positionsExpiry?: PositionsExpiry;
  /** The plan's bytes and duration, estimated. */
  readonly estimate?: PlanEstimate;
  /** What has changed on the source since the last check. */
  readonly sinceLastCheck?: SinceLastCheck;
}

/** The report of one run. */
export interface Report extends RunFacts {
  readonly schemaVersion: typeof REPORT_SCHEMA_VERSION;
  readonly verdict: Verdict;
  /** Present where there is a plan. */
  readonly planTotals?: PlanTotals;
  /** The totals by topic, ordered by name. */
  readonly backlog?: readonly TopicBacklog[];
  /** The lag by group, ordered by name. */
  readonly groups?: readonly GroupLag[];
}

/** Completes the facts of a run with verdict and totals. */
export function buildReport(facts: RunFacts): Report {
  const { plan, results } = facts;
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    verdict: judge(facts),
    ...facts,
    ...(plan !== undefined && {
      planTotals: planTotals(plan),
      backlog: topicBacklogs(plan, results),
      groups: groupLags(plan, facts.groupOffsets, facts.changes?.records),
    }),
  };
}

/** The totals of a plan. */
export function planTotals(plan: Plan): PlanTotals {
  return {
    topics: topicsOf(plan.partitions).length,
    partitions: plan.partitions.length,
    partitionsToCopy: partitionsToCopy(plan).length,
    offsets: sum(plan.partitions, ({ offsets }) => offsets),
    expiredMessages: sum(plan.partitions, ({ expiredMessages }) => expiredMessages),
    uncommittedOffsets: sum(plan.partitions, ({ uncommittedOffsets }) => uncommittedOffsets),
    openTransactionOffsets: sum(plan.partitions, (p) => p.openTransactionOffsets),
  };
}

/**
 * The report as JSON, indented, with a line break at the end. Offsets and counts are JSON numbers up to 2^53 − 1, the
 * largest that every reader reads exactly; larger ones are strings of decimal digits, so that nothing is ever rounded.
 */
export function reportToJson(report: Report): string {
  return `${JSON.stringify(report, (_key, value: unknown) => bigintToJson(value), 2)}\n`;
}

function bigintToJson(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value.toString();
}
