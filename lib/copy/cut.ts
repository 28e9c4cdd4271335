// Cuts what a Fetch response holds for one partition into batches to produce. Whole batches of the range are pointed at
// and not decompressed; batches that cannot be sent unchanged (cut by the range, with gaps, with LogAppendTime, of
// magic 0 or 1, too large for the target, of a codec it does not know) are re-encoded. Control batches and batches of
// aborted transactions are filtered. Cutting checks what the CRC does not cover, and the CRC of batches that no broker
// will check again. No network; the fetched bytes change only where runs of small batches are merged.

import { crcMatches } from "../batch/check.ts";
import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import {
  attributes,
  baseOffset,
  isControlBatch,
  isDense,
  LOG_APPEND_TIME,
  recordCount,
} from "../batch/record_batch.ts";
import { mergeLz4Run } from "../merge/merge_lz4.ts";
import { mergeRunInPlace } from "../merge/merge_in_place.ts";
import { RecordTooLargeError } from "../batch/split.ts";
import { OpensTooLargeError } from "../codec/codec.ts";
import { failure } from "../model/failure.ts";
import type { FailureCode } from "../model/failure_kinds.ts";
import { mergedBytes } from "./merge_below.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import { type LegacyRun, otherCodec, takeLegacyRun, takeReencoded } from "./cut_reencoded.ts";
import { checkOffsets, type FetchedEntry, readEntry } from "./offset_check.ts";
import { createTransactionFilter, TransactionError } from "./transactions.ts";
import type {
  Carried,
  Cut,
  CutBatch,
  CutProblem,
  CutRange,
  FetchedRecords,
  RunMerging,
  TargetRules,
} from "./cut_types.ts";
import type { CutState } from "./cut_types.ts";

/** How many records of a batch lie before a source offset within it. */
export function recordsBefore(batch: CutBatch, sourceOffset: bigint): number {
  if (sourceOffset <= batch.firstOffset) return 0;
  return batch.recordsBefore?.(sourceOffset) ?? Number(sourceOffset - batch.firstOffset);
}

/**
 * Cuts the fetched bytes of one partition. Never throws because of their content.
 *
 * @param merging how to make one batch of a run of small ones, in the fetched bytes themselves where it fits there
 */
export function cutBatches(
  fetched: FetchedRecords,
  range: CutRange,
  rules: TargetRules,
  merging?: RunMerging,
): Cut {
  const state: CutState = { batches: [], nextOffset: range.fromOffset, batchesLeftOut: 0 };
  try {
    const carried = walk(fetched, range, rules, merging, state);
    return { ...state, carried };
  } catch (error) {
    if (error instanceof CorruptBatchError) {
      if (!(error.cause instanceof OpensTooLargeError)) return damagedAt(error.reason, state);
      // The batch's CRC is right: fetching it again would bring the same bytes.
      const text =
        `the batch at source offset ${state.nextOffset} cannot be opened: ${error.reason}`;
      return { ...state, problem: impossible("CONTENT_TOO_LARGE", text) };
    }
    if (error instanceof RecordTooLargeError) {
      return { ...state, problem: impossible("RECORD_TOO_LARGE", error.message) };
    }
    if (error instanceof TransactionError) {
      return { ...state, problem: impossible("TRANSACTION_UNCLEAR", error.message) };
    }
    throw error;
  }
}

function impossible(code: FailureCode, text: string): CutProblem {
  return { kind: "impossible", failure: failure(code, text) };
}

/** A damaged length shows only in the entry that seems to come next: then the batch before that has a wrong CRC. */
function damagedAt(reason: string, state: CutState): Cut {
  const before = state.batches.at(-1);
  if (!before?.passedThrough || crcMatches(before.view, before.position, before.size)) {
    return { ...state, problem: { kind: "damaged", reason } };
  }
  const [batches, nextOffset] = [state.batches.slice(0, -1), before.firstOffset];
  return { ...state, batches, nextOffset, problem: { kind: "damaged", reason: WRONG_CRC } };
}

