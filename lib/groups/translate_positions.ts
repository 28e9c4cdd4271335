// Target offsets of committed source offsets: taken from the journal, or, where the journal does not know one,
// found by reading both logs between two offsets that it does know.

import { countRecordsBefore, findRecords } from "../compare/find_offsets.ts";
import { readCommitted, readConnectorCopies, readTarget, whyUnread } from "../compare/read_logs.ts";
import { type Failure, failure } from "../model/failure.ts";
import type { WantedPosition } from "../plan/group_offsets.ts";
import { producerOn } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { neverPlanned, type OffsetMark, translateOffset } from "../journal/offset_map.ts";
import { maxOffset, minOffset, type OffsetSpan, withoutSpans } from "../model/offsets.ts";
import type { PartitionProducer } from "../model/sequence.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";
import type { Readers } from "../verification/open_readers.ts";

/** By `formatPosition`: a target offset, or why it is not known. */
export type TranslatedPositions = ReadonlyMap<string, bigint | Failure>;

/** Names a position apart from its group: groups that stand at the same message share it. */
export function formatPosition(position: Omit<WantedPosition, "group">): string {
  return `${formatTopicPartition(position)} ${position.sourceOffset}`;
}

const SCANS_AT_ONCE = 4;

/**
 * Translates positions.
 *
 * @param logStartOffset of a partition of the source, as the plan saw it
 * @param openReaders called where a look at the logs is needed, at most once
 */
export async function translatePositions(
  wanted: readonly WantedPosition[],
  state: JournalState,
  logStartOffset: (partition: TopicPartition) => bigint,
  openReaders: () => Readers,
): Promise<TranslatedPositions> {
  const { partitions, skipped } = state;
  const translated = new Map<string, bigint | Failure>();
  const segments = new Map<string, Segment>();
  for (const position of wanted) {
    const name = formatPosition(position);
    if (translated.has(name)) continue;
    const key = formatTopicPartition(position);
    const partition = partitions.get(key);
    if (partition === undefined) {
      translated.set(name, skipped.get(key) ?? MISSING);
      continue;
    }
    const { sourceOffset } = position;
    const missing = neverPlanned(partition.ranges, sourceOffset, logStartOffset(partition));
    if (missing !== undefined) {
      translated.set(name, notCopied(missing));
      continue;
    }
    const translation = translateOffset(partition, sourceOffset);
    if ("targetOffset" in translation) {
      translated.set(name, translation.targetOffset);
      continue;
    }
    const { from, to } = translation;
    const segmentName = `${key} ${from.sourceOffset}`;
    const segment = segments.get(segmentName) ?? { partition, from, to, offsets: new Set() };
    segments.set(segmentName, segment);
    segment.offsets.add(sourceOffset);
  }
  if (segments.size === 0) return translated;
  const readers = openReaders();
  try {
    await forEachAtOnce(segments.values(), SCANS_AT_ONCE, async (segment) => {
      const { partition } = segment;
      const producer = producerOn(state, partition);
      for (const [sourceOffset, found] of await lookUp(readers, segment, producer)) {
        translated.set(formatPosition({ ...partition, sourceOffset }), found);
      }
    });
  } finally {
    readers.close();
  }
  return translated;
}

/** Positions between two points of a partition's logs. */
interface Segment {
  readonly partition: JournaledPartition;
  readonly from: OffsetMark;
  readonly to: OffsetMark;
  readonly offsets: Set<bigint>;
}

/** Counts records on the source up to the offsets, and as many of ours on the target: one reading of each. */
async function lookUp(
  { source, target }: Readers,
  { partition, from, to, ...segment }: Segment,
  producer: PartitionProducer,
): Promise<readonly (readonly [sourceOffset: bigint, found: bigint | Failure])[]> {
  const offsets = [...segment.offsets].sort((a, b) => a < b ? -1 : 1);
  const within = partition.ranges.flatMap((range) => {
    const span = {
      startOffset: maxOffset(range.startOffset, from.sourceOffset),
      endOffset: minOffset(range.endOffset, to.sourceOffset),
    };
    return span.startOffset < span.endOffset ? [span] : [];
  });
  const spans = withoutSpans(within, partition.lost);
  try {
    const counts = await countRecordsBefore(readCommitted(source, partition, spans), offsets);
    if (counts.total !== to.records - from.records) return unknown(COUNTS_DIFFER);
    const numbers = counts.before.map((before) => from.records + before);
    const range = {
      startOffset: from.targetOffset,
      endOffset: partition.targetOffset,
      recordsBefore: from.records,
      ...producer,
    };
    const read = partition.targetSpans === undefined
      ? readTarget(target, partition, range)
      : readConnectorCopies(
        target,
        partition,
        withoutSpans(partition.targetSpans, [{ startOffset: 0n, endOffset: from.targetOffset }]),
        from.records,
      );
    const found = await findRecords(read, numbers, partition.targetOffset);
    return offsets.map((offset, index) => [offset, found[index] ?? partition.targetOffset]);
  } catch (error) {
    return unknown(whyUnread(error));
  }

  function unknown(why: Failure) {
    // Expired records cannot be counted, now or later.
    const lost = why.code === "LOG_EXPIRED" ? failure("POSITION_LOST", why.text) : why;
    return offsets.map((offset) => [offset, lost] as const);
  }
}

function notCopied({ startOffset, endOffset }: OffsetSpan): Failure {
  const text = `The group stands before what was migrated, offsets ${startOffset} to ${
    endOffset - 1n
  } were not copied`;
  return failure("POSITION_NOT_COPIED", text);
}

const MISSING = failure("PARTITION_MISSING", "The partition does not exist on the target");
const COUNTS_DIFFER = failure(
  "POSITION_LOST",
  "The source has lost messages since they were copied, so that the position can't be counted off any more",
);
