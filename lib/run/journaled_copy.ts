// The copy with its journal: the producer id and the plan are on the disk before the first byte moves, then each
// partition's progress now and then, and how it ended. A range that an earlier run has begun is taken up where the
// target stands, not where the journal does.

import type { MigrationConfig } from "../config/migration_config.ts";
import { startCopy } from "../copy/copy.ts";
import type { CopyPosition, CopyProgress, CopyTask } from "../copy/copy_task.ts";
import type { TargetRules } from "../copy/cut.ts";
import type { PlannedTopic } from "../copy/leaders.ts";
import type { JournaledPartition } from "../core/journal.ts";
import type { JournalEntry, JournalIdentity, MigrationEntry } from "../core/journal_entry.ts";
import { partitionsToCopy, type Plan, type PlannedPartition } from "../core/plan.ts";
import type { ClusterSnapshot, TopicSnapshot } from "../core/snapshot.ts";
import { formatTopicPartition } from "../core/topic_partition.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { initProducerId, type ProducerIdentity } from "../kafka/producer_id.ts";
import type { CompareContents } from "../copy/find_position.ts";
import { findPositions, type Found } from "./find_positions.ts";
import {
  migrationEntry,
  planEntryPartition,
  positionEntries,
  progressEntry,
  settledEntry,
  settledLine,
  skippedPartitions,
} from "./journal_entries.ts";
import type { JournalFile } from "./journal_file.ts";
import { optional } from "./optional.ts";

