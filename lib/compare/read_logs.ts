// What a comparison reads: of the source the records that were to be copied, of the target those of the migration,
// told from others' by their producer id.

import {
  attributes,
  baseOffset,
  baseSequence,
  batchMagic,
  isControlBatch,
  lastOffset,
  nextBatchSize,
  producerEpoch,
  producerId,
  recordCount,
  TRANSACTIONAL,
} from "../batch/record_batch.ts";
import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { type Failure, failure } from "../model/failure.ts";
import type { OffsetSpan } from "../model/offsets.ts";
import {
  type PartitionProducer,
  recordsBeforeIn,
  recordsBeforeSequence,
} from "../model/sequence.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import { cutBatches, recordsBefore } from "../copy/cut.ts";
import type { Carried, CutBatch } from "../copy/cut_types.ts";
import type { ForeignBatch, LogBatch, SourceBatch } from "./log_batch.ts";
import { isAbort } from "../copy/transactions.ts";
import { CONTROL_BACKOFF } from "../waiting/backoff.ts";
import { type ClusterReader, type FetchedPage, fetchPage, ReadError } from "./partition_reader.ts";

/** Damaged bytes are fetched so often. */
const FETCHES_OF_DAMAGED = 3;

/** Timestamps stay as they are, and no batch is too large to be looked at. */
const AS_IT_IS = { logAppendTime: true } as const;

/** The records of some spans of a partition, in order: committed ones, no markers. The reader has to be read_committed. */
export async function* readCommitted(
  reader: ClusterReader,
  partition: TopicPartition,
  spans: readonly OffsetSpan[],
): AsyncGenerator<SourceBatch, void> {
  for (const { startOffset, endOffset } of spans) {
    let fromOffset = startOffset;
    let carried: Carried | undefined;
    let damaged = 0;
    const patience = startPatience();
    let next = fetchAhead(reader, partition, fromOffset);
    try {
      while (fromOffset < endOffset) {
        const page = await next.page;
        next = NOTHING_AHEAD;
        try {
          const { fetched } = page;
          const range = { fromOffset, untilOffset: endOffset, ...(carried && { carried }) };
          const cut = cutBatches({ ...page, ...fetched }, range, AS_IT_IS);
          const empty = fetched.recordsStart === fetched.recordsEnd;
          if (cut.problem?.kind === "impossible") throw new ReadError(cut.problem.failure);
          damaged = cut.problem === undefined ? 0 : damaged + 1;
          if (cut.problem !== undefined && damaged === FETCHES_OF_DAMAGED) {
            const text =
              `The batch at ${reader.role} offset ${cut.nextOffset} is damaged: ${cut.problem.reason}`;
            throw new ReadError(failure("BATCH_DAMAGED", text));
          }
          if (empty) patience.spend(whyNothing(reader, fetched, fromOffset, endOffset));
          else patience.renew();
          fromOffset = cut.nextOffset;
          carried = cut.carried;
          if (fromOffset < endOffset) next = fetchAhead(reader, partition, fromOffset);
          for (const batch of cut.batches) yield committedBatch(batch);
        } finally {
          page.release();
        }
      }
    } finally {
      next.drop();
    }
  }
}

/** Whose records a target partition holds, and where they lie. */
export interface TargetRange extends OffsetSpan {
  /** −1 where the migration had none: then all records count as its own. */
  readonly producerId: bigint;
  /** The epochs of that producer id there; where absent, sequences count from 0 in every one. */
  readonly epochs?: PartitionProducer["epochs"];
  /** Records of the migration before `startOffset`. */
  readonly recordsBefore: bigint;
  /** Where what others wrote is wanted too, marked as theirs: the offset after our last record. */
  readonly foreignBehind?: bigint;
}

