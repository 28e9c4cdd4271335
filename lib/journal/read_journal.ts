// From the bytes of a journal to what it adds up to, or to what is wrong with it and where.

import { continueJournal } from "./journal.ts";
import type { JournalState } from "./journal_state.ts";
import { damaged, type JournalTail } from "./journal_lines.ts";
import { ImpossibleEntryError } from "./journal_rules.ts";
import { readLines } from "./read_lines.ts";

/** A journal that was read. */
export interface ReadJournal {
  /** What it adds up to; absent where no migration has begun in it. */
  readonly state: JournalState | undefined;
  readonly tail: JournalTail;
  /** How many bytes its whole lines take. */
  readonly byteLength: number;
}

/**
 * Reads a journal.
 *
 * @param file how messages name it
 * @throws {JournalError} where a line is not as it was written, but for a torn last one, or the journal is of another version
 */
export function readJournal(bytes: Uint8Array, file: string): ReadJournal {
  const { entries, tail, byteLength } = readLines(bytes, file);
  const opened = entries[0]?.type === "opened" ? 1 : 0;
  const [first, ...rest] = entries.slice(opened);
  if (first === undefined) return { state: undefined, tail, byteLength };
  if (first.type !== "migration") {
    throw damaged(file, opened + 1, "the journal does not begin with its migration entry");
  }
  try {
    return { state: continueJournal(first, rest), tail, byteLength };
  } catch (error) {
    if (!(error instanceof ImpossibleEntryError)) throw error;
    throw damaged(file, opened + 2 + error.index, error.message);
  }
}
