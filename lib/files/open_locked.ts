// The lock of a journal: the file itself, held by one process. It ends with the process, however that ends.

import { liesAt, refuseOddFile } from "./run_files.ts";

/** Another run holds the journal. Exit status 3. */
export class JournalLockedError extends Error {
  override readonly name = "JournalLockedError";
}

/** A lock that another process holds is not waited for longer. */
const LOCK_TIMEOUT_MS = 300;
/** Between the making of a file and its first line there is less. */
const FIRST_LINE_WITHIN_MS = 100;

/**
 * Opens and locks a file, and makes it where it is not there. A process that waited for the lock may hold a
 * file that its former owner has removed: then it tries again.
 *
 * @throws {JournalLockedError}
 */
export async function openLocked(
  path: string,
): Promise<{ readonly file: Deno.FsFile; readonly isNew: boolean }> {
  for (let waited = false;;) {
    refuseOddFile(path);
    const opened = createFile(path) ?? openFile(path);
    if (opened === undefined) continue;
    const { file, isNew } = opened;
    const locked = await withinTime(file.lock(true), LOCK_TIMEOUT_MS);
    if (!locked) {
      throw new JournalLockedError(
        `Another run of this config is under way: it holds ${path}. Wait for it to end, or stop it`,
      );
    }
    const mayBeBegun = !isNew && !waited && file.statSync().size === 0;
    if (liesAt(file, path) && !mayBeBegun) return opened;
    file.close();
    if (!mayBeBegun) continue;
    // Another run may have made it, and not locked it yet.
    waited = true;
    await firstLine();
  }
}

/** @returns undefined where there is one */
function createFile(path: string) {
  try {
    const options = { read: true, write: true, createNew: true, mode: 0o600 };
    return { file: Deno.openSync(path, options), isNew: true };
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/** @returns undefined where there is none any more */
function openFile(path: string) {
  try {
    return { file: Deno.openSync(path, { read: true, write: true }), isNew: false };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Time for whoever has made the file to write its first line. */
export function firstLine(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, FIRST_LINE_WITHIN_MS));
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
