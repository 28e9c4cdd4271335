// Makes the list of ranges to copy from the plan and the journal. It puts new ranges into the journal. A range that an
// earlier run has begun continues after what the target holds, not after what the journal says.

import type { CopyTask } from "../copy/copy_task.ts";
import type { TargetRules } from "../copy/cut_types.ts";
import type { CompareContents } from "../copy/target_position.ts";
import type { PlannedTopic } from "../kafka/leaders.ts";
import type { JournaledPartition } from "../journal/journal_state.ts";
import { mostRecords } from "../journal/journal_age.ts";
import { isIdempotent, type MigrationEntry } from "../journal/journal_entry.ts";
import { partitionsToCopy, type Plan, type PlannedPartition } from "../plan/plan.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import type { Cluster } from "../kafka/cluster.ts";
import type { ProducerIdentity } from "../kafka/producer_id.ts";
import { findPositions, type Found } from "./find_positions.ts";
import { planEntryPartition, skippedPartitions } from "./journal_entries.ts";
import type { JournalFile } from "../files/journal_file.ts";
import { lookAtProducers, olderJournal, ownSequences } from "../preflight/look_at_producers.ts";
import { optional } from "../model/optional.ts";

/** What the tasks follow from. */
export interface CopyTaskOptions {
  readonly runId: string;
  readonly plan: Plan;
  readonly target: Cluster;
  readonly sourceSnapshot: ClusterSnapshot;
  readonly targetSnapshot: ClusterSnapshot;
  readonly journal: JournalFile;
  /** The journal's own, or a new one's first entry. */
  readonly migration: MigrationEntry;
  /** Topics that this run has created on the target. */
  readonly topicsCreated: readonly string[];
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/**
 * Finds where the begun ranges stand, puts the new ones into the journal, and makes tasks of both.
 *
 * @throws where the journal cannot be written, or is older than what is on the target
 */
export async function planCopyTasks(
  options: CopyTaskOptions,
  identity: ProducerIdentity,
): Promise<readonly CopyTask[]> {
  const { journal, migration, plan, target, targetSnapshot, topicsCreated, signal } = options;
  const before = journal.state?.partitions;
  const begun = [...before?.values() ?? []].filter(({ status }) => status !== "done");
  const begunKeys = new Set(begun.map(formatTopicPartition));
  const fresh = partitionsToCopy(plan).filter((planned) =>
    !begunKeys.has(formatTopicPartition(planned))
  );
  // Without a producer id nobody can tell our records from others': the run uses the journal's position.
  const found = isIdempotent(migration)
    ? await findPositions(target, begun, identity, (each) => comparison(each, options), signal)
    : new Map<string, Found>();
  // This comes before anything is written, to the journal too.
  begun.forEach((each) => checkPosition(each, found.get(formatTopicPartition(each))));
  const stale = await problemsOfFresh(options, fresh, identity);
  const skipped = skippedPartitions(plan, journal.state, targetSnapshot);
  journal.append([
    ...(before === undefined ? [migration] : []),
    ...(topicsCreated.length === 0 ? [] : [{
      type: "created" as const,
      runId: options.runId,
      at: options.now().toISOString(),
      topics: topicsCreated,
    }]),
    ...(fresh.length + skipped.length === 0 ? [] : [{
      type: "plan" as const,
      runId: options.runId,
      at: options.now().toISOString(),
      partitions: fresh.map((planned) =>
        planEntryPartition(planned, options.sourceSnapshot, targetSnapshot)
      ),
      ...optional("skipped", skipped.length === 0 ? undefined : skipped),
    }]),
  ]);
  // Brokers that tell no settings have no tiered storage either: without messages there are none.
  const untold = options.sourceSnapshot.untold?.includes("topicSettings") ?? false;
  const isCompacted = (topic: string) =>
    options.sourceSnapshot.topics.get(topic)?.settings?.compacted ?? untold;
  const rulesOf = (topic: string) => targetRules(targetSnapshot, topic);
  const after = journal.state?.partitions;
  const planned = new Map(plan.partitions.map((each) => [formatTopicPartition(each), each]));
  return [...begun, ...fresh].flatMap((partition) => {
    const key = formatTopicPartition(partition);
    const journaled = after?.get(key);
    if (journaled === undefined) return [];
    const compare = comparison(journaled, options);
    const rules = rulesOf(partition.topic);
    // Where that is not known, an answer without messages is no proof that there are none.
    const compacted = isCompacted(partition.topic);
    return [
      task(
        journaled,
        found.get(key) ?? stale.get(key),
        { rules, compacted },
        compare,
        committedOffsets(planned.get(key), journaled),
      ),
    ];
  });
}

/** @throws {ContinueError} where the target holds more than a journal that is not older than it can have brought there */
function checkPosition(journaled: JournaledPartition, found: Found | undefined): void {
  const { records: held = 0n } = found?.position ?? {};
  const most = mostRecords(journaled);
  if (held > most) throw olderJournal(formatTopicPartition(journaled), held, most);
}

/**
 * Looks on the target, before new ranges of a migration that has written before, whether it holds more of the migration
 * than the journal knows. A leader that has forgotten our producer id, or cannot tell, leaves only its log to ask.
 *
 * @returns why a partition cannot be continued, by `formatTopicPartition`
 * @throws {ContinueError} where the journal is older than what is on the target
 */
async function problemsOfFresh(
  { journal: { state }, migration, target, targetSnapshot, signal }: CopyTaskOptions,
  fresh: readonly TopicPartition[],
  identity: ProducerIdentity,
): Promise<ReadonlyMap<string, Found>> {
  if (state === undefined || !isIdempotent(migration)) return new Map();
  const begun = fresh.flatMap(({ topic, partition }) => {
    const log = targetSnapshot.topics.get(topic)?.partitions[partition]?.offsets;
    if (log === undefined || log.highWatermark === log.logStartOffset) return [];
    const known = state.partitions.get(formatTopicPartition({ topic, partition }));
    return [known ?? neverPlanned({ topic, partition }, log.logStartOffset)];
  });
  // Whoever remembers has been asked before.
  const told = ownSequences(state, await lookAtProducers(target, begun, signal));
  const untold = begun.filter((each) => !told.has(formatTopicPartition(each)));
  const found = await findPositions(target, untold, identity, () => undefined, signal);
  untold.forEach((each) => checkPosition(each, found.get(formatTopicPartition(each))));
  return new Map([...found].filter(([, { problem }]) => problem !== undefined));
}

/** A partition that no plan of the journal has: nothing of ours may be there. */
function neverPlanned(place: TopicPartition, targetOffset: bigint): JournaledPartition {
  return {
    ...place,
    ...{ status: "done", submittedBy: "", startOffset: 0n, endOffset: 0n, sourceOffset: 0n },
    ...{ records: 0n, recordsRead: 0n, batchesLeftOut: 0, ranges: [], lost: [], marks: [] },
    ...{ targetOffset, plannedTargetOffset: targetOffset, positions: new Map() },
  };
}

/** How records are told apart where the source may have lost some of a begun range meanwhile. */
function comparison(
  { topic, partition, sourceOffset, lost }: JournaledPartition,
  { sourceSnapshot, targetSnapshot }: CopyTaskOptions,
): CompareContents | undefined {
  const { settings, partitions = [] } = sourceSnapshot.topics.get(topic) ?? {};
  const { logStartOffset = 0n } = partitions[partition]?.offsets ?? {};
  // Without permission to see the settings, nobody knows that nothing is compacted.
  const mayHaveLost = settings?.compacted !== false || logStartOffset > sourceOffset ||
    lost.length > 0;
  const appendTime = targetSnapshot.topics.get(topic)?.settings?.logAppendTime ?? false;
  return mayHaveLost ? { timestamps: !appendTime } : undefined;
}

function task(
  journaled: JournaledPartition,
  found: Found | undefined,
  traits: Pick<CopyTask, "rules" | "compacted">,
  compare: CompareContents | undefined,
  committed: readonly bigint[],
): CopyTask {
  const { topic, partition, sourceOffset, endOffset, records, targetOffset, targetFirstOffset } =
    journaled;
  const before = { records, targetOffset, ...optional("targetFirstOffset", targetFirstOffset) };
  return {
    ...optional("epochs", journaled.epochs),
    topic,
    partition,
    startOffset: sourceOffset,
    endOffset,
    before,
    stored: found?.position ?? before,
    ...traits,
    committed,
    ...optional("compare", compare),
    ...optional("problem", found?.problem),
  };
}

/** What groups have committed within what is left of a range, ascending: each is to be found on the target. */
function committedOffsets(
  planned: PlannedPartition | undefined,
  { sourceOffset, endOffset }: JournaledPartition,
): readonly bigint[] {
  const offsets = (planned?.groups ?? []).flatMap(({ committed }) =>
    committed !== undefined && committed >= sourceOffset && committed < endOffset ? [committed] : []
  );
  return [...new Set(offsets)].sort((a, b) => a < b ? -1 : 1);
}

/** The topics something is copied of; on the source also how many partitions they had. */
export function plannedTopics(
  { plan, journal, ...snapshots }: CopyTaskOptions,
  role: "source" | "target",
): ReadonlyMap<string, PlannedTopic> {
  const { topics } = role === "source" ? snapshots.sourceSnapshot : snapshots.targetSnapshot;
  const begun = [...journal.state?.partitions.values() ?? []].filter(({ status }) =>
    status !== "done"
  );
  const copied = new Set([...partitionsToCopy(plan), ...begun].map(({ topic }) => topic));
  return new Map([...copied].map((topic) => {
    const known = topics.get(topic);
    const partitions = role === "source" ? known?.partitions.length : undefined;
    // On the target the first look has to come first: what it says of the topics decides whether anything is sent.
    const leaders = role === "target" ? undefined : new Map(
      known?.partitions.filter(({ leader }) => leader >= 0)
        .map(({ partition, leader, leaderEpoch }) => [partition, { nodeId: leader, leaderEpoch }]),
    );
    return [topic, {
      ...optional("leaders", leaders),
      ...optional("topicId", known?.topicId),
      ...optional("partitions", partitions),
    }];
  }));
}

function targetRules({ topics, knowsZstd }: ClusterSnapshot, topic: string): TargetRules {
  const { maxMessageBytes, logAppendTime = false } = topics.get(topic)?.settings ?? {};
  return {
    logAppendTime,
    ...optional("maxBatchBytes", maxMessageBytes),
    ...(knowsZstd === false && { withoutZstd: true }),
  };
}
