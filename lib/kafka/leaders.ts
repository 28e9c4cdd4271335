// Who leads which partition, on one side of the copy, and whether the topics are still those of the plan. Refreshed on
// demand, by one request at a time however many ask. A topic that was deleted or re-created under its name is told
// apart by its topic id (KIP-516), since neither producer ids nor offsets would protect from mixing two logs.

import type { TopicPartition } from "../model/topic_partition.ts";
import { type Failure, failure } from "../model/failure.ts";
import { isAuthorizationError, kafkaError } from "../model/kafka_error.ts";
import { escapeName } from "../model/escape_name.ts";
import type { Cluster } from "./cluster.ts";
import { delay } from "../waiting/delay.ts";
import type { TopicMetadata } from "../protocol/metadata.ts";

/** A partition's leader as of the newest metadata. */
export interface Leader {
  readonly nodeId: number;
  /** Undefined where the cluster does not tell it. */
  readonly leaderEpoch: number | undefined;
  /** How many brokers hold the partition; absent where the plan has told the leader. */
  readonly replicas?: number;
}

/** Leaders of one cluster. */
export interface Leaders {
  /** Undefined where the partition has no leader now. */
  leader(partition: TopicPartition): Leader | undefined;
  /** Why nothing more of the topic may be copied. */
  topicProblem(topic: string): Failure | undefined;
  /**
   * Asks the cluster again.
   *
   * @param atOnce beside whatever was asked before, and however short ago that was
   * @throws {ConnectionError} when no broker answers
   */
  refresh(atOnce?: boolean): Promise<void>;
}

/** Refreshes are at least this far apart. */
const REFRESH_INTERVAL_MS = 200;
/**
 * A topic counts as deleted when so many refreshes in a row, over so long, do not know it: with ZooKeeper, a broker that
 * has just started knows no topic before the controller has told it.
 */
const MISSING = { refreshes: 5, forMs: 10_000 };

/** A topic as the plan knows it. */
export interface PlannedTopic {
  readonly topicId?: string;
  /** Given where more partitions than these would mean messages outside the plan. */
  readonly partitions?: number;
  /** By partition, as the plan has seen them: they may have moved since. */
  readonly leaders?: ReadonlyMap<number, Leader>;
}

/**
 * Keeps the leaders of some topics.
 *
 * @param planned the topics by name
 */
export function createLeaders(
  cluster: Cluster,
  planned: ReadonlyMap<string, PlannedTopic>,
  signal: AbortSignal,
): Leaders {
  const topics = [...planned.keys()];
  const missing = new Map<string, { readonly since: number; refreshes: number }>();
  const problems = new Map<string, Failure>();
  let leaders = new Map(
    [...planned].map(([topic, { leaders }]) => [topic, leaders ?? new Map<number, Leader>()]),
  );
  let refreshing: Promise<void> | undefined;
  let refreshedAt = -Infinity;
  let asked = 0;
  let answered = 0;

  function judge({ topic, topicId, errorCode, partitions }: TopicMetadata): void {
    const name = escapeName(topic);
    const on = `on the ${cluster.role}`;
    if (errorCode === 0) {
      missing.delete(topic);
      const before = planned.get(topic);
      const id = before?.topicId;
      if (id !== undefined && topicId !== undefined && topicId !== id) {
        const text = `topic ${name} was deleted and re-created ${on} since the plan was made`;
        problems.set(topic, failure("TOPIC_RECREATED", text));
      } else if (before?.partitions !== undefined && partitions.length !== before.partitions) {
        const counts = `${partitions.length} instead of ${before.partitions}`;
        const text =
          `the partitions of topic ${name} were changed ${on} since the plan was made: ${counts}`;
        problems.set(topic, failure("PARTITIONS_CHANGED", text));
      }
      return;
    }
    const unknown = missing.get(topic) ?? { since: performance.now(), refreshes: 0 };
    unknown.refreshes++;
    missing.set(topic, unknown);
    const { name: error, action } = kafkaError(errorCode);
    if (action === "fatal") {
      const code = isAuthorizationError(errorCode) ? "NOT_AUTHORIZED" : "TOPIC_UNUSABLE";
      problems.set(topic, failure(code, `topic ${name} cannot be used ${on}: ${error}`));
    } else if (
      unknown.refreshes >= MISSING.refreshes && performance.now() - unknown.since >= MISSING.forMs
    ) {
      problems.set(topic, failure("TOPIC_GONE", `topic ${name} no longer exists ${on}`));
    }
  }

  async function refreshLater(): Promise<void> {
    const wait = refreshedAt + REFRESH_INTERVAL_MS - performance.now();
    if (wait > 0) await delay(wait, signal);
    await refreshNow();
  }

  async function refreshNow(): Promise<void> {
    const asking = ++asked;
    const metadata = await cluster.metadata(topics);
    // An answer that was overtaken is older than what is known.
    if (asking < answered) return;
    answered = asking;
    refreshedAt = performance.now();
    metadata.topics.forEach(judge);
    leaders = new Map(metadata.topics.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions.filter(({ leader }) => leader >= 0)
          .map((
            { partition, leader, leaderEpoch, replicas },
          ) => [partition, { nodeId: leader, leaderEpoch, replicas }]),
      ),
    ]));
  }

  return {
    leader: ({ topic, partition }) => leaders.get(topic)?.get(partition),
    topicProblem: (topic) => problems.get(topic),
    refresh(atOnce = false) {
      if (atOnce) return refreshNow();
      refreshing ??= refreshLater().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
  };
}
