// Points of a partition's copy on the target, and how one is looked for: plain data.

import type { Failure } from "../model/failure.ts";

/** A point of a partition's copy on the target. */
export interface TargetPosition {
  /** Records of ours before it. */
  readonly records: bigint;
  /** Target offset after the last of them. */
  readonly targetOffset: bigint;
  /** Target offset of the very first; absent where there is none. */
  readonly targetFirstOffset?: bigint;
  /**
   * Where contents were asked for: the records of ours beyond the position it was sought from, in order
   * (`digestRecords`).
   */
  readonly held?: readonly string[];
}

/** A point that was found. */
export interface FoundPosition extends TargetPosition {
  /**
   * The newest epoch has not begun and cannot begin any more: after it was journaled, a late request has stored more of
   * an epoch before it. Brokers refuse what would go on here with either.
   */
  readonly epochIsVoid?: true;
  /**
   * Nothing of the newest epoch could be seen, and nobody can tell that nothing is there: the end may be one of the past,
   * and a target that does not know the epoch would take its first batch again.
   */
  readonly epochMayHaveBegun?: true;
}

/** How records are told apart where counting them misleads. */
export interface CompareContents {
  /** False where the target sets timestamps of its own. */
  readonly timestamps: boolean;
}

/** How a position is looked for. */
export interface LookOptions {
  /** Given where the records beyond the position that is known are wanted too. */
  readonly contents?: CompareContents | undefined;
  /**
   * The log's end counts only so many milliseconds after the look began: by then what the leader had in its log at first
   * is replicated, or whoever keeps it from being is no longer waited for. Brokers since 2.8 have no need of it, which
   * refuse nobody they do not know. 0 unless told.
   */
  readonly settleMs?: number;
}

/** The position could not be found. */
export class PositionError extends Error {
  override readonly name = "PositionError";

  /** @param passing whether looking again later may find it */
  constructor(readonly failure: Failure, readonly passing = false) {
    super(failure.text);
  }
}
