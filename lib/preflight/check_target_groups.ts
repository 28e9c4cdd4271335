// Asks the target about the groups whose positions are to be carried over, before the first byte is copied: else
// the run would find out only after the copy that a position cannot be committed.

import type { MigrationConfig } from "../config/migration_config.ts";
import { compareNames } from "../model/compare_names.ts";
import type { Finding } from "../model/finding.ts";
import { wantedPositions } from "../plan/group_offsets.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { groupReadFindings } from "../findings/permission_findings.ts";
import type { Plan } from "../plan/plan.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { targetGroupFindings } from "../findings/target_group_findings.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { groupsWithoutRead } from "../kafka/group_permissions.ts";
import { carriesGroupOffsets } from "./carries_group_offsets.ts";
import { permittedOn } from "./check_permissions.ts";
import { offsetSettings } from "./offset_settings.ts";
import { optional } from "../model/optional.ts";
import { allGroups } from "./snapshot.ts";

/** What is asked about. */
export interface TargetGroupOptions {
  readonly target: Cluster;
  readonly config: MigrationConfig;
  readonly plan: Plan;
  readonly journal: JournalState | undefined;
  readonly sourceSnapshot: ClusterSnapshot;
  readonly targetSnapshot: ClusterSnapshot;
  readonly signal: AbortSignal;
}

/** Asks and judges; nothing where no positions are to be carried over. @throws {ConnectionError | GroupListError | ProtocolError} */
export async function checkTargetGroups(
  { target, config, plan, journal, sourceSnapshot, targetSnapshot, signal }: TargetGroupOptions,
): Promise<readonly Finding[]> {
  if (!carriesGroupOffsets(config)) return [];
  const names = new Set(wantedPositions(plan).map(({ group }) => group));
  if (names.size === 0) return [];
  const [refused, groups, { maxMetadataLength }] = await Promise.all([
    groupsWithoutRead(target, [...names].sort(compareNames)),
    allGroups(target, signal, names),
    offsetSettings(target),
  ]);
  const { nonEmptyTarget } = config;
  return [
    ...groupReadFindings(refused, permittedOn("target", config.target)),
    ...targetGroupFindings(plan, {
      ...{ target: targetSnapshot, groups, journal, nonEmptyTarget },
      sourceGroups: sourceSnapshot.groups,
      ...optional("maxMetadataLength", maxMetadataLength),
    }),
  ];
}
