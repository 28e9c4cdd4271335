// Cuts what a Fetch response holds for one partition into batches to produce. Whole batches of the range are only
// pointed at, not opened; those that cannot pass through (cut by the range, with gaps, LogAppendTime) are re-encoded.
// Control batches and batches of aborted transactions are left out. Pure: no network, nothing is patched here.

import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import {
  attributes,
  baseOffset,
  batchMagic,
  CONTROL,
  isDense,
  lastOffset,
  LOG_APPEND_TIME,
  nextBatchSize,
  producerId,
  recordCount,
  TRANSACTIONAL,
} from "../batch/record_batch.ts";
import { reencodeBatch } from "../batch/reencode.ts";

/** The source speaks a message format that is not carried. */
export class UnsupportedFormatError extends Error {
  override readonly name = "UnsupportedFormatError";
}

/** Where the fetched batches lie and which transactions among them were aborted. */
export interface FetchedRecords {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly recordsStart: number;
  readonly recordsEnd: number;
  readonly abortedTransactions: readonly {
    readonly producerId: bigint;
    readonly firstOffset: bigint;
  }[];
}

/** The offsets wanted: `fromOffset` included, `untilOffset` not. */
export interface OffsetRange {
  readonly fromOffset: bigint;
  readonly untilOffset: bigint;
}

/** A batch to produce: `size` bytes at `position`, of the response or, re-encoded, of bytes of its own. */
export interface CutBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly position: number;
  readonly size: number;
  readonly recordCount: number;
  /** Source offset of the first record, or one before it where compaction removed that. */
  readonly firstOffset: bigint;
  /** Source offset after the batch. */
  readonly nextOffset: bigint;
  /** Whether the bytes are the response's own. */
  readonly passedThrough: boolean;
}

/** What was cut, and where to read on. */
export interface Cut {
  readonly batches: readonly CutBatch[];
  /** Source offset to fetch next; `untilOffset` once the range is through. */
  readonly nextOffset: bigint;
  /** Batches of the range left out: control batches, those of aborted transactions, and empty ones. */
  readonly batchesLeftOut: number;
}

/**
 * Cuts the fetched bytes of one partition.
 *
 * @throws {CorruptBatchError} where batches do not tile the bytes, offsets do not increase, or a batch that has to be
 * opened is damaged
 * @throws {UnsupportedFormatError} for message sets of magic 0 and 1
 */
export function cutBatches(fetched: FetchedRecords, range: OffsetRange): Cut {
  const { bytes, view, recordsStart, recordsEnd } = fetched;
  const { fromOffset, untilOffset } = range;
  const aborted = createAbortedFilter(fetched.abortedTransactions);
  const batches: CutBatch[] = [];
  let nextOffset = fromOffset;
  let batchesLeftOut = 0;
  let expected: bigint | undefined;
  for (let position = recordsStart; position < recordsEnd;) {
    const size = nextBatchSize(view, position, recordsEnd);
    if (size === 0) {
      if (position === recordsStart) {
        throw new CorruptBatchError(position, "its length is beyond the response");
      }
      break;
    }
    if (batchMagic(view, position) !== 2) {
      throw new UnsupportedFormatError(
        "the log holds messages of a format before Kafka 0.11 (magic 0 or 1), which is not supported yet",
      );
    }
    const first = baseOffset(view, position);
    const last = lastOffset(view, position);
    if (last < first || (expected !== undefined && first < expected)) {
      throw new CorruptBatchError(
        position,
        `its offsets ${first} to ${last} do not follow ${expected}`,
      );
    }
    expected = last + 1n;
    if (first >= untilOffset) {
      nextOffset = untilOffset;
      break;
    }
    const skipped = aborted(view, position, last);
    if (last >= fromOffset) {
      nextOffset = last + 1n < untilOffset ? last + 1n : untilOffset;
      const batch = skipped || recordCount(view, position) === 0
        ? undefined
        : passesThrough(view, position, first, last, range)
        ? passThrough(bytes, view, position, size)
        : reencode(bytes.subarray(position, position + size), range, nextOffset);
      if (batch === undefined) batchesLeftOut++;
      else batches.push(batch);
    }
    position += size;
  }
  return { batches, nextOffset, batchesLeftOut };
}

function passesThrough(
  view: DataView,
  position: number,
  first: bigint,
  last: bigint,
  { fromOffset, untilOffset }: OffsetRange,
): boolean {
  return first >= fromOffset && last < untilOffset && isDense(view, position) &&
    (attributes(view, position) & LOG_APPEND_TIME) === 0;
}

function passThrough(bytes: Uint8Array, view: DataView, position: number, size: number): CutBatch {
  return {
    bytes,
    view,
    position,
    size,
    recordCount: recordCount(view, position),
    firstOffset: baseOffset(view, position),
    nextOffset: lastOffset(view, position) + 1n,
    passedThrough: true,
  };
}

function reencode(
  batch: Uint8Array,
  range: OffsetRange,
  nextOffset: bigint,
): CutBatch | undefined {
  const kept = reencodeBatch(batch, range);
  if (kept === undefined) return undefined;
  const { bytes, recordCount, firstOffset } = kept;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    bytes,
    view,
    position: 0,
    size: bytes.length,
    recordCount,
    firstOffset,
    nextOffset,
    passedThrough: false,
  };
}

/**
 * Tells, batch after batch, which are to be left out: control batches, and batches of transactions the broker lists
 * as aborted (Fetch response, aborted_transactions; KIP-98). A transaction ends with its producer's next marker.
 */
function createAbortedFilter(transactions: FetchedRecords["abortedTransactions"]) {
  const pending = transactions.toSorted((a, b) => a.firstOffset < b.firstOffset ? -1 : 1);
  const open = new Set<bigint>();
  let next = 0;
  return (view: DataView, position: number, last: bigint): boolean => {
    for (
      let each = pending[next];
      each !== undefined && each.firstOffset <= last;
      each = pending[++next]
    ) {
      open.add(each.producerId);
    }
    const bits = attributes(view, position);
    if ((bits & CONTROL) !== 0) {
      open.delete(producerId(view, position));
      return true;
    }
    return (bits & TRANSACTIONAL) !== 0 && open.has(producerId(view, position));
  };
}
