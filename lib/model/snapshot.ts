// What this program read from a cluster: plain data, and the plan's only input. lib/kafka asks the brokers and fills
// these shapes, the pure folders read them.

import type { Failure } from "./failure.ts";
import type { TopicSettings } from "./topic_settings.ts";

export type { TopicSettings };

/** Where a partition's log begins and ends, as ListOffsets reports it. */
export interface PartitionOffsets {
  /** First offset still in the log (ListOffsets, timestamp −2). */
  readonly logStartOffset: bigint;
  /** One past the last replicated record (ListOffsets, timestamp −1, read_uncommitted). */
  readonly highWatermark: bigint;
  /** One past the last record that no open transaction holds back (the same with read_committed); ≤ high watermark. */
  readonly lastStableOffset: bigint;
}

/** A partition as a cluster describes it, with the error that occurred on it, if any. */
export interface PartitionSnapshot {
  readonly partition: number;
  /** Node id of the leader, −1 where the partition is offline. */
  readonly leader: number;
  /** Undefined below Metadata 7. */
  readonly leaderEpoch: number | undefined;
  /** Absent where no leader answered. */
  readonly offsets?: PartitionOffsets;
  /** The first offset at or after the time asked for; absent where no time was asked for or no message is that late. */
  readonly timeOffset?: bigint;
  /** Why the partition's offsets are not known, as a sentence. */
  readonly problem?: string;
}

/** A topic as a cluster describes it. */
export interface TopicSnapshot {
  readonly topic: string;
  /** Topic id (KIP-516) as 32 hex digits; absent below Metadata 10. */
  readonly topicId?: string;
  readonly internal: boolean;
  /** How many brokers hold each partition; the largest where they differ. */
  readonly replicationFactor?: number;
  /** Absent where the run did not ask for them or the user may not see them. */
  readonly settings?: TopicSettings;
  /** By partition number, contiguous from 0. */
  readonly partitions: readonly PartitionSnapshot[];
}

/** A consumer group and what it has committed. */
export interface GroupSnapshot {
  readonly group: string;
  /** `classic`, `consumer`, `share`, `streams` (ListGroups 5), or the classic protocol type; empty where offsets were committed by hand. */
  readonly type: string;
  /** `Stable`, `Empty`, … (ListGroups 4, else DescribeGroups); absent where the broker does not tell. */
  readonly state?: string;
  /** Committed offsets by topic, then by partition; a partition without a committed offset is absent. */
  readonly committed: ReadonlyMap<string, ReadonlyMap<number, bigint>>;
  /** The metadata committed with offsets, by `formatTopicPartition`; absent where there is none. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Why the group's offsets could not be read. */
  readonly problem?: Failure;
}

/** A broker as the cluster advertises it. */
export interface BrokerSnapshot {
  readonly nodeId: number;
  /** Advertised `host:port`. */
  readonly address: string;
}

/** What the brokers of a cluster are too old to report. */
export type Untold =
  /** The settings of topics (DescribeConfigs, Kafka 0.11). */
  | "topicSettings"
  /** Whether a leader's high watermark has caught up after an election (KIP-207: ListOffsets 5, Kafka 2.2). */
  | "caughtUp";

/** What one cluster looked like at one time. */
export interface ClusterSnapshot {
  readonly clusterId: string;
  readonly brokers: readonly BrokerSnapshot[];
  /** Whether all brokers support zstd (Kafka ≥ 2.1); absent where no broker was asked. */
  readonly knowsZstd?: boolean;
  readonly topics: ReadonlyMap<string, TopicSnapshot>;
  /** Every group of the cluster that was listed; empty for the target. */
  readonly groups: readonly GroupSnapshot[];
  /** Absent where this was not determined. */
  readonly untold?: readonly Untold[];
}
