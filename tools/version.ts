/**
 * Names the sources a binary is made from: the git commit, marked where files that go into the binary differ from it.
 * It never fails a build: outside a git work tree, or without git, the answer is "unknown".
 */

/** What goes into the binary, relative to the repository's root. */
export const binarySources: readonly string[] = [
  "main.ts",
  "migration.yaml",
  "lib",
  "deno.json",
  "deno.lock",
];

/**
 * The commit of the work tree at `root` as 12 hexadecimal digits, with `-dirty` appended where one of
 * {@link binarySources} is changed, new or gone; `unknown` where git cannot tell.
 */
export async function sourceCommit(root: string): Promise<string> {
  const commit = await git(root, ["rev-parse", "--short=12", "HEAD"]);
  const status = await git(root, ["status", "--porcelain", "--", ...binarySources]);
  if (commit === undefined || status === undefined) return "unknown";
  return status === "" ? commit : `${commit}-dirty`;
}

async function git(root: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const command = new Deno.Command("git", { args: ["-C", root, ...args], stderr: "null" });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
