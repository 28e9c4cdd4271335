// The limits of a run of batches to be merged, and its result: the same for every way of merging.

import type { Viewed } from "../codec/copy_back.ts";

/** The most bytes that a merged batch may decompress to, since consumers decompress it whole. */
export const MOST_OPENED_BYTES = 8 * 1024 * 1024;

/** How far a run may go. */
export interface RunLimits {
  /** Where the fetched bytes end. */
  readonly end: number;
  /** The first source offset not wanted. */
  readonly untilOffset: number;
  /** The most bytes that the merged batch may have, header included. */
  readonly maxBytes: number;
}

/** Gives memory for a merged batch: at least `size` bytes, with arbitrary content. */
export type TakeMemory = (size: number) => Viewed;

/** A run that was merged into one batch. */
export interface MergedRun {
  /** Bytes of the merged batch. */
  readonly size: number;
  readonly recordCount: number;
  /** Where the batch after the run begins. */
  readonly end: number;
}

/** A run that was merged, and where the merged batch lies. */
export interface PlacedRun extends MergedRun, Viewed {
  readonly position: number;
}
