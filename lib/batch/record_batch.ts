// The header of a record batch of magic 2 (Kafka protocol guide, "Record Batch"): the positions and values of its
// fields, and where in a fetch response the next batch begins. It reads headers only, checks no CRC and decompresses
// nothing.

import { CorruptBatchError } from "./corrupt_batch_error.ts";

/** Positions of the header's fields, in bytes from the start of the batch. */
export const BASE_OFFSET_POSITION = 0;
export const LENGTH_POSITION = 8;
export const LEADER_EPOCH_POSITION = 12;
export const MAGIC_POSITION = 16;
export const CRC_POSITION = 17;
export const ATTRIBUTES_POSITION = 21;
export const LAST_OFFSET_DELTA_POSITION = 23;
export const BASE_TIMESTAMP_POSITION = 27;
export const MAX_TIMESTAMP_POSITION = 35;
export const PRODUCER_ID_POSITION = 43;
export const PRODUCER_EPOCH_POSITION = 51;
export const BASE_SEQUENCE_POSITION = 53;
export const RECORD_COUNT_POSITION = 57;
export const RECORDS_POSITION = 61;

/** Bytes of the offset and length fields, which the length does not count. */
export const LOG_OVERHEAD = 12;

/** The value of 1 in the upper half of a 64-bit field. */
export const TWO_32 = 2 ** 32;

/** Attribute bits. */
export const CODEC_MASK = 0x07;
/** Set where all records have the batch's max timestamp, which the broker has set. */
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;
/** Set where the base timestamp is also the time from which tombstones may be removed (KIP-534). */
export const DELETE_HORIZON = 0x40;

/** The smallest sizes of an entry of magic 0, 1 and 2, offset and length included. */
const SMALLEST_SIZES = [26, 34, RECORDS_POSITION] as const;

