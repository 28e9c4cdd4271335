// Merges a run of uncompressed batches of one record each into one batch, in place: a producer that never batched
// leaves millions of them in a log. Each record moves forward over the header of its former batch, so nothing is
// allocated for it, and its key, value and headers are moved once. Their part of the CRC is derived from the old CRC,
// not computed, so that damage stays visible to the target's broker. Batches of any other kind are merged elsewhere
// (README.md).

import { crc32cAfterChange, crc32cRegister } from "../batch/crc32c.ts";
import { extendBatch, recordsRegister } from "./extend_batch.ts";
import type { MergedRun, RunLimits } from "./merge_limits.ts";
import {
  ATTRIBUTES_POSITION,
  BASE_TIMESTAMP_POSITION,
  batchSize,
  beginsAt,
  CRC_POSITION,
  int64Difference,
  LAST_OFFSET_DELTA_POSITION,
  MAGIC_POSITION,
  MAX_TIMESTAMP_POSITION,
  RECORD_COUNT_POSITION,
  RECORDS_POSITION,
} from "../batch/record_batch.ts";
import { onlyRecordBody } from "../batch/record_head.ts";
import { sizeOfVarint, writeVarint } from "../batch/varint.ts";

/** Larger batches are sent unchanged. */
const SMALL_BYTES = 16 * 1024;
/** A record of null key, null value and no headers: its length, attributes, two deltas, three bytes. */
const SMALLEST_BATCH = RECORDS_POSITION + 7;
/** Milliseconds, 12 days: a timestamp further from the first one begins a new batch. */
const LONGEST_DELTA = 2 ** 30;

/**
 * Merges the batches from a position on, for as long as their offsets are contiguous and they are of this kind: magic
 * 2, uncompressed, no attribute set, one record that has the batch's own offset and timestamp.
 *
 * The bytes after the merged batch, up to where the run ended, are garbage then.
 *
 * @param firstOffset source offset of the batch at the position, below 2^53
 * @returns undefined, with nothing changed, where fewer than two can be merged
 */
export function mergeRunInPlace(
  bytes: Uint8Array,
  view: DataView,
  position: number,
  firstOffset: number,
  { end, untilOffset, maxBytes }: RunLimits,
): MergedRun | undefined {
  if (plainBody(bytes, view, position, firstOffset, end) === 0) return undefined;
  /** The first record stays where it is. */
  let readAt = position + batchSize(view, position);
  let writeAt = readAt;
  let recordCount = 1;
  /** The CRC's register after the records. */
  let register = recordsRegister(view, position, readAt);
  /** The newest timestamp, in milliseconds since the first one. */
  let newest = 0;
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  while (firstOffset + recordCount < untilOffset) {
    const bodyStart = plainBody(bytes, view, readAt, firstOffset + recordCount, end);
    if (bodyStart === 0) break;
    const sinceFirst = int64Difference(view, readAt + BASE_TIMESTAMP_POSITION, baseAt);
    if (Math.abs(sinceFirst) > LONGEST_DELTA) break;
    const next = readAt + batchSize(view, readAt);
    const bodySize = next - bodyStart;
    const size = 1 + sizeOfVarint(sinceFirst) + sizeOfVarint(recordCount) + bodySize;
    if (writeAt + sizeOfVarint(size) + size - position > maxBytes) break;
    // The body's bytes follow other bytes here than in its own batch; the CRC has to reflect that difference only.
    const stored = view.getInt32(readAt + CRC_POSITION);
    const before = crc32cRegister(-1, view, readAt + ATTRIBUTES_POSITION, bodyStart);
    const headStart = writeAt;
    writeAt = writeVarint(bytes, writeAt, size);
    bytes[writeAt++] = 0;
    writeAt = writeVarint(bytes, writeAt, sinceFirst);
    writeAt = writeVarint(bytes, writeAt, recordCount);
    const instead = crc32cRegister(register, view, headStart, writeAt);
    register = crc32cAfterChange(~stored, before ^ instead, bodySize);
    bytes.copyWithin(writeAt, bodyStart, next);
    writeAt += bodySize;
    if (sinceFirst > newest) newest = sinceFirst;
    recordCount++;
    readAt = next;
  }
  if (recordCount === 1) return undefined;
  const maxTimestamp = view.getBigInt64(baseAt) + BigInt(newest);
  extendBatch(view, position, { end: writeAt, recordCount, maxTimestamp, register });
  return { size: writeAt - position, recordCount, end: readAt };
}

/** Where the body (key, value, headers) of the batch's record begins; 0 where the batch is of another kind. */
function plainBody(
  bytes: Uint8Array,
  view: DataView,
  position: number,
  offset: number,
  end: number,
): number {
  if (end - position < SMALLEST_BATCH) return 0;
  const size = batchSize(view, position);
  if (size < SMALLEST_BATCH || size >= SMALL_BYTES || size > end - position) return 0;
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  const maxAt = position + MAX_TIMESTAMP_POSITION;
  if (
    !beginsAt(view, position, offset) ||
    bytes[position + MAGIC_POSITION] !== 2 ||
    view.getInt16(position + ATTRIBUTES_POSITION) !== 0 ||
    view.getInt32(position + LAST_OFFSET_DELTA_POSITION) !== 0 ||
    view.getInt32(position + RECORD_COUNT_POSITION) !== 1 ||
    view.getInt32(baseAt) !== view.getInt32(maxAt) ||
    view.getInt32(baseAt + 4) !== view.getInt32(maxAt + 4)
  ) return 0;
  return onlyRecordBody(bytes, position + RECORDS_POSITION, position + size);
}
