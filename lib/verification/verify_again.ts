// `--verify`: what an earlier run migrated is verified again, and only that. The clusters, the topics and the settings have
// to be those of the migration, as for a run that continues it: others may hold as many messages. A count asks the target
// alone, so that it stays possible when the source is gone; then that the source was not asked is said.

import type { MigrationConfig } from "../config/migration_config.ts";
import { type Finding, finding } from "../model/finding.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { topicsOf } from "../model/topic_partition.ts";
import { isPeerError } from "../wire/peer_error.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { checkIdentity, checkVerifiedTopics, type TopicIds } from "../preflight/check_journal.ts";
import type { Clusters, ReachedClusters } from "../preflight/reach.ts";
import { identitySettings } from "../preflight/identity_settings.ts";
import { optional } from "../model/optional.ts";
import type { PipelineOptions, PipelineOutcome } from "../run/pipeline_options.ts";
import { verifyMigration } from "./verify_migration.ts";
import { withRetries } from "../kafka/with_retries.ts";

/** What was reached of both clusters for a verification. */
export interface ReachedToVerify extends ReachedClusters {
  /** Why the source was not reached, where it is not needed. */
  readonly sourceProblem?: string;
}

/** What was reached, without what stands in the way of nothing: to count, the source is not needed. */
export function withoutNeedlessSource(
  reached: ReachedClusters,
  { verify }: Pick<MigrationConfig, "verify">,
): ReachedToVerify {
  if (verify !== "count") return reached;
  const findings = reached.findings.filter(({ where }) => where.cluster !== "source");
  const problem = reached.findings.find(({ where }) => where.cluster === "source")?.message;
  return {
    ...reached,
    findings,
    ...(reached.source === undefined && optional("sourceProblem", problem)),
  };
}

/**
 * Verifies what the journal holds once it is known to be of these clusters and settings.
 *
 * @throws {ContinueError} where the journal is of another migration
 */
export async function verifyAgain(
  options: PipelineOptions,
  { source, target, sourceProblem }: ReachedToVerify & Pick<Clusters, "target">,
): Promise<PipelineOutcome> {
  const { config, journal: { state }, narrator, signal } = options;
  if (state === undefined) return { findings: options.findings };
  checkIdentity(state, {
    sourceClusterId: source?.clusterId ?? state.migration.sourceClusterId,
    targetClusterId: target.clusterId,
    settings: identitySettings(config),
  });
  const onSource = source === undefined
    ? sourceProblem ?? "it could not be reached"
    : await topicIds(source, state, signal);
  if (typeof onSource !== "string") checkVerifiedTopics(state, "source", onSource);
  const findings = [
    ...options.findings,
    ...(typeof onSource === "string" ? [sourceNotAsked(onSource)] : []),
  ];
  narrator.found(findings);
  const verified = await verifyMigration(options, { target, ...optional("source", source) }, {
    by: config.verify,
    onLooked: (topics) => checkVerifiedTopics(state, "target", topics),
  });
  return { ...verified, findings: [...findings, ...verified.findings] };
}

/** The topics of the migration as the source has them now, or why it does not say. */
async function topicIds(
  source: Cluster,
  { partitions }: JournalState,
  signal: AbortSignal,
): Promise<TopicIds | string> {
  try {
    const names = topicsOf(partitions.values());
    const { topics } = await withRetries(() => source.metadata(names), signal);
    return new Map(
      topics.map(({ topic, topicId }) => [topic, { ...optional("topicId", topicId) }]),
    );
  } catch (error) {
    if (!isPeerError(error)) throw error;
    return error.message;
  }
}

function sourceNotAsked(problem: string): Finding {
  return finding(
    "SOURCE_NOT_ASKED",
    { cluster: "source" },
    `The source was not asked whether it is the one that was migrated: ${problem}`,
    "Nothing, if it has been switched off: the target is verified by the state file; otherwise make it reachable and verify again",
  );
}
