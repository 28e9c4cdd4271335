// The programs the bench runs: data-migrate, compiled anew where its sources are younger, and the Go programs of
// peers/franz_go, built when those have changed. It runs none of them.

import { fileURLToPath } from "node:url";
import { installOnce } from "../tests/support/install_once.ts";
import { runCommand, tryCommand } from "../tests/support/run_command.ts";
import { binarySources } from "../tools/version.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const goFolder = fileURLToPath(new URL("./peers/franz_go", import.meta.url));

/** Paths of the Go programs. */
export interface GoPrograms {
  /** The peer: copies a topic. */
  readonly copy: string;
  /** Fills a topic. */
  readonly seed: string;
  /** Runs another program and tells what it cost. */
  readonly measure: string;
}

/** Builds the Go programs unless they are there. @throws Error where Go is missing or something doesn't build */
export async function goPrograms(): Promise<GoPrograms> {
  const files = ["go.mod", "go.sum", "main.go", "seed/main.go", "measure/main.go"];
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(`${goFolder}/${file}`)));
  const folder = await installOnce("bench-go", texts.join("\n"), async (directory) => {
    if ((await tryCommand("go", ["version"])).outcome === "missing") {
      throw new Error(
        "Cannot build the peer: Go 1.21 or newer is missing; install it (golang-go) and try again",
      );
    }
    await runCommand("go", ["build", "-trimpath", "-o", `${directory}/`, "./..."], {
      cwd: goFolder,
    });
  });
  return { copy: `${folder}/franz_go`, seed: `${folder}/seed`, measure: `${folder}/measure` };
}

/** Compiles data-migrate where dist/data-migrate is missing or older than a source of it. @returns its path */
export async function dataMigrate(say: (line: string) => void): Promise<string> {
  const binary = `${root}dist/data-migrate`;
  const built = await modifiedAt(binary);
  const changed = await Promise.all(binarySources.map((name) => newest(`${root}${name}`)));
  if (built !== undefined && Math.max(...changed) <= built) return binary;
  say("Compiling data-migrate, whose sources are younger than dist/data-migrate");
  await runCommand(Deno.execPath(), ["run", "-A", `${root}tools/compile.ts`]);
  return binary;
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).mtime?.getTime();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** When the youngest file at or below a path was changed. Folders count: a file removed changes its folder. */
async function newest(path: string): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(path);
  let latest = mtime?.getTime() ?? Infinity;
  if (!isDirectory) return latest;
  for await (const { name } of Deno.readDir(path)) {
    latest = Math.max(latest, await newest(`${path}/${name}`));
  }
  return latest;
}
