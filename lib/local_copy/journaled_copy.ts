// The copy with its journal: the producer id and the plan are on the disk before the first byte moves, then each
// partition's progress now and then, and how it ended. Where a partition begins follows from copy_tasks.ts.

import type { MigrationConfig } from "../config/migration_config.ts";
import { startCopy } from "../copy/copy.ts";
import type { CopyPosition, CopyProgress } from "../copy/copy_task.ts";
import type { JournalEntry, JournalIdentity, MigrationEntry } from "../journal/journal_entry.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { initProducerId } from "../kafka/producer_id.ts";
import { type CopyTaskOptions, planCopyTasks, plannedTopics } from "./copy_tasks.ts";
import {
  epochEntry,
  lostEntry,
  migrationEntry,
  positionEntries,
  progressEntry,
  settledEntry,
  settledLine,
} from "./journal_entries.ts";

/** What a journaled copy works with. */
export interface JournaledCopyOptions extends CopyTaskOptions {
  readonly source: Cluster;
  readonly limits: MigrationConfig["limits"];
  readonly log: {
    warning(text: string): void;
    info(text: string): void;
    debug(text: string): void;
  };
  readonly onProgress: (progress: CopyProgress) => void;
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
  const tasks = await planCopyTasks(options, identity);
  const changed = new Map<string, CopyPosition>();
  const positions: JournalEntry[] = [];
  const events: JournalEntry[] = [];
  const stop = new AbortController();
  let journalError: { readonly thrown: unknown } | undefined;

  /** One write and one fsync for all that happened since the last, however many partitions it befell. */
  function write(): void {
    if (journalError !== undefined) return;
    // Positions come first: a resumed run begins after the written progress and would not tell earlier positions again.
    const entries = [...positions, ...[...changed.values()].map(progressEntry), ...events];
    positions.length = 0;
    changed.clear();
    events.length = 0;
    try {
      journal.append(entries);
    } catch (error) {
      // Nothing may be copied that is not journaled: the copy ends here.
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
    onEpoch(position, epoch) {
      // Earlier acknowledgements are journaled before the epoch, and the epoch is on the disk before its first byte is sent.
      events.push(epochEntry(position, epoch));
      write();
    },
    onLost(position, span) {
      const { topic, partition } = position;
      const { startOffset, endOffset } = span;
      log.warning(
        `topic: ${topic}, partition: ${partition}, messages have expired before they were read, offsets: ${startOffset} to ${
          endOffset - 1n
        }`,
      );
      // The partition's progress is already after the gap, and must not be written without the gap.
      changed.delete(formatTopicPartition(position));
      events.push(lostEntry(position, span));
      // The gap is on the disk before any record after it is sent: a resume counts records from the start of a range.
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
