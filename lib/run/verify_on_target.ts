// The verification by count: what the journal counted in all runs of the migration, against what the target's logs
// still span.

import { type JournaledPartition, type JournalState, producerOn } from "../core/journal.ts";
import type { Plan } from "../core/plan.ts";
import { newestEpoch } from "../core/sequence.ts";
import type { ClusterSnapshot } from "../core/snapshot.ts";
import { compareTopicPartitions, formatTopicPartition, topicsOf } from "../core/topic_partition.ts";
import {
  type CountEvidence,
  type PlannedRange,
  type Verification,
  verifyCount,
} from "../core/verify.ts";
import { ignorePeerError } from "../copy/lane.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { fetchLastSequences } from "../kafka/producer_state.ts";
import { groupByLeader } from "./group_by_leader.ts";
import { optional } from "./optional.ts";
import { readOwnRecords } from "./read_own_records.ts";
import { lookAtTopics } from "./snapshot.ts";

/** Asks the target for its offsets and judges every partition of the migration, and those of the plan beside it. */
export async function verifyOnTarget(
  target: Cluster,
  journal: JournalState,
  plan: Plan | undefined,
  signal: AbortSignal,
  bytesPerSecond?: number,
): Promise<Verification> {
  const journaled = [...journal.partitions.values()];
  const topics = topicsOf(journaled);
  const [onTarget, sequences] = await Promise.all([
    targetTopics(target, topics, signal),
    lastSequences(target, journal, signal),
  ]);
  const wrong = await readOwnRecords(target, journal, { onTarget, bytesPerSecond, signal });
  const evidence = journaled.map((each): CountEvidence => {
    const { records: epochRecords } = newestEpoch(producerOn(journal, each));
    const log = onTarget.get(each.topic)?.partitions[each.partition]?.offsets;
    return {
      ...evidenceOf(each),
      ...optional("targetLogStartOffset", log?.logStartOffset),
      ...optional("targetHighWatermark", log?.highWatermark),
      ...optional("targetLastSequence", sequences.get(formatTopicPartition(each))),
      ...(epochRecords > 0n && { epochRecords }),
      ...optional("wrongOnTarget", wrong.get(formatTopicPartition(each))),
    };
  });
  const known = new Set(journaled.map(formatTopicPartition));
  const skipped = plan?.partitions.filter((each) => !known.has(formatTopicPartition(each))) ?? [];
  const planned: PlannedRange[] = [...journaled.map(plannedRange), ...skipped];
  return verifyCount(planned.sort(compareTopicPartitions), evidence);
}

/** None where the target does not answer: then each partition fails for that, which the report tells. */
async function targetTopics(
  target: Cluster,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ClusterSnapshot["topics"]> {
  try {
    return (await lookAtTopics(target, topics, signal)).topics;
  } catch (error) {
    ignorePeerError(error);
    return new Map();
  }
}

/** What the leaders remember of our producer id. It is evidence beside the offsets: where it cannot be had, these stand. */
async function lastSequences(
  target: Cluster,
  journal: JournalState,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const byLeader = await groupByLeader(target, [...journal.partitions.values()], signal);
  const perLeader = await Promise.all(
    [...byLeader].map(async ([leader, ofLeader]) => {
      if (leader < 0) return [];
      try {
        const broker = await target.control(leader);
        const byEpoch = Map.groupBy(
          ofLeader,
          (each) => newestEpoch(producerOn(journal, each)).producerEpoch,
        );
        const producerId = BigInt(journal.migration.producerId);
        const told = await Promise.all(
          [...byEpoch].map(([producerEpoch, partitions]) =>
            fetchLastSequences(broker, partitions, { producerId, producerEpoch })
          ),
        );
        return told.flatMap((ofEpoch) =>
          [...ofEpoch].flatMap(([key, last]) =>
            "sequence" in last ? [[key, last.sequence] as const] : []
          )
        );
      } catch (error) {
        ignorePeerError(error);
        return [];
      }
    }),
  );
  return new Map(perLeader.flat());
}

function plannedRange(
  { topic, partition, startOffset, endOffset }: JournaledPartition,
): PlannedRange {
  return { topic, partition, startOffset, endOffset, offsets: endOffset - startOffset };
}

function evidenceOf(
  journaled: JournaledPartition,
): Omit<CountEvidence, "targetLogStartOffset" | "targetHighWatermark"> {
  const { topic, partition, status, sourceOffset, endOffset, records, recordsRead, lost } =
    journaled;
  return {
    topic,
    partition,
    nextSourceOffset: status === "done" ? endOffset : sourceOffset,
    recordsRead,
    recordsProduced: records,
    batchesLeftOut: journaled.batchesLeftOut,
    targetNextOffset: journaled.targetOffset,
    ...optional("targetFirstOffset", journaled.targetFirstOffset),
    ...(lost.length > 0 && { lost }),
    ...(journaled.targetSpans !== undefined && { marked: true }),
    ...optional("overshotOffset", journaled.overshotOffset),
    ...optional("failed", journaled.failure),
  };
}
