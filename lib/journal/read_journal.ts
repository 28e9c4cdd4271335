// Reads the bytes of a journal into the state that it adds up to, or into an error that names the damaged line.

import { continueJournal } from "./journal.ts";
import type { JournalState } from "./journal_state.ts";
import { damaged, type JournalTail } from "./journal_lines.ts";
import { ImpossibleEntryError } from "./journal_rules.ts";
import { readLines } from "./read_lines.ts";

/** A journal after reading. */
export interface ReadJournal {
  /** The state that its entries add up to; absent where the journal holds no migration yet. */
  readonly state: JournalState | undefined;
  readonly tail: JournalTail;
  /** The number of bytes in its complete lines. */
  readonly byteLength: number;
}

/**
 * Reads a journal.
 *
 * @param file the file's name in messages
 * @throws {JournalError} where a line other than a torn last one is damaged, or the journal has another version
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
