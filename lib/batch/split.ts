// Splits a record batch that is larger than the target accepts (`max.message.bytes`) into several that are not. The
// codec stays, and no record is cut or dropped: a record that fits no batch causes an error that names it.

import { CorruptBatchError } from "./corrupt_batch_error.ts";
import { DEFAULT_MAX_OPENED_BYTES, type OpenedBatch, openRecordBatch } from "./open.ts";
import { CODEC_MASK, RECORDS_POSITION } from "./record_batch.ts";
import { forEachRecord } from "./records.ts";
import { type ReencodedBatch, reencodeOpened, type ReencodeOptions } from "./reencode.ts";

/** A record that needs a larger batch than the target accepts. */
export interface TooLargeRecord {
  /** Source offset. */
  readonly offset: bigint;
  /** Bytes of a batch, compressed with its codec, that holds only this record. */
  readonly sizeInBytes: number;
}

/** Some records of a batch are too large for the target, even each in a batch of its own. */
export class RecordTooLargeError extends Error {
  override readonly name = "RecordTooLargeError";

  /**
   * @param records at least one, in the order of their offsets
   * @param maxBytes the most bytes of a batch that the target accepts
   */
  constructor(readonly records: readonly TooLargeRecord[], readonly maxBytes: number) {
    const [first] = records;
    const more = records.length > 1 ? ` (and ${records.length - 1} more in its batch)` : "";
    super(
      `The record at offset ${first?.offset}${more} needs a batch of ${first?.sizeInBytes} bytes, ` +
        `the target takes ${maxBytes}`,
    );
  }
}

/** Compressed content is cut a little shorter than its average ratio allows, so that most parts fit at once. */
const MARGIN = 0.9;

/**
 * Re-encodes the one batch in `bytes`, as reencodeBatch does, into as many batches as needed so that none is larger
 * than `maxBytes`.
 *
 * @returns the batches in order; none where no record remains in the range
 * @throws RecordTooLargeError when a single record exceeds `maxBytes`
 * @throws CorruptBatchError when the batch is damaged or malformed
 * @throws Error for a control batch
 */
export function splitBatch(
  bytes: Uint8Array,
  maxBytes: number,
  options: ReencodeOptions = {},
): ReencodedBatch[] {
  const batch = openRecordBatch(bytes, 0, options.maxOpenedBytes ?? DEFAULT_MAX_OPENED_BYTES);
  const starts = keptStarts(batch, options);
  const parts: ReencodedBatch[] = [];
  const tooLarge: TooLargeRecord[] = [];

  /** Encodes the kept records from one index until before another; a batch that is too large is halved. */
  const encode = (from: number, until: number): void => {
    const part = reencodeOpened(slice(batch, starts, from, until), codecOf(options));
    if (part.bytes.length <= maxBytes) {
      parts.push(part);
    } else if (part.recordCount === 1) {
      tooLarge.push({ offset: part.firstOffset, sizeInBytes: part.bytes.length });
    } else {
      const middle = (from + until) >> 1;
      encode(from, middle);
      encode(middle, until);
    }
  };

  const limit = sectionLimit(batch, bytes.length, maxBytes);
  for (let from = 0; from < starts.length - 1;) {
    let until = from + 1;
    while (until < starts.length - 1 && starts[until + 1]! - starts[from]! <= limit) until++;
    encode(from, until);
    from = until;
  }
  if (tooLarge.length > 0) throw new RecordTooLargeError(tooLarge, maxBytes);
  return parts;
}

const codecOf = ({ codec }: ReencodeOptions) => codec === undefined ? {} : { codec };

/** Where each record of the range begins, and where the last one ends; the records are adjacent. */
function keptStarts(
  { header, bytes, recordsStart, recordsEnd }: OpenedBatch,
  { fromOffset, untilOffset }: ReencodeOptions,
): number[] {
  const starts: number[] = [];
  let end = recordsStart;
  let previousDelta = -1;
  forEachRecord(bytes, recordsStart, recordsEnd, header.recordCount, (record) => {
    if (record.offsetDelta <= previousDelta) {
      throw new CorruptBatchError(
        record.start,
        `offset delta ${record.offsetDelta} follows ${previousDelta}`,
      );
    }
    previousDelta = record.offsetDelta;
    const offset = header.baseOffset + BigInt(record.offsetDelta);
    if (fromOffset !== undefined && offset < fromOffset) return;
    if (untilOffset !== undefined && offset >= untilOffset) return;
    starts.push(record.start);
    end = record.end;
  });
  starts.push(end);
  return starts;
}

/** The batch as if it held only some of its records. */
function slice(
  batch: OpenedBatch,
  starts: readonly number[],
  from: number,
  until: number,
): OpenedBatch {
  return {
    ...batch,
    header: { ...batch.header, recordCount: until - from },
    recordsStart: starts[from]!,
    recordsEnd: starts[until]!,
  };
}

/**
 * Bytes of records to put into one batch: exact without compression, else by the original batch's compression ratio.
 */
function sectionLimit(batch: OpenedBatch, sizeInBytes: number, maxBytes: number): number {
  const room = maxBytes - RECORDS_POSITION;
  if ((batch.header.attributes & CODEC_MASK) === 0) return room;
  const opened = batch.recordsEnd - batch.recordsStart;
  return room * MARGIN * opened / Math.max(1, sizeInBytes - RECORDS_POSITION);
}
