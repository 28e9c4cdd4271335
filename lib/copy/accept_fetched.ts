// Takes what a Fetch brought of one partition: cuts it into batches, merges these where that is worth it, and hands
// them to the partition, which frames them and keeps the memory that they lie in. It returns the problem that ended the
// cutting, if any; the lane decides what to do about it.

import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import type { BufferPool } from "../protocol/buffer_pool.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import type { FetchedPartition } from "../protocol/fetch.ts";
import { createBatchMemory } from "./batch_memory.ts";
import { cutBatches } from "./cut.ts";
import type { Cut, CutProblem } from "./cut_types.ts";
import { type MergeBelow, OPENED_OF_WHOLE_PARTITION } from "./merge_below.ts";
import { mergeSmall } from "./merge_small.ts";
import type { PartitionCopy } from "./partition_copy.ts";

/** What accepting needs. */
export interface AcceptOptions {
  /** Memory that batches take besides the response comes from this pool, or is charged to it. */
  readonly pool: BufferPool;
  /** Which batches are worth merging now. */
  readonly mergeBelow: () => MergeBelow;
}

/** What came of it. */
export interface Accepted {
  /** How many batches it was cut into; a run that was merged without being decompressed counts as one. */
  readonly batches: number;
  readonly problem: CutProblem | undefined;
}

/**
 * Cuts, merges and frames what was fetched from the partition's next offset on.
 *
 * @param frame the response that holds the fetched records
 * @param nothingLeft whether the response holds no records because there are none up to the end of the range
 */
export function acceptFetched(
  partition: PartitionCopy,
  frame: ResponseFrame,
  fetched: FetchedPartition,
  nothingLeft: boolean,
  options: AcceptOptions,
): Accepted {
  const { nextFetchOffset: fromOffset, endOffset: untilOffset, carried } = partition;
  const range = { fromOffset, untilOffset, ...(carried !== undefined && { carried }) };
  const { rules, damagedBefore } = partition;
  const below = options.mergeBelow();
  // After damage nothing is merged while cutting, so that every batch is checked by itself.
  const records = { ...frame, ...fetched };
  using memory = createBatchMemory(frame, options.pool);
  const { take } = memory;
  const whole = cutBatches(records, range, rules, damagedBefore ? undefined : { below, take });
  const atOnce = fromOffset === partition.startOffset && whole.nextOffset === untilOffset;
  const cut = mergeSmall(whole, rules, {
    below: atOnce ? OPENED_OF_WHOLE_PARTITION : below.opened,
    checkEach: damagedBefore,
    take,
  });
  const taken: Cut = nothingLeft
    ? { batches: [], nextOffset: untilOffset, batchesLeftOut: 1 }
    : cut;
  let { problem } = cut;
  try {
    partition.accept(taken, memory.hold);
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
    problem = { kind: "damaged", reason: error.reason };
  }
  return { batches: whole.batches.length, problem };
}
