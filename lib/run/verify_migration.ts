// Verification: what the journal says the target holds is looked for there, and compared with the source where that is
// wanted. It writes nothing.

import type { Plan } from "../core/plan.ts";
import type { Verification } from "../core/verify.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { Clusters } from "./reach.ts";
import { verifyContent } from "./verify_content.ts";
import { verifyOnTarget } from "./verify_on_target.ts";

/** Verifies what the journal holds, and what the plan skips beside it. */
export async function verifyMigration(
  { config, journal, narrator, signal }: PipelineOptions,
  { source, target }: Partial<Clusters> & Pick<Clusters, "target">,
  plan?: Plan,
): Promise<Verification | undefined> {
  if (journal.state === undefined) return undefined;
  const { bytesPerSecond } = config.limits;
  const counted = await verifyOnTarget(target, journal.state, plan, signal, bytesPerSecond);
  const started = performance.now();
  const results = config.verify === "count" || source === undefined
    ? counted
    : await verifyContent({
      ...{ source, target, counted, signal },
      bytesPerSecond,
      journal: journal.state,
      onProgress: (progress) => narrator.compared(progress, performance.now() - started),
    });
  narrator.verified(results);
  return results;
}
