// Which batches are merged, and how large what they become may be. A request holds one batch a partition, and five of a
// partition may be in flight: so many are stored in a round trip, however small they are. Where that is slower than
// opening batches and making one of many, they are merged. Over a long link this decides everything: batches of 16 KB
// and 50 ms give 1.6 MB/s a partition.

import { MAX_IN_FLIGHT } from "./produce_queue.ts";

/** Batches smaller than this are merged: bytes as they lie in the log. */
export interface MergeBelow {
  /** What is opened for that, and plain batches of several records, by codec id. */
  readonly opened: readonly number[];
  /** lz4 batches whose blocks are taken over as they are, but for the records' heads. */
  readonly lz4Bytes: number;
  /** Of which these have fewer records. */
  readonly lz4Records: number;
}

/**
 * Bytes as they lie in the log that one processor merges in a second, by codec id (none, gzip, snappy, lz4, zstd): what
 * was measured of JSON that compresses well. Compressed batches are opened and compressed again.
 */
const MERGED_PER_SECOND = [400e6, 10e6, 30e6, 30e6, 30e6] as const;
/** The same of lz4 blocks that are taken over, and of the records in them. */
const LZ4_BYTES_PER_SECOND = 200e6;
const LZ4_RECORDS_PER_SECOND = 2e6;
/** What an append costs a broker, whatever its size. */
const APPEND_MS = 0.08;
/**
 * The second append to a fresh segment writes index entries, and so makes pages of two files, for which the broker waits
 * on the disk: with thousands of partitions for longer than on all else.
 */
const SECOND_APPEND_MS = 2;
/** Of larger batches too few make a megabyte. */
const MOST = 256 * 1024;

/**
 * @param roundTripMs what the target takes to answer, at its fastest
 * @param partitions how many are being copied: each has its own five in flight, and all share the processor
 */
export function mergeBelow(roundTripMs: number, partitions: number): MergeBelow {
  const waitMs = roundTripMs / (MAX_IN_FLIGHT * Math.max(1, partitions));
  return mergedIn(Math.max(APPEND_MS, waitMs));
}

/** Where all that is to be copied of a partition came at once: one append is enough for it. */
export const OPENED_OF_WHOLE_PARTITION: readonly number[] = mergedIn(SECOND_APPEND_MS).opened;

function mergedIn(ms: number): MergeBelow {
  const bytes = (rate: number) => Math.min(MOST, Math.round(rate * ms / 1000));
  return {
    opened: MERGED_PER_SECOND.map(bytes),
    lz4Bytes: bytes(LZ4_BYTES_PER_SECOND),
    lz4Records: Math.round(LZ4_RECORDS_PER_SECOND * ms / 1000),
  };
}

/** A megabyte is as good as more. */
const MERGED_BYTES = 1024 * 1024;
/** `max.message.bytes` was 1,000,012 by default before it was 1,048,588. */
const MERGED_BYTES_UNKNOWN = 900_000;

/** What a merged batch holds at most. @param maxBatchBytes what the target takes, where that is known */
export function mergedBytes(maxBatchBytes: number | undefined): number {
  return maxBatchBytes === undefined ? MERGED_BYTES_UNKNOWN : Math.min(MERGED_BYTES, maxBatchBytes);
}
