// The pipeline, in order: reach both clusters, plan and clamp, judge, copy, verify. Plain data goes from stage to
// stage; what happens is told to the narrator, and what came of it is the report. It opens no file and exits nowhere.

import { formatAddress } from "../config/address.ts";
import type { MigrationConfig } from "../config/migration_config.ts";
import { continuePlan } from "../core/continue_plan.ts";
import { applyAccept, type Finding } from "../core/finding.ts";
import { filterAccepts, type NameFilter, parsePattern } from "../core/name_filter.ts";
import { buildPlan, partitionsToCopy, type Plan } from "../core/plan.ts";
import { preflight } from "../core/preflight.ts";
import { buildReport, type Report, type RunFacts } from "../core/report.ts";
import type { ClusterSnapshot } from "../core/snapshot.ts";
import type { Mode } from "../core/verdict.ts";
import type { Verification } from "../core/verify.ts";
import type { CopyProgress } from "../copy/copy.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { checkJournal, ownRecords } from "./check_journal.ts";
import type { JournalFile } from "./journal_file.ts";
import { copyWithJournal } from "./journaled_copy.ts";
import { reachClusters } from "./reach.ts";
import { snapshotSource, snapshotTarget } from "./snapshot.ts";
import { verifyOnTarget } from "./verify_on_target.ts";

/** What the pipeline tells as it goes. */
export interface PipelineNarrator {
  info(text: string): void;
  warning(text: string): void;
  planned(plan: Plan, findings: readonly Finding[]): void;
  blocked(findings: readonly Finding[]): void;
  progress(progress: CopyProgress, plan: Plan, elapsedMs: number): void;
  verified(results: Verification): void;
}

/** What a run works with. */
export interface PipelineOptions {
  readonly config: MigrationConfig;
  readonly mode: Mode;
  readonly runId: string;
  readonly configPath: string;
  readonly version: string;
  readonly journal: JournalFile;
  readonly narrator: PipelineNarrator;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

interface Outcome {
  readonly findings: readonly Finding[];
  readonly plan?: Plan;
  readonly results?: Verification;
}

interface Reached {
  readonly source: Cluster;
  readonly target: Cluster;
}

/** Runs the pipeline. @throws {ContinueError} where the journal is of another migration, and on unexpected failures */
export async function runPipeline(options: PipelineOptions): Promise<Report> {
  const { config, narrator, now, signal } = options;
  const started = now();
  const { source, target, findings } = await reachClusters(config, signal);
  let outcome: Outcome;
  try {
    if (source === undefined || target === undefined || findings.length > 0) {
      narrator.blocked(findings);
      outcome = { findings };
    } else outcome = await migrate(options, { source, target });
  } finally {
    source?.close();
    target?.close();
  }
  const finished = now();
  const facts: RunFacts = {
    runId: options.runId,
    mode: options.mode,
    configPath: options.configPath,
    version: options.version,
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    durationMs: finished.getTime() - started.getTime(),
    source: reportCluster(config.source.bootstrapServers.map(formatAddress), source),
    target: reportCluster(config.target.bootstrapServers.map(formatAddress), target),
    interrupted: signal.aborted,
    ...outcome,
  };
  return buildReport(facts);
}

async function migrate(options: PipelineOptions, { source, target }: Reached): Promise<Outcome> {
  const { config, narrator, journal, signal } = options;
  const topics = compileFilter(config.topics);
  const sourceSnapshot = await snapshotSource(
    source,
    (topic) => filterAccepts(topics, topic),
    signal,
  );
  const settings = settingsOf(config);
  checkJournal(journal.state, sourceSnapshot.clusterId, target.clusterId, settings);
  const wholePlan = buildPlan({
    source: sourceSnapshot,
    topics,
    groups: compileFilter(config.groups),
    uncommitted: config.uncommitted,
  });
  const plan = continuePlan(wholePlan, journal.state);
  const planTopics = [...new Set(plan.partitions.map(({ topic }) => topic))];
  const targetSnapshot = await snapshotTarget(target, planTopics, signal);
  const findings = applyAccept(
    preflight(plan, sourceSnapshot, targetSnapshot, {
      nonEmptyTarget: config.nonEmptyTarget,
      uncommitted: config.uncommitted,
      ownRecords: ownRecords(journal.state, targetSnapshot),
    }),
    config.accept,
  );
  narrator.planned(plan, findings);
  const nothingToDo = partitionsToCopy(plan).length === 0;
  const blocked = findings.some(({ severity }) => severity === "error");
  if (options.mode === "check" || nothingToDo || blocked) return { findings, plan };

  const results = await copyAndVerify(options, { source, target }, plan, {
    sourceSnapshot,
    targetSnapshot,
    settings,
  });
  return { findings, plan, results };
}

async function copyAndVerify(
  { journal, narrator, runId, now, signal, config }: PipelineOptions,
  { source, target }: Reached,
  plan: Plan,
  rest: {
    readonly sourceSnapshot: ClusterSnapshot;
    readonly targetSnapshot: ClusterSnapshot;
    readonly settings: Readonly<Record<string, unknown>>;
  },
): Promise<Verification> {
  const started = performance.now();
  const copied = await copyWithJournal({
    runId,
    plan,
    source,
    target,
    ...rest,
    journal,
    giveUpAfterMs: config.limits.giveUpAfterMs,
    log: narrator,
    onProgress: (progress) => narrator.progress(progress, plan, performance.now() - started),
    now,
    signal,
  });
  const results = await verifyOnTarget(target, plan, copied, signal);
  narrator.verified(results);
  return results;
}

function compileFilter({ include, exclude }: MigrationConfig["topics"]): NameFilter {
  const compile = (texts: readonly string[]) =>
    texts.map(parsePattern).filter((pattern) => typeof pattern !== "string");
  return { include: compile(include), exclude: compile(exclude) };
}

/** What must not change while a migration is under way. */
function settingsOf(
  { topics, groups, uncommitted, engine }: MigrationConfig,
): Readonly<Record<string, unknown>> {
  return { topics, groups, uncommitted, engine: typeof engine === "string" ? engine : "connect" };
}

function reportCluster(bootstrapServers: readonly string[], cluster: Cluster | undefined) {
  return { bootstrapServers, ...(cluster && { clusterId: cluster.clusterId }) };
}
