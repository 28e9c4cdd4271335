// The journal's file: read whole at the start, then only appended to. What is appended is on the disk (fsync) when the
// call returns. A migration holds the file locked; the lock ends with the process, however that ends.

import { errorMessage } from "../model/error_message.ts";
import { continueJournal } from "../journal/journal.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { JournalEntry, OpenedEntry } from "../journal/journal_entry.ts";
import { encodeEntries, type JournalTail, NO_LINES } from "../journal/journal_lines.ts";
import { ImpossibleEntryError } from "../journal/journal_rules.ts";
import { firstLine, openLocked } from "./open_locked.ts";

/** The journal could not be written; the run ends where it stands. Exit status 1. */
export class JournalWriteError extends Error {
  override readonly name = "JournalWriteError";
}

/** A journal. */
export interface JournalFile {
  /** What it adds up to, with everything appended so far; absent where there is none yet. */
  readonly state: JournalState | undefined;
  /**
   * Appends entries and waits until they are on the disk: all of them or none.
   *
   * @throws {JournalWriteError} when they cannot be written
   */
  append(entries: readonly JournalEntry[]): void;
  /** Ends the lock; a journal that never got an entry is removed. */
  close(): void;
}

/**
 * Reads a journal without locking it: for a check.
 *
 * @throws {JournalError} where it is damaged
 */
export async function readJournalFile(path: string): Promise<JournalFile> {
  let bytes = readIfThere(path);
  if (bytes?.length === 0) {
    await firstLine();
    bytes = readIfThere(path);
  }
  const state = bytes && (await loadReader())(bytes, path).state;
  return {
    state,
    append() {
      throw new Error(`Cannot write to ${path}: a check leaves it as it is`);
    },
    close() {},
  };
}

/**
 * Opens a journal for a migration and locks it. A new one gets a first line at once: a file without one is one that was
 * emptied.
 *
 * @throws {JournalLockedError} where another run holds it
 * @throws {JournalError} where it is damaged
 */
export async function openJournalFile(path: string, opened: OpenedEntry): Promise<JournalFile> {
  const { file, isNew } = await openLocked(path);
  try {
    const writer = createWriter(path, file);
    if (isNew) return newJournal(path, writer, opened);
    const readJournal = await loadReader();
    const { state, tail, byteLength } = readJournal(Deno.readFileSync(path), path);
    // A torn last line is cut off, so that the next entry begins a line.
    writer.cut(byteLength);
    return journalFile(path, writer, state, tail);
  } catch (error) {
    file.close();
    throw error;
  }
}

function newJournal(path: string, writer: Writer, opened: OpenedEntry): JournalFile {
  const first = encodeEntries([opened], NO_LINES);
  try {
    writer.append(first.text);
    return journalFile(path, writer, undefined, first.tail);
  } catch (error) {
    if (!(error instanceof JournalWriteError)) throw error;
    // Nothing is lost yet: the first entry tries again, and it fails where it cannot be written.
    return journalFile(path, writer, undefined, NO_LINES, opened);
  }
}

/** @param opened the first line, where it is not written yet */
function journalFile(
  path: string,
  writer: Writer,
  before: JournalState | undefined,
  after: JournalTail,
  opened?: OpenedEntry,
): JournalFile {
  let [state, tail, unwritten] = [before, after, opened];
  return {
    get state() {
      return state;
    },
    append(entries) {
      if (entries.length === 0) return;
      // Before it is written: what no run could read again must not be in the file.
      const next = continued(path, state, entries);
      const lines = encodeEntries(unwritten ? [unwritten, ...entries] : entries, tail);
      writer.append(lines.text);
      [state, tail, unwritten] = [next, lines.tail, undefined];
    },
    close() {
      if (state === undefined) Deno.removeSync(path);
      writer.close();
    },
  };
}

/** The state with more entries. @throws {Error} where they are none that could be read again: a mistake of this program */
function continued(
  path: string,
  state: JournalState | undefined,
  entries: readonly JournalEntry[],
): JournalState {
  const [first] = entries;
  const [before, rest] = state === undefined ? [first, entries.slice(1)] : [state, entries];
  try {
    if (before !== undefined && (!("type" in before) || before.type === "migration")) {
      return continueJournal(before, rest);
    }
  } catch (error) {
    if (!(error instanceof ImpossibleEntryError)) throw error;
    const { type } = rest[error.index] ?? {};
    throw new Error(`Cannot write an entry (${type}) to ${path}: ${error.message}`);
  }
  throw new Error(`Cannot write to ${path}: the migration has not begun`);
}

/** Appends to a file. */
interface Writer {
  /** @throws {JournalWriteError} when not all of it can be written: then nothing is */
  append(text: string): void;
  /** What follows so many bytes goes. */
  cut(byteLength: number): void;
  close(): void;
}

function createWriter(path: string, file: Deno.FsFile): Writer {
  let bytes = 0;
  const cut = (byteLength: number) => {
    file.truncateSync(byteLength);
    file.seekSync(byteLength, Deno.SeekMode.Start);
    bytes = byteLength;
  };
  return {
    cut,
    append(text) {
      const encoded = new TextEncoder().encode(text);
      try {
        for (let written = 0; written < encoded.length;) {
          written += file.writeSync(encoded.subarray(written));
        }
        file.syncDataSync();
        if (bytes === 0) syncDirectory(path);
      } catch (error) {
        // Half an entry with more after it would be damage that no later run could read.
        cut(bytes);
        const reason = errorMessage(error);
        throw new JournalWriteError(
          `Cannot write ${path}: ${reason}. Nothing is migrated unrecorded: make room, then run the same command again`,
          { cause: error },
        );
      }
      bytes += encoded.length;
    },
    close: () => file.close(),
  };
}

/** A new file survives a loss of power only when its directory is on the disk too. */
function syncDirectory(path: string): void {
  const slash = path.lastIndexOf("/");
  const directory = Deno.openSync(slash < 0 ? "." : path.slice(0, slash) || "/");
  try {
    directory.syncSync();
  } finally {
    directory.close();
  }
}

/** Loaded where there is a journal: what decodes it takes a tenth of the start. */
async function loadReader() {
  return (await import("../journal/read_journal.ts")).readJournal;
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
