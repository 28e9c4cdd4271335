// A batch that takes more records in behind its own, where it lies: its header then says so, and its CRC goes on from the
// one that it had, so that nothing of it has to be read and damage in it stays visible.

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

/** What a batch has become. */
export interface ExtendedBatch {
  /** Where its last record ends. */
  readonly end: number;
  /** How many they are, without gaps. */
  readonly recordCount: number;
  readonly maxTimestamp: bigint;
  /** The CRC's register after them all: {@link recordsRegister} of the first, gone on from there. */
  readonly register: number;
}

/** The CRC's register after a batch's records, as if no header came before them (its register were 0); by its CRC. */
export function recordsRegister(
  view: DataView,
  position: number,
  end: number,
): number {
  const stored = ~view.getInt32(position + CRC_POSITION);
  const size = end - position - RECORDS_POSITION;
  return crc32cAfterChange(stored, headerRegister(view, position), size);
}

/** Writes the header of the batch at a position anew. */
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