/** A record batch's header, every field. */
export interface RecordBatchHeader {
  readonly baseOffset: bigint;
  /** Bytes of the whole batch, including the 12 of the offset and length fields. */
  readonly sizeInBytes: number;
  readonly partitionLeaderEpoch: number;
  readonly magic: 2;
  /** CRC-32C of everything from the attributes on, unsigned. */
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  /** Milliseconds; the records' timestamp deltas count from it, even where it is a delete horizon. */
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/**
 * Reads the header of the batch at a position.
 *
 * @throws CorruptBatchError when the bytes end before the header does, or the magic is not 2
 */
export function readRecordBatchHeader(view: DataView, position: number): RecordBatchHeader {
  if (view.byteLength - position < RECORDS_POSITION) {
    throw new CorruptBatchError(position, "its header is cut off");
  }
  const magic = view.getInt8(position + MAGIC_POSITION);
  if (magic !== 2) throw new CorruptBatchError(position, `its magic is ${magic}, not 2`);
  return {
    baseOffset: baseOffset(view, position),
    sizeInBytes: batchSize(view, position),
    partitionLeaderEpoch: view.getInt32(position + LEADER_EPOCH_POSITION),
    magic,
    crc: view.getUint32(position + CRC_POSITION),
    attributes: attributes(view, position),
    lastOffsetDelta: lastOffsetDelta(view, position),
    baseTimestamp: view.getBigInt64(position + BASE_TIMESTAMP_POSITION),
    maxTimestamp: maxTimestamp(view, position),
    producerId: producerId(view, position),
    producerEpoch: view.getInt16(position + PRODUCER_EPOCH_POSITION),
    baseSequence: baseSequence(view, position),
    recordCount: recordCount(view, position),
  };
}

/**
 * The total bytes of the batch (or message of magic 0 or 1) at a position of a fetch response, or 0 where the response
 * ends before the batch does. Brokers may cut off the last batch of a partition, but never the first (KIP-74): for the
 * first batch, 0 means a corrupt length.
 *
 * @param end where the partition's records end in the view
 * @throws CorruptBatchError on a length that no batch can have, or an unknown magic
 */
export function nextBatchSize(view: DataView, position: number, end: number): number {
  if (end - position <= MAGIC_POSITION) return 0;
  const magic = view.getInt8(position + MAGIC_POSITION);
  const smallest = SMALLEST_SIZES[magic];
  if (smallest === undefined) throw new CorruptBatchError(position, `its magic is ${magic}`);
  const size = batchSize(view, position);
  if (size < smallest) {
    throw new CorruptBatchError(position, `its length, ${size - LOG_OVERHEAD}, is too small`);
  }
  return size > end - position ? 0 : size;
}

/** Total bytes of the batch by its length field, unchecked; for every magic. */
export function batchSize(view: DataView, position: number): number {
  return view.getInt32(position + LENGTH_POSITION) + LOG_OVERHEAD;
}

/** The magic, which has the same place in every format. */
export function batchMagic(view: DataView, position: number): number {
  return view.getInt8(position + MAGIC_POSITION);
}

/** Offset of the batch's first record as it was produced; compaction may have removed that record. */
export function baseOffset(view: DataView, position: number): bigint {
  return view.getBigInt64(position + BASE_OFFSET_POSITION);
}

/** Offset of the batch's last record as it was produced. */
export function lastOffset(view: DataView, position: number): bigint {
  return baseOffset(view, position) + BigInt(lastOffsetDelta(view, position));
}

/** Last offset − base offset; compaction does not change it. */
export function lastOffsetDelta(view: DataView, position: number): number {
  return view.getInt32(position + LAST_OFFSET_DELTA_POSITION);
}

/** How many records the batch holds; compaction can leave 0. */
export function recordCount(view: DataView, position: number): number {
  return view.getInt32(position + RECORD_COUNT_POSITION);
}

/** The attribute bits. */
export function attributes(view: DataView, position: number): number {
  return view.getInt16(position + ATTRIBUTES_POSITION);
}

/** Milliseconds; with {@link LOG_APPEND_TIME} the timestamp of every record. */
export function maxTimestamp(view: DataView, position: number): bigint {
  return view.getBigInt64(position + MAX_TIMESTAMP_POSITION);
}

/** −1 where the producer was neither idempotent nor transactional. */
export function producerId(view: DataView, position: number): bigint {
  return view.getBigInt64(position + PRODUCER_ID_POSITION);
}

/** −1 where there is no producer id. */
export function producerEpoch(view: DataView, position: number): number {
  return view.getInt16(position + PRODUCER_EPOCH_POSITION);
}

/** Sequence of the first record, −1 where there is no producer id. */
export function baseSequence(view: DataView, position: number): number {
  return view.getInt32(position + BASE_SEQUENCE_POSITION);
}

/** One signed 64-bit field minus another, for instance timestamps; exact where the result is a safe integer. */
export function int64Difference(view: DataView, at: number, from: number): number {
  return (view.getInt32(at) - view.getInt32(from)) * TWO_32 +
    (view.getUint32(at + 4) - view.getUint32(from + 4));
}

/** Whether a batch's base offset is `offset`, which must be below 2^53. */
export function beginsAt(view: DataView, position: number, offset: number): boolean {
  const at = position + BASE_OFFSET_POSITION;
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4) === offset;
}

/** Whether the signed 64-bit field at one position is greater than the one at another. */
export function isLater(view: DataView, at: number, than: number): boolean {
  const high = view.getInt32(at) - view.getInt32(than);
  return high > 0 || (high === 0 && view.getUint32(at + 4) > view.getUint32(than + 4));
}

/** Whether the batch holds a transaction marker (or another control record) instead of messages. */
export function isControlBatch(view: DataView, position: number): boolean {
  return (attributes(view, position) & CONTROL) !== 0;
}

/**
 * Whether the batch has at least one record and its records have contiguous offsets. Compaction leaves other batches in
 * the log; when such a batch is produced, a broker refuses it with INVALID_RECORD.
 */
export function isDense(view: DataView, position: number): boolean {
  const count = recordCount(view, position);
  return count > 0 && lastOffsetDelta(view, position) === count - 1;
}
