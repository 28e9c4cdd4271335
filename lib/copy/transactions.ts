// Decides which batches of a fetched range belong to aborted transactions (KIP-98). The Fetch response lists these by
// producer id and first offset, and a transaction ends with its producer's next marker. No checksum covers the list,
// while the markers have one; where both are known they must agree.

import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import {
  attributes,
  baseOffset,
  batchMagic,
  CODEC_MASK,
  isControlBatch,
  nextBatchSize,
  producerId,
  recordCount,
  RECORDS_POSITION,
  TRANSACTIONAL,
} from "../batch/record_batch.ts";
import { forEachRecord } from "../batch/records.ts";
import { type ByteCursor, readVarint } from "../batch/varint.ts";

/** An entry of the response's aborted_transactions. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** Transactions whose marker has not been read yet, by producer id: whether their messages were filtered. */
export type UnsettledTransactions = ReadonlyMap<bigint, boolean>;

/** A marker contradicts the list by which earlier messages were judged; `message` is a sentence. */
export class TransactionError extends Error {
  override readonly name = "TransactionError";
}

/** Judges the batches of one response. */
export interface TransactionFilter {
  /**
   * Whether the batch is a marker or belongs to an aborted transaction, so that it must be filtered. Call it for every
   * batch in order, and check a marker's CRC before.
   *
   * @throws {CorruptBatchError} where the response contradicts itself
   * @throws {TransactionError} where it contradicts an earlier one
   */
  leftOut(position: number, lastOffset: bigint): boolean;
  /** The transactions without a marker, as of the last batch asked for. */
  readonly unsettled: UnsettledTransactions;
}

/** Makes a filter for one response's batches of one partition; `before`: the `unsettled` of the response before. */
export function createTransactionFilter(
  fetched: {
    readonly bytes: Uint8Array;
    readonly view: DataView;
    readonly recordsEnd: number;
    readonly abortedTransactions: readonly AbortedTransaction[] | undefined;
  },
  before: UnsettledTransactions = new Map(),
): TransactionFilter {
  const { bytes, view, recordsEnd } = fetched;
  const pending = (fetched.abortedTransactions ?? []).toSorted((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0
  );
  const open = new Set<bigint>();
  const unsettled = new Map(before);
  let next = 0;
  let outcomes: ReadonlyMap<number, boolean> | undefined;

  function endTransaction(position: number): void {
    const producer = producerId(view, position);
    const wasFiltered = unsettled.get(producer);
    const aborted = isAbort(bytes, view, position, recordsEnd);
    open.delete(producer);
    unsettled.delete(producer);
    if (wasFiltered === undefined || aborted === undefined || wasFiltered === aborted) return;
    const [done, is] = aborted ? ["copied", "aborted"] : ["left out", "committed"];
    throw new TransactionError(
      `the marker at offset ${
        baseOffset(view, position)
      } says that the transaction of producer id ${producer} was ${is}; its messages were ${done}, since the source's list of aborted transactions said otherwise`,
    );
  }

  return {
    unsettled,
    leftOut(position, lastOffset) {
      for (
        let entry = pending[next];
        entry && entry.firstOffset <= lastOffset;
        entry = pending[++next]
      ) {
        open.add(entry.producerId);
      }
      if (isControlBatch(view, position)) {
        endTransaction(position);
        return true;
      }
      if ((attributes(view, position) & TRANSACTIONAL) === 0) return false;
      const producer = producerId(view, position);
      const aborted = open.has(producer);
      outcomes ??= outcomesFrom(bytes, view, position, recordsEnd);
      if ((outcomes.get(position) ?? aborted) !== aborted) {
        throw new CorruptBatchError(
          position,
          "the list of aborted transactions contradicts the marker of its transaction",
        );
      }
      unsettled.set(producer, aborted);
      return aborted;
    },
  };
}

/** For each transactional batch, by position, whose marker is in the response, too: whether that says aborted. */
function outcomesFrom(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): ReadonlyMap<number, boolean> {
  const outcomes = new Map<number, boolean>();
  const waiting = new Map<bigint, number[]>();
  try {
    for (let position = start, size; position < end; position += size) {
      size = nextBatchSize(view, position, end);
      if (size === 0) break;
      if (batchMagic(view, position) !== 2) continue;
      if ((attributes(view, position) & TRANSACTIONAL) === 0) continue;
      const producer = producerId(view, position);
      const batches = waiting.get(producer);
      if (!isControlBatch(view, position)) {
        if (batches === undefined) waiting.set(producer, [position]);
        else batches.push(position);
        continue;
      }
      const aborted = isAbort(bytes, view, position, end);
      waiting.delete(producer);
      if (aborted !== undefined) batches?.forEach((batch) => outcomes.set(batch, aborted));
    }
  } catch (error) {
    // Damage further on is reported when it is reached.
    if (!(error instanceof CorruptBatchError)) throw error;
  }
  return outcomes;
}

const ABORT = 0;
const COMMIT = 1;

/**
 * Whether a marker says that its transaction was aborted, by the type in its key (KIP-98); undefined where compaction
 * has emptied the batch, or it is no marker.
 */
export function isAbort(
  bytes: Uint8Array,
  view: DataView,
  position: number,
  recordsEnd: number,
): boolean | undefined {
  const end = position + nextBatchSize(view, position, recordsEnd);
  const count = recordCount(view, position);
  if (count !== 1 || (attributes(view, position) & CODEC_MASK) !== 0) return undefined;
  let type: number | undefined;
  forEachRecord(bytes, position + RECORDS_POSITION, end, count, ({ bodyStart, end }) => {
    const cursor: ByteCursor = { position: bodyStart };
    const keyLength = readVarint(bytes, cursor, end);
    if (keyLength >= 4 && cursor.position + 4 <= end) type = view.getInt16(cursor.position + 2);
  });
  return type === ABORT ? true : type === COMMIT ? false : undefined;
}
