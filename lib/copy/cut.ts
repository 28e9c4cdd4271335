// Cuts what a Fetch response holds for one partition into batches to produce. Whole batches of the range are only
// pointed at, not opened; those that cannot pass through (cut by the range, with gaps, LogAppendTime, of magic 0 or 1,
// too large for the target) are re-encoded. Control batches and batches of aborted transactions are left out. What
// the CRC does not cover, or nobody will check again, is checked here. Pure: no network, nothing is patched.

import { crcMatches } from "../batch/check.ts";
import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { upConvert } from "../batch/legacy.ts";
import {
  attributes,
  baseOffset,
  batchMagic,
  isDense,
  lastOffset,
  LOG_APPEND_TIME,
  nextBatchSize,
  recordCount,
} from "../batch/record_batch.ts";
import { reencodeBatch, type ReencodedBatch } from "../batch/reencode.ts";
import { RecordTooLargeError, splitBatch } from "../batch/split.ts";
import { maxOffset, minOffset } from "../core/offsets.ts";
import { type AbortedTransaction, createAbortedFilter } from "./aborted_filter.ts";

/** Where the fetched batches lie and which transactions among them were aborted. */
export interface FetchedRecords {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly recordsStart: number;
  readonly recordsEnd: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
}

/** What to cut. */
export interface CutRange {
  /** The first offset wanted. */
  readonly fromOffset: bigint;
  /** The first offset not wanted. */
  readonly untilOffset: bigint;
  /** Where an earlier response continued after the same gap: see {@link Cut.gapTo}. */
  readonly gapTo?: bigint;
}

/** What the target topic takes. */
export interface TargetRules {
  /** `max.message.bytes`: bytes of a batch, header included. Unknown: batches go as they are. */
  readonly maxBatchBytes?: number;
  /** `message.timestamp.type=LogAppendTime`: the target sets every timestamp itself. */
  readonly logAppendTime: boolean;
}

/** A batch to produce: `size` bytes at `position`, of the response or, re-encoded, of bytes of its own. */
export interface CutBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly position: number;
  readonly size: number;
  readonly recordCount: number;
  /** Source offset of the first record, or one before it where compaction removed that. */
  readonly firstOffset: bigint;
  /** Source offset after the batch. */
  readonly nextOffset: bigint;
  /** Whether the bytes are the response's own. */
  readonly passedThrough: boolean;
}

/** Why cutting ended before the response did. */
export type CutProblem =
  /** The bytes at `nextOffset` are damaged; fetching them again may help. */
  | { readonly kind: "damaged"; readonly reason: string }
  /** The record at `nextOffset` can never be copied. */
  | { readonly kind: "impossible"; readonly reason: string };

/** What was cut, and where to read on. */
export interface Cut {
  readonly batches: readonly CutBatch[];
  /** Source offset to fetch next; `untilOffset` once the range is through. */
  readonly nextOffset: bigint;
  /** Batches of the range left out: control batches, those of aborted transactions, and empty ones. */
  readonly batchesLeftOut: number;
  /**
   * The log seems to go on only here after `nextOffset`. Base offsets lie outside the CRC, and this one is borne out by
   * nothing that follows; it counts when a second response says the same.
   */
  readonly gapTo?: bigint;
  readonly problem?: CutProblem;
}

/** Cuts the fetched bytes of one partition. Never throws because of their content. */
export function cutBatches(fetched: FetchedRecords, range: CutRange, rules: TargetRules): Cut {
  const state = { batches: [] as CutBatch[], nextOffset: range.fromOffset, batchesLeftOut: 0 };
  try {
    const gapTo = walk(fetched, range, rules, state);
    return gapTo === undefined ? state : { ...state, gapTo };
  } catch (error) {
    if (error instanceof CorruptBatchError) {
      return { ...state, problem: { kind: "damaged", reason: error.reason } };
    }
    if (error instanceof RecordTooLargeError) {
      return { ...state, problem: { kind: "impossible", reason: error.message } };
    }
    throw error;
  }
}

type CutState = { batches: CutBatch[]; nextOffset: bigint; batchesLeftOut: number };

/** @returns where the log goes on after a gap that has to be borne out first */
function walk(
  fetched: FetchedRecords,
  range: CutRange,
  rules: TargetRules,
  state: CutState,
): bigint | undefined {
  const { bytes, view, recordsStart, recordsEnd } = fetched;
  const { fromOffset, untilOffset } = range;
  const leftOut = createAbortedFilter(fetched.abortedTransactions);
  let expected: bigint | undefined;
  let position = recordsStart;
  while (position < recordsEnd) {
    const size = nextBatchSize(view, position, recordsEnd);
    if (size === 0) {
      if (position > recordsStart) return undefined;
      throw new CorruptBatchError(position, "its length is beyond the response");
    }
    if (batchMagic(view, position) !== 2) {
      position = takeLegacy(fetched, position, range, rules, state);
      expected = state.nextOffset;
      continue;
    }
    const first = baseOffset(view, position);
    const last = lastOffset(view, position);
    if (last < first || (expected !== undefined && first < expected)) {
      const follows = expected === undefined ? "" : ` after ${expected - 1n}`;
      throw new CorruptBatchError(position, `its offsets are ${first} to ${last}${follows}`);
    }
    const next = position + size;
    const isLast = next >= recordsEnd || nextBatchSize(view, next, recordsEnd) === 0;
    if (first > state.nextOffset && (isLast || first >= untilOffset) && first !== range.gapTo) {
      return first;
    }
    if (first >= untilOffset) {
      state.nextOffset = untilOffset;
      return undefined;
    }
    expected = last + 1n;
    if (leftOut(view, position, last) || last < fromOffset || recordCount(view, position) === 0) {
      // Nobody will check what is not sent on: a flipped bit must not make a message a marker.
      if (!crcMatches(bytes, position, size)) throw damaged(position);
      if (last >= fromOffset) state.batchesLeftOut++;
    } else take(fetched, { position, size, first, last }, range, rules, state);
    state.nextOffset = minOffset(maxOffset(last + 1n, state.nextOffset), untilOffset);
    position = next;
  }
  return undefined;
}

