// What of a Fetch response cannot be produced as it lies: batches cut by the range, with gaps, with append times or too
// large for the target, and messages of magic 0 and 1. They are encoded anew, and how many records lie before a source
// offset within them can be told later. Pure.

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

/** The codec that a batch with these attributes is encoded with anew, as the target does not know its own. */
export function otherCodec(attributes: number, { withoutZstd }: TargetRules): number | undefined {
  // Of those that every broker knows it opens fastest, for consumers too.
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

/** Takes what is wanted of a batch, in as many batches as the target makes necessary. @throws {RecordTooLargeError | CorruptBatchError} */
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

/** Batches that are small enough; what comes before a record that can never be is still copied. */
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

/** Messages of magic 0 and 1 one after the other. */
export interface LegacyRun {
  readonly start: number;
  readonly end: number;
  readonly last: bigint;
}

/** Takes what is wanted of a run of messages of magic 0 and 1. @throws {RecordTooLargeError | CorruptBatchError} */
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
    // What comes before the damage is sound.
    if (error instanceof CorruptBatchError && error.position > start) {
      addFitting(upConvert(bytes, start, error.position, options), rules, state, count);
    }
    throw error;
  }
  state.nextOffset = minOffset(maxOffset(last + 1n, state.nextOffset), untilOffset);
}

/** What messages of magic 0 and 1 are gathered into, before compression; incompressible content grows a little. */
const LEGACY_BATCH_BYTES = 1_000_000;
const LEGACY_MARGIN_BYTES = 1_000;

/** Up-converted batches hold several messages only where these fit: one that does not is a single message. */
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

/** Counts the records of what was re-encoded, from an offset until before another. */
type CountRecords = (range: CutRange) => number;

/** Opens the batch when first asked, which is rarely: then thousands of groups may stand in it. */
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
