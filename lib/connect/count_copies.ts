// What a connector has copied, counted on both sides by reading it back: there are no acknowledgements to go by, and
// the markers of its transactions make the target's offsets tell nothing. On the way, each committed offset is found.

import { countTarget } from "../compare/count_logs.ts";
import { countRecordsBefore } from "../compare/find_offsets.ts";
import { readCommitted, tellRecords, whyUnread } from "../compare/read_logs.ts";
import { type Failure, failure, within } from "../model/failure.ts";
import type { JournalEntry } from "../journal/journal_entry.ts";
import type { JournaledPartition } from "../journal/journal_state.ts";
import { maxOffset } from "../model/offsets.ts";
import { countOf, formatCount } from "../model/units.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { delay } from "../waiting/delay.ts";
import type { Readers } from "../verification/open_readers.ts";
import { lookAtTopics } from "../preflight/snapshot.ts";

/** A partition whose copy has ended, in the shape of its journal. */
export interface CopiedPartition extends JournaledPartition {
  /** Where the copy ended on the source. */
  readonly actualEnd: bigint;
  /** Offsets that groups have committed, ascending. */
  readonly committed: readonly bigint[];
}

/** Counts one partition. @returns what the journal is to hold of it; a failure where it could not be read back */
export async function countCopy(
  { source, target }: Readers,
  copied: CopiedPartition,
  targetEnd: bigint,
  onRead: (records: number) => void,
): Promise<readonly JournalEntry[]> {
  const { topic, partition, sourceOffset, actualEnd, committed, records, recordsRead } = copied;
  const settled = { type: "settled", topic, partition } as const;
  try {
    const spans = [{ startOffset: sourceOffset, endOffset: actualEnd }];
    const onSource = await countRecordsBefore(
      tellRecords(readCommitted(source, copied, spans), onRead),
      committed,
    );
    const startOffset = copied.plannedTargetOffset;
    const endOffset = maxOffset(startOffset, targetEnd);
    const onTarget = await countTarget(
      readCommitted(target, copied, [{ startOffset, endOffset }]),
      onSource.before,
      endOffset,
    );
    if (onSource.total !== onTarget.records) {
      const counts = `${countOf(onSource.total, "message")} read from the source, ${
        formatCount(onTarget.records)
      } found on the target from offset ${startOffset} on`;
      return [failedEntry(copied, failure("COUNTS_DIFFER", counts))];
    }
    const total = records + onTarget.records;
    const first = copied.targetFirstOffset ?? onTarget.firstOffset;
    return [
      ...committed.map((offset, index) => ({
        ...{ type: "position", topic, partition } as const,
        sourceOffset: String(offset),
        targetOffset: String(onTarget.offsets[index]),
      })),
      ...(first === undefined ? [] : [{
        ...{ type: "progress", topic, partition } as const,
        sourceOffset: String(actualEnd),
        records: String(total),
        targetOffset: String(endOffset),
        targetFirstOffset: String(first),
      }]),
      {
        ...settled,
        status: "done",
        sourceOffset: String(actualEnd),
        records: String(total),
        recordsRead: String(recordsRead + onSource.total),
        // The whole range was read: offsets without a record hold markers, or records that compaction removed.
        batchesLeftOut: onSource.total === 0n ? 1 : 0,
        endOffset: String(actualEnd),
        target: { startOffset: String(startOffset), endOffset: String(endOffset) },
      },
    ];
  } catch (error) {
    const why = within("It was copied and cannot be counted: ", whyUnread(error));
    return [failedEntry(copied, {
      ...why,
      ...(why.code === "LOG_EXPIRED" && { code: "COPY_NOT_COUNTED" }),
    })];
  }
}

/** A partition whose copy is not complete; the next run counts it from where this copy began. */
export function failedEntry(
  { topic, partition, sourceOffset, records, recordsRead, batchesLeftOut }: JournaledPartition,
  { text: reason, code }: Failure,
): JournalEntry {
  return {
    ...{
      type: "settled",
      status: "failed",
      topic,
      partition,
      batchesLeftOut,
      reason,
      code,
    } as const,
    sourceOffset: String(sourceOffset),
    records: String(records),
    recordsRead: String(recordsRead),
  };
}

/** A transaction of a worker that was killed ends so late at most: the producers' time-out and the brokers' next look. */
const TRANSACTIONS_END_WITHIN_MS = 75_000;
const LOOK_INTERVAL_MS = 500;

/** Where the target's logs end, by `formatTopicPartition`, once no transaction is open that may have been the connector's. */
export async function settledEnds(
  target: Cluster,
  topics: readonly string[],
  isOurs: (key: string) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, bigint>> {
  const giveUpAt = performance.now() + TRANSACTIONS_END_WITHIN_MS;
  for (;;) {
    const { topics: seen } = await lookAtTopics(target, topics, signal);
    const logs = [...seen.values()].flatMap(({ topic, partitions }) =>
      partitions.flatMap(({ partition, offsets }) => {
        const key = formatTopicPartition({ topic, partition });
        return offsets === undefined || !isOurs(key) ? [] : [{ key, offsets }];
      })
    );
    const open = logs.some(({ offsets }) => offsets.lastStableOffset < offsets.highWatermark);
    if (!open || performance.now() > giveUpAt) {
      return new Map(logs.map(({ key, offsets }) => [key, offsets.lastStableOffset]));
    }
    await delay(LOOK_INTERVAL_MS, signal);
  }
}
