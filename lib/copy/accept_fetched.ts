// What a Fetch brought of one partition: cut, merged where that is worth it, and handed to the partition, which frames
// it and keeps the memory it points into. What is in the way is told; what to do about it is the lane's business.

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

/** What is accepted with. */
export interface AcceptOptions {
  /** Memory that batches take beside the response is of it, or counts towards it. */
  readonly pool: BufferPool;
  /** Which batches are worth merging now. */
  readonly mergeBelow: () => MergeBelow;
}

/** What became of it. */
export interface Accepted {
  /** The batches it was cut into, runs merged without being opened counting as one. */
  readonly batches: number;
  readonly problem: CutProblem | undefined;
}

/**
 * Takes what was fetched from the partition's next offset on.
 *
 * @param frame the response that holds it
 * @param nothingLeft that nothing came shows that there is nothing up to the end
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
  // After damage every batch is checked by itself.
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
