// One run of one program, measured by the kernel through go/measure. A program that fails is an error with its last
// words, not a measurement.

import { runCommand } from "../tests/support/run_command.ts";
import type { Measurement } from "./results.ts";

/** A run that takes longer is ended, and has failed. */
const LONGEST_RUN = "120s";

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
  const said = await runCommand(measureProgram, [output, LONGEST_RUN, ...command], { cwd: folder });
  const { exitStatus, ...measurement }: Measurement & { readonly exitStatus: number } = JSON.parse(
    said,
  );
  if (exitStatus === 0) return measurement;
  if (exitStatus === -1) throw new Error(`ended after ${LONGEST_RUN}, or killed`);
  const lines = (await Deno.readTextFile(output)).trim().split("\n");
  throw new Error(`exit status ${exitStatus}: ${lines.slice(-10).toReversed().join("\n")}`);
}
