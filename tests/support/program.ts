/**
 * The program under test as a process: the compiled binary where a test file asks for it or DATA_MIGRATE_BINARY names
 * one, else main.ts under `deno run` with exactly the permissions that compiling gives. Refuses to run without a time limit.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { permissions } from "../../tools/compile.ts";
import { compiledBinary } from "./compiled_binary.ts";

/** How the program is run. */
export interface ProgramOptions {
  readonly cwd: string;
  readonly args?: readonly string[];
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this the program is killed and the test fails; 60 s unless told. */
  readonly timeoutMs?: number;
  /** Lines of the hosts file that the program sees in place of this machine's: it runs in a mount namespace of its own. */
  readonly hosts?: readonly string[];
  /** Ends the program early. */
  readonly kill?: { readonly afterMs: number; readonly signal: Deno.Signal };
}

/** How it ended. */
export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, stdout first. */
  readonly output: string;
  /** From start to end, milliseconds, with the start of the process. */
  readonly durationMs: number;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The binary that this test file asked for; each has a copy of this module to itself. */
let compiled: string | undefined;

/** Has the tests of this file run the compiled binary, which is made first where the sources have changed. */
export function testBinary(): void {
  Deno.test.beforeAll(async () => {
    compiled = await compiledBinary();
    const { stdout } = await runProgram({ cwd: root, args: ["--version"] });
    // Only a binary has a runtime base.
    assert.match(stdout, /^base [0-9a-f]{64}$/m, "the sources run instead of the binary");
  });
}

/** The command and the arguments that come before the program's own. */
export function programCommand(): readonly [string, ...string[]] {
  const binary = Deno.env.get("DATA_MIGRATE_BINARY") ?? compiled;
  if (binary !== undefined) return [binary.startsWith("/") ? binary : `${root}${binary}`];
  // No --config: Deno finds the deno.json beside main.ts from whatever directory the program is started in.
  return [Deno.execPath(), "run", "--quiet", "--cached-only", ...permissions, `${root}main.ts`];
}

/** The command in a mount namespace where other names are known; each part replaces the one before (`exec`). */
function withHosts(hosts: readonly string[], directory: string): readonly [string, ...string[]] {
  const file = `${directory}/.hosts`;
  Deno.writeTextFileSync(file, hosts.map((line) => `${line}\n`).join(""));
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  const own = Deno.uid() === 0 ? [] : ["--map-root-user"];
  return ["unshare", ...own, "--mount", "sh", "-c", script, file, ...programCommand()];
}

/** Runs the program to its end. @throws Error with its output when the time limit is over */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const { cwd, args = [], env = {}, timeoutMs = 60_000, hosts, kill } = options;
  const [program, ...first] = hosts === undefined ? programCommand() : withHosts(hosts, cwd);
  const started = performance.now();
  const process = new Deno.Command(program, {
    args: [...first, ...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    process.kill("SIGKILL");
  }, timeoutMs);
  const early = kill && setTimeout(() => process.kill(kill.signal), kill.afterMs);
  const ended = await process.output();
  clearTimeout(limit);
  clearTimeout(early);
  const decoder = new TextDecoder();
  const [stdout, stderr] = [decoder.decode(ended.stdout), decoder.decode(ended.stderr)];
  const output = stdout + stderr;
  if (timedOut) throw new Error(`The program did not end within ${timeoutMs} ms: ${output}`);
  return { status: ended.code, stdout, stderr, output, durationMs: performance.now() - started };
}
