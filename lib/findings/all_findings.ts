// Preflight: all findings that the plan and the snapshots of both clusters give, in a check as in a migration. It judges
// plain data; lib/report/verdict.ts decides from a finding's severity whether it stops the run.

import { type Finding, finding } from "../model/finding.ts";
import type { NewTopic } from "../plan/new_topics.ts";
import { partitionsToCopy, type Plan, type UncommittedRule } from "../plan/plan.ts";
import { planFindings } from "./plan_findings.ts";
import { settingFindings } from "./setting_findings.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { targetFindings, type TargetOptions } from "./target_findings.ts";

/** What the judgement of a plan depends on besides the clusters. */
export interface PreflightOptions extends TargetOptions {
  readonly uncommitted: UncommittedRule;
  /** Topics that this run will create on the target. */
  readonly newTopics?: readonly NewTopic[];
}

/**
 * All findings, errors before warnings, and within each in the order: clusters, target, source. The caller applies `accept`
 * with `applyAccept`.
 */
export function preflight(
  plan: Plan,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
  options: PreflightOptions,
): readonly Finding[] {
  const same = sameCluster(source, target);
  const all = [
    ...same,
    // Where source and target are one cluster, its topics are not empty either: saying so would hide the cause.
    ...(same.length > 0 ? [] : targetFindings(plan, source, target, options)),
    ...(same.length > 0 ? [] : settingFindings(plan, source, target, options.newTopics)),
    ...(same.length > 0 ? [] : zstdFindings(plan, source, target)),
    ...planFindings(plan, source, options.uncommitted),
  ];
  return [
    ...all.filter(({ severity }) => severity === "error"),
    ...all.filter(({ severity }) => severity === "warning"),
  ];
}

function zstdFindings(
  plan: Plan,
  source: ClusterSnapshot,
  target: ClusterSnapshot,
): readonly Finding[] {
  // A source that does not support zstd holds no zstd batches.
  if (target.knowsZstd !== false || source.knowsZstd === false) return [];
  if (partitionsToCopy(plan).length === 0) return [];
  return [finding(
    "ZSTD_REENCODED",
    { cluster: "target" },
    "The target knows no zstd, which Kafka 2.1 brought: batches in zstd, where the source holds any, are re-encoded in lz4, which is slow and takes more room",
    "Nothing has to be done; producers that will write to the target have to use another codec",
  )];
}

function sameCluster(source: ClusterSnapshot, target: ClusterSnapshot): readonly Finding[] {
  if (source.clusterId === "" || source.clusterId !== target.clusterId) return [];
  return [finding(
    "SAME_CLUSTER",
    {},
    `Source and target are the same cluster (${source.clusterId})`,
    "Correct source.bootstrapServers or target.bootstrapServers",
  )];
}
