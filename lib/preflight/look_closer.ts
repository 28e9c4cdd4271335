// A second look at the source, at the partitions of a plan alone: whether its logs still grow, how old the messages
// are, how many bytes they take. Each leader is asked once for each; what it does not tell is left out and stops nothing.

import type { PartitionBytes } from "../plan/estimate.ts";
import type { Plan } from "../plan/plan.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import {
  type TimeAnswers,
  type TimeQuestion,
  timeQuestionKey,
  timeQuestionsLeft,
} from "../findings/time_findings.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { isPeerError } from "../wire/peer_error.ts";
import { delay } from "../waiting/delay.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { fetchPartitionBytes } from "../kafka/log_dirs.ts";
import { listEndOffsets, listOffsetsAt } from "../kafka/partition_offsets.ts";

/** What the second look found. */
export interface CloserLook {
  /** High watermarks now, by `formatTopicPartition`. */
  readonly ends: ReadonlyMap<string, bigint>;
  readonly times: TimeAnswers;
  readonly bytes: PartitionBytes;
}

/** Looks at the partitions of the plan again. @param waitMs how long to wait before the ends are looked at */
export async function lookCloser(
  source: Cluster,
  plan: Plan,
  snapshot: ClusterSnapshot,
  questions: readonly TimeQuestion[],
  waitMs: () => number,
  signal: AbortSignal,
): Promise<CloserLook> {
  const leaderOf = ({ topic, partition }: TopicPartition) =>
    snapshot.topics.get(topic)?.partitions[partition]?.leader ?? -1;
  const { partitions } = plan;
  const byLeader = [...Map.groupBy(partitions, leaderOf)].filter(([leader]) => leader >= 0);
  const bytes = new Map<string, bigint>();
  const times = new Map<string, bigint | undefined>();
  const questionsOf = Map.groupBy(questions, leaderOf);
  const look = ([leader, ofLeader]: (typeof byLeader)[number]) =>
    quietly(async () => {
      const broker = await source.control(leader);
      const sizes = async () => {
        for (const [key, size] of await fetchPartitionBytes(broker, ofLeader)) bytes.set(key, size);
      };
      const offsetsAt = async (asked: readonly TimeQuestion[]) => {
        const offsets = await listOffsetsAt(broker, asked);
        for (const question of asked) {
          const key = formatTopicPartition(question);
          if (offsets.has(key)) times.set(timeQuestionKey(question), offsets.get(key));
        }
      };
      const byRule = Map.groupBy(questionsOf.get(leader) ?? [], ({ rule }) => rule);
      await Promise.all([sizes(), ...[...byRule.values()].map(offsetsAt)]);
      await offsetsAt(timeQuestionsLeft({ ...plan, partitions: ofLeader }, times));
    });
  const [ends] = await Promise.all([
    delay(Math.max(0, waitMs()), signal).then(() => lookAtEnds(source, partitions, snapshot)),
    ...byLeader.map(look),
  ]);
  return { bytes, times, ends };
}

/** The high watermarks of the partitions now; those that nobody tells are absent. */
export async function lookAtEnds(
  source: Cluster,
  partitions: readonly TopicPartition[],
  snapshot: ClusterSnapshot,
): Promise<ReadonlyMap<string, bigint>> {
  const ends = new Map<string, bigint>();
  const byLeader = Map.groupBy(
    partitions,
    ({ topic, partition }) => snapshot.topics.get(topic)?.partitions[partition]?.leader ?? -1,
  );
  await Promise.all(
    [...byLeader].filter(([leader]) => leader >= 0).map(([leader, ofLeader]) =>
      quietly(async () => {
        const found = await listEndOffsets(await source.control(leader), ofLeader);
        for (const [key, end] of found) ends.set(key, end);
      })
    ),
  );
  return ends;
}

/** A broker that has gone meanwhile is reported by the stage that needs it. */
async function quietly(ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (!(isPeerError(error))) throw error;
  }
}
