// The copy with its journal: the producer id and the plan are on the disk before the first byte moves, then each
// partition's progress now and then, and how it ended.

import {
  JOURNAL_SCHEMA_VERSION,
  type JournalEntry,
  type JournalIdentity,
  type MigrationEntry,
  type ProgressEntry,
} from "../core/journal.ts";
import { partitionsToCopy, type Plan } from "../core/plan.ts";
import type { ClusterSnapshot, TopicSnapshot } from "../core/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../core/topic_partition.ts";
import { type CopyProgress, type CopyResult, startCopy } from "../copy/copy.ts";
import type { TargetRules } from "../copy/cut.ts";
import type { PlannedTopic } from "../copy/leaders.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { initProducerId } from "../kafka/producer_id.ts";
import type { JournalFile } from "./journal_file.ts";

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
  readonly giveUpAfterMs: number;
  readonly log: { warning(text: string): void; info(text: string): void };
  readonly onProgress: (progress: CopyProgress) => void;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Progress is journaled and shown this often. */
const JOURNAL_INTERVAL_MS = 2_000;
const PROGRESS_INTERVAL_MS = 250;

/** Copies what the plan says. @throws where the journal cannot be written: nothing moves on unrecorded */
export async function copyWithJournal(
  options: JournaledCopyOptions,
): Promise<readonly CopyResult[]> {
  const { journal, plan, signal } = options;
  const { state } = journal;
  const { migration } = options;
  const before = (partition: TopicPartition) =>
    state?.partitions.get(formatTopicPartition(partition))?.records ?? 0n;
  const sourceTopics = plannedTopics(options.sourceSnapshot, plan, true);
  const targetTopics = plannedTopics(options.targetSnapshot, plan, false);
  const tasks = partitionsToCopy(plan).map((planned) => ({
    ...planned,
    recordsBefore: before(planned),
    rules: targetRules(options.targetSnapshot.topics.get(planned.topic)),
  }));
  journal.append([
    ...(state === undefined ? [migration] : []),
    {
      type: "plan",
      runId: options.runId,
      at: options.now().toISOString(),
      partitions: tasks.map(({ topic, partition, startOffset, endOffset, recordsBefore }) => ({
        topic,
        partition,
        startOffset: String(startOffset),
        endOffset: String(endOffset),
        recordsBefore: String(recordsBefore),
        ...optional("sourceTopicId", sourceTopics.get(topic)?.topicId),
        ...optional("targetTopicId", targetTopics.get(topic)?.topicId),
      })),
    },
  ]);

  const records = new Map(tasks.map((task) => [formatTopicPartition(task), task.recordsBefore]));
  const changed = new Map<string, ProgressEntry>();
  const settled: JournalEntry[] = [];
  const stop = new AbortController();
  let journalError: { readonly thrown: unknown } | undefined;

  /** One write and one fsync for all that happened since the last, however many partitions it befell. */
  function write(): void {
    const entries = [...changed.values(), ...settled];
    changed.clear();
    settled.length = 0;
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
    identity: { producerId: BigInt(migration.producerId), producerEpoch: migration.producerEpoch },
    sourceTopics,
    targetTopics,
    giveUpAfterMs: options.giveUpAfterMs,
    log: options.log,
    onAcknowledged({ topic, partition }, { batch, targetOffset }) {
      const key = formatTopicPartition({ topic, partition });
      const total = (records.get(key) ?? 0n) + BigInt(batch.recordCount);
      records.set(key, total);
      changed.set(key, {
        type: "progress",
        topic,
        partition,
        sourceOffset: String(batch.nextSourceOffset),
        records: String(total),
        targetOffset: String(targetOffset + BigInt(batch.recordCount)),
      });
    },
    onSettled(result) {
      const key = formatTopicPartition(result);
      changed.delete(key);
      if (result.status !== "interrupted") {
        settled.push(settledEntry(result, records.get(key) ?? 0n));
      }
    },
    signal: AbortSignal.any([signal, stop.signal]),
  });

  const journaling = setInterval(write, JOURNAL_INTERVAL_MS);
  const showing = setInterval(() => options.onProgress(copy.progress), PROGRESS_INTERVAL_MS);
  let results: readonly CopyResult[];
  try {
    results = await copy.results;
  } finally {
    clearInterval(journaling);
    clearInterval(showing);
    write();
    options.onProgress(copy.progress);
  }
  if (journalError !== undefined) throw (journalError as { readonly thrown: unknown }).thrown;
  return results;
}

/** A new migration's first entry, with the one producer id it will ever have. @throws {ConnectionError | ProducerIdError} */
export async function beginMigration(
  target: Cluster,
  identity: JournalIdentity,
  run: { readonly runId: string; readonly now: () => Date },
  signal: AbortSignal,
): Promise<MigrationEntry> {
  const { producerId, producerEpoch } = await initProducerId(target, signal);
  return {
    type: "migration",
    schemaVersion: JOURNAL_SCHEMA_VERSION,
    runId: run.runId,
    at: run.now().toISOString(),
    ...identity,
    producerId: String(producerId),
    producerEpoch,
  };
}

function settledEntry(result: CopyResult, records: bigint): JournalEntry {
  const { topic, partition, status, sourceOffset, targetFirstOffset, targetNextOffset, failure } =
    result;
  return {
    type: "settled",
    topic,
    partition,
    status: status === "done" ? "done" : "failed",
    sourceOffset: String(sourceOffset),
    records: String(records),
    ...optional("targetFirstOffset", targetFirstOffset?.toString()),
    ...optional("targetNextOffset", targetNextOffset?.toString()),
    ...optional("reason", failure),
  };
}

/** The topics something is copied of; on the source also how many partitions they had. */
function plannedTopics(
  { topics }: ClusterSnapshot,
  plan: Plan,
  countPartitions: boolean,
): ReadonlyMap<string, PlannedTopic> {
  return new Map(
    partitionsToCopy(plan).map(({ topic }) => {
      const known = topics.get(topic);
      return [topic, {
        ...optional("topicId", known?.topicId),
        ...optional("partitions", countPartitions ? known?.partitions.length : undefined),
      }];
    }),
  );
}

function targetRules(topic: TopicSnapshot | undefined): TargetRules {
  const { maxMessageBytes, logAppendTime = false } = topic?.settings ?? {};
  return { logAppendTime, ...optional("maxBatchBytes", maxMessageBytes) };
}

/** An object with the one property, or none where there is no value. */
function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [name in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { readonly [name in Name]: Value };
}
