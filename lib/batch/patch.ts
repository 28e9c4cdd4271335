// Patches a fetched record batch in place, so that we can produce it: writes the producer fields and the base offset,
// and clears the attribute bits that a producer may not send. The CRC is adapted by linearity and never recomputed, so
// a batch that was damaged before still has a wrong CRC and the target's broker refuses it. Refuses batches that must
// not be sent unchanged: control batches, and LogAppendTime batches unless the caller allows them.

import { crc32cAfterChange, crc32cStep } from "./crc32c.ts";
import { CorruptBatchError } from "./corrupt_batch_error.ts";
import {
  ATTRIBUTES_POSITION,
  BASE_OFFSET_POSITION,
  BASE_SEQUENCE_POSITION,
  batchSize,
  CONTROL,
  CRC_POSITION,
  DELETE_HORIZON,
  LOG_APPEND_TIME,
  MAGIC_POSITION,
  PRODUCER_EPOCH_POSITION,
  PRODUCER_ID_POSITION,
  RECORD_COUNT_POSITION,
  RECORDS_POSITION,
  TRANSACTIONAL,
} from "./record_batch.ts";

/** Who produces the batch, and the batch's place in that producer's sequence (KIP-98). */
export interface ProduceStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequence of the batch's first record in its partition, 0 to 2^31 − 1. */
  readonly baseSequence: number;
  /**
   * Whether to clear the LogAppendTime bit. That is right only where the target topic sets its own append time, since
   * without the bit the records' own timestamps count again.
   */
  readonly clearLogAppendTime?: boolean;
}

/** Where the change of the producer fields begins for the CRC: two unchanged bytes earlier, to have whole words. */
const FIRST_PRODUCER_WORD = RECORD_COUNT_POSITION - 16;
/** Words of four bytes from the attributes to the first word of the producer fields. */
const WORDS_BETWEEN = (FIRST_PRODUCER_WORD - ATTRIBUTES_POSITION) / 4;

/**
 * Patches the batch at a position: base offset 0; producer id, epoch and base sequence from the stamp;
 * transactional (0x10) and delete horizon (0x40) bits cleared (a stored delete horizon would make tombstones
 * vanish at the first cleaning); CRC-32C updated. The partition leader epoch stays: brokers overwrite it.
 *
 * The whole batch must be in the view ({@link nextBatchSize} tells).
 *
 * @throws CorruptBatchError when the magic is not 2 or the length is impossible
 * @throws Error for a control batch, or a LogAppendTime batch without `clearLogAppendTime`
 */
export function patchForProduce(view: DataView, position: number, stamp: ProduceStamp): void {
  const size = batchSize(view, position);
  if (view.getInt8(position + MAGIC_POSITION) !== 2 || size < RECORDS_POSITION) {
    throw new CorruptBatchError(position, "it is not a batch of magic 2");
  }
  const oldAttributes = view.getInt16(position + ATTRIBUTES_POSITION);
  let cleared = TRANSACTIONAL | DELETE_HORIZON;
  if ((oldAttributes & (CONTROL | LOG_APPEND_TIME)) !== 0) {
    if ((oldAttributes & CONTROL) !== 0) throw new Error("Cannot produce a control batch");
    if (stamp.clearLogAppendTime !== true) {
      throw new Error("Cannot pass a LogAppendTime batch through: re-encode it");
    }
    cleared |= LOG_APPEND_TIME;
  }

  view.setInt32(position + BASE_OFFSET_POSITION, 0);
  view.setInt32(position + BASE_OFFSET_POSITION + 4, 0);

  // The register of the change over the words between attributes and record count; while nothing has changed
  // it stays 0, so unchanged words at the front cost nothing.
  let register = 0;
  const removed = oldAttributes & cleared;
  if (removed !== 0) {
    view.setInt16(position + ATTRIBUTES_POSITION, oldAttributes ^ removed);
    // The bits are in the attributes' second byte.
    register = crc32cStep(register, removed << 8);
    for (let word = 1; word < WORDS_BETWEEN; word++) register = crc32cStep(register, 0);
  }

  const at = position + FIRST_PRODUCER_WORD;
  const before0 = view.getInt32(at, true);
  const before1 = view.getInt32(at + 4, true);
  const before2 = view.getInt32(at + 8, true);
  const before3 = view.getInt32(at + 12, true);
  view.setBigInt64(position + PRODUCER_ID_POSITION, stamp.producerId);
  view.setInt16(position + PRODUCER_EPOCH_POSITION, stamp.producerEpoch);
  view.setInt32(position + BASE_SEQUENCE_POSITION, stamp.baseSequence);
  register = crc32cStep(register, before0 ^ view.getInt32(at, true));
  register = crc32cStep(register, before1 ^ view.getInt32(at + 4, true));
  register = crc32cStep(register, before2 ^ view.getInt32(at + 8, true));
  register = crc32cStep(register, before3 ^ view.getInt32(at + 12, true));

  const crc = view.getUint32(position + CRC_POSITION);
  view.setUint32(
    position + CRC_POSITION,
    crc32cAfterChange(crc, register, size - RECORD_COUNT_POSITION),
  );
}
