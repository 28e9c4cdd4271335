// One run of one program, measured by the kernel through peers/franz_go/measure. A program that fails is an error
// with its last words, not a measurement.

import { cpus, loadavg } from "node:os";
import { runCommand } from "../tests/support/run_command.ts";
import type { Measurement } from "./results.ts";

/**
 * Runs a program to its end.
 *
 * @param measureProgram path of the program that starts and measures it
 * @param command program and arguments
 * @param folder where its output goes
 * @throws Error when its exit status is not 0
 */
export async function measure(
  measureProgram: string,
  command: readonly string[],
  folder: string,
): Promise<Measurement> {
  const output = `${folder}/output.txt`;
  const said = await runCommand(measureProgram, [output, ...command], { cwd: folder });
  const { exitStatus, ...measurement }: Measurement & { readonly exitStatus: number } = JSON.parse(
    said,
  );
  if (exitStatus === 0) return measurement;
  const lines = (await Deno.readTextFile(output)).trim().split("\n");
  throw new Error(`exit status ${exitStatus}: ${lines.slice(-10).join("\n")}`);
}

/** What the figures depend on: processors, and how busy they are before the bench begins. */
export function machineLine(): string {
  const [processor] = cpus();
  const [load = 0] = loadavg();
  return `${cpus().length} × ${
    processor?.model ?? "processor unknown"
  }, shared with both brokers; ` +
    `load ${load.toFixed(1)} before the start`;
}
