// What the source has deleted that an unfinished migration still has to copy. The next run would find that out message by
// message; a check would not find it out at all.

import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { unfinishedPartitions } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { minOffset } from "../model/offsets.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { countOf, sum } from "../model/units.ts";

/** Findings about deleted parts of the ranges that an earlier run has begun; none for complete ranges. */
export function unfinishedFindings(
  journal: JournalState | undefined,
  source: ClusterSnapshot,
): readonly Finding[] {
  if (journal === undefined) return [];
  const unfinished = unfinishedPartitions(journal).map((begun) => {
    const { topic, partition } = begun;
    return { topic, partition, begun, now: source.topics.get(topic)?.partitions[partition] };
  });
  const missing = unfinished.filter(({ now }) => now === undefined);
  const expired = unfinished.flatMap((each) => {
    const messages = expiredOf(each.begun, each.now?.offsets?.logStartOffset ?? 0n);
    return messages > 0n ? [{ ...each, messages }] : [];
  });
  return [
    ...perTopic(missing, (topic, partitions) =>
      finding(
        "UNFINISHED_RANGE_GONE",
        placeOf(topic, partitions),
        `The source no longer has ${
          partitionsOf(topic, partitions)
        }, of which this migration has not copied all yet`,
        "If the topic still exists, give the user Describe on it; what was deleted fails, and the others are finished",
      )),
    ...perTopic(expired, (topic, partitions) =>
      finding(
        "UNFINISHED_RANGE_GONE",
        placeOf(topic, partitions),
        `Up to ${countOf(sum(partitions, ({ messages }) => messages), "message")} of ${
          partitionsOf(topic, partitions)
        } that this migration has not copied yet have expired`,
        "Migrate what is left soon, which names what was lost; raise retention.ms of the source topic meanwhile",
      )),
  ];
}

/** An upper bound, because the last progress may not be in the journal. */
function expiredOf(begun: JournaledPartition, logStartOffset: bigint): bigint {
  const { sourceOffset, reachedOffset = sourceOffset, endOffset } = begun;
  return minOffset(logStartOffset, endOffset) - reachedOffset;
}

function placeOf(topic: string, partitions: readonly { readonly partition: number }[]) {
  const numbers = partitions.map(({ partition }) => partition);
  return { cluster: "source", topic, partitions: numbers } as const;
}
