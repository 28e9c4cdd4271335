/** fetch_size.ts: what a Fetch asks for, without a limit and under one. */

import assert from "node:assert/strict";
import {
  FETCH_BYTES,
  fetchBytesUnderQuota,
  type FetchedUnderQuota,
  fetchSize,
  partitionMaxBytes,
} from "../../../lib/copy/fetch_size.ts";

const MIB = 1024 * 1024;

Deno.test("without a limit a Fetch takes what a pooled buffer holds, of 256 partitions at most", () => {
  assert.deepEqual(fetchSize(undefined), { maxBytes: FETCH_BYTES, partitions: 256 });
});

Deno.test("under a limit a Fetch takes no more than a piece, and its empty partitions fit into that", () => {
  const table: readonly [pieceBytes: number, maxBytes: number, partitions: number][] = [
    [1, 1, 8],
    [64 * 1024, 64 * 1024, 16],
    [MIB, MIB, 256],
    [100 * MIB, FETCH_BYTES, 256],
  ];
  for (const [pieceBytes, maxBytes, partitions] of table) {
    assert.deepEqual(fetchSize(pieceBytes), { maxBytes, partitions });
  }
});

Deno.test("partitions share a Fetch evenly, 4 MiB at least and 8 MiB at most, less where batches are tiny", () => {
  const table: readonly [Parameters<typeof partitionMaxBytes>, expected: number][] = [
    [[FETCH_BYTES, 1, Infinity], 8 * MIB],
    [[FETCH_BYTES, 3, Infinity], Math.floor(FETCH_BYTES / 3)],
    [[FETCH_BYTES, 256, Infinity], 4 * MIB],
    [[FETCH_BYTES, 1, 100.5], 823_296],
    [[MIB, 8, Infinity], MIB],
  ];
  for (const [sizes, expected] of table) assert.equal(partitionMaxBytes(...sizes), expected);
});

Deno.test("a broker that keeps answers back is asked for more while it doesn't, and for a second's worth when it does", () => {
  const last = (askedBytes: number, bytes: number, delayedMs: number): FetchedUnderQuota => ({
    ...{ askedBytes, bytes, delayedMs },
  });
  const table: readonly [last: FetchedUnderQuota | undefined, most: number, expected: number][] = [
    [undefined, FETCH_BYTES, MIB],
    [undefined, MIB / 2, MIB / 2],
    [last(MIB, MIB, 0), FETCH_BYTES, 2 * MIB],
    [last(MIB, 100, 0), FETCH_BYTES, 2 * MIB],
    [last(FETCH_BYTES, FETCH_BYTES, 0), FETCH_BYTES, FETCH_BYTES],
    [last(MIB, MIB, 2_000), FETCH_BYTES, MIB],
    [last(MIB, MIB, 10_000), FETCH_BYTES, Math.floor(MIB / 10)],
    // A batch that is larger than what was asked for comes whole.
    [last(MIB, 3 * MIB, 10_000), FETCH_BYTES, Math.floor(3 * MIB / 10)],
    [last(MIB, MIB, 600_000), FETCH_BYTES, 64 * 1024],
    [last(MIB, MIB, 600_000), 1_000, 1_000],
  ];
  for (const [fetched, most, expected] of table) {
    assert.equal(fetchBytesUnderQuota(fetched, most), expected);
  }
});
