// A place in a log that is read from its beginning to its end: batch by batch, and record by record where asked.

import { type LogBatch, type OpenedRecords, openRecords } from "./log_batch.ts";

/** One log being read. */
export interface LogCursor {
  /** The batch the cursor stands in; undefined at the end of the log. */
  batch(): Promise<LogBatch | undefined>;
  /** Whether it stands at the first record of that batch. */
  readonly atBatchStart: boolean;
  /** The records of that batch, opened when first asked for. @throws {CorruptBatchError} */
  records(): OpenedRecords;
  /** The place in that batch of the record it stands at. */
  readonly index: number;
  /** The offset of that record. */
  offset(): bigint;
  nextRecord(): void;
  nextBatch(): void;
}

/** Opens a cursor at the beginning of a log. */
export function openCursor(log: AsyncIterator<LogBatch>): LogCursor {
  let batch: LogBatch | undefined;
  let ended = false;
  let records: OpenedRecords | undefined;
  let index = 0;
  function current(): LogBatch {
    if (batch === undefined) throw new Error("The log has ended");
    return batch;
  }
  function nextBatch(): void {
    batch = undefined;
    records = undefined;
    index = 0;
  }
  const cursor: LogCursor = {
    async batch() {
      while (batch === undefined && !ended) {
        const next = await log.next();
        if (next.done === true) ended = true;
        else if (next.value.recordCount > 0) batch = next.value;
      }
      return batch;
    },
    get atBatchStart() {
      return index === 0;
    },
    get index() {
      return index;
    },
    records: () => records ??= openRecords(current()),
    offset() {
      const delta = cursor.records().offsetDeltas[index] ?? index;
      return current().offsetOf(index, delta);
    },
    nextRecord() {
      index++;
      if (index >= current().recordCount) nextBatch();
    },
    nextBatch,
  };
  return cursor;
}
