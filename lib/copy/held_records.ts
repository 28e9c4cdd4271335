// Where a copy stands, told by what the target holds: records of the source are compared with those of ours that the
// target has beyond the journal's position. Needed where counting misleads, since the source's log may have lost some
// of them meanwhile, by compaction or because they expired. Pure; guesses nothing from offsets.

import { crc32c } from "../batch/crc32c.ts";
import { openRecordBatch } from "../batch/open.ts";
import { forEachRecord, timestampDelta } from "../batch/records.ts";

/** A point of the source's log. */
export interface SourcePoint {
  /** Where to read from. */
  readonly offset: bigint;
  /** Records from there on that the target holds. */
  readonly skip: bigint;
  /** The last of them, as `digestRecords` tells it apart. */
  readonly last?: string;
}

/**
 * Tells the records of a batch apart by key, value, headers in order and, where asked, timestamp; in order.
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

/** Finds the point up to which the target holds the source's records. */
export interface HeldRecords {
  /** The point, as far as it is known: after the last record that the target was seen to hold. */
  readonly point: SourcePoint;
  /** Whether any record of the source was found on the target. */
  readonly matched: boolean;
  /** Whether reading on cannot change the point. */
  readonly settled: boolean;
  /** Takes the next batch of the source: its first offset and its records. */
  read(firstOffset: bigint, digests: readonly string[]): void;
}

/**
 * Starts a comparison.
 *
 * @param held records of ours on the target, in order; compaction there may have taken some out
 * @param count how many they were when they were written: so many records of the source at most are among them
 * @param fromOffset where the source is read from
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
        // What the source still has of the held records stands in the same order on both sides.
        const place = firstFrom(next, places.get(digest));
        if (place === undefined) continue;
        next = place + 1;
        point = { offset: firstOffset, skip: BigInt(index + 1), last: digest };
      }
    },
  };
}

/** Where a digest stands among the held ones, in order. */
interface Places {
  readonly indexes: number[];
  /** So many lie before everything that will be asked for: records may all be equal. */
  passed: number;
}

function firstFrom(next: number, places: Places | undefined): number | undefined {
  if (places === undefined) return undefined;
  const { indexes } = places;
  while ((indexes[places.passed] ?? next) < next) places.passed++;
  return indexes[places.passed];
}
