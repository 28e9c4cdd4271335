// Whether a journal is the newest: an older copy is whole in itself, and only what the target holds beyond it tells.

import type { JournaledPartition, JournalState } from "./journal_state.ts";
import { recordsBeforeSequence } from "../model/sequence.ts";

/**
 * The first partition of which the target holds more records of ours than the journal can have brought there: then the
 * journal is an older copy.
 *
 * @param lastSequences of our producer id, by `formatTopicPartition`
 * @returns how many it holds, and how many there are at most by the journal
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

/** How many records of ours the target can hold at most: each takes an offset of what is not acknowledged yet. */
export function mostRecords(
  { status, records, sourceOffset, endOffset }: JournaledPartition,
): bigint {
  return status === "done" ? records : records + endOffset - sourceOffset;
}
