// Preflight: every finding a plan and a look at both clusters give, in a check as in a migration. It judges plain
// data; whether a finding stops the run is read from its severity by lib/report/verdict.ts.

import { type Finding, finding } from "../model/finding.ts";
import type { NewTopic } from "../plan/new_topics.ts";
import { partitionsToCopy, type Plan, type UncommittedRule } from "../plan/plan.ts";
import { planFindings } from "./plan_findings.ts";
import { settingFindings } from "./setting_findings.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { targetFindings, type TargetOptions } from "./target_findings.ts";

/** How a plan is judged. */
export interface PreflightOptions extends TargetOptions {
  readonly uncommitted: UncommittedRule;
  /** Topics that will be created on the target. */
  readonly newTopics?: readonly NewTopic[];
}

/**
 * All findings, errors before warnings, otherwise in the order: clusters, target, source.
 * `accept` is not applied here: `applyAccept` does that.
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
    // A topic that is its own target is not empty either, which would only hide the cause.
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
  // Who does not know zstd holds none.
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
