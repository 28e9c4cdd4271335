// Makes a record batch of magic 2 from encoded records: compresses them and writes the header with its CRC-32C. The
// producer fields stay empty; patchForProduce fills them. It does not look at the records.

import { compress } from "../codec/codec.ts";
import { crc32cAfterChange, crc32cRegister } from "./crc32c.ts";
import {
  ATTRIBUTES_POSITION,
  BASE_OFFSET_POSITION,
  BASE_SEQUENCE_POSITION,
  BASE_TIMESTAMP_POSITION,
  CRC_POSITION,
  LAST_OFFSET_DELTA_POSITION,
  LEADER_EPOCH_POSITION,
  LENGTH_POSITION,
  LOG_OVERHEAD,
  MAGIC_POSITION,
  MAX_TIMESTAMP_POSITION,
  PRODUCER_EPOCH_POSITION,
  PRODUCER_ID_POSITION,
  RECORD_COUNT_POSITION,
  RECORDS_POSITION,
} from "./record_batch.ts";

/** What a batch's header says of its records. */
export interface SealedHeader {
  /** How many records there are, at least 1. */
  readonly recordCount: number;
  /** The timestamp that the records' timestamp deltas count from. */
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** Codec id, 0 for none. */
  readonly codec: number;
}

/** The records to make a batch of, and its header. */
export interface RecordsToSeal extends SealedHeader {
  /** The encoded, uncompressed records, one after another, with offset deltas 0, 1, 2, … */
  readonly records: Uint8Array;
}

/**
 * Makes a complete batch: base offset 0, CreateTime, not transactional, no producer, leader epoch unknown.
 *
 * @throws CodecError for an unknown codec id
 */
export function sealRecordBatch(content: RecordsToSeal): Uint8Array {
  const { codec } = content;
  const payload = codec === 0 ? content.records : compress(codec, content.records);
  const bytes = new Uint8Array(RECORDS_POSITION + payload.length);
  bytes.set(payload, RECORDS_POSITION);
  writeSealedHeader(bytes, content);
  return bytes;
}

/**
 * Writes the header, with its CRC-32C, of a batch whose records are in `bytes` already.
 *
 * @param known the CRC's register after the bytes from `start` on, as if none came before them; these are not read then
 */
export function writeSealedHeader(
  bytes: Uint8Array,
  header: SealedHeader,
  known = { start: bytes.length, register: 0 },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setBigInt64(BASE_OFFSET_POSITION, 0n);
  view.setInt32(LENGTH_POSITION, bytes.length - LOG_OVERHEAD);
  view.setInt32(LEADER_EPOCH_POSITION, -1);
  view.setInt8(MAGIC_POSITION, 2);
  view.setInt16(ATTRIBUTES_POSITION, header.codec);
  view.setInt32(LAST_OFFSET_DELTA_POSITION, header.recordCount - 1);
  view.setBigInt64(BASE_TIMESTAMP_POSITION, header.baseTimestamp);
  view.setBigInt64(MAX_TIMESTAMP_POSITION, header.maxTimestamp);
  view.setBigInt64(PRODUCER_ID_POSITION, -1n);
  view.setInt16(PRODUCER_EPOCH_POSITION, -1);
  view.setInt32(BASE_SEQUENCE_POSITION, -1);
  view.setInt32(RECORD_COUNT_POSITION, header.recordCount);
  const before = crc32cRegister(-1, view, ATTRIBUTES_POSITION, known.start);
  const whole = crc32cAfterChange(known.register, before, bytes.length - known.start);
  view.setInt32(CRC_POSITION, ~whole);
}
