// The leaders of partitions on one side of the copy, and whether the topics are still those of the plan. They are
// refreshed on demand, with one request at a time however many callers ask. A topic that was re-created under its name
// is recognised by its topic id (KIP-516), since neither producer ids nor offsets would keep two logs from being
// mixed.

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
  /** Undefined if the cluster does not tell it. */
  readonly leaderEpoch: number | undefined;
  /** How many brokers hold the partition; absent if the leader is known from the plan. */
  readonly replicas?: number;
}

/** Leaders of one cluster. */
export interface Leaders {
  /** The partition's leader; undefined if it has none now. */
  leader(partition: TopicPartition): Leader | undefined;
  /** Why nothing more of the topic may be copied; undefined if it may. */
  topicProblem(topic: string): Failure | undefined;
  /**
   * Asks the cluster again.
   *
   * @param atOnce asks even if another request is under way, or was made very recently
   * @throws {ConnectionError} when no broker answers
   */
  refresh(atOnce?: boolean): Promise<void>;
}

/** The shortest time between two refreshes. */
const REFRESH_INTERVAL_MS = 200;
/**
 * A topic counts as deleted when so many refreshes in a row, over at least so long, do not find it: with ZooKeeper, a
 * broker that has just started knows no topic until the controller has sent it metadata.
 */
const MISSING = { refreshes: 5, forMs: 10_000 };

/** What the plan knows of a topic. */
export interface PlannedTopic {
  readonly topicId?: string;
  /** The number of partitions; given if further partitions would hold messages outside the plan. */
  readonly partitions?: number;
  /** The leaders by partition when the plan was made; they may have moved since. */
  readonly leaders?: ReadonlyMap<number, Leader>;
}

/**
 * Keeps track of the leaders of some topics.
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
    // A later request was answered first: this answer is older than what is known.
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