/** The records of a migration on a target partition, in order. */
export async function* readTarget(
  reader: ClusterReader,
  partition: TopicPartition,
  range: TargetRange,
): AsyncGenerator<LogBatch, void> {
  const { endOffset } = range;
  let fromOffset = range.startOffset;
  let number = range.recordsBefore;
  const patience = startPatience();
  let next = fetchAhead(reader, partition, fromOffset);
  try {
    while (fromOffset < endOffset) {
      const page = await next.page;
      next = NOTHING_AHEAD;
      try {
        const { fetched, view } = page;
        const batches = [...batchesOf(page, fromOffset, endOffset)];
        if (nextBatchSize(view, fetched.recordsStart, fetched.recordsEnd) === 0) {
          patience.spend(whyNothing(reader, fetched, fromOffset, endOffset));
        } else {
          patience.renew();
          // The batch is after the range: compaction has removed the rest of the range.
          fromOffset = batches.at(-1)?.nextOffset ?? endOffset;
        }
        if (fromOffset < endOffset) next = fetchAhead(reader, partition, fromOffset);
        for (const { position, size } of batches) {
          const batch = targetBatch(page, position, size, range, number);
          if (batch === undefined) continue;
          if (batch.firstNumber !== undefined) number = batch.firstNumber + countOf(page, position);
          yield batch;
        }
      } finally {
        page.release();
      }
    }
  } finally {
    next.drop();
  }
}

/** The response held no batch, although the end offset is higher. */
function whyNothing(
  { role, isolation }: ClusterReader,
  { highWatermark, lastStableOffset }: FetchedPage["fetched"],
  from: bigint,
  end: bigint,
): Failure {
  if (highWatermark < end) {
    return failure("LOG_ENDS_EARLY", `The ${role}'s log ends at offset ${highWatermark}`);
  }
  if (isolation === "read_committed" && lastStableOffset !== undefined && lastStableOffset < end) {
    const text =
      `A transaction open on the ${role} holds back what lies from offset ${lastStableOffset} on`;
    return failure("TRANSACTION_OPEN", text);
  }
  const text = `The ${role} gave no messages at offset ${from}, where it has some`;
  return failure("PARTITION_UNAVAILABLE", text);
}

/** A leader that has just taken over may not know yet how far the log is replicated (KIP-207). */
function startPatience() {
  let since: number | undefined;
  return {
    renew(): void {
      since = undefined;
    },
    /** @throws {ReadError} where that has been so for long */
    spend(why: Failure): void {
      since ??= performance.now();
      if (performance.now() - since > CONTROL_BACKOFF.totalMs) throw new ReadError(why);
    },
  };
}

/**
 * The records that a connector has written: on the target's spans of its copies nobody else's, since they cannot be
 * told apart. Numbered from `recordsBefore`.
 */
export async function* readConnectorCopies(
  reader: ClusterReader,
  partition: TopicPartition,
  spans: readonly OffsetSpan[],
  recordsBefore = 0n,
): AsyncGenerator<LogBatch, void> {
  let firstNumber = recordsBefore;
  for await (const batch of readCommitted(reader, partition, spans)) {
    // They have no gaps: a record's offset delta is its place.
    yield { ...batch, firstNumber, offsetOf: (_, delta) => batch.offsetOf(delta, delta) };
    firstNumber += BigInt(batch.recordCount);
  }
}

function committedBatch(batch: CutBatch): SourceBatch {
  const { bytes, view, position, size, recordCount, nextOffset } = batch;
  return {
    ...{ bytes, view, position, size, recordCount, nextOffset },
    recordsBefore: (offset) => recordsBefore(batch, offset),
    offsetOf: (index) => sourceOffsetOf(batch, index),
  };
}

/** A re-encoded batch counts its records from 0: where it had gaps, the offset is searched for. Rarely asked. */
function sourceOffsetOf(batch: CutBatch, index: number): bigint {
  let [low, high] = [batch.firstOffset, batch.nextOffset - 1n];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (recordsBefore(batch, middle + 1n) > index) high = middle;
    else low = middle + 1n;
  }
  return low;
}

interface FoundBatch {
  readonly position: number;
  readonly size: number;
  readonly nextOffset: bigint;
}

