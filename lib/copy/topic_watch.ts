// Looks after the topics of a copy: whether they are still those of the plan, on both sides. What was deleted, re-created or
// changed behind the copy's back stops its partitions, and nothing else.

import type { Failure } from "../model/failure.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import { delay } from "../waiting/delay.ts";
import type { Leaders } from "../kafka/leaders.ts";
import type { PartitionCopy } from "./partition_copy.ts";

/** What is looked after. */
export interface TopicWatchOptions {
  /** Of each side. */
  readonly leaders: readonly Leaders[];
  readonly partitions: readonly PartitionCopy[];
  /** Its topic is no longer that of the plan. */
  readonly fail: (partition: PartitionCopy, failure: Failure) => void;
  readonly signal: AbortSignal;
}

/** Whether topics are still those of the plan. */
export interface TopicWatch {
  /** Why a partition's topic is not, by the newest metadata; undefined where it is. */
  problem(partition: TopicPartition): Failure | undefined;
  /** Asks both clusters. @param atOnce nothing that was asked before will do */
  refresh(atOnce?: boolean): Promise<void>;
  /** Asks, and fails the partitions of changed topics. @param onUnanswered called where a cluster does not answer */
  look(onUnanswered: (error: unknown) => void): Promise<void>;
  /** Looks now and then, until the signal fires. */
  watch(): Promise<void>;
}

/** How often topics are looked at, unless that takes long. */
const WATCH_MS = 2_000;

/** Makes a watch, which has not looked yet. */
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
    // What one of them says counts, whatever becomes of the other.
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
      // A broker that cannot be asked is noticed, and named, by the lanes.
      await look(() => {});
      took = performance.now() - started;
    }
  }

  return { problem, refresh, look, watch };
}
