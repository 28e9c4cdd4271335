// How much one Fetch asks for: how many bytes in all, of how many partitions, and how many bytes of each. Pure.

/** A Fetch's bytes: a little less than a power of two, so that the response with its headers fits a pooled buffer. */
export const FETCH_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** A partition with more than this unacknowledged is not fetched; nor is more of it asked for at once. */
export const PARTITION_QUEUE_BYTES = 8 * 1024 * 1024;
/**
 * Asked of one partition at least. A Fetch of few partitions asks more of each, so that it is full over a long link,
 * too.
 */
const PARTITION_FETCH_BYTES = 4 * 1024 * 1024;
/** Each batch takes memory of its own while it is cut: where batches are tiny, fewer bytes are fetched at a time. */
const BATCHES_PER_PARTITION = 8 * 1024;
const PARTITIONS_PER_FETCH = 256;
/** Bytes of a throttled Fetch for each partition: even a partition without records takes bytes in the response. */
const THROTTLED_PARTITION_BYTES = 4 * 1024;
const FEWEST_PARTITIONS_PER_FETCH = 8;

/** What the first Fetch, and any Fetch at least, asks of a broker that delays its answers while a quota is exceeded. */
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

/** The size of a lane's Fetches. @param pieceBytes what the throttle lets pass at once; undefined without one */
export function fetchSize(pieceBytes: number | undefined): FetchSize {
  if (pieceBytes === undefined) return { maxBytes: FETCH_BYTES, partitions: PARTITIONS_PER_FETCH };
  const maxBytes = Math.min(FETCH_BYTES, pieceBytes);
  const partitions = Math.max(
    FEWEST_PARTITIONS_PER_FETCH,
    Math.min(PARTITIONS_PER_FETCH, Math.floor(maxBytes / THROTTLED_PARTITION_BYTES)),
  );
  return { maxBytes, partitions };
}

/**
 * Bytes to ask for next of a broker that delays an answer until the quota allows it: so many that the delay is about a
 * second, and the copy goes on evenly.
 *
 * @param last what the last Fetch asked for and brought, and how long its answer was delayed; undefined before the
 * first
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

/** One Fetch to a broker that delays its answers. */
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
