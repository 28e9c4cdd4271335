// Reads messages of magic 0 and 1 (Kafka protocol guide, "Message sets"), which brokers before 0.11 and topics with an
// old message format hold. In these formats a compressed message (a wrapper) contains further messages: it is
// decompressed. Every CRC is checked; keys and values are not copied.

import { crc32 } from "node:zlib";
import { CodecError, decompress } from "../codec/codec.ts";
import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { DEFAULT_MAX_OPENED_BYTES } from "./open.ts";
import { CODEC_MASK, LOG_APPEND_TIME, nextBatchSize } from "./record_batch.ts";

const CRC_POSITION = 12;
const MAGIC_POSITION = 16;
const ATTRIBUTES_POSITION = 17;
const TIMESTAMP_POSITION = 18;

/** The last codec that these formats know: lz4. */
const LAST_CODEC = 3;

/** Where a key or a value is; null is not the same as empty. */
export type FieldRange = { readonly start: number; readonly end: number } | null;

/** One message, as a consumer sees it. */
export interface LegacyMessage {
  readonly offset: bigint;
  /** Milliseconds; −1 in magic 0, which has none. */
  readonly timestamp: bigint;
  /** Codec id of the wrapper it was in, 0 for none. */
  readonly codec: number;
  /** What the ranges refer to: the bytes given, or a wrapper's decompressed content. */
  readonly bytes: Uint8Array;
  readonly key: FieldRange;
  readonly value: FieldRange;
}

/** A message, which may be a wrapper, in a buffer. */
interface Entry {
  readonly position: number;
  readonly magic: number;
  readonly attributes: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
  readonly key: FieldRange;
  readonly value: FieldRange;
}

/**
 * Visits the messages in `bytes[start, end)`, which must end with a message.
 *
 * In a wrapper of magic 1 the inner offsets are relative and the wrapper has the offset of its last message
 * (KIP-31); in one of magic 0 they are absolute. A wrapper with LogAppendTime gives all its messages its own
 * timestamp (KIP-32). In magic 0 clients computed the header checksum of lz4 frames wrongly (KIP-57): it is ignored.
 *
 * @param maxOpenedBytes the most bytes that a wrapper may decompress to
 * @throws CorruptBatchError when a message is malformed or of magic 2, or its CRC-32 does not match
 */
export function forEachLegacyMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxOpenedBytes: number,
  visit: (message: LegacyMessage) => void,
): void {
  forEachEntry(bytes, start, end, (entry) => {
    const codec = entry.attributes & CODEC_MASK;
    if (codec !== 0) {
      openWrapper(bytes, entry, codec, maxOpenedBytes, visit);
      return;
    }
    const { offset, timestamp, key, value } = entry;
    visit({ offset, timestamp, codec, bytes, key, value });
  });
}

/**
 * The offset of the first message in `bytes[start, end)`; where that is a wrapper, of the first message in it.
 *
 * @throws CorruptBatchError as {@link forEachLegacyMessage} does
 */
export function firstLegacyOffset(bytes: Uint8Array, start: number, end: number): bigint {
  let first: bigint | undefined;
  forEachLegacyMessage(bytes, start, end, DEFAULT_MAX_OPENED_BYTES, ({ offset }) => {
    first ??= offset;
  });
  if (first === undefined) throw new CorruptBatchError(start, "it holds no message");
  return first;
}

function openWrapper(
  bytes: Uint8Array,
  wrapper: Entry,
  codec: number,
  maxOpenedBytes: number,
  visit: (message: LegacyMessage) => void,
): void {
  const { position, magic, value } = wrapper;
  if (value === null) throw new CorruptBatchError(position, "a compressed message has no value");
  if (codec > LAST_CODEC) {
    throw new CorruptBatchError(position, `codec id ${codec} is unknown in magic ${magic}`);
  }
  const content = openValue(bytes, wrapper, value, codec, maxOpenedBytes);
  const inner: Entry[] = [];
  try {
    forEachEntry(content, 0, content.length, (entry) => inner.push(entry));
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
    const reason = `in its opened content at byte ${error.position}, ${error.reason}`;
    throw new CorruptBatchError(position, reason, { cause: error });
  }
  const last = inner.at(-1);
  if (last === undefined) throw new CorruptBatchError(position, "a compressed message is empty");
  // The wrapper's offset lies outside its CRC.
  if (magic === 0 && wrapper.offset !== last.offset) {
    throw new CorruptBatchError(
      position,
      `its offset is ${wrapper.offset}, that of its last message ${last.offset}`,
    );
  }
  const baseOffset = magic === 1 ? wrapper.offset - last.offset : 0n;
  if (baseOffset < 0n) {
    throw new CorruptBatchError(
      position,
      `its offset, ${wrapper.offset}, is below the ${last.offset} of its last message`,
    );
  }
  const isLogAppendTime = magic === 1 && (wrapper.attributes & LOG_APPEND_TIME) !== 0;
  for (const message of inner) {
    if ((message.attributes & CODEC_MASK) !== 0) {
      throw new CorruptBatchError(position, "a compressed message holds a compressed message");
    }
    visit({
      offset: baseOffset + message.offset,
      timestamp: isLogAppendTime && message.magic === 1 ? wrapper.timestamp : message.timestamp,
      codec,
      bytes: content,
      key: message.key,
      value: message.value,
    });
  }
}

function openValue(
  bytes: Uint8Array,
  wrapper: Entry,
  value: { readonly start: number; readonly end: number },
  codec: number,
  maxOpenedBytes: number,
): Uint8Array {
  try {
    return decompress(codec, bytes.subarray(value.start, value.end), maxOpenedBytes, {
      ignoreHeaderChecksum: wrapper.magic === 0,
    });
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new CorruptBatchError(wrapper.position, error.reason, { cause: error });
  }
}

function forEachEntry(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (entry: Entry) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let position = start; position < end;) {
    const size = nextBatchSize(view, position, end);
    if (size === 0) throw new CorruptBatchError(position, "it is cut off");
    visit(readEntry(bytes, view, position, position + size));
    position += size;
  }
}

function readEntry(bytes: Uint8Array, view: DataView, position: number, end: number): Entry {
  const magic = view.getInt8(position + MAGIC_POSITION);
  if (magic > 1) throw new CorruptBatchError(position, `its magic is ${magic}, not 0 or 1`);
  const crc = view.getUint32(position + CRC_POSITION);
  if (crc32(bytes.subarray(position + CRC_POSITION + 4, end)) !== crc) {
    throw new CorruptBatchError(position, "its CRC-32 does not match its content");
  }
  const keyPosition = position + (magic === 0 ? TIMESTAMP_POSITION : TIMESTAMP_POSITION + 8);
  const key = readField(view, keyPosition, end, position);
  const value = readField(view, key?.end ?? keyPosition + 4, end, position);
  const lastByte = value?.end ?? (key?.end ?? keyPosition + 4) + 4;
  if (lastByte !== end) {
    throw new CorruptBatchError(position, `${end - lastByte} bytes follow its value`);
  }
  return {
    position,
    magic,
    attributes: view.getUint8(position + ATTRIBUTES_POSITION),
    offset: view.getBigInt64(position),
    timestamp: magic === 0 ? -1n : view.getBigInt64(position + TIMESTAMP_POSITION),
    key,
    value,
  };
}

function readField(view: DataView, at: number, end: number, position: number): FieldRange {
  const start = at + 4;
  const length = start > end ? -2 : view.getInt32(at);
  if (length === -1) return null;
  if (length < 0 || length > end - start) {
    throw new CorruptBatchError(position, "the length of its key or value cannot be");
  }
  return { start, end: start + length };
}
