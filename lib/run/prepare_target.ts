// Prepares the target before the first byte is copied: creates the planned topics that are missing and describes them again.

import { applyAccept, type Finding } from "../model/finding.ts";
import { targetFindings } from "../findings/target_findings.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { carriesGroupOffsets } from "../preflight/carries_group_offsets.ts";
import { permittedOn } from "../preflight/check_permissions.ts";
import type { JournaledCopyOptions } from "../local_copy/journaled_copy.ts";
import type { JudgedPlan } from "./make_plan.ts";
import { createNewTopics } from "../preflight/new_topics.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import { optional } from "../model/optional.ts";
import { snapshotTopics } from "../preflight/snapshot.ts";

/** Creates the topics that are missing on the target. @returns what stood in the way, or the target as it is then */
export async function prepareTarget(
  { config, narrator, signal }: Pick<PipelineOptions, "config" | "narrator" | "signal">,
  target: Cluster,
  { plan, sourceSnapshot, targetSnapshot, newTopics }: JudgedPlan,
): Promise<
  Pick<JournaledCopyOptions, "targetSnapshot" | "topicsCreated"> | {
    readonly findings: readonly Finding[];
  }
> {
  if (newTopics.length === 0) return { targetSnapshot, topicsCreated: [] };
  const permitted = permittedOn("target", config.target);
  const created = await createNewTopics(target, newTopics, permitted, signal);
  narrator.newTopics(created.topics, true);
  if (created.findings.length > 0) return created;
  const names = [...targetSnapshot.topics.keys(), ...newTopics.map(({ topic }) => topic)];
  const now = {
    ...await snapshotTopics(target, names, signal),
    ...optional("knowsZstd", targetSnapshot.knowsZstd),
  };
  // Somebody else may have created one of them, in another way.
  const left = {
    ...plan,
    partitions: plan.partitions.filter((p) => !targetSnapshot.topics.has(p.topic)),
  };
  const judged = targetFindings(left, sourceSnapshot, now, {
    ...config,
    carriesPositions: carriesGroupOffsets(config),
  });
  const findings = applyAccept(judged, config.accept)
    .filter(({ severity }) => severity === "error");
  const topicsCreated = created.topics.map(({ topic }) => topic);
  return findings.length > 0 ? { findings } : { targetSnapshot: now, topicsCreated };
}
