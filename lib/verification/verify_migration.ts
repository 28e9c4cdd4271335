// Verification: checks that the target holds what the journal says, and compares it with the source where the config
// wants that. It writes nothing.

import type { MigrationConfig } from "../config/migration_config.ts";
import type { Finding } from "../model/finding.ts";
import { isIdempotent } from "../journal/journal_entry.ts";
import type { Plan } from "../plan/plan.ts";
import { targetWrittenFindings } from "../findings/target_written_findings.ts";
import type { Verification } from "../verify/verify.ts";
import type { TopicIds } from "../preflight/check_journal.ts";
import type { PipelineOptions } from "../run/pipeline_options.ts";
import type { Clusters } from "../preflight/reach.ts";
import { verifyContent } from "./verify_content.ts";
import { verifyOnTarget } from "./verify_on_target.ts";
import { optional } from "../model/optional.ts";

/** What a verification came to, and what is worth knowing beside it; both have been told. */
export interface Verified {
  readonly results?: Verification;
  readonly findings: readonly Finding[];
}

/** How it is verified. */
export interface VerifyOptions {
  /** The plan of the run: what it skips is a result too. */
  readonly plan?: Plan;
  readonly by: MigrationConfig["verify"];
  /** Told what the target's topics are before anything is judged; it may throw. */
  readonly onLooked?: (topics: TopicIds) => void;
}

/** Verifies what the journal holds, and what the plan skips beside it. */
export async function verifyMigration(
  { config, journal, narrator, signal }: PipelineOptions,
  { source, target }: Partial<Clusters> & Pick<Clusters, "target">,
  { plan, by, onLooked }: VerifyOptions,
): Promise<Verified> {
  if (journal.state === undefined) return { findings: [] };
  const { bytesPerSecond } = config.limits;
  const counted = await verifyOnTarget(target, journal.state, {
    ...{ bytesPerSecond, signal },
    ...optional("plan", plan),
    ...optional("onLooked", onLooked),
  });
  const started = performance.now();
  const results = by === "count" || source === undefined ? counted : await verifyContent({
    ...{ source, target, counted, signal, bytesPerSecond },
    journal: journal.state,
    onProgress: (progress) => narrator.compared(progress, performance.now() - started),
  });
  narrator.verified(results);
  const findings = targetWrittenFindings(results, isIdempotent(journal.state.migration));
  narrator.found(findings);
  return { results, findings };
}
