// How far a run of batches that become one may go, and what it has become: the same for every way of merging.

import type { Viewed } from "../codec/copy_back.ts";

/** What a merged batch may open to: consumers open it whole. */
export const MOST_OPENED_BYTES = 8 * 1024 * 1024;

/** How far a run may go. */
export interface RunLimits {
  /** Where the fetched bytes end. */
  readonly end: number;
  /** The first source offset not wanted. */
  readonly untilOffset: number;
  /** Bytes of the merged batch, header included. */
  readonly maxBytes: number;
}

/** Gives memory for a merged batch: at least so many bytes, whatever is in them. */
export type TakeMemory = (size: number) => Viewed;

/** A run that has become one batch, at the position of its first. */
export interface MergedRun {
  /** Bytes of the merged batch. */
  readonly size: number;
  readonly recordCount: number;
  /** Where the batch after the run begins. */
  readonly end: number;
}

/** A run with where its merged batch lies. */
export interface PlacedRun extends MergedRun, Viewed {
  readonly position: number;
}
