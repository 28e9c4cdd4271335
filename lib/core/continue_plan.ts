// A plan in the light of a journal: what an earlier plan of the same migration has copied is not planned again, only
// what the source has gained since.

import type { JournalState } from "./journal.ts";
import type { Plan } from "./plan.ts";
import { formatTopicPartition } from "./topic_partition.ts";

/** The plan with every partition that the journal holds starting at the end of its last range at the earliest. */
export function continuePlan(plan: Plan, journal: JournalState | undefined): Plan {
  if (journal === undefined) return plan;
  return {
    ...plan,
    partitions: plan.partitions.map((planned) => {
      const before = journal.partitions.get(formatTopicPartition(planned));
      if (before === undefined || before.endOffset <= planned.startOffset) return planned;
      if (before.endOffset >= planned.endOffset) {
        const { endOffset } = planned;
        return {
          ...planned,
          startOffset: endOffset,
          offsets: 0n,
          uncommittedOffsets: 0n,
          skip: "migrated",
        };
      }
      const offsets = planned.endOffset - before.endOffset;
      const uncommittedOffsets = planned.uncommittedOffsets < offsets
        ? planned.uncommittedOffsets
        : offsets;
      return {
        ...planned,
        startOffset: before.endOffset,
        offsets,
        uncommittedOffsets,
        startReason: "migrated",
      };
    }),
  };
}
