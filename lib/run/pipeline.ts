// The pipeline, in order: reach both clusters, plan and clamp, judge, copy, verify. Plain data goes from stage to
// stage; what happens is told to the narrator, and what came of it is the report. It opens no file and exits nowhere.

import { formatAddress } from "../config/address.ts";
import type { MigrationConfig } from "../config/migration_config.ts";
import { publicConfig } from "../config/public_config.ts";
import type { CopyProgress } from "../copy/copy_task.ts";
import { changesOf } from "../core/changes.ts";
import type { Finding } from "../core/finding.ts";
import { estimateLines, type PlanEstimate } from "../core/estimate.ts";
import type { GroupOffset } from "../core/group_offsets.ts";
import { journalProgress, type JournalState } from "../core/journal.ts";
import type { NewTopic } from "../core/new_topics.ts";
import { partitionsToCopy, type Plan } from "../core/plan.ts";
import { stillWritten } from "../core/plan_findings.ts";
import {
  readLastCheck,
  type SinceLastCheck,
  sinceLastCheck,
  sinceLastCheckLines,
} from "../core/since_last_check.ts";
import { buildReport, type Report } from "../core/report.ts";
import type { Throughput } from "../core/throughput.ts";
import type { Mode } from "../core/verdict.ts";
import type { Verification } from "../core/verify.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { orFinding } from "./blocking.ts";
import type { JournalFile } from "./journal_file.ts";
import { engineOf, stopEngine } from "./engine.ts";
import { lookAtEnds } from "./look_closer.ts";
import { makePlan } from "./make_plan.ts";
import { carriesGroupOffsets, carryGroupOffsets } from "./carry_group_offsets.ts";
import { noteSkipped } from "./journal_entries.ts";
import { optional } from "./optional.ts";
import { reachClusters, reportCluster } from "./reach.ts";
import { prepareTarget } from "./prepare_target.ts";
import { type CompareProgress, verifyContent } from "./verify_content.ts";
import { verifyOnTarget } from "./verify_on_target.ts";

