// Decides which batches are small enough to be merged, and how large a merged batch may be. A request holds one batch
// of a partition, and five of a partition may be in flight: so five batches are stored in a round trip, however small
// they are. Where that is slower than decompressing batches and making one of many, they are merged. Over a long link
// this decides everything: batches of 16 KB and a round trip of 50 ms give 1.6 MB/s a partition.

import { MAX_IN_FLIGHT } from "./produce_queue.ts";

/** Batches smaller than this are merged; sizes are those in the log, that is compressed. */
export interface MergeBelow {
  /** By codec id: batches that are decompressed to be merged, and uncompressed batches of several records. */
  readonly opened: readonly number[];
  /** For lz4 batches whose blocks are taken over unchanged, except for the records' heads. */
  readonly lz4Bytes: number;
  /** Such lz4 batches must also have fewer records than this. */
  readonly lz4Records: number;
}

/**
 * How many bytes of the log one processor merges in a second, by codec id (none, gzip, snappy, lz4, zstd), as measured
 * with JSON that compresses well. Compressed batches are decompressed and compressed again.
 */
const MERGED_PER_SECOND = [400e6, 10e6, 30e6, 30e6, 30e6] as const;
/** The same for lz4 blocks that are taken over, and for the records in them. */
const LZ4_BYTES_PER_SECOND = 200e6;
const LZ4_RECORDS_PER_SECOND = 2e6;
/** What an append costs a broker, whatever its size. */
const APPEND_MS = 0.08;
/**
 * What the second append to a fresh segment costs a broker: it writes index entries, and so new pages of two files, for
 * which the broker waits on the disk. With thousands of partitions it waits for this longer than for all else.
 */
const SECOND_APPEND_MS = 2;
/** Larger batches are never merged: too few of them make a megabyte. */
const MOST = 256 * 1024;

/**
 * Decides which batches are merged.
 *
 * @param roundTripMs the target's shortest round trip
 * @param partitions how many are being copied: each has its own five batches in flight, and all share the processor
 */
export function mergeBelow(roundTripMs: number, partitions: number): MergeBelow {
  const waitMs = roundTripMs / (MAX_IN_FLIGHT * Math.max(1, partitions));
  return mergedIn(Math.max(APPEND_MS, waitMs));
}

/** The `opened` limits for a partition of which one response brought all that is to be copied: one append is enough. */
export const OPENED_OF_WHOLE_PARTITION: readonly number[] = mergedIn(SECOND_APPEND_MS).opened;

function mergedIn(ms: number): MergeBelow {
  const bytes = (rate: number) => Math.min(MOST, Math.round(rate * ms / 1000));
  return {
    opened: MERGED_PER_SECOND.map(bytes),
    lz4Bytes: bytes(LZ4_BYTES_PER_SECOND),
    lz4Records: Math.round(LZ4_RECORDS_PER_SECOND * ms / 1000),
  };
}

/** Larger batches than a megabyte gain nothing. */
const MERGED_BYTES = 1024 * 1024;
/** `max.message.bytes` was 1,000,012 by default before it was 1,048,588. */
const MERGED_BYTES_UNKNOWN = 900_000;

/** How large a merged batch may be. @param maxBatchBytes the target's limit, where it is known */
export function mergedBytes(maxBatchBytes: number | undefined): number {
  return maxBatchBytes === undefined ? MERGED_BYTES_UNKNOWN : Math.min(MERGED_BYTES, maxBatchBytes);
}
