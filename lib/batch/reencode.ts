// Re-encodes a record batch that cannot be sent unchanged: because the start or end of the copy cuts it, compaction has
// left gaps in it, it has LogAppendTime, or the target does not know its codec. Keys, values, headers and timestamps
// stay unchanged; offset deltas become 0, 1, 2, … Refuses control batches, and batches whose CRC does not match.

import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { DEFAULT_MAX_OPENED_BYTES, type OpenedBatch, openRecordBatch } from "./open.ts";
import { CODEC_MASK, CONTROL, LOG_APPEND_TIME } from "./record_batch.ts";
import { forEachRecord, type RecordPosition } from "./records.ts";
import { sealRecordBatch } from "./seal.ts";
import { sizeOfVarint, writeVarint } from "./varint.ts";

/** Which records to keep, and how many bytes a batch may decompress to. */
export interface ReencodeOptions {
  /** The first offset to keep. */
  readonly fromOffset?: bigint;
  /** The first offset not to keep. */
  readonly untilOffset?: bigint;
  /** Default {@link DEFAULT_MAX_OPENED_BYTES}. */
  readonly maxOpenedBytes?: number;
  /** The codec to compress with; where absent, the one that the batch had. */
  readonly codec?: number;
}

/** A batch ready for patchForProduce, and which source records are in it. */
export interface ReencodedBatch {
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** Source offset of its first record. */
  readonly firstOffset: bigint;
  /** Source offset of its last record. */
  readonly lastOffset: bigint;
}

/**
 * Re-encodes the one batch in `bytes`, with the codec it had unless `options` name another.
 *
 * A LogAppendTime batch becomes a CreateTime batch in which every record has the timestamp that consumers saw,
 * the batch's max timestamp. In a batch with a delete horizon (KIP-534) the base timestamp is the horizon, and
 * the deltas count from it as from any other base timestamp: it is kept, only the bit goes.
 *
 * @returns undefined when no record remains
 * @throws CorruptBatchError when the batch is damaged or malformed
 * @throws Error for a control batch
 */
export function reencodeBatch(
  bytes: Uint8Array,
  options: ReencodeOptions = {},
): ReencodedBatch | undefined {
  const batch = openRecordBatch(bytes, 0, options.maxOpenedBytes ?? DEFAULT_MAX_OPENED_BYTES);
  // Decompressed records belong to this call alone: they can be overwritten in place.
  const inPlace = batch.bytes !== bytes;
  return reencodeSome(batch, options, inPlace);
}

/**
 * Re-encodes all records, at least one, of a batch that is already decompressed. Like {@link reencodeBatch} otherwise.
 */
export function reencodeOpened(
  batch: OpenedBatch,
  options: Pick<ReencodeOptions, "codec"> = {},
): ReencodedBatch {
  const result = reencodeSome(batch, options, false);
  if (result === undefined) throw new RangeError("Cannot re-encode a batch without records");
  return result;
}

function reencodeSome(
  batch: OpenedBatch,
  options: ReencodeOptions,
  inPlace: boolean,
): ReencodedBatch | undefined {
  const { header } = batch;
  if ((header.attributes & CONTROL) !== 0) throw new Error("Cannot re-encode a control batch");
  const isLogAppendTime = (header.attributes & LOG_APPEND_TIME) !== 0;
  const kept = keepRecords(batch, options, isLogAppendTime, inPlace);
  if (kept === undefined) return undefined;
  const baseTimestamp = isLogAppendTime ? header.maxTimestamp : header.baseTimestamp;
  return {
    bytes: sealRecordBatch({
      records: kept.records,
      recordCount: kept.recordCount,
      baseTimestamp,
      maxTimestamp: BigInt.asIntN(64, baseTimestamp + kept.maxTimestampDelta),
      codec: options.codec ?? (header.attributes & CODEC_MASK),
    }),
    recordCount: kept.recordCount,
    firstOffset: header.baseOffset + BigInt(kept.firstDelta),
    lastOffset: header.baseOffset + BigInt(kept.lastDelta),
  };
}

interface KeptRecords {
  readonly records: Uint8Array;
  readonly recordCount: number;
  readonly firstDelta: number;
  readonly lastDelta: number;
  readonly maxTimestampDelta: bigint;
}

