// From a look at both clusters to a plan that has been judged: plan, clamp, what a journal has already done, findings.

import type { MigrationConfig } from "../config/migration_config.ts";
import { continuePlan } from "../plan/continue_plan.ts";
import { applyAccept, type Finding } from "../model/finding.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { JournalIdentity } from "../journal/journal_entry.ts";
import { filterAccepts, type NameFilter, parsePattern } from "../plan/name_filter.ts";
import { type NewTopic, planNewTopics } from "../plan/new_topics.ts";
import { notCopiedFindings } from "../findings/not_copied_findings.ts";
import { matchPatterns, patternFindings } from "../plan/pattern_matches.ts";
import { buildPlan, type Plan, topicsRead } from "../plan/plan.ts";
import { preflight } from "../findings/all_findings.ts";
import type { PlanEstimate } from "../plan/estimate.ts";
import { buildRangePlan } from "../plan/range_plan.ts";
import type { ClusterSnapshot, GroupSnapshot } from "../model/snapshot.ts";
import { topicsOf } from "../model/topic_partition.ts";
import { unfinishedFindings } from "../findings/unfinished_findings.ts";
import type { Mode } from "../report/verdict.ts";
import { carriesGroupOffsets } from "../preflight/carries_group_offsets.ts";
import { orFinding } from "../preflight/blocking.ts";
import {
  permittedOn,
  sourcePermissions,
  targetPermissions,
} from "../preflight/check_permissions.ts";
import { closerFindings } from "../preflight/closer_findings.ts";
import { optional } from "../model/optional.ts";
import { checkTargetGroups } from "../preflight/check_target_groups.ts";
import { checkIdentity, checkTopicIds, ownRecords } from "../preflight/check_journal.ts";
import { identitySettings } from "../preflight/identity_settings.ts";
import {
  checkNotOlder,
  lookAtProducers,
  looksLikeCopy,
  toldByProducers,
} from "../preflight/look_at_producers.ts";
import { knowsZstd } from "../preflight/knows_zstd.ts";
import { tryNewTopics } from "../preflight/new_topics.ts";
import type { Clusters } from "../preflight/reach.ts";
import { snapshotRanges, snapshotSource } from "../preflight/snapshot.ts";
import { createTargetLook } from "../preflight/target_look.ts";

/** A plan, what was found on the way, and what it rests on. */
export interface JudgedPlan {
  readonly plan: Plan;
  /** With `accept` applied. */
  readonly findings: readonly Finding[];
  readonly identity: JournalIdentity;
  readonly sourceSnapshot: ClusterSnapshot;
  readonly targetSnapshot: ClusterSnapshot;
  /** What a migration is to create on the target first. */
  readonly newTopics: readonly NewTopic[];
  readonly estimate: PlanEstimate;
}

/** A check compares the ends so long after its first look; a log that grows more slowly looks as if it did not. */
const APART_MS = 500;

/**
 * Makes the plan.
 *
 * @returns the finding that stood in the way where a cluster could not be looked at
 * @throws {ContinueError} where the journal is of another migration, or older than what is on the target
 */
