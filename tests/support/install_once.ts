/**
 * Puts something big (Kafka's jars, a Python environment) into the repository's ignored `.tools` folder on first use, or
 * what is made of this tree's own sources into `dist`.
 * Safe when several test processes start at once: a file lock, which the kernel drops with its process, and a marker
 * written last. Refuses to call a half-finished installation complete.
 */

import { fileURLToPath } from "node:url";
import { type Progress, tellWait } from "./waiting.ts";

/** The ignored folder all downloads go to. */
export const toolsDirectory: string = fileURLToPath(new URL("../../.tools", import.meta.url));

/** How an installation is told and where it goes. */
export interface InstallOptions {
  /** What is done, for those who wait: `Fetching Kafka`. */
  readonly what?: string;
  /** How much is fetched, as far as that is known. */
  readonly size?: string;
  /** What has to be there before, and is told by itself. */
  readonly prepare?: () => Promise<void>;
  /** The folder it goes to, in place of `.tools`. */
  readonly parent?: string;
}

/**
 * Installs under `.tools/<name>` unless a finished installation of the same recipe is there.
 * @param name folder name below `.tools`, or below `parent`
 * @param recipe what is installed, as a text; another text means: install anew
 * @param install fills the given (existing, empty) folder; told once a tree at most
 * @returns the folder
 */
export async function installOnce(
  name: string,
  recipe: string,
  install: (directory: string, progress: Progress) => Promise<void>,
  options: InstallOptions = {},
): Promise<string> {
  const { what = `Installing ${name}`, size, prepare, parent = toolsDirectory } = options;
  const directory = `${parent}/${name}`;
  const marker = `${directory}/.complete`;
  if (await readOrNothing(marker) === recipe) return directory;

  await Deno.mkdir(parent, { recursive: true });
  using lockFile = await Deno.open(`${parent}/${name}.lock`, { create: true, write: true });
  await lockFile.lock(true);
  // Another process may have finished the same work while this one waited for the lock.
  if (await readOrNothing(marker) === recipe) return directory;

  await prepare?.();
  await tellWait(what, size, async (progress) => {
    await removeIfThere(directory);
    await Deno.mkdir(directory);
    await install(directory, progress);
    await Deno.writeTextFile(marker, recipe);
  });
  return directory;
}

/** Whether something was installed under that name, of whatever recipe. */
export async function hasInstalled(name: string): Promise<boolean> {
  return await readOrNothing(`${toolsDirectory}/${name}/.complete`) !== undefined;
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
