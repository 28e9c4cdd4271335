// Merges small lz4 batches into one without decompressing them: their blocks become the blocks of one frame, and only
// the records' heads change. Records stay compressed as they were, so repetitions between batches are not found. What
// cannot be merged this way is left to merge.ts.

import { type Viewed, viewed, viewedWithRoom } from "../codec/copy_back.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../codec/lz4_frame.ts";
import { crc32cStep } from "../batch/crc32c.ts";
import { Lz4Blocks } from "./lz4_blocks.ts";
import {
  MOST_OPENED_BYTES,
  type PlacedRun,
  type RunLimits,
  type TakeMemory,
} from "./merge_limits.ts";
import {
  attributes,
  BASE_TIMESTAMP_POSITION,
  batchSize,
  beginsAt,
  int64Difference,
  isDense,
  isLater,
  MAGIC_POSITION,
  MAX_TIMESTAMP_POSITION,
  recordCount as recordCountOf,
  RECORDS_POSITION,
} from "../batch/record_batch.ts";
import { writeSealedHeader } from "../batch/seal.ts";

/** How far a run may go. */
export interface Lz4RunLimits extends RunLimits {
  /** Only batches with fewer bytes are merged. */
  readonly smallBytes: number;
  /** Only batches with fewer records are merged. */
  readonly fewRecords: number;
}

/** The codec id of lz4. */
const LZ4 = 3;

/** A frame ends with this many bytes after its last block. */
const END_MARK_BYTES = 4;
/** Bytes that a batch has besides its blocks, at least. */
const BESIDE_BLOCKS = RECORDS_POSITION + FRAME_HEADER_BYTES + END_MARK_BYTES;

const blocks = new Lz4Blocks();
/** Memory to write the blocks to; reused, and never handed out. */
let scratch: Viewed = viewed(new Uint8Array(0));

/**
 * Merges the batches from a position on, for as long as their offsets are contiguous and they are of this kind: magic
 * 2, lz4, no other attribute set, no gaps, within the limits, undamaged. Damage in a batch of one record is not looked
 * for: it stays visible in the merged batch's CRC.
 *
 * @param firstOffset source offset of the batch at the position, below 2^53
 * @param take gives memory where the merged batch does not fit in their place
 * @returns where the merged batch lies; undefined, with nothing changed, where fewer than two can be merged this way
 */
export function mergeLz4Run(
  source: Viewed,
  position: number,
  firstOffset: number,
  limits: Lz4RunLimits,
  take: TakeMemory,
): PlacedRun | undefined {
  const { view } = source;
  const { maxBytes } = limits;
  const smallAt = (at: number, offset: number) => smallLz4Batch(source, at, offset, limits);
  const first = smallAt(position, firstOffset);
  if (first === 0) return undefined;
  const second = smallAt(position + first, firstOffset + recordCountOf(view, position));
  if (second === 0 || first + second - BESIDE_BLOCKS > maxBytes) return undefined;
  const baseAt = position + BASE_TIMESTAMP_POSITION;
  let newestAt = position + MAX_TIMESTAMP_POSITION;
  let readAt = position;
  const blocksStart = RECORDS_POSITION + FRAME_HEADER_BYTES;
  let writeAt = blocksStart;
  /** The CRC's register after the blocks, as if nothing came before them. */
  let register = 0;
  let recordCount = 0;
  let opened = 0;
  let largestBlock = 0;
  let batches = 0;
  for (;; batches++) {
    const size = smallAt(readAt, firstOffset + recordCount);
    if (size === 0 || writeAt + size - BESIDE_BLOCKS > maxBytes) break;
    const shift = int64Difference(view, readAt + BASE_TIMESTAMP_POSITION, baseAt);
    if (!blocks.load(source, readAt, size, shift, recordCount)) break;
    if (opened + blocks.contentSize > MOST_OPENED_BYTES) break;
    scratch = viewedWithRoom(scratch, writeAt, blocks.mostBytes + END_MARK_BYTES);
    const written = blocks.write(scratch, writeAt);
    if (written < 0 || written + END_MARK_BYTES > maxBytes) break;
    register = blocks.register(register, scratch, writeAt, written);
    writeAt = written;
    recordCount += recordCountOf(view, readAt);
    opened += blocks.contentSize;
    largestBlock = Math.max(largestBlock, blocks.largestBlock);
    if (isLater(view, readAt + MAX_TIMESTAMP_POSITION, newestAt)) {
      newestAt = readAt + MAX_TIMESTAMP_POSITION;
    }
    readAt += size;
  }
  blocks.release();
  if (batches < 2) return undefined;
  writeFrameHeader(scratch, RECORDS_POSITION, largestBlock);
  scratch.view.setUint32(writeAt, 0, true);
  const known = { start: blocksStart, register: crc32cStep(register, 0) };
  const size = writeAt + END_MARK_BYTES;
  const header = {
    recordCount,
    baseTimestamp: view.getBigInt64(baseAt),
    maxTimestamp: view.getBigInt64(newestAt),
    codec: LZ4,
  };
  // The merged batch usually takes less room than the batches, with their headers, took.
  const inPlace = size <= readAt - position;
  const place = inPlace ? source : take(size);
  const at = inPlace ? position : 0;
  const bytes = place.bytes.subarray(at, at + size);
  bytes.set(scratch.bytes.subarray(0, size));
  writeSealedHeader(bytes, header, known);
  return { bytes: place.bytes, view: place.view, position: at, size, recordCount, end: readAt };
}

/** The size of the batch at a position; 0 where it is not of the kind that {@link mergeLz4Run} merges. */
function smallLz4Batch(
  { bytes, view }: Viewed,
  position: number,
  offset: number,
  { end, untilOffset, smallBytes, fewRecords }: Lz4RunLimits,
): number {
  if (end - position <= RECORDS_POSITION) return 0;
  const size = batchSize(view, position);
  const mergeable = size > RECORDS_POSITION && size < smallBytes && size <= end - position &&
    beginsAt(view, position, offset) &&
    bytes[position + MAGIC_POSITION] === 2 &&
    attributes(view, position) === LZ4 &&
    isDense(view, position) &&
    recordCountOf(view, position) < fewRecords &&
    offset + recordCountOf(view, position) <= untilOffset;
  return mergeable ? size : 0;
}
