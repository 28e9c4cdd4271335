// What a run works with and tells as it goes, and what comes of it: the plain data between the stages.

import type { MigrationConfig } from "../config/migration_config.ts";
import type { CopyProgress } from "../copy/copy_task.ts";
import type { PlanEstimate } from "../plan/estimate.ts";
import type { Finding } from "../model/finding.ts";
import type { GroupOffset } from "../plan/group_offsets.ts";
import type { NewTopic } from "../plan/new_topics.ts";
import type { Plan } from "../plan/plan.ts";
import type { PositionsExpiry } from "../plan/positions_expiry.ts";
import type { SinceLastCheck } from "../plan/since_last_check.ts";
import type { Throughput } from "../report/throughput.ts";
import type { Mode } from "../report/verdict.ts";
import type { Verification } from "../verify/verify.ts";
import type { JournalFile } from "../files/journal_file.ts";
import type { CompareProgress } from "../verification/verify_content.ts";

/** What the pipeline tells as it goes. */
export interface PipelineNarrator {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  planned(plan: Plan, findings: readonly Finding[]): void;
  /** Topics that will be created on the target, or have been. */
  newTopics(topics: readonly NewTopic[], created: boolean): void;
  /** Lines for the log, the first for the screen too. */
  summary(lines: readonly string[]): void;
  found(findings: readonly Finding[]): void;
  progress(progress: CopyProgress, plan: Plan, elapsedMs: number): void;
  /** The copy is over, one way or another: nothing is in progress. */
  copied(): void;
  counted(progress: CompareProgress, elapsedMs: number): void;
  compared(progress: CompareProgress, elapsedMs: number): void;
  verified(results: Verification): void;
  willCarry(plan: Plan): void;
  carried(offsets: readonly GroupOffset[], expiry: PositionsExpiry | undefined): void;
}

/** What a run works with. */
export interface PipelineOptions {
  readonly config: MigrationConfig;
  readonly mode: Mode;
  readonly runId: string;
  readonly configPath: string;
  readonly version: string;
  /** Known before anything is contacted; warnings only. */
  readonly findings: readonly Finding[];
  /** The text of the file that has the last check's report, unread: it may hold anything. */
  readonly lastReport?: string;
  readonly journal: JournalFile;
  readonly narrator: PipelineNarrator;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** What came of a run, as far as it got. */
export interface PipelineOutcome {
  readonly findings: readonly Finding[];
  readonly plan?: Plan;
  readonly results?: Verification;
  readonly throughput?: Throughput;
  readonly estimate?: PlanEstimate;
  readonly sinceLastCheck?: SinceLastCheck;
  readonly groupOffsets?: readonly GroupOffset[];
  readonly positionsExpiry?: PositionsExpiry;
}
