// Clamping: cuts "from this committed offset to the end" down to the offsets that the log still holds. The result is
// never negative and never reaches outside the log. Nothing here chooses between groups; lib/plan/plan.ts does.

import { maxOffset, minOffset } from "../model/offsets.ts";
import type { PartitionOffsets } from "../model/snapshot.ts";

/** Why a range starts where it does: at the committed offset, at the log start because the messages before it have expired, at the log start because the group has not committed, where an earlier plan of the same migration ended, or where `ranges` says. */
export type StartReason = "committed" | "expired" | "uncommitted" | "migrated" | "range";

/**
 * Why nothing is copied. `consumed`: committed at the end. `expired`: all that was not consumed has been deleted.
 * `empty`: never committed, and the log holds nothing. `beyond-end`: committed beyond the end of the log.
 * `open-transaction`: an open transaction holds back all that remains. `migrated`: an earlier plan of the same migration
 * has copied it. `outside`: the log holds nothing of a range that `ranges` names.
 */
export type SkipReason =
  | "consumed"
  | "expired"
  | "empty"
  | "beyond-end"
  | "open-transaction"
  | "migrated"
  | "outside";

/** The range to copy. All offsets and counts of offsets refer to the source's log. */
export interface ClampedRange {
  /** First offset to copy; ≤ endOffset. */
  readonly startOffset: bigint;
  /** One past the last offset to copy. */
  readonly endOffset: bigint;
  /** endOffset − startOffset: the lag in offsets, an upper bound for the number of records. */
  readonly offsets: bigint;
  readonly startReason: StartReason;
  /** Present where there is nothing to copy: exactly where offsets is 0. */
  readonly skip?: SkipReason;
  /** Offsets between the committed offset and the log start offset: deleted before they were consumed. */
  readonly expiredMessages: bigint;
  /** Wanted offsets that are at or after the start of the first open transaction. */
  readonly openTransactionOffsets: bigint;
}

/**
 * Cuts the wanted range down to what the log holds: start = maxOffset(committed, log start offset), end = last stable
 * offset where transactions are open, else high watermark.
 *
 * @param committed the smallest committed offset, undefined for a group that has not committed (it reads from the log start).
 * @param until where the wanted range ends; where absent, at the end of the log
 */
export function clamp(
  committed: bigint | undefined,
  log: PartitionOffsets,
  until?: bigint,
): ClampedRange {
  const { logStartOffset, highWatermark, lastStableOffset } = log;
  const wanted = maxOffset(committed ?? logStartOffset, logStartOffset);
  const wantedEnd = until === undefined ? highWatermark : minOffset(until, highWatermark);
  const endOffset = minOffset(lastStableOffset, wantedEnd);
  const startOffset = minOffset(wanted, endOffset);
  const offsets = endOffset - startOffset;
  const expiredMessages = committed === undefined
    ? 0n
    : maxOffset(minOffset(logStartOffset, until ?? logStartOffset) - committed, 0n);
  const startReason = committed === undefined
    ? "uncommitted"
    : expiredMessages > 0n
    ? "expired"
    : "committed";
  const openTransactionOffsets = maxOffset(wantedEnd - maxOffset(wanted, endOffset), 0n);
  const range = {
    startOffset,
    endOffset,
    offsets,
    startReason,
    expiredMessages,
    openTransactionOffsets,
  } as const;
  if (offsets > 0n) return range;
  const skip = openTransactionOffsets > 0n
    ? "open-transaction"
    : wanted > highWatermark && startReason === "committed"
    ? "beyond-end"
    : startReason === "committed"
    ? "consumed"
    : startReason === "expired"
    ? "expired"
    : "empty";
  return { ...range, skip };
}
