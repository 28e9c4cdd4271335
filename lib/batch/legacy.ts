// Turns messages of magic 0 and 1 into record batches of magic 2, the only format that today's brokers accept. Offsets
// become contiguous; everything else that a consumer sees stays, and so do codecs. Refuses messages of magic 2.

import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { type FieldRange, forEachLegacyMessage, type LegacyMessage } from "./legacy_messages.ts";
import { DEFAULT_MAX_OPENED_BYTES } from "./open.ts";
import { RECORDS_POSITION } from "./record_batch.ts";
import type { ReencodedBatch, ReencodeOptions } from "./reencode.ts";
import { sealRecordBatch } from "./seal.ts";
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from "./varint.ts";

/** Which messages to keep, and how large the batches may become. */
export interface UpConvertOptions extends ReencodeOptions {
  /** The most bytes of a batch before compression, unless one message alone has more. Default 1,000,000. */
  readonly maxBatchBytes?: number;
}

/** A little less than the 1,048,588 bytes that a broker accepts by default. */
const DEFAULT_MAX_BATCH_BYTES = 1_000_000;

/**
 * Up-converts the messages in `bytes[start, end)`, which must end with a message, to record batches ready for
 * patchForProduce. Messages of one codec share batches.
 *
 * @returns the batches in order; none where no message remains in the range
 * @throws CorruptBatchError when a message is malformed or of magic 2, or offsets do not increase
 */
export function upConvert(
  bytes: Uint8Array,
  start: number,
  end: number,
  options: UpConvertOptions = {},
): ReencodedBatch[] {
  const { fromOffset, untilOffset } = options;
  const limit = (options.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES) - RECORDS_POSITION;
  const batches: ReencodedBatch[] = [];
  let pending: LegacyMessage[] = [];
  let size = 0;
  let previousOffset: bigint | undefined;
  const flush = () => {
    if (pending.length > 0) batches.push(encodeBatch(pending, size));
    pending = [];
    size = 0;
  };
  const maxOpenedBytes = options.maxOpenedBytes ?? DEFAULT_MAX_OPENED_BYTES;
  forEachLegacyMessage(bytes, start, end, maxOpenedBytes, (message) => {
    const { offset } = message;
    if (previousOffset !== undefined && offset <= previousOffset) {
      throw new CorruptBatchError(start, `offset ${offset} follows ${previousOffset}`);
    }
    previousOffset = offset;
    if (fromOffset !== undefined && offset < fromOffset) return;
    if (untilOffset !== undefined && offset >= untilOffset) return;
    let recordSize = sizeOfRecord(message, pending);
    if (
      pending.length > 0 && (size + recordSize > limit || pending[0]!.codec !== message.codec)
    ) {
      flush();
      recordSize = sizeOfRecord(message, pending);
    }
    pending.push(message);
    size += recordSize;
  });
  flush();
  return batches;
}

function encodeBatch(messages: readonly LegacyMessage[], size: number): ReencodedBatch {
  const [first] = messages;
  const last = messages.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("Cannot encode no messages");
  const records = new Uint8Array(size);
  let position = 0;
  let maxTimestamp = first.timestamp;
  messages.forEach((message, offsetDelta) => {
    const timestampDelta = deltaOf(message, first);
    position = writeRecord(message, timestampDelta, offsetDelta, records, position);
    if (message.timestamp > maxTimestamp) maxTimestamp = message.timestamp;
  });
  return {
    bytes: sealRecordBatch({
      records,
      recordCount: messages.length,
      baseTimestamp: first.timestamp,
      maxTimestamp,
      codec: first.codec,
    }),
    recordCount: messages.length,
    firstOffset: first.offset,
    lastOffset: last.offset,
  };
}

/** Bytes of the record that a message becomes when it is added to a batch. */
function sizeOfRecord(message: LegacyMessage, before: readonly LegacyMessage[]): number {
  const timestampDelta = deltaOf(message, before[0] ?? message);
  const length = lengthOfRecord(message, timestampDelta, before.length);
  return sizeOfVarint(length) + length;
}

/** The timestamp delta, which wraps as Java's does. */
function deltaOf(message: LegacyMessage, first: LegacyMessage): bigint {
  return BigInt.asIntN(64, message.timestamp - first.timestamp);
}

/** Attributes, timestamp delta, offset delta, key, value and a header count of 0. */
function lengthOfRecord(
  { key, value }: LegacyMessage,
  timestampDelta: bigint,
  offsetDelta: number,
): number {
  return 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfField(key) +
    sizeOfField(value) + 1;
}

function sizeOfField(field: FieldRange): number {
  return field === null ? 1 : sizeOfVarint(field.end - field.start) + field.end - field.start;
}

function writeRecord(
  message: LegacyMessage,
  timestampDelta: bigint,
  offsetDelta: number,
  target: Uint8Array,
  position: number,
): number {
  const length = lengthOfRecord(message, timestampDelta, offsetDelta);
  let at = writeVarint(target, position, length);
  target[at++] = 0;
  at = writeVarlong(target, at, timestampDelta);
  at = writeVarint(target, at, offsetDelta);
  at = writeField(message.bytes, message.key, target, at);
  at = writeField(message.bytes, message.value, target, at);
  target[at++] = 0;
  return at;
}

function writeField(
  source: Uint8Array,
  field: FieldRange,
  target: Uint8Array,
  position: number,
): number {
  if (field === null) return writeVarint(target, position, -1);
  const at = writeVarint(target, position, field.end - field.start);
  target.set(source.subarray(field.start, field.end), at);
  return at + field.end - field.start;
}
