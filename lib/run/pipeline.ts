// The pipeline, in order: reach both clusters, plan and clamp, judge, copy, verify. Plain data goes from stage to
// stage; what happens is told to the narrator, and what came of it is the report. It opens no file and exits nowhere.

import { formatAddress } from "../config/address.ts";
import type { MigrationConfig } from "../config/migration_config.ts";
import { continuePlan } from "../core/continue_plan.ts";
import { applyAccept, type Finding } from "../core/finding.ts";
import { filterAccepts, type NameFilter, parsePattern } from "../core/name_filter.ts";
import { buildPlan, partitionsToCopy, type Plan } from "../core/plan.ts";
import type { JournalIdentity } from "../core/journal_entry.ts";
import { preflight } from "../core/preflight.ts";
import { buildReport, type Report, type RunFacts } from "../core/report.ts";
import type { Mode } from "../core/verdict.ts";
import type { Verification } from "../core/verify.ts";
import type { CopyProgress } from "../copy/copy.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { orFinding } from "./blocking.ts";
import { checkIdentity, checkTopicIds, ownRecords } from "./check_journal.ts";
import type { JournalFile } from "./journal_file.ts";
import { beginMigration, copyWithJournal, type JournaledCopyOptions } from "./journaled_copy.ts";
import { optional } from "./optional.ts";
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
  const { config, journal, narrator, now, signal } = options;
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
  const report = buildReport(facts);
  const { exitStatus } = report.verdict;
  // Only a run that wrote has something to say in the journal.
  if (options.mode === "migrate" && journal.state !== undefined && exitStatus !== 3) {
    journal.append([{ type: "finished", runId: options.runId, at: facts.finishedAt, exitStatus }]);
  }
  return report;
}

async function migrate(options: PipelineOptions, { source, target }: Reached): Promise<Outcome> {
  const { config, narrator, journal, signal } = options;
  const block = (found: Finding): Outcome => {
    narrator.blocked([found]);
    return { findings: [found] };
  };
  const topics = compileFilter(config.topics);
  const onSource = await orFinding(
    snapshotSource(source, (topic) => filterAccepts(topics, topic), signal),
    "source",
  );
  if ("finding" in onSource) return block(onSource.finding);
  const identity: JournalIdentity = {
    sourceClusterId: source.clusterId,
    targetClusterId: target.clusterId,
    settings: settingsOf(config),
  };
  checkIdentity(journal.state, identity);
  const groups = compileFilter(config.groups);
  const { uncommitted, nonEmptyTarget, accept } = config;
  const wholePlan = buildPlan({ source: onSource.value, topics, groups, uncommitted });
  const plan = continuePlan(wholePlan, journal.state);
  const journaled = [...journal.state?.partitions.values() ?? []];
  const planTopics = [...new Set([...plan.partitions, ...journaled].map(({ topic }) => topic))];
  const onTarget = await orFinding(snapshotTarget(target, planTopics, signal), "target");
  if ("finding" in onTarget) return block(onTarget.finding);
  checkTopicIds(journal.state, onSource.value, onTarget.value);
  const rules = {
    nonEmptyTarget,
    uncommitted,
    ownRecords: ownRecords(journal.state, onTarget.value),
  };
  const findings = applyAccept(preflight(plan, onSource.value, onTarget.value, rules), accept);
  narrator.planned(plan, findings);
  const blocked = findings.some(({ severity }) => severity === "error");
  const unfinished = journaled.some(({ status }) => status !== "done");
  if (options.mode === "check" || blocked) return { findings, plan };
  if (partitionsToCopy(plan).length === 0 && !unfinished) {
    return { findings, plan, ...await verifyAgain(options, target, plan) };
  }
  const migration = journal.state === undefined
    ? await orFinding(beginMigration(target, identity, options, signal), "target")
    : { value: journal.state.migration };
  if ("finding" in migration) return block(migration.finding);
  const results = await copyAndVerify(options, { source, target }, {
    plan,
    migration: migration.value,
    sourceSnapshot: onSource.value,
    targetSnapshot: onTarget.value,
  });
  return { findings, plan, ...optional("results", results) };
}

/** Nothing is left to copy: the last run's verdict stands, and is looked into again where it was not good. */
async function verifyAgain(
  { journal, narrator, signal }: PipelineOptions,
  target: Cluster,
  plan: Plan,
): Promise<{ readonly results?: Verification }> {
  const { state } = journal;
  if (state === undefined || state.finished?.exitStatus === 0) return {};
  const results = await verifyOnTarget(target, state, plan, signal);
  narrator.verified(results);
  return { results };
}

async function copyAndVerify(
  { journal, narrator, runId, now, signal, config }: PipelineOptions,
  { source, target }: Reached,
  work: Pick<JournaledCopyOptions, "plan" | "migration" | "sourceSnapshot" | "targetSnapshot">,
): Promise<Verification | undefined> {
  const started = performance.now();
  await copyWithJournal({
    ...work,
    runId,
    source,
    target,
    journal,
    giveUpAfterMs: config.limits.giveUpAfterMs,
    log: narrator,
    onProgress: (progress) => narrator.progress(progress, work.plan, performance.now() - started),
    now,
    signal,
  });
  if (signal.aborted || journal.state === undefined) return undefined;
  const results = await verifyOnTarget(target, journal.state, work.plan, signal);
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
