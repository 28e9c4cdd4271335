// Checks whether a batch's content is what its producer checksummed. That is done before a batch is decompressed or
// re-encoded; batches that are sent unchanged keep their CRC, and the target's broker checks it.

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