/** What a journaled copy works with. */
export interface JournaledCopyOptions {
  readonly runId: string;
  readonly plan: Plan;
  readonly source: Cluster;
  readonly target: Cluster;
  readonly sourceSnapshot: ClusterSnapshot;
  readonly targetSnapshot: ClusterSnapshot;
  readonly journal: JournalFile;
  /** The journal's, or that of {@link beginMigration}. */
  readonly migration: MigrationEntry;
  /** Topics that this run has created on the target. */
  readonly topicsCreated: readonly string[];
  readonly limits: MigrationConfig["limits"];
  readonly log: {
    warning(text: string): void;
    info(text: string): void;
    debug(text: string): void;
  };
  readonly onProgress: (progress: CopyProgress) => void;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Progress is journaled and shown this often. */
const JOURNAL_INTERVAL_MS = 2_000;
const PROGRESS_INTERVAL_MS = 250;

/** A new migration's first entry, with the one producer id it will ever have. @throws {ConnectionError | ProducerIdError} */
export async function beginMigration(
  target: Cluster,
  identity: JournalIdentity,
  run: { readonly runId: string; readonly now: () => Date },
  signal: AbortSignal,
): Promise<MigrationEntry> {
  const producer = await initProducerId(target, signal);
  return migrationEntry(identity, run, producer);
}

/** Whether the target tells our records apart, so that none is stored twice. */
export function isIdempotent({ producerId }: MigrationEntry): boolean {
  return BigInt(producerId) >= 0n;
}

/**
 * Copies what the plan says; what came of it stands in the journal.
 *
 * @throws where the journal cannot be written: nothing moves on unrecorded
 */
export async function copyWithJournal(options: JournaledCopyOptions): Promise<void> {
  const { journal, migration, signal, log } = options;
  const identity = {
    producerId: BigInt(migration.producerId),
    producerEpoch: migration.producerEpoch,
  };
  const sourceTopics = plannedTopics(options, "source");
  const targetTopics = plannedTopics(options, "target");
  const tasks = await planTasks(options, identity);
  const changed = new Map<string, CopyPosition>();
  const positions: JournalEntry[] = [];
  const events: JournalEntry[] = [];
  const stop = new AbortController();
  let journalError: { readonly thrown: unknown } | undefined;

  /** One write and one fsync for all that happened since the last, however many partitions it befell. */
  function write(): void {
    if (journalError !== undefined) return;
    // Positions first: behind progress that was written without them, a resumed run would not tell them again.
    const entries = [...positions, ...[...changed.values()].map(progressEntry), ...events];
    positions.length = 0;
    changed.clear();
    events.length = 0;
    try {
      journal.append(entries);
    } catch (error) {
      // Data must not move on unrecorded: the copy ends here.
      journalError ??= { thrown: error };
      stop.abort();
    }
  }

  const copy = startCopy({
    source: options.source,
    target: options.target,
    tasks,
    identity,
    sourceTopics,
    targetTopics,
    ...options.limits,
    log,
    onAcknowledged(position, acknowledgement) {
      changed.set(formatTopicPartition(position), position);
      positions.push(...positionEntries(position, acknowledgement));
    },
    onLost(position, { startOffset, endOffset }) {
      const { topic, partition } = position;
      log.warning(
        `topic: ${topic}, partition: ${partition}, messages have expired before they were read, offsets: ${startOffset} to ${
          endOffset - 1n
        }`,
      );
      const span = { startOffset: String(startOffset), endOffset: String(endOffset) };
      if (position.targetFirstOffset !== undefined) {
        changed.set(formatTopicPartition(position), position);
      }
      events.push({ type: "lost", topic, partition, ...span });
      // On the disk before anything from behind the gap is sent: a resume counts records from the start of a range.
      write();
    },
    onSettled(result) {
      if (result.targetFirstOffset !== undefined) {
        changed.set(formatTopicPartition(result), result);
      }
      if (result.status !== "interrupted") events.push(settledEntry(result));
      log.debug(settledLine(result));
    },
    signal: AbortSignal.any([signal, stop.signal]),
  });

  const journaling = setInterval(write, JOURNAL_INTERVAL_MS);
  const showing = setInterval(() => options.onProgress(copy.progress), PROGRESS_INTERVAL_MS);
  try {
    await copy.results;
  } finally {
    clearInterval(journaling);
    clearInterval(showing);
    write();
    options.onProgress(copy.progress);
  }
  if (journalError !== undefined) throw (journalError as { readonly thrown: unknown }).thrown;
}

/** Puts the new ranges into the journal, finds where the begun ones stand, and makes tasks of both. */
async function planTasks(
  options: JournaledCopyOptions,
  identity: ProducerIdentity,
): Promise<readonly CopyTask[]> {
  const { journal, migration, plan, target, targetSnapshot, topicsCreated, signal } = options;
  const before = journal.state?.partitions;
  const begun = [...before?.values() ?? []].filter(({ status }) => status !== "done");
  const begunKeys = new Set(begun.map(formatTopicPartition));
  const fresh = partitionsToCopy(plan).filter((planned) =>
    !begunKeys.has(formatTopicPartition(planned))
  );
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
  // Without a producer id our records cannot be told from others': the journal's position has to do.
  const found = isIdempotent(migration)
    ? await findPositions(target, begun, identity, (each) => comparison(each, options), signal)
    : new Map<string, Found>();
  const rulesOf = (topic: string) => targetRules(targetSnapshot.topics.get(topic));
  const after = journal.state?.partitions;
  const planned = new Map(plan.partitions.map((each) => [formatTopicPartition(each), each]));
  return [...begun, ...fresh].flatMap((partition) => {
    const key = formatTopicPartition(partition);
    const journaled = after?.get(key);
    if (journaled === undefined) return [];
    const compare = comparison(journaled, options);
    const rules = rulesOf(partition.topic);
    return [
      task(
        journaled,
        found.get(key),
        rules,
        compare,
        committedOffsets(planned.get(key), journaled),
      ),
    ];
  });
}

/** How records are told apart where the source may have lost some of a begun range meanwhile. */
function comparison(
  { topic, partition, sourceOffset }: JournaledPartition,
  { sourceSnapshot, targetSnapshot }: JournaledCopyOptions,
): CompareContents | undefined {
  const { settings, partitions = [] } = sourceSnapshot.topics.get(topic) ?? {};
  const { logStartOffset = 0n } = partitions[partition]?.offsets ?? {};
  // Whoever may not see the settings cannot know that nothing is compacted.
  const mayHaveLost = settings?.compacted !== false || logStartOffset > sourceOffset;
  const appendTime = targetSnapshot.topics.get(topic)?.settings?.logAppendTime ?? false;
  return mayHaveLost ? { timestamps: !appendTime } : undefined;
}

function task(
  journaled: JournaledPartition,
  found: Found | undefined,
  rules: TargetRules,
  compare: CompareContents | undefined,
  committed: readonly bigint[],
): CopyTask {
  const { topic, partition, sourceOffset, endOffset, records, targetOffset, targetFirstOffset } =
    journaled;
  const before = { records, targetOffset, ...optional("targetFirstOffset", targetFirstOffset) };
  return {
    topic,
    partition,
    startOffset: sourceOffset,
    endOffset,
    before,
    stored: found?.position ?? before,
    rules,
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
function plannedTopics(
  { plan, journal, ...snapshots }: JournaledCopyOptions,
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

function targetRules(topic: TopicSnapshot | undefined): TargetRules {
  const { maxMessageBytes, logAppendTime = false } = topic?.settings ?? {};
  return { logAppendTime, ...optional("maxBatchBytes", maxMessageBytes) };
}
