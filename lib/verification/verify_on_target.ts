// The verification by count: what the journal counted in all runs of the migration, against what the target's logs
// still span.

import { failure } from "../model/failure.ts";
import { producerOn } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { maxOffset } from "../model/offsets.ts";
import type { Plan } from "../plan/plan.ts";
import { newestEpoch } from "../model/sequence.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import {
  compareTopicPartitions,
  formatTopicPartition,
  topicsOf,
} from "../model/topic_partition.ts";
import {
  type CountEvidence,
  type PlannedRange,
  type Verification,
  verifyCount,
} from "../verify/verify.ts";
import { ignorePeerError } from "../wire/peer_error.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { isAnotherTopic } from "../preflight/check_journal.ts";
import { checkNotOlder, lookAtProducers, ownSequences } from "../preflight/look_at_producers.ts";
import { optional } from "../model/optional.ts";
import { checkLastMessages } from "./check_last_messages.ts";
import { readOwnRecords } from "./read_own_records.ts";
import { lookAtTopics } from "../preflight/snapshot.ts";

/** What a verification by count takes. */
export interface CountOptions {
  readonly plan?: Plan;
  /** No limit where undefined. */
  readonly bytesPerSecond: number | undefined;
  readonly signal: AbortSignal;
  /** Told what the target's topics are before anything is judged; it may throw. */
  readonly onLooked?: (topics: ClusterSnapshot["topics"]) => void;
}

/**
 * Asks the target for its offsets and judges every partition of the migration, and those of the plan beside it.
 *
 * @throws {ContinueError} where there is no plan, and the journal is older than what is on the target
 */
export async function verifyOnTarget(
  target: Cluster,
  journal: JournalState,
  { plan, bytesPerSecond, signal, onLooked = () => {} }: CountOptions,
): Promise<Verification> {
  const journaled = [...journal.partitions.values()];
  const topics = topicsOf(journaled);
  const [onTarget, producers] = await Promise.all([
    targetTopics(target, topics, signal),
    lookAtProducers(target, journaled, signal),
  ]);
  onLooked(onTarget);
  // A run that has copied did this before the copy.
  if (plan === undefined) checkNotOlder(journal, producers);
  // Evidence in addition to the offsets: where it is missing, the offsets decide alone.
  const sequences = ownSequences(journal, producers);
  const wrong = new Map([
    ...await checkLastMessages(target, journal, sequences, signal),
    ...await readOwnRecords(target, journal, { onTarget, bytesPerSecond, signal }),
  ]);
  const evidence = journaled.map((each): CountEvidence => {
    const { records: epochRecords } = newestEpoch(producerOn(journal, each));
    const seen = onTarget.get(each.topic);
    const log = seen?.partitions[each.partition]?.offsets;
    return {
      ...evidenceOf(each),
      ...(each.failure === undefined && isAnotherTopic(each.targetTopicId, seen?.topicId) &&
        { failed: RECREATED }),
      ...optional("targetLogStartOffset", log?.logStartOffset),
      ...optional("targetHighWatermark", log?.highWatermark),
      ...optional("targetLastSequence", sequences.get(formatTopicPartition(each))),
      ...(epochRecords > 0n && { epochRecords }),
      ...optional("wrongOnTarget", wrong.get(formatTopicPartition(each))),
    };
  });
  const known = new Set(journaled.map(formatTopicPartition));
  const skipped = plan?.partitions.filter((each) => !known.has(formatTopicPartition(each))) ?? [];
  const newest = new Map(plan?.partitions.map((each) => [formatTopicPartition(each), each]));
  const planned: PlannedRange[] = [
    ...journaled.map((each) => plannedRange(each, newest.get(formatTopicPartition(each)))),
    ...skipped,
  ];
  return verifyCount(planned.sort(compareTopicPartitions), evidence);
}

/** Empty where the target does not answer: then each partition fails with that reason in the report. */
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

/** The range of all plans; a plan that never came to the journal is not passed over. */
function plannedRange(
  { topic, partition, startOffset, ...journaled }: JournaledPartition,
  planned: PlannedRange | undefined,
): PlannedRange {
  const endOffset = planned === undefined || planned.offsets === 0n
    ? journaled.endOffset
    : maxOffset(journaled.endOffset, planned.endOffset);
  return { topic, partition, startOffset, endOffset, offsets: endOffset - startOffset };
}

const RECREATED = failure(
  "TOPIC_RECREATED",
  "The topic was deleted and re-created on the target since this migration began: what was copied is gone",
);

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
    ...optional("targetPlannedOffset", journaled.marks[0]?.targetOffset),
    ...optional("targetFirstOffset", journaled.targetFirstOffset),
    ...(lost.length > 0 && { lost }),
    ...(journaled.targetSpans !== undefined && { marked: true }),
    ...optional("overshotOffset", journaled.overshotOffset),
    ...optional("failed", journaled.failure),
  };
}
