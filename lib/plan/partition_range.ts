// A range of one partition that the config's `ranges` asks for, in place of the groups' offsets: plain data.

import type { TopicPartition } from "../model/topic_partition.ts";

/** What to copy of one partition. */
export interface PartitionRange extends TopicPartition {
  /** An offset, the log start offset, or the first message at or after a time. */
  readonly start: bigint | "earliest" | { readonly timestampMs: number };
  /** One past the last offset; where absent, the end of the log. */
  readonly end?: bigint;
}
