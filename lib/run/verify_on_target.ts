// The verification by count: what the copy counted, against what the target's logs still span.

import type { CopyResult } from "../copy/copy.ts";
import { partitionsToCopy, type Plan } from "../core/plan.ts";
import { type CountEvidence, type Verification, verifyCount } from "../core/verify.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { snapshotTarget } from "./snapshot.ts";

/** Asks the target for its offsets and judges every partition of the plan. */
export async function verifyOnTarget(
  target: Cluster,
  plan: Plan,
  copied: readonly CopyResult[],
  signal: AbortSignal,
): Promise<Verification> {
  const topics = [...new Set(partitionsToCopy(plan).map(({ topic }) => topic))];
  const { topics: onTarget } = await snapshotTarget(target, topics, signal);
  const evidence = copied.map((result): CountEvidence => {
    const log = onTarget.get(result.topic)?.partitions[result.partition]?.offsets;
    return {
      topic: result.topic,
      partition: result.partition,
      nextSourceOffset: result.sourceOffset,
      recordsRead: result.recordsRead,
      batchesLeftOut: result.batchesLeftOut,
      recordsProduced: result.recordsAcknowledged,
      ...(result.targetFirstOffset !== undefined &&
        { targetFirstOffset: result.targetFirstOffset }),
      ...(log !== undefined && {
        targetLogStartOffset: log.logStartOffset,
        targetHighWatermark: log.highWatermark,
      }),
      ...(result.failure !== undefined && { failed: result.failure }),
    };
  });
  return verifyCount(plan.partitions, evidence);
}
