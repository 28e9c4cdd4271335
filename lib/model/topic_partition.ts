// The topic-partition: the unit that this program plans, copies and verifies.
// Names are kept as Kafka gives them; nothing here escapes them for a terminal or a page.

import { compareNames } from "./compare_names.ts";

/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  /** Partition number, from 0. */
  readonly partition: number;
}

/** `topic-partition`, as Kafka's own tools write it: for messages and as a map key (partition numbers hold no `-`). */
export function formatTopicPartition({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** Orders by topic name, as {@link compareNames} does, then by partition number. */
export function compareTopicPartitions(a: TopicPartition, b: TopicPartition): number {
  return compareNames(a.topic, b.topic) || a.partition - b.partition;
}

/** The topics of some partitions, each once, in order of first appearance. */
export function topicsOf(partitions: Iterable<Pick<TopicPartition, "topic">>): readonly string[] {
  return [...new Set(Array.from(partitions, ({ topic }) => topic))];
}