function keepRecords(
  { header, bytes, recordsStart, recordsEnd }: OpenedBatch,
  { fromOffset, untilOffset }: ReencodeOptions,
  isLogAppendTime: boolean,
  inPlace: boolean,
): KeptRecords | undefined {
  const { baseOffset, lastOffsetDelta } = header;
  const from = deltaOf(fromOffset ?? baseOffset, baseOffset, lastOffsetDelta);
  const until = untilOffset === undefined
    ? Infinity
    : deltaOf(untilOffset, baseOffset, lastOffsetDelta);
  // No record grows: its offset delta can only get smaller, its timestamp delta stays or becomes 0. So writing in place
  // overwrites no record that has not been read.
  const target = inPlace
    ? bytes.subarray(recordsStart, recordsEnd)
    : new Uint8Array(recordsEnd - recordsStart);
  let end = 0;
  let recordCount = 0;
  let firstDelta = -1;
  let lastDelta = -1;
  let previousDelta = -1;
  let maxHigh = isLogAppendTime ? 0 : -0x80000000;
  let maxLow = 0;
  forEachRecord(bytes, recordsStart, recordsEnd, header.recordCount, (record) => {
    const { offsetDelta } = record;
    if (offsetDelta <= previousDelta || offsetDelta > lastOffsetDelta) {
      throw new CorruptBatchError(
        record.start,
        `offset delta ${offsetDelta} follows ${previousDelta}, the last should be ${lastOffsetDelta}`,
      );
    }
    previousDelta = offsetDelta;
    if (offsetDelta < from || offsetDelta >= until) return;
    end = isLogAppendTime
      ? writeWithoutTimestamp(bytes, record, recordCount, target, end)
      : writeRecord(bytes, record, recordCount, target, end);
    if (recordCount === 0) firstDelta = offsetDelta;
    lastDelta = offsetDelta;
    recordCount++;
    const { timestampDeltaHigh: high, timestampDeltaLow: low } = record;
    if (!isLogAppendTime && (high > maxHigh || (high === maxHigh && low > maxLow))) {
      maxHigh = high;
      maxLow = low;
    }
  });
  if (recordCount === 0) return undefined;
  return {
    records: target.subarray(0, end),
    recordCount,
    firstDelta,
    lastDelta,
    maxTimestampDelta: (BigInt(maxHigh) << 32n) | BigInt(maxLow),
  };
}

/** An offset as a delta to compare records' deltas with, clamped to the batch. */
function deltaOf(offset: bigint, baseOffset: bigint, lastOffsetDelta: number): number {
  const delta = offset - baseOffset;
  if (delta <= 0n) return 0;
  return delta > BigInt(lastOffsetDelta) ? lastOffsetDelta + 1 : Number(delta);
}

/** Writes the record with another offset delta and everything else unchanged; returns where it ends. */
function writeRecord(
  source: Uint8Array,
  record: RecordPosition,
  offsetDelta: number,
  target: Uint8Array,
  position: number,
): number {
  const { timestampDeltaStart, timestampDeltaEnd, bodyStart, end } = record;
  const length = 1 + (timestampDeltaEnd - timestampDeltaStart) + sizeOfVarint(offsetDelta) +
    (end - bodyStart);
  let at = writeVarint(target, position, length);
  target[at++] = record.attributes;
  for (let i = timestampDeltaStart; i < timestampDeltaEnd; i++) target[at++] = source[i]!;
  at = writeVarint(target, at, offsetDelta);
  return copyBytes(source, bodyStart, end, target, at);
}

/** Writes the record with another offset delta and timestamp delta 0; returns where it ends. */
function writeWithoutTimestamp(
  source: Uint8Array,
  record: RecordPosition,
  offsetDelta: number,
  target: Uint8Array,
  position: number,
): number {
  const { bodyStart, end } = record;
  const length = 2 + sizeOfVarint(offsetDelta) + (end - bodyStart);
  let at = writeVarint(target, position, length);
  target[at++] = record.attributes;
  target[at++] = 0;
  at = writeVarint(target, at, offsetDelta);
  return copyBytes(source, bodyStart, end, target, at);
}

/** Below this many bytes a loop is faster than making a subarray. */
const LOOP_BELOW = 48;

function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): number {
  if (end - start < LOOP_BELOW) {
    for (let i = start, at = position; i < end; i++, at++) target[at] = source[i]!;
  } else {
    target.set(source.subarray(start, end), position);
  }
  return position + end - start;
}
