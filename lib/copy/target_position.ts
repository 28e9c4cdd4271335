// Positions of a partition's copy on the target, and the options of looking for one: plain data.

import type { Failure } from "../model/failure.ts";

/** A position of a partition's copy on the target. */
export interface TargetPosition {
  /** How many of our records lie before it. */
  readonly records: bigint;
  /** Target offset after the last of them. */
  readonly targetOffset: bigint;
  /** Target offset of the very first of our records; absent where there is none. */
  readonly targetFirstOffset?: bigint;
  /**
   * Where contents were asked for: the digests (`digestRecords`) of our records after the position that the search
   * began at, in order.
   */
  readonly held?: readonly string[];
}

/** A position that was found by looking at the target. */
export interface FoundPosition extends TargetPosition {
  /**
   * The newest epoch is unused and cannot be used any more: after it was journaled, a late request stored more records
   * of an earlier epoch. Brokers would refuse further batches of either epoch.
   */
  readonly epochIsVoid?: true;
  /**
   * No batch of the newest epoch could be seen, which does not prove that none is there: the end of the log that we saw
   * may be outdated, and a target that does not know the epoch would store its first batch a second time.
   */
  readonly epochMayHaveBegun?: true;
}

/** How records are compared where counting them misleads. */
export interface CompareContents {
  /** False where the target sets timestamps of its own. */
  readonly timestamps: boolean;
}

/** How to look for a position. */
export interface LookOptions {
  /** Given where the digests of the records after the known position are wanted, too. */
  readonly contents?: CompareContents | undefined;
  /**
   * The end of the log is believed only so many milliseconds after the search began: by then all that the leader had in
   * its log at the beginning is replicated, or the leader no longer waits for the replica that lags. Brokers since 2.8,
   * which do not refuse producers they do not know, need no such wait. Default: 0.
   */
  readonly settleMs?: number;
}

/** The position could not be found. */
export class PositionError extends Error {
  override readonly name = "PositionError";

  /** @param passing whether the position may be found by looking again later */
  constructor(readonly failure: Failure, readonly passing = false) {
    super(failure.text);
  }
}
