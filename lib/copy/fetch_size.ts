// How much one Fetch asks for: in all, of how many partitions, and of each. Pure.

/** A Fetch's bytes: a little less than a power of two, so that the response with its headers fits a pooled buffer. */
export const FETCH_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** A partition with more than this unacknowledged is not fetched; nor is more of it asked for at once. */
export const PARTITION_QUEUE_BYTES = 8 * 1024 * 1024;
/** Of one partition, at least; few partitions share a Fetch evenly, so that over a long link it is full all the same. */
const PARTITION_FETCH_BYTES = 4 * 1024 * 1024;
/** Each batch takes memory of its own while it is cut: where they are tiny, less of a partition is fetched at a time. */
const BATCHES_PER_PARTITION = 8 * 1024;
const PARTITIONS_PER_FETCH = 256;
/** Under a limit: partitions without records take their bytes in a response, too. */
const PACED_PARTITION_BYTES = 4 * 1024;
const FEWEST_PARTITIONS_PER_FETCH = 8;

/** Of a broker that keeps answers back: at first, and at least. */
const FIRST_UNDER_QUOTA_BYTES = 1024 * 1024;
const LEAST_UNDER_QUOTA_BYTES = 64 * 1024;
const WANTED_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 3_000;

/** What one Fetch asks for at most. */
export interface FetchSize {
  /** Bytes in all. A batch that is larger comes whole all the same (KIP-74). */
  readonly maxBytes: number;
  readonly partitions: number;
}

/** The size of a lane's Fetches. @param pieceBytes what the limit lets pass at once; undefined without a limit */
export function fetchSize(pieceBytes: number | undefined): FetchSize {
  if (pieceBytes === undefined) return { maxBytes: FETCH_BYTES, partitions: PARTITIONS_PER_FETCH };
  const maxBytes = Math.min(FETCH_BYTES, pieceBytes);
  const partitions = Math.max(
    FEWEST_PARTITIONS_PER_FETCH,
    Math.min(PARTITIONS_PER_FETCH, Math.floor(maxBytes / PACED_PARTITION_BYTES)),
  );
  return { maxBytes, partitions };
}

/**
 * Bytes to ask for next of a broker that keeps an answer back until the quota has paid for it: so much that this takes
 * about a second, and the copy goes on evenly.
 *
 * @param last what the last Fetch asked for and brought, and for how long its answer was kept back; undefined before the first
 * @param maxBytes the most to ask for
 */
export function fetchBytesUnderQuota(
  last: FetchedUnderQuota | undefined,
  maxBytes: number,
): number {
  if (last === undefined) return Math.min(FIRST_UNDER_QUOTA_BYTES, maxBytes);
  const { askedBytes, bytes, delayedMs } = last;
  if (delayedMs === 0) return Math.min(askedBytes * 2, maxBytes);
  if (delayedMs <= LONGEST_DELAY_MS) return Math.min(askedBytes, maxBytes);
  const paid = Math.floor(bytes * WANTED_DELAY_MS / delayedMs);
  return Math.min(Math.max(paid, LEAST_UNDER_QUOTA_BYTES), maxBytes);
}

/** One Fetch to such a broker. */
export interface FetchedUnderQuota {
  readonly askedBytes: number;
  readonly bytes: number;
  readonly delayedMs: number;
}

/**
 * Bytes to ask for of each partition.
 *
 * @param maxBytes what the Fetch asks for in all
 * @param partitions how many it asks about
 * @param averageBatchBytes of the last response; Infinity before the first
 */
export function partitionMaxBytes(
  maxBytes: number,
  partitions: number,
  averageBatchBytes: number,
): number {
  const least = Math.min(PARTITION_FETCH_BYTES, maxBytes);
  return Math.min(
    Math.max(least, Math.floor(maxBytes / partitions)),
    PARTITION_QUEUE_BYTES,
    Math.ceil(BATCHES_PER_PARTITION * averageBatchBytes),
  );
}
