// The journal's file: read whole at the start, then only appended to. What is appended is on the disk (fsync) when the
// call returns. A migration holds the file locked; the lock ends with the process, however that ends.

import { errorMessage } from "../core/error_message.ts";
import { continueJournal, type JournalState, readJournal } from "../core/journal.ts";
import { encodeJournalEntry, type JournalEntry } from "../core/journal_entry.ts";
import { liesAt, refuseOddFile } from "../run_files.ts";

/** Another run holds the journal. Exit status 3. */
export class JournalLockedError extends Error {
  override readonly name = "JournalLockedError";
}

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

/** A lock that another process holds is not waited for longer. */
const LOCK_TIMEOUT_MS = 300;

/**
 * Reads a journal without locking it: for a check.
 *
 * @throws {JournalError} where it is damaged
 */
export function readJournalFile(path: string): JournalFile {
  return {
    state: readJournal(readIfThere(path), path),
    append() {
      throw new Error(`Cannot write to ${path}: a check leaves it as it is`);
    },
    close() {},
  };
}

/**
 * Opens a journal for a migration and locks it.
 *
 * @throws {JournalLockedError} where another run holds it
 * @throws {JournalError} where it is damaged
 */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const file = await openLocked(path);
  let state: JournalState | undefined;
  let bytes: number;
  try {
    const text = readIfThere(path);
    state = readJournal(text, path);
    // A torn last line is cut off, so that the next entry begins a line.
    bytes = new TextEncoder().encode(text.slice(0, text.lastIndexOf("\n") + 1)).length;
    file.truncateSync(bytes);
    file.seekSync(bytes, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    get state() {
      return state;
    },
    append(entries) {
      if (entries.length === 0) return;
      const encoded = new TextEncoder().encode(entries.map(encodeJournalEntry).join(""));
      try {
        for (let written = 0; written < encoded.length;) {
          written += file.writeSync(encoded.subarray(written));
        }
        file.syncDataSync();
        if (bytes === 0) syncDirectory(path);
      } catch (error) {
        // Half an entry with more behind it would be damage that no later run could read.
        file.truncateSync(bytes);
        file.seekSync(bytes, Deno.SeekMode.Start);
        const reason = errorMessage(error);
        throw new JournalWriteError(
          `Cannot write ${path}: ${reason}. Nothing is migrated unrecorded: make room, then run the same command again`,
          { cause: error },
        );
      }
      bytes += encoded.length;
      const [first] = entries;
      if (state !== undefined) state = continueJournal(state, entries);
      else if (first?.type === "migration") state = continueJournal(first, entries.slice(1));
    },
    close() {
      if (bytes === 0) Deno.removeSync(path);
      file.close();
    },
  };
}

/** Opens and locks the file. Who waited for a lock may hold a file that its former owner has removed: then once more. */
async function openLocked(path: string): Promise<Deno.FsFile> {
  for (;;) {
    refuseOddFile(path);
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    const locked = await withinTime(file.lock(true), LOCK_TIMEOUT_MS);
    if (!locked) {
      throw new JournalLockedError(
        `Another run of this config is under way: it holds ${path}. Wait for it to end, or stop it`,
      );
    }
    if (liesAt(file, path)) return file;
    file.close();
  }
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

async function withinTime(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: number | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
