// The stages of a migration between two connected clusters: plan and clamp the ranges, judge the plan, copy, verify, carry
// the group offsets over. A check ends with the judged plan.

import type { MigrationConfig } from "../config/migration_config.ts";
import { publicConfig } from "../config/public_config.ts";
import { estimateLines } from "../plan/estimate.ts";
import type { Finding } from "../model/finding.ts";
import { journalProgress } from "../journal/journal.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { partitionsToCopy, type Plan } from "../plan/plan.ts";
import { stillWritten } from "../findings/plan_findings.ts";
import {
  checkIdentity,
  notComparedLine,
  readLastCheck,
  sinceLastCheck,
  sinceLastCheckLines,
} from "../plan/since_last_check.ts";
import { orFinding } from "../preflight/blocking.ts";
import { carryGroupOffsets } from "../groups/carry_group_offsets.ts";
import { carriesGroupOffsets } from "../preflight/carries_group_offsets.ts";
import { engineOf } from "./engine.ts";
import { noteSkipped } from "../local_copy/journal_entries.ts";
import { lookAtEnds } from "../preflight/look_closer.ts";
import { makePlan } from "./make_plan.ts";
import { optional } from "../model/optional.ts";
import type { PipelineOptions, PipelineOutcome } from "./pipeline_options.ts";
import { prepareTarget } from "./prepare_target.ts";
import { type Clusters, withoutAway } from "../preflight/reach.ts";
import { verifyMigration } from "../verification/verify_migration.ts";

/**
 * Plans, and unless this is a check or something stands in the way, copies, verifies and carries group offsets over.
 *
 * @throws {ContinueError} where the journal is of another migration, and on unexpected failures
 */
export async function migrate(
  options: PipelineOptions,
  clusters: Clusters,
): Promise<PipelineOutcome> {
  const { config, journal, mode, narrator, signal } = options;
  const judged = await makePlan(config, clusters, journal.state, mode, signal);
  if ("finding" in judged) return block(options, judged.finding);
  const { plan, estimate } = judged;
  const engine = engineOf(config.engine, { ...options, ...clusters, ...judged });
  const findings = [...await engine.findings(), ...judged.findings, ...options.findings];
  const last = readLastCheck(options.lastReport ?? "");
  const now = checkIdentity(
    { source: clusters.source.clusterId, target: clusters.target.clusterId },
    options.configPath,
    publicConfig(config),
  );
  const changed = sinceLastCheck(last, plan, now);
  const planned = { plan, estimate, ...optional("sinceLastCheck", changed) };
  if (journal.state !== undefined) narrator.info(journalProgress(journal.state));
  narrator.newTopics(judged.newTopics, false);
  narrator.planned(plan, findings);
  narrator.summary(estimateLines(estimate));
  if (changed !== undefined) narrator.summary(sinceLastCheckLines(changed));
  else if (last !== undefined) narrator.summary([notComparedLine(last, now)]);
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
    // Nothing is left to copy. Contents that were compared before are not compared again, but the records on the target
    // are counted in any case: the target may have lost them since.
    const by = isVerified(state, config) ? "count" : config.verify;
    const verified = await verifyMigration(options, clusters, { plan, by });
    noteSkipped(journal, { ...judged, ...options });
    const outcome = { ...planned, ...verified, findings: [...findings, ...verified.findings] };
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
  const [verified, ends] = await Promise.all([
    verifyMigration(options, clusters, { plan, by: config.verify }),
    lookAtEnds(clusters.source, plan.partitions, judged.sourceSnapshot),
  ]);
  const grown = stillWritten(plan, judged.sourceSnapshot, ends);
  narrator.found(grown);
  // This finding replaces the one from before the copy: it counts what was written since.
  const others = findings.filter(({ code }) => code !== "SOURCE_STILL_WRITTEN");
  const outcome = {
    ...copied,
    ...verified,
    findings: [...(grown.length > 0 ? [...others, ...grown] : findings), ...verified.findings],
  };
  return carries ? await withGroupOffsets(options, clusters, outcome, plan) : outcome;
}

/** Carries the groups' positions over, now that what they point at has been verified. */
async function withGroupOffsets(
  { config, journal, narrator, now, signal }: PipelineOptions,
  { source, target }: Clusters,
  outcome: PipelineOutcome,
  plan: Plan,
): Promise<PipelineOutcome> {
  const { state } = journal;
  if (state === undefined || signal.aborted) return outcome;
  const { results } = outcome;
  const carried = await carryGroupOffsets({
    ...{ source, target, plan, journal: state, results, now, signal },
    bytesPerSecond: config.limits.bytesPerSecond,
  });
  narrator.carried(carried.groupOffsets, carried.positionsExpiry);
  return { ...outcome, ...carried };
}

/** Whether the last run has verified everything, by content where that is wanted. */
function isVerified({ finished }: JournalState, { verify }: MigrationConfig): boolean {
  return finished?.exitStatus === 0 && (verify === "count" || finished.verified === "content");
}

function block(options: PipelineOptions, found: Finding): PipelineOutcome {
  // After an interrupt, requests fail because they were cut short: that is no finding.
  if (options.signal.aborted) return { findings: [] };
  const findings = [found, ...withoutAway(options.findings, found)];
  options.narrator.found(findings);
  return { findings };
}
