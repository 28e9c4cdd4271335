// A batch of one of the two logs that are compared, and its records: opened only where the batches as a whole are not
// alike, its CRC checked first.

import { createHash } from "node:crypto";
import { openRecordBatch } from "../batch/open.ts";
import { LOG_APPEND_TIME } from "../batch/record_batch.ts";
import { forEachRecord, timestampDelta } from "../batch/records.ts";
import { type ByteCursor, readVarint } from "../batch/varint.ts";

/** A record batch as a log's reader gives it: `size` bytes at `position`. */
export interface LogBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly position: number;
  readonly size: number;
  readonly recordCount: number;
  /** Offset of a record in the log it was read from, by its place in the batch and its offset delta. */
  readonly offsetOf: (index: number, offsetDelta: number) => bigint;
  /**
   * On the target: how many records of the migration come before the batch's first, as its sequence says. Compaction
   * leaves it as it is, so that a record's number is this and its offset delta. Absent on the source.
   */
  readonly firstNumber?: bigint;
  /** Where somebody else wrote it. */
  readonly foreign?: ForeignBatch;
}

/** What others have written to the target. */
export interface ForeignBatch {
  /** Whether it comes after all of our records. */
  readonly behind: boolean;
  /** Producer id of the transaction it belongs to. */
  readonly transaction?: bigint;
  /** Where it is the marker that ends that transaction: what it says, if it still does. */
  readonly marker?: "commit" | "abort" | "unknown";
}

/** A batch of the source. */
export interface SourceBatch extends LogBatch {
  /** Source offset after the batch. */
  readonly nextOffset: bigint;
  /** How many of its records come before an offset that is not after the batch. */
  readonly recordsBefore: (offset: bigint) => number;
}

/** The records of a batch. */
export interface OpenedRecords {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Where key, value and headers lie, by index. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly offsetDeltas: Uint32Array;
  /** Milliseconds, as consumers see them. */
  readonly timestamps: BigInt64Array;
}

/** Opens a batch. @throws {CorruptBatchError} where it is damaged */
export function openRecords({ bytes, position, size }: LogBatch): OpenedRecords {
  const opened = openRecordBatch(bytes.subarray(position, position + size));
  const { header, recordsStart, recordsEnd } = opened;
  const count = header.recordCount;
  const [starts, ends, offsetDeltas] = [0, 0, 0].map(() => new Uint32Array(count)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const timestamps = new BigInt64Array(count);
  const appendTime = (header.attributes & LOG_APPEND_TIME) !== 0;
  let index = 0;
  forEachRecord(opened.bytes, recordsStart, recordsEnd, count, (record) => {
    starts[index] = record.bodyStart;
    ends[index] = record.end;
    offsetDeltas[index] = record.offsetDelta;
    timestamps[index] = appendTime
      ? header.maxTimestamp
      : header.baseTimestamp + timestampDelta(record);
    index++;
  });
  return { bytes: opened.bytes, count, starts, ends, offsetDeltas, timestamps };
}

/** Keys are told apart by their digests above this, so that what is known of them stays small. */
const LONG_KEY_BYTES = 32;

/** A record's key as a short text that tells keys apart; undefined where it has none. */
export function keyOf(records: OpenedRecords, index: number): string | undefined {
  const key = partsOf(records, index).key;
  if (key === undefined) return undefined;
  return key.length < LONG_KEY_BYTES ? key.toHex() : createHash("sha256").update(key).digest("hex");
}

/** Key, value and headers of a record, as they are encoded; null ones are undefined. */
export function partsOf({ bytes, starts, ends }: OpenedRecords, index: number): {
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  readonly headers: Uint8Array;
} {
  const end = ends[index] ?? 0;
  const cursor: ByteCursor = { position: starts[index] ?? 0 };
  const key = field(bytes, cursor, end);
  const value = field(bytes, cursor, end);
  return { key, value, headers: bytes.subarray(cursor.position, end) };
}

function field(bytes: Uint8Array, cursor: ByteCursor, end: number): Uint8Array | undefined {
  const length = readVarint(bytes, cursor, end);
  if (length < 0) return undefined;
  const start = cursor.position;
  cursor.position = start + length;
  return bytes.subarray(start, Math.min(start + length, end));
}
