// The last message of the migration on each partition of the target, checked where a count has no other evidence that
// the log is the one that was written to: brokers before 2.8 tell neither topic ids nor sequences, so that another
// topic of the same name, with as many messages, would pass.

import { whyNotOurs } from "../copy/known_position.ts";
import { isIdempotent } from "../journal/journal_entry.ts";
import { endsWithOurs, producerOn } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { groupByLeader } from "../kafka/group_by_leader.ts";
import { type Failure, failure } from "../model/failure.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { ignorePeerError } from "../wire/peer_error.ts";

/**
 * Reads one batch of each partition that needs it. A message that cannot be read proves nothing.
 *
 * @param sequences partitions whose leader remembers our producer id: they need no further evidence
 * @returns what is wrong, by `formatTopicPartition`
 */
export async function checkLastMessages(
  target: Cluster,
  journal: JournalState,
  sequences: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Failure>> {
  const wrong = new Map<string, Failure>();
  if (!isIdempotent(journal.migration)) return wrong;
  const unproved = [...journal.partitions.values()].filter((each) =>
    isOurCopy(each) && endsWithOurs(each) && each.targetTopicId === undefined &&
    !sequences.has(formatTopicPartition(each))
  );
  if (unproved.length === 0) return wrong;
  const byLeader = await groupByLeader(target, unproved, signal);
  await Promise.all([...byLeader].map(async ([leader, partitions]) => {
    if (leader < 0) return;
    try {
      const broker = await target.control(leader);
      for (const each of partitions) {
        const text = await whyNotOurs(broker, each, producerOn(journal, each), each);
        if (text !== undefined) {
          wrong.set(formatTopicPartition(each), failure("STATE_FILE_OF_OTHERS", text));
        }
      }
    } catch (error) {
      ignorePeerError(error);
    }
  }));
  return wrong;
}

/** A connector's records cannot be told from others', and a failed partition is told by its failure. */
function isOurCopy({ targetSpans, failure }: JournaledPartition): boolean {
  return targetSpans === undefined && failure === undefined;
}
