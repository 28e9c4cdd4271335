/** What is tested by turns: which of several a run takes follows from the commit's hash, so that each comes up in time. */

import { fileURLToPath } from "node:url";
import { tryCommand } from "./run_command.ts";

/** The hash of the commit that is tested; undefined where git does not tell. */
export async function currentCommit(): Promise<string | undefined> {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { stdout } = await tryCommand("git", ["rev-parse", "HEAD"], { cwd });
  return /^[0-9a-f]{8}/.exec(stdout)?.input;
}

/** The one whose turn it is; all where `MATRIX=all` asks for them. */
export async function byTurns<Item>(items: readonly Item[]): Promise<readonly Item[]> {
  if (Deno.env.get("MATRIX") === "all") return items;
  const hash = parseInt((await currentCommit())?.slice(0, 8) ?? "0", 16);
  return items.filter((_, index) => index === hash % items.length);
}
