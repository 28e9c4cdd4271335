// Groups with a position before the range that this migration has planned, because they appeared late or went back. The
// migration does not go back either, so without a finding these groups would miss the messages in between unnoticed.

import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { wantedPositions } from "../plan/group_offsets.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { neverPlanned } from "../journal/offset_map.ts";
import type { Plan } from "../plan/plan.ts";
import { placeOf } from "./position_place.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";

/** The messages that groups still have to consume on the source and that no plan of the journal covers. */
export function notCopiedFindings(
  plan: Plan,
  journal: JournalState | undefined,
): readonly Finding[] {
  const before = plan.partitions.flatMap((planned) => {
    const journaled = journal?.partitions.get(formatTopicPartition(planned));
    if (journaled === undefined) return [];
    return wantedPositions({ ...plan, partitions: [planned] }).flatMap((position) => {
      const { logStartOffset } = planned.log;
      const notCopied = neverPlanned(journaled.ranges, position.sourceOffset, logStartOffset);
      return notCopied === undefined ? [] : [{ ...position, notCopied }];
    });
  });
  return perTopic(before, (topic, ofTopic) => {
    const [{ partition, notCopied }] = ofTopic as [(typeof before)[number]];
    const { groups, partitions, who } = placeOf(ofTopic);
    return finding(
      "POSITIONS_NOT_COPIED",
      { cluster: "source", topic, partitions, groups },
      `${who} ${groups.length === 1 ? "stands" : "stand"} before what was migrated of ${
        partitionsOf(topic, partitions.map((partition) => ({ partition })))
      } (${partition}: offsets ${notCopied.startOffset} to ${
        notCopied.endOffset - 1n
      } were not copied, and this migration does not go back)`,
      "Let the consumers go on on the source until they are through with those messages, then run again",
    );
  });
}
