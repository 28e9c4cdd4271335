/**
 * Runs the program and watches how much memory it has held at once, as the kernel tells it (VmHWM). Refuses systems
 * without /proc.
 */

import type { MigrationDir } from "./migration_dir.ts";
import type { ProgramResult } from "./program.ts";

/** A run with its peak. */
export interface MeasuredResult extends ProgramResult {
  readonly peakBytes: number;
}

const watchMs = 20;

/** Runs a migration to its end. */
export async function peakMemoryOf(migration: MigrationDir): Promise<MeasuredResult> {
  let peakBytes = 0;
  const watch = setInterval(() => {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(name)) peakBytes = Math.max(peakBytes, peakOf(name, migration.path));
    }
  }, watchMs);
  try {
    return { ...await migration.run([], { timeoutMs: 120_000 }), peakBytes };
  } finally {
    clearInterval(watch);
  }
}

/** The peak of a process that works in the directory; 0 of any other. */
function peakOf(pid: string, directory: string): number {
  try {
    if (Deno.readLinkSync(`/proc/${pid}/cwd`) !== directory) return 0;
    const [, kilobytes] =
      /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ??
        [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    // It has ended meanwhile, or is another user's.
    return 0;
  }
}
