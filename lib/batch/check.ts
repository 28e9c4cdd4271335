// Whether a batch's content is what its producer checksummed. Asked before a batch is opened or re-encoded;
// batches that pass through keep their CRC for the target's broker to judge.

import { crc32cRegister } from "./crc32c.ts";
import { ATTRIBUTES_POSITION, CRC_POSITION, RECORDS_POSITION } from "./record_batch.ts";

/**
 * Whether the CRC-32C of a batch of magic 2 matches its content, from the attributes to its end.
 *
 * @param position where the batch begins
 * @param size its total bytes, by {@link nextBatchSize}
 */
export function crcMatches(view: DataView, position: number, size: number): boolean {
  if (size < RECORDS_POSITION || size > view.byteLength - position) return false;
  const register = crc32cRegister(-1, view, position + ATTRIBUTES_POSITION, position + size);
  return ~register === view.getInt32(position + CRC_POSITION);
}
