// Target offsets of committed source offsets: what the journal knows, and where it leaves something open, a look at
// both logs between two points that it does know.

import { readSource, readTarget } from "../compare/read_logs.ts";
import { ReadError } from "../compare/partition_reader.ts";
import type { WantedPosition } from "../core/group_offsets.ts";
import type { JournaledPartition, JournalState } from "../core/journal.ts";
import { type OffsetMark, translateOffset } from "../core/offset_marks.ts";
import { maxOffset, minOffset, withoutSpans } from "../core/offsets.ts";
import { formatTopicPartition } from "../core/topic_partition.ts";
import type { Readers } from "./open_readers.ts";

/** By `formatPosition`: a target offset, or a sentence why it is not known. */
export type TranslatedPositions = ReadonlyMap<string, bigint | string>;

/** Names a position apart from its group: groups that stand at the same message share it. */
export function formatPosition(position: Omit<WantedPosition, "group">): string {
  return `${formatTopicPartition(position)} ${position.sourceOffset}`;
}

const SCANS_AT_ONCE = 4;

/**
 * Translates positions.
 *
 * @param openReaders called where a look at the logs is needed, at most once
 */
export async function translatePositions(
  wanted: readonly WantedPosition[],
  { partitions, skipped, migration }: JournalState,
  openReaders: () => Readers,
): Promise<TranslatedPositions> {
  const translated = new Map<string, bigint | string>();
  const open = new Map<string, () => Promise<bigint | string>>();
  const producerId = BigInt(migration.producerId);
  let readers: Readers | undefined;
  for (const position of wanted) {
    const name = formatPosition(position);
    const key = formatTopicPartition(position);
    const journaled = partitions.get(key);
    if (journaled === undefined) {
      translated.set(name, skipped.get(key) ?? "The partition does not exist on the target");
      continue;
    }
    const translation = translateOffset(journaled, position.sourceOffset);
    if ("targetOffset" in translation) {
      translated.set(name, translation.targetOffset);
      continue;
    }
    const { from, to } = translation;
    open.set(name, () => {
      readers ??= openReaders();
      return lookUp(readers, journaled, { from, to, producerId }, position.sourceOffset);
    });
  }
  try {
    const queue = open.entries();
    await Promise.all(Array.from({ length: SCANS_AT_ONCE }, async () => {
      for (const [name, look] of queue) translated.set(name, await look());
    }));
  } finally {
    readers?.close();
  }
  return translated;
}

interface Segment {
  readonly from: OffsetMark;
  readonly to: OffsetMark;
  readonly producerId: bigint;
}

/** Counts records on the source up to the offset, and as many of ours on the target. */
async function lookUp(
  { source, target }: Readers,
  partition: JournaledPartition,
  { from, to, producerId }: Segment,
  sourceOffset: bigint,
): Promise<bigint | string> {
  const count = async (startOffset: bigint, endOffset: bigint): Promise<bigint> => {
    const within = partition.ranges.flatMap((range) => {
      const span = {
        startOffset: maxOffset(range.startOffset, startOffset),
        endOffset: minOffset(range.endOffset, endOffset),
      };
      return span.startOffset < span.endOffset ? [span] : [];
    });
    let records = 0n;
    const spans = withoutSpans(within, partition.lost);
    for await (const batch of readSource(source, partition, spans)) {
      records += BigInt(batch.recordCount);
    }
    return records;
  };
  try {
    const before = await count(from.sourceOffset, sourceOffset);
    const behind = await count(sourceOffset, to.sourceOffset);
    if (before + behind !== to.records - from.records) {
      return "The source has lost messages since they were copied, so that the position can't be counted off any more";
    }
    const number = from.records + before;
    const range = {
      startOffset: from.targetOffset,
      endOffset: partition.targetOffset,
      recordsBefore: from.records,
      producerId,
      foreign: false,
    };
    for await (const batch of readTarget(target, partition, range)) {
      const { firstNumber = 0n, offsetOf } = batch;
      // Of a batch that compaction has thinned the offsets tell how many it held.
      const last = offsetOf(0, Number(maxOffset(number - firstNumber, 0n)));
      if (number < firstNumber + BigInt(batch.recordCount)) return last;
    }
    return partition.targetOffset;
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return error.message;
  }
}
