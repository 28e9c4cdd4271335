// Asks the target's leaders what they remember of producers: whether the journal knows everything that our producer id
// has written, and whether the records of a partition look like the copy of an earlier run. The answer is a hint, no
// proof: a broker that cannot be asked tells nothing.

import { ignorePeerError } from "../wire/peer_error.ts";
import { producerOn } from "../journal/journal.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { whatJournalLacks } from "../journal/journal_age.ts";
import { isIdempotent } from "../journal/journal_entry.ts";
import { RESTORE } from "../journal/journal_lines.ts";
import { partitionsToCopy, type Plan } from "../plan/plan.ts";
import { newestEpoch, sequenceOf } from "../model/sequence.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { countOf, formatCount } from "../model/units.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { fetchProducers, lastSequenceOf, type ProducerState } from "../kafka/producer_state.ts";
import { ContinueError } from "./check_journal.ts";
import { groupByLeader } from "../kafka/group_by_leader.ts";

/** What leaders remember, by `formatTopicPartition`. */
export type Producers = ReadonlyMap<string, readonly ProducerState[]>;

/** Asks the leaders about partitions. */
export async function lookAtProducers(
  target: Cluster,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Producers> {
  if (partitions.length === 0) return new Map();
  const byLeader = await groupByLeader(target, partitions, signal);
  const perLeader = await Promise.all(
    [...byLeader].map(async ([leader, ofLeader]) => {
      if (leader < 0) return [];
      try {
        return await fetchProducers(await target.control(leader), ofLeader);
      } catch (error) {
        ignorePeerError(error);
        return [];
      }
    }),
  );
  return new Map(
    perLeader.flat().filter(({ errorCode }) => errorCode === 0)
      .map((each) => [formatTopicPartition(each), each.producers]),
  );
}

/** The partitions whose producers tell something: written ones that are in the journal, or about to be written to. */
export function toldByProducers(
  plan: Plan,
  journal: JournalState | undefined,
  target: ClusterSnapshot,
): readonly TopicPartition[] {
  const journaled = journal !== undefined && isIdempotent(journal.migration)
    ? [...journal.partitions.values(), ...plan.partitions]
    : [];
  const asked = new Map(
    [...partitionsToCopy(plan), ...journaled].map(({ topic, partition }) =>
      [formatTopicPartition({ topic, partition }), { topic, partition }] as const
    ),
  );
  return [...asked.values()].filter(({ topic, partition }) =>
    (target.topics.get(topic)?.partitions[partition]?.offsets?.highWatermark ?? 0n) > 0n
  );
}

/** The last sequence of our producer id, in the newest epoch that a partition has, by `formatTopicPartition`, where it is remembered. */
export function ownSequences(
  journal: JournalState,
  producers: Producers,
): ReadonlyMap<string, number> {
  return new Map(
    [...producers].flatMap(([key, each]) => {
      const producer = producerOn(journal, journal.partitions.get(key));
      const { producerEpoch } = newestEpoch(producer);
      const last = lastSequenceOf(each, { producerId: producer.producerId, producerEpoch });
      return last === undefined ? [] : [[key, last] as const];
    }),
  );
}

/** @throws {ContinueError} where our producer id has written more than the journal knows of */
export function checkNotOlder(state: JournalState | undefined, producers: Producers): void {
  if (state === undefined || !isIdempotent(state.migration)) return;
  const lacking = whatJournalLacks(state, ownSequences(state, producers));
  if (lacking !== undefined) throw olderJournal(lacking.key, lacking.held, lacking.most);
}

/** What to say where the target holds more of ours than a journal can have brought there. */
export function olderJournal(partition: string, held: bigint, most: bigint): ContinueError {
  return new ContinueError(
    `The state file is older than what is on the target: of ${partition} that holds ${
      countOf(held, "message")
    } of this migration, by the state file there are ${formatCount(most)} at most. ${RESTORE}`,
  );
}

/**
 * Whether all that ever lay on a partition came from one producer that counted from 0, as a copy's does. A copy that
 * was appended to other messages does not look like that.
 */
export function looksLikeCopy(
  producers: Producers,
  target: ClusterSnapshot,
): (partition: TopicPartition) => boolean {
  return ({ topic, partition }) => {
    const [only, ...others] = producers.get(formatTopicPartition({ topic, partition })) ?? [];
    const log = target.topics.get(topic)?.partitions[partition]?.offsets;
    return only !== undefined && others.length === 0 && log !== undefined &&
      only.lastSequence === sequenceOf(log.highWatermark - 1n);
  };
}
