// Where on the target the messages of a partition lie: plain data.

import type { TopicPartition } from "./topic_partition.ts";

/** Where the records of a migration lie in a partition of the target; others may have written between them. */
export interface WrittenRecords extends TopicPartition {
  readonly records: bigint;
  /** Target offset of the first. */
  readonly baseOffset: bigint;
  /** One past the target offset of the last. */
  readonly endOffset: bigint;
}
