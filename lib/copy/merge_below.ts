// Which batches are merged. A request holds one batch a partition, and five of a partition may be in flight: so many are
// stored in a round trip, however small they are. Where that is slower than opening batches and making one of many,
// they are merged. Over a long link this decides everything: batches of 16 KB and 50 ms give 1.6 MB/s a partition.

import { MAX_IN_FLIGHT } from "./produce_queue.ts";

/** Batches smaller than this are merged, bytes as they lie in the log. */
export interface MergeBelow {
  readonly uncompressed: number;
  readonly compressed: number;
}

/** What even a broker next door answers more slowly than we merge. */
const LEAST: MergeBelow = { uncompressed: 16 * 1024, compressed: 2 * 1024 };
/** Bytes a second that one processor merges; compressed ones are opened and compressed again. */
const MERGED_PER_SECOND: MergeBelow = { uncompressed: 400e6, compressed: 50e6 };
/** A merged batch is about a megabyte: of larger ones too few make one. */
const MOST = 256 * 1024;

/**
 * @param roundTripMs what the target takes to answer, at its fastest
 * @param partitions how many are being copied: each has its own five in flight, and all share the processor
 */
export function mergeBelow(roundTripMs: number, partitions: number): MergeBelow {
  const below = (kind: keyof MergeBelow): number => {
    const perBatch = roundTripMs / 1000 / (MAX_IN_FLIGHT * Math.max(1, partitions));
    return Math.min(MOST, Math.max(LEAST[kind], Math.round(MERGED_PER_SECOND[kind] * perBatch)));
  };
  return { uncompressed: below("uncompressed"), compressed: below("compressed") };
}
