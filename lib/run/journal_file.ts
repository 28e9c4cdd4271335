// The journal's file: read whole at the start, then only appended to. What is appended is on the disk (fsync) when the
// call returns.

import {
  encodeJournalEntry,
  type JournalEntry,
  type JournalState,
  readJournal,
} from "../core/journal.ts";

/** An open journal. */
export interface JournalFile {
  /** What it held when it was opened. */
  readonly state: JournalState | undefined;
  /** Appends entries and waits until they are on the disk. Creates the file with the first. @throws when they cannot be written */
  append(entries: readonly JournalEntry[]): void;
  close(): void;
}

/**
 * Opens a journal, or prepares to create it.
 *
 * @param name how messages name the file
 * @throws {JournalError} where it is damaged
 */
export function openJournal(path: string, name: string): JournalFile {
  const text = readIfThere(path);
  const state = text === undefined ? undefined : readJournal(text, name);
  let file: Deno.FsFile | undefined;

  function open(): Deno.FsFile {
    const opened = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    // A torn last line of an earlier run is cut off, so that the next entry begins a line.
    const whole = text === undefined
      ? 0
      : new TextEncoder().encode(text.slice(0, text.lastIndexOf("\n") + 1)).length;
    opened.truncateSync(whole);
    opened.seekSync(0, Deno.SeekMode.End);
    return opened;
  }

  return {
    state,
    append(entries) {
      if (entries.length === 0) return;
      file ??= open();
      const bytes = new TextEncoder().encode(entries.map(encodeJournalEntry).join(""));
      for (let written = 0; written < bytes.length;) {
        written += file.writeSync(bytes.subarray(written));
      }
      file.syncDataSync();
    },
    close() {
      file?.close();
      file = undefined;
    },
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
