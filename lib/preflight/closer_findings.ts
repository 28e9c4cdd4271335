// What a second look at the source adds to a plan: findings about age, size and growth, and the estimate.

import { estimatePlan, type PlanEstimate } from "../plan/estimate.ts";
import type { Finding } from "../model/finding.ts";
import type { NewTopic } from "../plan/new_topics.ts";
import type { Plan } from "../plan/plan.ts";
import { stillWritten } from "../findings/plan_findings.ts";
import { alterTopic } from "../findings/setting_findings.ts";
import { sizeFindings } from "../findings/size_findings.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { createCommand } from "../findings/target_findings.ts";
import { timeFindings, timeQuestions } from "../findings/time_findings.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { lookCloser } from "./look_closer.ts";

/** What the second look works with. */
export interface CloserOptions {
  readonly source: Cluster;
  readonly plan: Plan;
  readonly sourceSnapshot: ClusterSnapshot;
  readonly targetSnapshot: ClusterSnapshot;
  readonly newTopics: readonly NewTopic[];
  /** `limits.bytesPerSecond`. */
  readonly bytesPerSecond?: number;
  /** How many milliseconds to wait before the ends are compared with those of the first look. */
  readonly waitMs: () => number;
  readonly signal: AbortSignal;
}

/** Looks and judges. @throws {ProtocolError} */
export async function closerFindings(
  options: CloserOptions,
): Promise<{ readonly findings: readonly Finding[]; readonly estimate: PlanEstimate }> {
  const { source, plan, sourceSnapshot, targetSnapshot, newTopics, waitMs, signal } = options;
  const created = new Map(newTopics.map((each) => [each.topic, each]));
  const onSource = (topic: string) => sourceSnapshot.topics.get(topic)?.settings;
  const onTarget = (topic: string) =>
    targetSnapshot.topics.get(topic)?.settings ?? created.get(topic)?.settings;
  const bootstrap = targetSnapshot.brokers[0]?.address ?? "TARGET";
  const command = (topic: string, setting: string): string => {
    const newTopic = created.get(topic);
    return newTopic === undefined
      ? alterTopic(bootstrap, topic, setting)
      : createCommand(bootstrap, topic, newTopic.partitions, setting);
  };
  const questions = timeQuestions(plan, onTarget, Date.now());
  const { bytes, times, ends } = await lookCloser(
    source,
    plan,
    sourceSnapshot,
    questions,
    waitMs,
    signal,
  );
  return {
    findings: [
      ...timeFindings(plan, times, onSource, onTarget, command),
      ...sizeFindings(plan, bytes, onTarget, command),
      ...stillWritten(plan, sourceSnapshot, ends),
    ],
    estimate: estimatePlan(plan, bytes, options.bytesPerSecond),
  };
}
