/**
 * A migration that is killed with SIGKILL again and again, at moments drawn from a seed, until one run comes to its
 * end. Refuses to judge what arrived.
 */

import type { ProgramResult } from "./program.ts";
import { startRun } from "./slow_run.ts";

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What to kill, and when. */
export interface KillLoopOptions {
  readonly cwd: string;
  readonly random: () => number;
  /** So often it is killed, where it does not come to its end before. */
  readonly kills: number;
  /** How far the copy has come, in any unit that grows. */
  readonly progress: () => number;
  /** A run is killed after this much progress at most. */
  readonly progressPerRun: number;
  /** Whether a run that came to its end is to be followed by another one all the same. */
  readonly goesOn?: (ended: ProgramResult) => boolean;
  /** Called before each run, with its number from 0. */
  readonly beforeRun?: (run: number) => void | Promise<void>;
}

/** Starts and kills the program. @returns the run that was let through, and how many were killed */
export async function killLoop(
  options: KillLoopOptions,
): Promise<{ readonly last: ProgramResult; readonly killed: number }> {
  const { cwd, random, kills, progress } = options;
  let killed = 0;
  for (let run = 0;; run++) {
    await options.beforeRun?.(run);
    const running = startRun({ cwd });
    if (run < kills) {
      const before = progress();
      // Every fourth at any moment, also before there is a journal; the others in mid-copy.
      const anyTime = random() < 0.25;
      const at = performance.now() + random() * 1_500;
      const after = random() * options.progressPerRun;
      await running.until(() => anyTime ? performance.now() >= at : progress() - before > after);
      running.kill("SIGKILL");
    }
    const last = await running.ended;
    if (last.signal === "SIGKILL") killed++;
    else if (options.goesOn?.(last) !== true) return { last, killed };
  }
}