export async function makePlan(
  config: MigrationConfig,
  { source, target }: Clusters,
  journal: JournalState | undefined,
  mode: Mode,
  signal: AbortSignal,
): Promise<JudgedPlan | { readonly finding: Finding }> {
  const topics = compileFilter(config.topics);
  const groups = compileFilter(config.groups);
  const { uncommitted, nonEmptyTarget, accept } = config;
  const concerns = (topic: string) => filterAccepts(topics, topic);
  const { ranges } = config;
  using targetLook = createTargetLook(target, signal);
  const journaled = [...journal?.partitions.values() ?? []];
  const lookAhead = (listed: readonly GroupSnapshot[]) =>
    targetLook.begin(topicsOf(journaled).concat(topicsRead(listed, { topics, groups })));
  const onSource = await orFinding(
    ranges === undefined
      ? snapshotSource(source, concerns, lookAhead, signal)
      : snapshotRanges(source, ranges, signal),
    "source",
  );
  const lookedAt = performance.now();
  if ("finding" in onSource) return onSource;
  const [sourceZstd, targetZstd] = await Promise.all([source, target].map(knowsZstd));
  const sourceSnapshot = { ...onSource.value, ...optional("knowsZstd", sourceZstd) };
  const identity: JournalIdentity = {
    sourceClusterId: source.clusterId,
    targetClusterId: target.clusterId,
    settings: identitySettings(config),
  };
  checkIdentity(journal, identity);
  const whole = ranges === undefined
    ? buildPlan({ source: sourceSnapshot, topics, groups, uncommitted })
    : buildRangePlan({ source: sourceSnapshot, topics, ranges });
  const patterns = matchPatterns(sourceSnapshot, { topics, groups });
  const plan = { ...continuePlan(whole, journal), patterns };
  const onTarget = await targetLook.at(topicsOf([...plan.partitions, ...journaled]));
  if ("finding" in onTarget) return onTarget;
  const targetSnapshot = { ...onTarget.value, ...optional("knowsZstd", targetZstd) };
  checkTopicIds(journal, sourceSnapshot, targetSnapshot);
  const asked = toldByProducers(plan, journal, targetSnapshot);
  const producers = await lookAtProducers(target, asked, signal);
  checkNotOlder(journal, producers);
  const carriesPositions = carriesGroupOffsets(config);
  const written = (topic: string) => journaled.some((each) => each.topic === topic);
  const missing = config.createTopics === false
    ? []
    : planNewTopics(plan, sourceSnapshot, targetSnapshot, {
      ...config.createTopics,
      carriesPositions,
      written,
    });
  const tried = await orFinding(
    tryNewTopics(target, missing, permittedOn("target", config.target), signal),
    "target",
  );
  if ("finding" in tried) return tried;
  const newTopics = tried.value.topics;
  const found = preflight(plan, sourceSnapshot, targetSnapshot, {
    nonEmptyTarget,
    carriesPositions,
    uncommitted,
    newTopics,
    creates: (topic) => missing.some((each) => each.topic === topic),
    written,
    ownRecords: ownRecords(journal, targetSnapshot),
    looksLikeCopy: looksLikeCopy(producers, targetSnapshot),
  });
  // None of these needs what another finds out, and over a long link each takes several round trips.
  const [closer, readable, writable, settable] = await Promise.all([
    orFinding(
      closerFindings({
        source,
        plan,
        sourceSnapshot,
        targetSnapshot,
        newTopics,
        ...optional("bytesPerSecond", config.limits.bytesPerSecond),
        // A migration compares the ends again after the copy, and need not wait here.
        waitMs: () => mode === "check" ? APART_MS - (performance.now() - lookedAt) : 0,
        signal,
      }),
      "source",
    ),
    orFinding(sourcePermissions(source, config, plan, sourceSnapshot), "source"),
    orFinding(targetPermissions(target, config, plan), "target"),
    orFinding(
      checkTargetGroups({
        ...{ target, config, plan, journal, signal },
        ...{ sourceSnapshot, targetSnapshot },
      }),
      "target",
    ),
  ]);
  if ("finding" in closer) return closer;
  if ("finding" in readable) return readable;
  if ("finding" in writable) return writable;
  if ("finding" in settable) return settable;
  const { hidden } = writable.value;
  // A cluster cannot be migrated onto itself, whatever else was found.
  const same = found.some(({ code }) => code === "SAME_CLUSTER");
  const all = [
    ...readable.value,
    ...writable.value.findings,
    ...tried.value.findings,
    ...patternFindings(patterns),
    ...unfinishedFindings(journal, sourceSnapshot),
    ...notCopiedFindings(plan, journal),
    // A topic that the user may not see is hidden, not missing.
    ...found.filter(({ code, where }) =>
      code !== "TARGET_TOPIC_MISSING" || !hidden.has(where.topic ?? "")
    ),
    ...(same ? [] : [...settable.value, ...closer.value.findings]),
  ];
  const findings = applyAccept(
    [...all.filter(isError), ...all.filter((each) => !isError(each))],
    accept,
  );
  const { estimate } = closer.value;
  return { plan, findings, identity, sourceSnapshot, targetSnapshot, newTopics, estimate };
}

const isError = ({ severity }: Finding) => severity === "error";

function compileFilter({ include, exclude }: MigrationConfig["topics"]): NameFilter {
  const compile = (texts: readonly string[]) =>
    texts.map(parsePattern).filter((pattern) => typeof pattern !== "string");
  return { include: compile(include), exclude: compile(exclude) };
}