function* batchesOf(
  { view, fetched }: FetchedPage,
  fromOffset: bigint,
  endOffset: bigint,
): Generator<FoundBatch> {
  for (let position = fetched.recordsStart; position < fetched.recordsEnd;) {
    const size = nextBatchSize(view, position, fetched.recordsEnd);
    if (size === 0) return;
    if (batchMagic(view, position) !== 2) {
      throw new ReadError(failure("OLD_FORMAT", "The target holds an old format"));
    }
    if (baseOffset(view, position) >= endOffset) return;
    const nextOffset = lastOffset(view, position) + 1n;
    if (nextOffset > fromOffset) yield { position, size, nextOffset };
    position += size;
  }
}

function targetBatch(
  { bytes, view }: FetchedPage,
  position: number,
  size: number,
  range: TargetRange,
  number: bigint,
): LogBatch | undefined {
  const idempotent = range.producerId >= 0n;
  const own = idempotent ? producerId(view, position) === range.producerId : true;
  const first = baseOffset(view, position);
  const batch = {
    ...{ bytes, view, position, size, recordCount: recordCount(view, position) },
    offsetOf: (_index: number, offsetDelta: number) => first + BigInt(offsetDelta),
  };
  const control = isControlBatch(view, position);
  if (!own || control) {
    if (range.foreignBehind === undefined) return undefined;
    const transactional = (attributes(view, position) & TRANSACTIONAL) !== 0;
    const foreign: ForeignBatch = {
      behind: first >= range.foreignBehind,
      ...(transactional && { transaction: producerId(view, position) }),
      ...(control && { marker: markerOf(bytes, view, position, position + size) }),
    };
    return { ...batch, foreign };
  }
  const firstNumber = idempotent ? numberOf(view, position, range, number) : number;
  return { ...batch, firstNumber };
}

/** How many records of the migration come before a batch of it. @throws {ReadError} where nothing tells */
function numberOf(
  view: DataView,
  position: number,
  { epochs }: TargetRange,
  expected: bigint,
): bigint {
  const sequence = baseSequence(view, position);
  if (epochs === undefined) return recordsBeforeSequence(sequence, expected);
  const epoch = producerEpoch(view, position);
  const number = recordsBeforeIn({ epochs }, epoch, sequence, expected);
  if (number !== undefined) return number;
  const text = `The target holds a message of the migration at offset ${
    baseOffset(view, position)
  } with epoch ${epoch}, which the state file does not know`;
  throw new ReadError(failure("STATE_FILE_OLDER", text));
}

function markerOf(bytes: Uint8Array, view: DataView, position: number, end: number) {
  const aborted = isAbort(bytes, view, position, end);
  return aborted === undefined ? "unknown" : aborted ? "abort" : "commit";
}

function countOf({ view }: FetchedPage, position: number): bigint {
  return lastOffset(view, position) - baseOffset(view, position) + 1n;
}

/** A page that is being fetched while the one before is compared. */
interface PageAhead {
  readonly page: Promise<FetchedPage>;
  /** Releases the page unread. */
  drop(): void;
}

const NOTHING_AHEAD: PageAhead = {
  page: Promise.reject(new Error("Nothing was asked for")),
  drop() {},
};
NOTHING_AHEAD.page.catch(() => {});

function fetchAhead(reader: ClusterReader, partition: TopicPartition, offset: bigint): PageAhead {
  const page = fetchPage(reader, partition, offset);
  // It may fail before anybody waits for it.
  page.catch(() => {});
  return { page, drop: () => void page.then(({ release }) => release(), () => {}) };
}

/** The batches as they come, their records told on the way. */
export async function* tellRecords<Batch extends LogBatch>(
  log: AsyncGenerator<Batch, void>,
  onRead: (records: number) => void,
): AsyncGenerator<Batch, void> {
  for await (const batch of log) {
    onRead(batch.recordCount);
    yield batch;
  }
}

/** Why a log could not be read back. @throws the error itself where it is something else */
export function whyUnread(error: unknown): Failure {
  if (error instanceof ReadError) return error.failure;
  if (error instanceof CorruptBatchError) {
    return failure("BATCH_DAMAGED", `A batch read back is damaged: ${error.reason}`);
  }
  throw error;
}
