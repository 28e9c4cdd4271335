// Appending records to a batch in place: writes the header that counts them, and derives the batch's CRC from its old
// one, so that the batch's own records need not be read and damage in them stays visible.

import { crc32cAfterChange, crc32cRegister } from "../batch/crc32c.ts";
import {
  ATTRIBUTES_POSITION,
  CRC_POSITION,
  LAST_OFFSET_DELTA_POSITION,
  LENGTH_POSITION,
  LOG_OVERHEAD,
  MAX_TIMESTAMP_POSITION,
  RECORD_COUNT_POSITION,
  RECORDS_POSITION,
} from "../batch/record_batch.ts";

/** A batch with the records appended to it. */
export interface ExtendedBatch {
  /** Where the last record ends. */
  readonly end: number;
  /** How many records there are, with contiguous offsets. */
  readonly recordCount: number;
  readonly maxTimestamp: bigint;
  /** The CRC's register after all records: {@link recordsRegister} of the batch, continued over those appended. */
  readonly register: number;
}

/** The CRC's register after a batch's records as if no header came before them (register 0); derived from its CRC. */
export function recordsRegister(
  view: DataView,
  position: number,
  end: number,
): number {
  const stored = ~view.getInt32(position + CRC_POSITION);
  const size = end - position - RECORDS_POSITION;
  return crc32cAfterChange(stored, headerRegister(view, position), size);
}

/** Rewrites the header, and with it the CRC, of the batch at a position. */
export function extendBatch(
  view: DataView,
  position: number,
  { end, recordCount, maxTimestamp, register }: ExtendedBatch,
): void {
  view.setInt32(position + LENGTH_POSITION, end - position - LOG_OVERHEAD);
  view.setInt32(position + LAST_OFFSET_DELTA_POSITION, recordCount - 1);
  view.setInt32(position + RECORD_COUNT_POSITION, recordCount);
  view.setBigInt64(position + MAX_TIMESTAMP_POSITION, maxTimestamp);
  const size = end - position - RECORDS_POSITION;
  const whole = crc32cAfterChange(register, headerRegister(view, position), size);
  view.setInt32(position + CRC_POSITION, ~whole);
}

/** The CRC's register before a batch's first record. */
function headerRegister(view: DataView, position: number): number {
  return crc32cRegister(-1, view, position + ATTRIBUTES_POSITION, position + RECORDS_POSITION);
}
