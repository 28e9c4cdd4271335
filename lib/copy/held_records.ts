// Finds out how far a copy got by comparing records: those of the source with those that we produced to the target
// after the journal's position ("held" records). That is needed where counting misleads, since the source's log may
// have lost some of the records meanwhile, by compaction or because they expired. Pure; guesses nothing from offsets.

import { crc32c } from "../batch/crc32c.ts";
import { openRecordBatch } from "../batch/open.ts";
import { forEachRecord, timestampDelta } from "../batch/records.ts";

/** A point of the source's log. */
export interface SourcePoint {
  /** The source offset to read from. */
  readonly offset: bigint;
  /** How many records from there on are already on the target. */
  readonly skip: bigint;
  /** The digest of the last of them (`digestRecords`). */
  readonly last?: string;
}

/**
 * Digests the records of a batch, in order: of each its key, value, headers in their order and, where asked, timestamp.
 *
 * @throws {CorruptBatchError} where the batch is damaged
 */
export function digestRecords(bytes: Uint8Array, position: number, timestamps: boolean): string[] {
  const { header, bytes: records, recordsStart, recordsEnd } = openRecordBatch(bytes, position);
  const digests: string[] = [];
  forEachRecord(records, recordsStart, recordsEnd, header.recordCount, (record) => {
    const { bodyStart, end } = record;
    const body = `${crc32c(records, bodyStart, end)} ${end - bodyStart}`;
    const time = timestamps ? ` ${header.baseTimestamp + timestampDelta(record)}` : "";
    digests.push(body + time);
  });
  return digests;
}

/** A comparison that finds the point up to which the source's records are on the target. */
export interface HeldRecords {
  /** The point, as far as it is known: after the last record that was found on the target. */
  readonly point: SourcePoint;
  /** Whether any record of the source was found on the target. */
  readonly matched: boolean;
  /** Whether the point is final: reading on cannot change it. */
  readonly settled: boolean;
  /** Compares the next batch of the source, given its first offset and the digests of its records. */
  read(firstOffset: bigint, digests: readonly string[]): void;
}

/**
 * Starts a comparison.
 *
 * @param held digests of our records on the target, in order; compaction there may have removed some
 * @param count how many our records were when they were written: at most so many records of the source match them
 * @param fromOffset the source offset that reading begins at
 */
export function compareHeld(
  held: readonly string[],
  count: bigint,
  fromOffset: bigint,
): HeldRecords {
  const places = new Map<string, Places>();
  held.forEach((digest, index) => {
    const known = places.get(digest);
    if (known === undefined) places.set(digest, { indexes: [index], passed: 0 });
    else known.indexes.push(index);
  });
  let point: SourcePoint = { offset: fromOffset, skip: 0n };
  let next = 0;
  let seen = 0n;
  return {
    get point() {
      return point;
    },
    get matched() {
      return next > 0;
    },
    get settled() {
      return next === held.length || seen >= count;
    },
    read(firstOffset, digests) {
      for (const [index, digest] of digests.entries()) {
        if (next === held.length || seen >= count) return;
        seen++;
        // The held records that the source still has are in the same order on both sides.
        const place = firstFrom(next, places.get(digest));
        if (place === undefined) continue;
        next = place + 1;
        point = { offset: firstOffset, skip: BigInt(index + 1), last: digest };
      }
    },
  };
}

/** Where a digest is among the held ones, in order. */
interface Places {
  readonly indexes: number[];
  /** How many of the indexes are passed for good; without it, a log of equal records would take quadratic time. */
  passed: number;
}

function firstFrom(next: number, places: Places | undefined): number | undefined {
  if (places === undefined) return undefined;
  const { indexes } = places;
  while ((indexes[places.passed] ?? next) < next) places.passed++;
  return indexes[places.passed];
}