interface Located {
  readonly position: number;
  readonly size: number;
  readonly first: bigint;
  readonly last: bigint;
}

function take(
  { bytes, view }: FetchedRecords,
  { position, size, first, last }: Located,
  range: CutRange,
  rules: TargetRules,
  state: CutState,
): void {
  const { fromOffset, untilOffset } = range;
  const whole = first >= fromOffset && last < untilOffset && isDense(view, position);
  const appendTime = (attributes(view, position) & LOG_APPEND_TIME) !== 0;
  const fits = rules.maxBatchBytes === undefined || size <= rules.maxBatchBytes;
  if (whole && fits && (!appendTime || rules.logAppendTime)) {
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
  const batch = bytes.subarray(position, position + size);
  const kept = fits ? reencodeBatch(batch, range) : undefined;
  const parts = fits && (kept === undefined || fitsIn(kept, rules))
    ? kept === undefined ? [] : [kept]
    : undefined;
  if (parts !== undefined) addReencoded(parts, state);
  else addSplit(batch, range, rules, state);
  if (parts?.length === 0) state.batchesLeftOut++;
}

/** Batches that are small enough; what comes before a record that can never be is still copied. */
function addSplit(batch: Uint8Array, range: CutRange, rules: TargetRules, state: CutState): void {
  const maxBytes = rules.maxBatchBytes ?? Infinity;
  try {
    addReencoded(splitBatch(batch, maxBytes, range), state);
  } catch (error) {
    if (error instanceof RecordTooLargeError) {
      const untilOffset = error.records[0]?.offset ?? range.fromOffset;
      addReencoded(splitBatch(batch, maxBytes, { ...range, untilOffset }), state);
      state.nextOffset = maxOffset(untilOffset, state.nextOffset);
    }
    throw error;
  }
}

/** Takes the run of messages of magic 0 and 1 that begins at a position. @returns where it ends */
function takeLegacy(
  { bytes, view, recordsEnd }: FetchedRecords,
  start: number,
  { fromOffset, untilOffset }: CutRange,
  rules: TargetRules,
  state: CutState,
): number {
  let end = start;
  let last = -1n;
  while (end < recordsEnd) {
    const size = nextBatchSize(view, end, recordsEnd);
    if (size === 0 || batchMagic(view, end) === 2) break;
    // A compressed message carries the offset of the last message in it.
    last = baseOffset(view, end);
    end += size;
  }
  if (last < 0n) throw new CorruptBatchError(start, "its length is beyond the response");
  const limit = Math.min(rules.maxBatchBytes ?? Infinity, LEGACY_BATCH_BYTES);
  const options = { fromOffset, untilOffset, maxBatchBytes: limit - LEGACY_MARGIN_BYTES };
  try {
    addFitting(upConvert(bytes, start, end, options), rules, state);
  } catch (error) {
    // What comes before the damage is sound.
    if (error instanceof CorruptBatchError && error.position > start) {
      addFitting(upConvert(bytes, start, error.position, options), rules, state);
    }
    throw error;
  }
  state.nextOffset = minOffset(maxOffset(last + 1n, state.nextOffset), untilOffset);
  return end;
}

/** What messages of magic 0 and 1 are gathered into, before compression; incompressible content grows a little. */
const LEGACY_BATCH_BYTES = 1_000_000;
const LEGACY_MARGIN_BYTES = 1_000;

/** Up-converted batches hold several messages only where these fit: one that does not is a single message. */
function addFitting(batches: readonly ReencodedBatch[], rules: TargetRules, state: CutState): void {
  for (const batch of batches) {
    if (!fitsIn(batch, rules)) {
      state.nextOffset = batch.firstOffset;
      const record = { offset: batch.firstOffset, sizeInBytes: batch.bytes.length };
      throw new RecordTooLargeError([record], rules.maxBatchBytes ?? 0);
    }
    addReencoded([batch], state);
  }
}

function fitsIn({ bytes }: ReencodedBatch, { maxBatchBytes }: TargetRules): boolean {
  return maxBatchBytes === undefined || bytes.length <= maxBatchBytes;
}

function addReencoded(parts: readonly ReencodedBatch[], state: CutState): void {
  for (const { bytes, recordCount, firstOffset, lastOffset } of parts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const nextOffset = lastOffset + 1n;
    state.batches.push({
      bytes,
      view,
      position: 0,
      size: bytes.length,
      recordCount,
      firstOffset,
      nextOffset,
      passedThrough: false,
    });
    state.nextOffset = maxOffset(nextOffset, state.nextOffset);
  }
}

function damaged(position: number): CorruptBatchError {
  return new CorruptBatchError(position, "its CRC-32C does not match its content");
}
