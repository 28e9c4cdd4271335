/**
 * The program under test while it runs: looked at, disturbed, killed. Refuses to outlive its time limit.
 */

import { programCommand, type ProgramOptions, type ProgramResult } from "./program.ts";

/** A run under way. */
export interface SlowRun {
  readonly pid: number;
  /** Sends a signal; none where the program has ended. */
  readonly kill: (signal: Deno.Signal) => void;
  /** Whether it has ended. */
  readonly hasEnded: () => boolean;
  /** How it ended; `signal` where one ended it. @throws Error when the time limit is over */
  readonly ended: Promise<ProgramResult & { readonly signal: Deno.Signal | null }>;
  /** Waits until `condition` holds or the program has ended. @returns whether it held */
  readonly until: (condition: () => boolean) => Promise<boolean>;
}

/** What comes before the program's command: a shell with limits, for one. */
export interface SlowRunOptions extends ProgramOptions {
  readonly under?: readonly string[];
}

/** Starts the program. */
export function startRun(options: SlowRunOptions): SlowRun {
  const { cwd, args = [], env = {}, timeoutMs = 90_000, under = [] } = options;
  const [program = "", ...first] = [...under, ...programCommand()];
  const started = performance.now();
  const process = new Deno.Command(program, {
    args: [...first, ...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let over = false;
  let timedOut = false;
  const kill = (signal: Deno.Signal): void => {
    if (!over) process.kill(signal);
  };
  const limit = setTimeout(() => {
    timedOut = true;
    kill("SIGKILL");
  }, timeoutMs);
  const ended = (async () => {
    const output = process.output();
    await process.status;
    over = true;
    clearTimeout(limit);
    const { code, signal, ...streams } = await output;
    const decoder = new TextDecoder();
    const [stdout, stderr] = [decoder.decode(streams.stdout), decoder.decode(streams.stderr)];
    const text = stdout + stderr;
    if (timedOut) throw new Error(`The program did not end within ${timeoutMs} ms: ${text}`);
    const durationMs = performance.now() - started;
    return { status: code, signal, stdout, stderr, output: text, durationMs };
  })();
  return {
    pid: process.pid,
    kill,
    hasEnded: () => over,
    ended,
    until: async (condition) => {
      while (!condition()) {
        if (over) return condition();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return true;
    },
  };
}
