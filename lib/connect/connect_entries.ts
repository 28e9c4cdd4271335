// What a run puts into the journal before a connector is created or changed: the new ranges, and the partitions of their
// topics that nothing is planned of.

import type { JournalEntry, PlanEntryPartition } from "../journal/journal_entry.ts";
import { unfinishedPartitions } from "../journal/journal.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { escapeName } from "../model/escape_name.ts";
import { partitionText } from "../plan/plan_text.ts";
import { partitionsToCopy, type PlannedPartition } from "../plan/plan.ts";
import { formatTopicPartition, topicsOf } from "../model/topic_partition.ts";
import { idlePartitions, type NextOffsets } from "./pure/source_offsets.ts";
import { ContinueError } from "../preflight/check_journal.ts";
import type { ConnectCopyOptions } from "./connect_options.ts";
import { planEntryPartition, skippedPartitions } from "../local_copy/journal_entries.ts";
import { optional } from "../model/optional.ts";

/**
 * The entries.
 *
 * @param stored next offsets of the connector that an earlier run has left
 * @throws {ContinueError} where a range planned now begins before the offset that this connector has copied from
 */
export function connectEntries(
  options: ConnectCopyOptions,
  stored: NextOffsets,
): readonly JournalEntry[] {
  const { journal, migration, plan, runId, sourceSnapshot, targetSnapshot, topicsCreated } =
    options;
  const { state } = journal;
  const at = options.now().toISOString();
  const idleBefore = new Map(
    idleStill(state).map((each) => [formatTopicPartition(each), each]),
  );
  const pending = state === undefined ? [] : unfinishedPartitions(state);
  const begun = new Set(pending.map(formatTopicPartition));
  const fresh = partitionsToCopy(plan)
    .filter((planned) => !begun.has(formatTopicPartition(planned)))
    .map((planned) => {
      const key = formatTopicPartition(planned);
      const entry = planEntryPartition(planned, sourceSnapshot, targetSnapshot);
      return begunOnItsOwn(planned, idleBefore.get(key), stored.get(key), entry);
    });
  const work = [...pending, ...fresh];
  const topics = topicsOf(work).toSorted();
  const working = new Set(work.map(formatTopicPartition));
  const planned = new Map(plan.partitions.map((each) => [formatTopicPartition(each), each]));
  const idle = idlePartitions(
    topics,
    (each) => working.has(formatTopicPartition(each)),
    (each) =>
      state?.partitions.get(formatTopicPartition(each))?.endOffset ??
        planned.get(formatTopicPartition(each))?.endOffset,
    sourceSnapshot,
    targetSnapshot,
  ).map((each) => idleBefore.get(formatTopicPartition(each)) ?? each);
  const skipped = skippedPartitions(plan, state, targetSnapshot);
  const name = state?.connector?.name ?? `data-migrate-${runId}`;
  return [
    ...(state === undefined ? [migration] : []),
    ...(topicsCreated.length === 0
      ? []
      : [{ type: "created" as const, runId, at, topics: topicsCreated }]),
    {
      ...{ type: "plan" as const, runId, at, partitions: fresh },
      ...optional("skipped", skipped.length === 0 ? undefined : skipped),
    },
    { type: "connector", runId, at, name, url: options.connect.url.replace(/\/+$/, ""), idle },
  ];
}

/** Partitions that the connector of an earlier run may have begun with on its own, and that no run has finished since. */
function idleStill(state: JournalState | undefined): readonly PlanEntryPartition[] {
  return (state?.connector?.idle ?? []).filter((idle) => {
    const settled = state?.partitions.get(formatTopicPartition(idle))?.endOffset ?? 0n;
    return settled <= BigInt(idle.startOffset);
  });
}

/** A partition that had nothing planned, and that the connector has begun with since its source was written to. */
function begunOnItsOwn(
  planned: PlannedPartition,
  idle: PlanEntryPartition | undefined,
  next: bigint | undefined,
  entry: PlanEntryPartition,
): PlanEntryPartition {
  if (idle === undefined || next === undefined || next <= BigInt(idle.startOffset)) return entry;
  if (planned.startOffset < BigInt(idle.startOffset)) {
    throw new ContinueError(
      `Group ${escapeName(planned.submittedBy)} has moved back on ${
        partitionText(planned)
      }, behind what the connector of an earlier run has copied. Exclude the group, finish the migration, then migrate the rest with another config`,
    );
  }
  return { ...entry, startOffset: idle.startOffset, targetEndOffset: idle.targetEndOffset };
}
