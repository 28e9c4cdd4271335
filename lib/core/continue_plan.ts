// A plan in the light of a journal: what an earlier plan of the same migration has copied is not planned again, only
// what the source has gained since.

import type { JournaledPartition, JournalState } from "./journal.ts";
import { maxOffset, minOffset } from "./offsets.ts";
import type { Plan, PlannedPartition } from "./plan.ts";
import { formatTopicPartition } from "./topic_partition.ts";

/** The plan with every partition that the journal holds starting at the end of its last range at the earliest. */
export function continuePlan(plan: Plan, journal: JournalState | undefined): Plan {
  if (journal === undefined) return plan;
  return {
    ...plan,
    partitions: plan.partitions.map((planned) => {
      const before = journal.partitions.get(formatTopicPartition(planned));
      return before === undefined ? planned : continuePartition(planned, before);
    }),
  };
}

function continuePartition(
  planned: PlannedPartition,
  before: JournaledPartition,
): PlannedPartition {
  const { logStartOffset } = planned.log;
  const wanted = maxOffset(planned.submittedOffset ?? before.endOffset, before.endOffset);
  const expiredMessages = maxOffset(logStartOffset - wanted, 0n);
  if (before.endOffset <= planned.startOffset) return { ...planned, expiredMessages };
  const { withoutSmallest: _, ...rest } = planned;
  const startOffset = minOffset(before.endOffset, planned.endOffset);
  const offsets = planned.endOffset - startOffset;
  const continued = {
    ...rest,
    startOffset,
    offsets,
    startReason: "migrated",
    expiredMessages,
    uncommittedOffsets: minOffset(planned.uncommittedOffsets, offsets),
  } as const;
  return offsets === 0n ? { ...continued, skip: "migrated" } : continued;
}
