// Whether a run may go on from the journal it found, and which records on the target are the migration's own.

import {
  identityDifferences,
  type JournalIdentity,
  type JournalState,
  unfinishedPartitions,
} from "../core/journal.ts";
import type { ClusterSnapshot } from "../core/snapshot.ts";
import { formatTopicPartition, type TopicPartition } from "../core/topic_partition.ts";
import { countOf } from "../core/units.ts";

/** The run cannot continue the migration whose journal lies there; the message says why and what to do. Exit status 2. */
export class ContinueError extends Error {
  override readonly name = "ContinueError";
}

/** @throws {ContinueError} where the journal is of another migration, or of one that ended early */
export function checkJournal(
  state: JournalState | undefined,
  identity: JournalIdentity,
): void {
  if (state === undefined) return;
  const differences = identityDifferences(state.migration, identity);
  if (differences.length > 0) {
    throw new ContinueError(
      `The state file is of another migration (run ${state.migration.runId}): ${
        differences.join("; ")
      }. Restore the settings, or use another config file. Deleting the state file gives up the protection against duplicates`,
    );
  }
  const unfinished = unfinishedPartitions(state);
  if (unfinished.length > 0) {
    throw new ContinueError(
      `The state file holds an unfinished migration (run ${state.migration.runId}, ${
        countOf(unfinished.length, "partition")
      } not done). Continuing one is not supported yet. To start over, empty the target topics, then delete the state file`,
    );
  }
}

/** How many records of this migration a target partition still holds, by the journal and the target's log start offset. */
export function ownRecords(
  state: JournalState | undefined,
  target: ClusterSnapshot,
): (partition: TopicPartition) => bigint {
  return ({ topic, partition }) => {
    const known = state?.partitions.get(formatTopicPartition({ topic, partition }));
    if (known?.targetFirstOffset === undefined || known.targetNextOffset === undefined) return 0n;
    const log = target.topics.get(topic)?.partitions[partition]?.offsets;
    const deleted = log === undefined ? 0n : log.logStartOffset - known.targetFirstOffset;
    if (deleted <= 0n) return known.records;
    const left = known.targetNextOffset - known.targetFirstOffset - deleted;
    return left > 0n ? left : 0n;
  };
}
