// Watches whether the topics of a copy are still those of the plan, on both sides. A topic that somebody has deleted,
// re-created or changed meanwhile stops its own partitions, and nothing else.

import type { Failure } from "../model/failure.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import { delay } from "../waiting/delay.ts";
import type { Leaders } from "../kafka/leaders.ts";
import type { PartitionCopy } from "./partition_copy.ts";

/** What a watch needs, and whom it tells what it finds. */
export interface TopicWatchOptions {
  /** The leaders of each side, whose metadata also tells the topics. */
  readonly leaders: readonly Leaders[];
  readonly partitions: readonly PartitionCopy[];
  /** Called for a partition whose topic is no longer that of the plan. */
  readonly fail: (partition: PartitionCopy, failure: Failure) => void;
  readonly signal: AbortSignal;
}

/** Tells whether topics are still those of the plan. */
export interface TopicWatch {
  /** Why a partition's topic is no longer that of the plan, by the newest metadata; undefined where it still is. */
  problem(partition: TopicPartition): Failure | undefined;
  /**
   * Asks both clusters for metadata.
   *
   * @param atOnce whether to ask even where the last answer is recent or on its way
   */
  refresh(atOnce?: boolean): Promise<void>;
  /**
   * Refreshes, and fails the partitions of changed topics.
   *
   * @param onUnanswered called where a cluster does not answer
   */
  look(onUnanswered: (error: unknown) => void): Promise<void>;
  /** Calls `look` every few seconds, until the signal fires. */
  watch(): Promise<void>;
}

/** The pause between two looks, unless one takes long. */
const WATCH_MS = 2_000;

/** Makes a watch; it asks nothing before it is told to. */
export function createTopicWatch(options: TopicWatchOptions): TopicWatch {
  const { leaders, partitions, fail, signal } = options;

  function problem({ topic }: TopicPartition): Failure | undefined {
    for (const side of leaders) {
      const found = side.topicProblem(topic);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async function refresh(atOnce = false): Promise<void> {
    const looks = leaders.map((side) => side.refresh(atOnce));
    // One cluster's answer counts, even where the other does not answer.
    await Promise.allSettled(looks);
    await Promise.all(looks);
  }

  function failChanged(): void {
    for (const partition of partitions) {
      const found = problem(partition);
      if (found !== undefined) fail(partition, found);
    }
  }

  const look = (onUnanswered: (error: unknown) => void) =>
    refresh().then(failChanged, onUnanswered);

  async function watch(): Promise<void> {
    for (let took = 0; !signal.aborted;) {
      await delay(Math.max(WATCH_MS, took * 20), signal).catch(() => {});
      if (signal.aborted) return;
      const started = performance.now();
      // The lanes notice, and name, a broker that does not answer.
      await look(() => {});
      took = performance.now() - started;
    }
  }

  return { problem, refresh, look, watch };
}
