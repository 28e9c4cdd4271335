// Adapts a plan to the journal of earlier runs. Of a partition that an earlier plan of this migration has completed, only
// what the source has gained since is planned; an unfinished range resumes where it stopped, up to its planned end.

import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import type { Plan, PlannedPartition } from "./plan.ts";
import { compareTopicPartitions, formatTopicPartition } from "../model/topic_partition.ts";

/** The plan of a run that continues a journal. */
export function continuePlan(plan: Plan, journal: JournalState | undefined): Plan {
  if (journal === undefined) return plan;
  const planned = new Set(plan.partitions.map(formatTopicPartition));
  // The group may no longer exist; the partition that was planned because of it is still finished.
  const forgotten = [...journal.partitions.values()]
    .filter((before) => before.status !== "done" && !planned.has(formatTopicPartition(before)))
    .map((before) => resumed(fromJournal(before), before));
  const { empty, ...rest } = plan;
  const partitions = plan.partitions.map((each) => {
    const before = journal.partitions.get(formatTopicPartition(each));
    if (before === undefined) return each;
    return before.status === "done" ? gained(each, before) : resumed(each, before);
  });
  return {
    ...rest,
    partitions: [...partitions, ...forgotten].sort(compareTopicPartitions),
    ...(empty !== undefined && forgotten.length === 0 && { empty }),
  };
}

/** A partition whose earlier ranges are complete: plans only the offsets after them. */
function gained(planned: PlannedPartition, before: JournaledPartition): PlannedPartition {
  const { logStartOffset } = planned.log;
  const wanted = maxOffset(planned.submittedOffset ?? before.endOffset, before.endOffset);
  const expiredMessages = maxOffset(logStartOffset - wanted, 0n);
  if (before.endOffset <= planned.startOffset) return { ...planned, expiredMessages };
  const startOffset = minOffset(before.endOffset, planned.endOffset);
  return withRange(planned, startOffset, planned.endOffset, expiredMessages);
}

/** A partition whose range is unfinished. Whether its next messages have expired shows only when they are read. */
function resumed(planned: PlannedPartition, before: JournaledPartition): PlannedPartition {
  const startOffset = before.reachedOffset ?? before.sourceOffset;
  return withRange(planned, minOffset(startOffset, before.endOffset), before.endOffset, 0n);
}

function withRange(
  planned: PlannedPartition,
  startOffset: bigint,
  endOffset: bigint,
  expiredMessages: bigint,
): PlannedPartition {
  const { withoutSmallest: _, skip: __, ...rest } = planned;
  const offsets = endOffset - startOffset;
  const range = {
    ...rest,
    startOffset,
    endOffset,
    offsets,
    startReason: "migrated",
    expiredMessages,
    uncommittedOffsets: minOffset(planned.uncommittedOffsets, offsets),
  } as const;
  return offsets === 0n ? { ...range, skip: "migrated" } : range;
}

function fromJournal(before: JournaledPartition): PlannedPartition {
  const { topic, partition, submittedOffset, submittedBy, startOffset, endOffset } = before;
  return {
    topic,
    partition,
    startOffset,
    endOffset,
    offsets: endOffset - startOffset,
    startReason: "migrated",
    expiredMessages: 0n,
    openTransactionOffsets: 0n,
    submittedBy,
    ...(submittedOffset !== undefined && { submittedOffset }),
    groups: [],
    uncommittedOffsets: 0n,
    log: { logStartOffset: startOffset, highWatermark: endOffset, lastStableOffset: endOffset },
  };
}