function walk(
  fetched: FetchedRecords,
  range: CutRange,
  rules: TargetRules,
  merging: RunMerging | undefined,
  state: CutState,
): Carried {
  const { view, recordsStart, recordsEnd } = fetched;
  const { fromOffset, untilOffset, carried } = range;
  // Where other partitions took all the room of the response, it says nothing about this one.
  if (carried !== undefined && recordsStart === recordsEnd) return carried;
  const transactions = createTransactionFilter(fetched, carried?.unsettled);
  const { unsettled } = transactions;
  let dueOffset = carried?.dueOffset;
  let legacy: LegacyRun | undefined;
  const takeLegacy = () => {
    const run = legacy;
    legacy = undefined;
    if (run !== undefined) takeLegacyRun(fetched, run, range, rules, state);
  };
  try {
    for (let position = recordsStart; position < recordsEnd;) {
      const unprovenOffset = carried?.unprovenOffset;
      const expected = { fromOffset, untilOffset, dueOffset, unprovenOffset };
      const entry = readEntry(fetched, position, expected);
      if (entry === undefined) break;
      const { size, last } = entry;
      const { first, believable } = checkOffsets(fetched, entry, expected);
      if (!believable && first !== undefined) {
        return { unprovenOffset: first, ...(dueOffset !== undefined && { dueOffset }), unsettled };
      }
      if (first !== undefined && first >= untilOffset) {
        takeLegacy();
        state.nextOffset = untilOffset;
        break;
      }
      dueOffset = last + 1n;
      position += size;
      if (entry.magic !== 2) {
        legacy = { start: legacy?.start ?? entry.position, end: position, last };
        continue;
      }
      takeLegacy();
      const run = merging !== undefined && first !== undefined && first >= fromOffset
        ? mergeRun(fetched, entry.position, first, untilOffset, rules, merging)
        : undefined;
      if (run !== undefined) {
        state.batches.push(run.batch);
        position = run.end;
        state.nextOffset = dueOffset = run.batch.nextOffset;
        continue;
      }
      // The target's broker checks no batch that is not sent: a flipped bit must not make a message a marker.
      const sound = () => crcMatches(view, entry.position, size);
      if (isControlBatch(view, entry.position) && !sound()) throw damaged(entry.position);
      const leftOut = transactions.leftOut(entry.position, last);
      if (leftOut || recordCount(view, entry.position) === 0) {
        if (!sound()) throw damaged(entry.position);
        state.batchesLeftOut++;
      } else take(fetched, entry, range, rules, state);
      state.nextOffset = minOffset(maxOffset(dueOffset, state.nextOffset), untilOffset);
    }
  } finally {
    // Even where damage was found: the messages before it are sound.
    takeLegacy();
  }
  return { ...(dueOffset !== undefined && { dueOffset }), unsettled };
}

/** Merges a run of small batches that need not be decompressed for it: nothing is as slow as a request for each. */
function mergeRun(
  { bytes, view, recordsEnd }: FetchedRecords,
  position: number,
  firstOffset: bigint,
  untilOffset: bigint,
  { maxBatchBytes, logAppendTime }: TargetRules,
  { below, take }: RunMerging,
): { readonly batch: CutBatch; readonly end: number } | undefined {
  if (logAppendTime || untilOffset > Number.MAX_SAFE_INTEGER) return undefined;
  const limits = {
    end: recordsEnd,
    untilOffset: Number(untilOffset),
    maxBytes: mergedBytes(maxBatchBytes),
    smallBytes: below.lz4Bytes,
    fewRecords: below.lz4Records,
  };
  const first = Number(firstOffset);
  const plain = mergeRunInPlace(bytes, view, position, first, limits);
  const run = plain === undefined
    ? mergeLz4Run({ bytes, view }, position, first, limits, take)
    : { ...plain, bytes, view, position };
  if (run === undefined) return undefined;
  const { end, ...merged } = run;
  const nextOffset = firstOffset + BigInt(merged.recordCount);
  return {
    batch: { ...merged, firstOffset, nextOffset, passedThrough: merged.bytes === bytes },
    end,
  };
}

function take(
  { bytes, view }: FetchedRecords,
  { position, size, last }: FetchedEntry,
  range: CutRange,
  rules: TargetRules,
  state: CutState,
): void {
  const first = baseOffset(view, position);
  const { fromOffset, untilOffset } = range;
  const whole = first >= fromOffset && last < untilOffset && isDense(view, position);
  const appendTime = (attributes(view, position) & LOG_APPEND_TIME) !== 0;
  const fits = rules.maxBatchBytes === undefined || size <= rules.maxBatchBytes;
  const codec = otherCodec(attributes(view, position), rules);
  if (whole && fits && codec === undefined && (!appendTime || rules.logAppendTime)) {
    state.batches.push({
      bytes,
      view,
      position,
      size,
      recordCount: recordCount(view, position),
      firstOffset: first,
      nextOffset: last + 1n,
      passedThrough: true,
    });
    return;
  }
  takeReencoded(bytes.subarray(position, position + size), range, rules, state);
}

const WRONG_CRC = "its CRC-32C does not match its content";

function damaged(position: number): CorruptBatchError {
  return new CorruptBatchError(position, WRONG_CRC);
}
