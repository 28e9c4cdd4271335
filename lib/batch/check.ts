// Whether a batch's content is what its producer checksummed. Asked before a batch is opened or re-encoded;
// batches that pass through keep their CRC for the target's broker to judge.

import { crc32c } from "./crc32c.ts";
import { ATTRIBUTES_POSITION, CRC_POSITION, RECORDS_POSITION } from "./record_batch.ts";

/**
 * Whether the CRC-32C of a batch of magic 2 matches its content, from the attributes to its end.
 *
 * @param position where the batch begins
 * @param size its total bytes, by {@link nextBatchSize}
 */
export function crcMatches(bytes: Uint8Array, position: number, size: number): boolean {
  if (size < RECORDS_POSITION || size > bytes.length - position) return false;
  const at = position + CRC_POSITION;
  const stored = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) |
    bytes[at + 3]!;
  return crc32c(bytes, position + ATTRIBUTES_POSITION, position + size) === stored >>> 0;
}
