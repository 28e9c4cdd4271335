// Whether a journal is the newest. An older copy of it is intact in itself; only the target, which then holds more of our
// records than the journal knows of, gives it away.

import type { JournaledPartition, JournalState } from "./journal_state.ts";
import { recordsBeforeSequence } from "../model/sequence.ts";

/**
 * The first partition of which the target holds more of our records than the journal can account for: then the journal is
 * an older copy.
 *
 * @param lastSequences the last sequence of our producer id, by `formatTopicPartition`
 * @returns how many records the target holds, and the most that the journal accounts for
 */
export function whatJournalLacks(
  { partitions }: Pick<JournalState, "partitions">,
  lastSequences: ReadonlyMap<string, number>,
): { readonly key: string; readonly held: bigint; readonly most: bigint } | undefined {
  for (const [key, last] of [...lastSequences].sort(([a], [b]) => a < b ? -1 : 1)) {
    const known = partitions.get(key);
    const { records: before = 0n } = known?.epochs?.at(-1) ?? {};
    const held = before + recordsBeforeSequence(last + 1, (known?.records ?? 0n) - before);
    const most = known === undefined ? 0n : mostRecords(known);
    if (known === undefined || held > most) return { key, held, most };
  }
  return undefined;
}

/** The most records of ours that the target can hold: the acknowledged ones, and one for each offset not acknowledged yet. */
export function mostRecords(
  { status, records, sourceOffset, endOffset }: JournaledPartition,
): bigint {
  return status === "done" ? records : records + endOffset - sourceOffset;
}