/** What the pipeline tells as it goes. */
export interface PipelineNarrator {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  planned(plan: Plan, findings: readonly Finding[]): void;
  newTopics(topics: readonly NewTopic[], created: boolean): void;
  /** Lines for the log, the first for the screen too. */
  summary(lines: readonly string[]): void;
  found(findings: readonly Finding[]): void;
  progress(progress: CopyProgress, plan: Plan, elapsedMs: number): void;
  copied(): void;
  counted(progress: CompareProgress, elapsedMs: number): void;
  compared(progress: CompareProgress, elapsedMs: number): void;
  verified(results: Verification): void;
  willCarry(plan: Plan): void;
  carried(offsets: readonly GroupOffset[]): void;
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
  /** The report of the last check, as it lies there; of whatever it is. */
  readonly lastReport?: string;
  readonly journal: JournalFile;
  readonly narrator: PipelineNarrator;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

interface Outcome {
  readonly findings: readonly Finding[];
  readonly plan?: Plan;
  readonly results?: Verification;
  readonly throughput?: Throughput;
  readonly estimate?: PlanEstimate;
  readonly sinceLastCheck?: SinceLastCheck;
  readonly groupOffsets?: readonly GroupOffset[];
}

interface Clusters {
  readonly source: Cluster;
  readonly target: Cluster;
}

/** Runs the pipeline. @throws {ContinueError} where the journal is of another migration, and on unexpected failures */
export async function runPipeline(options: PipelineOptions): Promise<Report> {
  const { config, journal, mode, now, runId, signal } = options;
  const started = now();
  const reached = await reachClusters(
    config,
    mode === "verify" && config.verify === "count" ? ["target"] : ["source", "target"],
    signal,
  );
  const { source, target } = reached;
  for (const each of [source, target]) if (each) options.narrator.debug(clusterLine(each));
  let outcome: Outcome = { findings: [...reached.findings, ...options.findings] };
  try {
    if (signal.aborted) outcome = { findings: [] };
    else if (reached.findings.length > 0) options.narrator.found(outcome.findings);
    else if (mode === "verify" && target) {
      options.narrator.found(options.findings);
      const results = await verify(options, { target, ...optional("source", source) });
      outcome = { findings: options.findings, ...optional("results", results) };
    } else if (source && target) outcome = await migrate(options, { source, target });
  } catch (error) {
    // What an interrupt cuts short fails in many ways; none of them is news.
    if (!signal.aborted) throw error;
  } finally {
    source?.close();
    target?.close();
  }
  if (signal.aborted && mode === "migrate") await stopEngine(options);
  const finished = now();
  const report = buildReport({
    runId,
    mode,
    configPath: options.configPath,
    version: options.version,
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    durationMs: finished.getTime() - started.getTime(),
    source: reportCluster(config.source, source),
    target: reportCluster(config.target, target),
    interrupted: signal.aborted,
    configuration: publicConfig(config),
    ...(journal.state !== undefined && { changes: changesOf(journal.state) }),
    ...outcome,
  });
  const { exitStatus } = report.verdict;
  // Only a run that wrote has something to say in the journal.
  if (mode === "migrate" && journal.state !== undefined && exitStatus !== 3) {
    const verified = outcome.results === undefined
      ? journal.state.finished?.verified
      : config.verify;
    const at = report.finishedAt;
    journal.append([{
      ...{ type: "finished", runId, at, exitStatus },
      ...optional("verified", verified),
    }]);
  }
  return report;
}

async function migrate(options: PipelineOptions, clusters: Clusters): Promise<Outcome> {
  const { config, journal, mode, narrator, signal } = options;
  const judged = await makePlan(config, clusters, journal.state, mode, signal);
  if ("finding" in judged) return block(options, judged.finding);
  const { plan, estimate } = judged;
  const engine = engineOf(config.engine, { ...options, ...clusters, ...judged });
  const findings = [...await engine.findings(), ...judged.findings, ...options.findings];
  const changed = sinceLastCheck(readLastCheck(options.lastReport ?? ""), plan, {
    source: clusters.source.clusterId,
    target: clusters.target.clusterId,
  });
  const planned = { plan, estimate, ...optional("sinceLastCheck", changed) };
  if (journal.state !== undefined) narrator.info(journalProgress(journal.state));
  narrator.newTopics(judged.newTopics, false);
  narrator.planned(plan, findings);
  narrator.summary(estimateLines(estimate));
  if (changed !== undefined) narrator.summary(sinceLastCheckLines(changed));
  const carries = carriesGroupOffsets(config);
  if (carries) narrator.willCarry(plan);
  if (mode === "check" || findings.some(({ severity }) => severity === "error")) {
    return { ...planned, findings };
  }
  const { state } = journal;
  const unfinished = [...state?.partitions.values() ?? []].some(({ status }) => status !== "done");
  const nothingToCopy = partitionsToCopy(plan).length === 0 && !unfinished;
  if (nothingToCopy && state === undefined && !carries) return { ...planned, findings };
  if (nothingToCopy && state !== undefined && judged.newTopics.length === 0) {
    await engine.tidy();
    // Nothing is left to copy: the last run's verdict stands, and is looked into again where it was not good enough.
    const results = isVerified(state, config) ? undefined : await verify(options, clusters, plan);
    noteSkipped(journal, { ...judged, ...options });
    const outcome = { ...planned, findings, ...optional("results", results) };
    return carries ? await withGroupOffsets(options, clusters, outcome, plan) : outcome;
  }
  const prepared = await orFinding(prepareTarget(options, clusters.target, judged), "target");
  if ("finding" in prepared) return block(options, prepared.finding);
  if ("findings" in prepared.value) {
    narrator.found(prepared.value.findings);
    return { ...planned, findings: [...findings, ...prepared.value.findings] };
  }
  const migration = state === undefined
    ? await orFinding(engine.begin(), "target")
    : { value: state.migration };
  if ("finding" in migration) return block(options, migration.finding);
  const throughput = await engine.copy({ ...prepared.value, migration: migration.value });
  const copied = { ...planned, findings, ...optional("throughput", throughput) };
  if (signal.aborted) return copied;
  const [results, ends] = await Promise.all([
    verify(options, clusters, plan),
    lookAtEnds(clusters.source, plan.partitions, judged.sourceSnapshot),
  ]);
  const grown = stillWritten(plan, judged.sourceSnapshot, ends);
  narrator.found(grown);
  // What was found before the copy is said anew, with all that has come since.
  const others = findings.filter(({ code }) => code !== "SOURCE_STILL_WRITTEN");
  const outcome = {
    ...copied,
    ...(grown.length > 0 && { findings: [...others, ...grown] }),
    ...optional("results", results),
  };
  return carries ? await withGroupOffsets(options, clusters, outcome, plan) : outcome;
}

/** Carries the groups' positions over, now that what they point at has been verified. */
async function withGroupOffsets(
  { config, journal, narrator, signal }: PipelineOptions,
  { source, target }: Clusters,
  outcome: Outcome,
  plan: Plan,
): Promise<Outcome> {
  const { state } = journal;
  if (state === undefined || signal.aborted) return outcome;
  const { results } = outcome;
  const groupOffsets = await carryGroupOffsets({
    ...{ source, target, plan, journal: state, results, signal },
    bytesPerSecond: config.limits.bytesPerSecond,
  });
  narrator.carried(groupOffsets);
  return { ...outcome, groupOffsets };
}

/** Whether the last run has verified everything, by content where that is wanted. */
function isVerified({ finished }: JournalState, { verify }: MigrationConfig): boolean {
  return finished?.exitStatus === 0 && (verify === "count" || finished.verified === "content");
}

function block(options: PipelineOptions, found: Finding): Outcome {
  // What an interrupt cuts short is nothing that was found.
  if (options.signal.aborted) return { findings: [] };
  const findings = [found, ...options.findings];
  options.narrator.found(findings);
  return { findings };
}

/** Verifies what the journal holds, and what the plan skips beside it. */
async function verify(
  { config, journal, narrator, signal }: PipelineOptions,
  { source, target }: { readonly source?: Cluster; readonly target: Cluster },
  plan?: Plan,
): Promise<Verification | undefined> {
  if (journal.state === undefined) return undefined;
  const counted = await verifyOnTarget(target, journal.state, plan, signal);
  const started = performance.now();
  const results = config.verify === "count" || source === undefined
    ? counted
    : await verifyContent({
      ...{ source, target, counted, signal },
      bytesPerSecond: config.limits.bytesPerSecond,
      journal: journal.state,
      onProgress: (progress) => narrator.compared(progress, performance.now() - started),
    });
  narrator.verified(results);
  return results;
}

/** `source cluster MkU3…, brokers: 1 (10.0.0.1:9092), 2 (10.0.0.2:9092)`. */
function clusterLine({ role, clusterId, brokers }: Cluster): string {
  const listed = [...brokers()].map(([nodeId, address]) => `${nodeId} (${formatAddress(address)})`);
  return `${role} cluster ${clusterId}, brokers: ${listed.join(", ")}`;
}
