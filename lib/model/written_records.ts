// Which offsets of a target partition hold the copied messages: plain data.

import type { TopicPartition } from "./topic_partition.ts";

/** Where the records of a migration lie in a partition of the target; others may have written between them. */
export interface WrittenRecords extends TopicPartition {
  readonly records: bigint;
  /** Target offset of the first record. */
  readonly baseOffset: bigint;
  /** One past the target offset of the last record. */
  readonly endOffset: bigint;
}
