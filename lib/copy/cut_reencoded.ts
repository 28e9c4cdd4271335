// Re-encodes what cannot be produced unchanged: batches that the range cuts, that have gaps or append times, that are
// too large for the target or of a codec it does not know, and messages of magic 0 and 1. Each new batch can still tell
// how many of its records lie before a source offset. Pure.

import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { upConvert } from "../batch/legacy.ts";
import { openRecordBatch } from "../batch/open.ts";
import { forEachRecord } from "../batch/records.ts";
import { attributes, CODEC_MASK } from "../batch/record_batch.ts";
import { reencodeBatch, type ReencodedBatch, type ReencodeOptions } from "../batch/reencode.ts";
import { RecordTooLargeError, splitBatch } from "../batch/split.ts";
import { viewed } from "../codec/copy_back.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import type { CutState } from "./cut_types.ts";
import type { CutRange, FetchedRecords, TargetRules } from "./cut_types.ts";

const LZ4 = 3;
const ZSTD = 4;

/** The codec to re-encode a batch with, by its attributes, where the target does not know its own; else undefined. */
export function otherCodec(attributes: number, { withoutZstd }: TargetRules): number | undefined {
  // Of the codecs that every broker knows, lz4 decompresses fastest, for consumers too.
  return withoutZstd && (attributes & CODEC_MASK) === ZSTD ? LZ4 : undefined;
}

function optionsFor(
  batch: Uint8Array,
  range: CutRange,
  rules: TargetRules,
): CutRange & ReencodeOptions {
  const codec = otherCodec(attributes(viewed(batch).view, 0), rules);
  return codec === undefined ? range : { ...range, codec };
}

/**
 * Adds the records of a batch that lie in the range, re-encoded into as many batches as the target's limit needs.
 *
 * @throws {RecordTooLargeError | CorruptBatchError}
 */
export function takeReencoded(
  batch: Uint8Array,
  range: CutRange,
  rules: TargetRules,
  state: CutState,
): void {
  const fits = rules.maxBatchBytes === undefined || batch.length <= rules.maxBatchBytes;
  const options = optionsFor(batch, range, rules);
  const kept = fits ? reencodeBatch(batch, options) : undefined;
  const parts = fits && (kept === undefined || fitsIn(kept, rules))
    ? kept === undefined ? [] : [kept]
    : undefined;
  if (parts !== undefined) addReencoded(parts, state, countIn(batch));
  else addSplit(batch, options, rules, state);
  if (parts?.length === 0) state.batchesLeftOut++;
}

/** Adds batches that are small enough; the records before one that is too large by itself are still copied. */
function addSplit(
  batch: Uint8Array,
  range: CutRange & ReencodeOptions,
  rules: TargetRules,
  state: CutState,
): void {
  const maxBytes = rules.maxBatchBytes ?? Infinity;
  try {
    addReencoded(splitBatch(batch, maxBytes, range), state, countIn(batch));
  } catch (error) {
    if (error instanceof RecordTooLargeError) {
      const untilOffset = error.records[0]?.offset ?? range.fromOffset;
      const parts = splitBatch(batch, maxBytes, { ...range, untilOffset });
      addReencoded(parts, state, countIn(batch));
      state.nextOffset = maxOffset(untilOffset, state.nextOffset);
    }
    throw error;
  }
}

/** A run of messages of magic 0 and 1, one after the other: its position in the response, and its last offset. */
export interface LegacyRun {
  readonly start: number;
  readonly end: number;
  readonly last: bigint;
}

/** Adds the messages of a run that lie in the range, up-converted. @throws {RecordTooLargeError | CorruptBatchError} */
export function takeLegacyRun(
  { bytes }: FetchedRecords,
  { start, end, last }: LegacyRun,
  { fromOffset, untilOffset }: CutRange,
  rules: TargetRules,
  state: CutState,
): void {
  const limit = Math.min(rules.maxBatchBytes ?? Infinity, LEGACY_BATCH_BYTES);
  const options = { fromOffset, untilOffset, maxBatchBytes: limit - LEGACY_MARGIN_BYTES };
  const count: CountRecords = (range) =>
    upConvert(bytes, start, end, { ...options, ...range })
      .reduce((sum, { recordCount }) => sum + recordCount, 0);
  try {
    addFitting(upConvert(bytes, start, end, options), rules, state, count);
  } catch (error) {
    // The messages before the damage are sound.
    if (error instanceof CorruptBatchError && error.position > start) {
      addFitting(upConvert(bytes, start, error.position, options), rules, state, count);
    }
    throw error;
  }
  state.nextOffset = minOffset(maxOffset(last + 1n, state.nextOffset), untilOffset);
}

/** Messages of magic 0 and 1 are gathered into batches of this size, uncompressed; compression may add the margin. */
const LEGACY_BATCH_BYTES = 1_000_000;
const LEGACY_MARGIN_BYTES = 1_000;

/**
 * Adds up-converted batches. They hold several messages only where these fit, so one that is too large is one message.
 */
function addFitting(
  batches: readonly ReencodedBatch[],
  rules: TargetRules,
  state: CutState,
  count: CountRecords,
): void {
  for (const batch of batches) {
    if (!fitsIn(batch, rules)) {
      state.nextOffset = batch.firstOffset;
      const record = { offset: batch.firstOffset, sizeInBytes: batch.bytes.length };
      throw new RecordTooLargeError([record], rules.maxBatchBytes ?? 0);
    }
    addReencoded([batch], state, count);
  }
}

function fitsIn({ bytes }: ReencodedBatch, { maxBatchBytes }: TargetRules): boolean {
  return maxBatchBytes === undefined || bytes.length <= maxBatchBytes;
}

/** Counts the records of the original bytes from one offset until before another. */
type CountRecords = (range: CutRange) => number;

/** Decompresses the batch when first asked. That is rare, but then thousands of groups may have committed within it. */
function countIn(batch: Uint8Array): CountRecords {
  let offsets: readonly bigint[] | undefined;
  return ({ fromOffset, untilOffset }) => {
    offsets ??= recordOffsets(batch);
    return countBefore(offsets, untilOffset) - countBefore(offsets, fromOffset);
  };
}

function recordOffsets(batch: Uint8Array): readonly bigint[] {
  const { header, bytes, recordsStart, recordsEnd } = openRecordBatch(batch);
  const offsets: bigint[] = [];
  forEachRecord(bytes, recordsStart, recordsEnd, header.recordCount, ({ offsetDelta }) => {
    offsets.push(header.baseOffset + BigInt(offsetDelta));
  });
  return offsets;
}

/** How many of some ascending offsets lie before another. */
function countBefore(offsets: readonly bigint[], offset: bigint): number {
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function addReencoded(
  parts: readonly ReencodedBatch[],
  state: CutState,
  count: CountRecords,
): void {
  for (const { bytes, recordCount, firstOffset, lastOffset } of parts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const nextOffset = lastOffset + 1n;
    const consecutive = nextOffset - firstOffset === BigInt(recordCount);
    state.batches.push({
      bytes,
      view,
      position: 0,
      size: bytes.length,
      recordCount,
      firstOffset,
      nextOffset,
      passedThrough: false,
      ...(!consecutive && {
        recordsBefore: (untilOffset) => count({ fromOffset: firstOffset, untilOffset }),
      }),
    });
    state.nextOffset = maxOffset(nextOffset, state.nextOffset);
  }
}
