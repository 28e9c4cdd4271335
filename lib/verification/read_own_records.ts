// Our records on the target, read back where their offsets leave room for doubt: a target that has forgotten our producer
// id takes the first batch of an epoch without knowing what came before it, so that a request that was long under way
// could have put a message there a second time. It reads the headers of batches, not their records.

import type { ClusterReader } from "../compare/partition_reader.ts";
import { readTarget, whyUnread } from "../compare/read_logs.ts";
import { type Failure, failure } from "../model/failure.ts";
import { producerOn } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import type { PartitionProducer } from "../model/sequence.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { countOf } from "../model/units.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";
import { openTargetReader } from "./open_readers.ts";

const AT_ONCE = 4;

/** What reading takes. */
export interface ReadOwnOptions {
  readonly onTarget: ClusterSnapshot["topics"];
  /** No limit where undefined. */
  readonly bytesPerSecond: number | undefined;
  readonly signal: AbortSignal;
}

/** What is wrong with our records, by `formatTopicPartition`, of partitions that give reason to look. */
export async function readOwnRecords(
  target: Cluster,
  journal: JournalState,
  { onTarget, ...options }: ReadOwnOptions,
): Promise<ReadonlyMap<string, Failure>> {
  const wrong = new Map<string, Failure>();
  const doubtful: readonly Doubtful[] = [...journal.partitions.values()].flatMap((partition) => {
    const { settings, partitions = [] } = onTarget.get(partition.topic) ?? {};
    const end = partitions[partition.partition]?.offsets?.highWatermark;
    return end === undefined || !mayHoldTwice(partition, end)
      ? []
      // Where the settings may not be seen, compaction may have taken some.
      : [{ partition, end, compacted: settings?.compacted ?? true }];
  });
  if (doubtful.length === 0) return wrong;
  const reader = openTargetReader(target, doubtful.map(({ partition }) => partition), options);
  try {
    await forEachAtOnce(doubtful, AT_ONCE, async (each) => {
      const problem = await whatIsWrong(reader, each, producerOn(journal, each.partition));
      if (problem !== undefined) wrong.set(formatTopicPartition(each.partition), problem);
    });
  } finally {
    reader.connections.close();
  }
  return wrong;
}

/** A partition to look at. */
export interface Doubtful {
  readonly partition: JournaledPartition;
  /** Where the target's log ends. */
  readonly end: bigint;
  /** Whether compaction may have taken some of our records. */
  readonly compacted: boolean;
}

/** Reads the records of one partition. @returns what is wrong with them */
export async function whatIsWrong(
  reader: ClusterReader,
  { partition, end: endOffset, compacted }: Doubtful,
  producer: PartitionProducer,
): Promise<Failure | undefined> {
  const { targetFirstOffset: startOffset = 0n, records } = partition;
  let next = 0n;
  try {
    const range = { startOffset, endOffset, ...producer, recordsBefore: 0n };
    for await (const batch of readTarget(reader, partition, range)) {
      const { firstNumber = next, offsetOf, recordCount } = batch;
      const offset = offsetOf(0, 0);
      if (firstNumber < next) {
        const text =
          `The target holds messages of the migration twice, the second time at offset ${offset}`;
        return failure("TARGET_HOLDS_TWICE", text);
      }
      if (firstNumber > next && !compacted) {
        const missing = countOf(firstNumber - next, "message");
        const text = `The target lacks ${missing} of the migration before offset ${offset}`;
        return failure("TARGET_HOLDS_LESS", text);
      }
      next = firstNumber + BigInt(recordCount);
    }
  } catch (error) {
    return whyUnread(error);
  }
  if (next === records || compacted) return undefined;
  return failure(
    next < records ? "TARGET_HOLDS_LESS" : "TARGET_HOLDS_MORE",
    `The target holds ${countOf(next, "message")} of the migration, not ${records}`,
  );
}

/** Whether the span of our records holds more than them, and a fresh epoch was begun among them. */
function mayHoldTwice(
  { epochs = [], targetFirstOffset, records }: JournaledPartition,
  end: bigint,
): boolean {
  return epochs.length > 0 && targetFirstOffset !== undefined &&
    end - targetFirstOffset > records;
}
