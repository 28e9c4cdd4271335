// Opens a record batch: checks its CRC, then decompresses its records. Nothing is decompressed unchecked, and nothing
// decompresses to more bytes than the caller allows.

import { CodecError, decompress } from "../codec/codec.ts";
import { crcMatches } from "./check.ts";
import { CorruptBatchError } from "./corrupt_batch_error.ts";
import {
  CODEC_MASK,
  nextBatchSize,
  readRecordBatchHeader,
  type RecordBatchHeader,
  RECORDS_POSITION,
} from "./record_batch.ts";

/** The most bytes that a batch may decompress to, unless the caller says otherwise: 256 MiB. */
export const DEFAULT_MAX_OPENED_BYTES = 256 * 1024 * 1024;

/** A batch whose records can be walked with {@link forEachRecord}. */
export interface OpenedBatch {
  readonly header: RecordBatchHeader;
  /** Holds the decompressed records; for an uncompressed batch these are the bytes given, not a copy. */
  readonly bytes: Uint8Array;
  readonly recordsStart: number;
  readonly recordsEnd: number;
}

/**
 * Opens the batch at a position.
 *
 * @param lends whether the returned records may lie in memory that the next call overwrites, which saves a copy
 * @throws CorruptBatchError when it is cut off, its CRC does not match, or its codec cannot read it (the cause is
 * then a CodecError)
 */
export function openRecordBatch(
  bytes: Uint8Array,
  position = 0,
  maxOpenedBytes = DEFAULT_MAX_OPENED_BYTES,
  lends = false,
): OpenedBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = nextBatchSize(view, position, bytes.length);
  if (size === 0) throw new CorruptBatchError(position, "it is cut off");
  const header = readRecordBatchHeader(view, position);
  if (!crcMatches(view, position, size)) {
    throw new CorruptBatchError(position, "its CRC-32C does not match its content");
  }
  const recordsStart = position + RECORDS_POSITION;
  const recordsEnd = position + size;
  const codec = header.attributes & CODEC_MASK;
  if (codec === 0) return { header, bytes, recordsStart, recordsEnd };
  try {
    const section = bytes.subarray(recordsStart, recordsEnd);
    const records = decompress(codec, section, maxOpenedBytes, { lends });
    return { header, bytes: records, recordsStart: 0, recordsEnd: records.length };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new CorruptBatchError(position, error.reason, { cause: error });
  }
}
