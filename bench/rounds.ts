// The runs of one workload: rounds in which every contender copies it once, each round beginning with another one. A
// contender that fails is out, and said to have failed; the others go on.

import { errorMessage } from "../lib/model/error_message.ts";
import type { Contender } from "./contenders.ts";
import { measure } from "./measure.ts";
import type { Measurement, Series, WorkloadResult } from "./results.ts";
import { type Addresses, bytesWritten, type Stage } from "./stage.ts";
import type { Workload } from "./workloads.ts";

/** What rounds work with. */
export interface RoundsOptions {
  readonly stage: Stage;
  readonly measureProgram: string;
  /** data-migrate first. */
  readonly contenders: readonly Contender[];
  readonly workload: Workload;
  /** Measured runs of whoever copies all of it. */
  readonly runs: number;
  /** What contenders take with nothing to copy, from earlier workloads; added to. */
  readonly empty: Map<string, Measurement>;
  readonly say: (line: string) => void;
}

/** Round 0 warms the brokers up, with the first two contenders; the slow ones run once, in round 1. */
export async function runWorkload(options: RoundsOptions): Promise<WorkloadResult> {
  const { workload, runs, say, empty } = options;
  const contenders = options.contenders.filter((each) => each.leftOut?.(workload) === undefined);
  const measured = new Map<Contender, Measurement[]>(contenders.map((each) => [each, []]));
  const failures = new Map<Contender, string>();
  const emptyKey = ({ name }: Contender) => `${name} ${workload.far ?? false}`;
  for (let round = 0; round <= runs; round++) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const { part = 1, name } = contender;
      if (failures.has(contender)) continue;
      if (round === 0 && !contenders.slice(0, 2).includes(contender)) continue;
      if (part < 1 && round !== 1) continue;
      try {
        if (part < 1 && !empty.has(emptyKey(contender))) {
          empty.set(emptyKey(contender), await runOnce(options, contender, 0));
        }
        const measurement = await runOnce(options, contender, part);
        say(`${round === 0 ? "warm-up" : `run ${round}`}: ${name} ${seconds(measurement)} s`);
        if (round > 0) measured.get(contender)?.push(measurement);
      } catch (error) {
        const reason = errorMessage(error);
        say(`run ${round}: ${name} failed: ${reason}`);
        failures.set(contender, reason);
      }
    }
  }
  const series = contenders.map((contender): Series => {
    const { name, kind, part = 1 } = contender;
    const base = empty.get(emptyKey(contender));
    const failure = failures.get(contender);
    return {
      contender: name,
      kind,
      runs: measured.get(contender) ?? [],
      part,
      ...(part < 1 && base && { empty: base }),
      ...(failure !== undefined && { failure }),
    };
  });
  return { workload, series };
}

/** One run over a part of the workload, on a fresh topic of the target. */
async function runOnce(
  { stage, measureProgram, workload }: RoundsOptions,
  contender: Contender,
  part: number,
): Promise<Measurement> {
  const group = `bench-${workload.name.toLowerCase()}-${part * 1000}`;
  const { left, groups } = workload;
  const backlog = await stage.commit(workload, group, left * part, groups);
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-bench-" });
  const addresses: Addresses = workload.far ? stage.far : stage.near;
  try {
    await stage.createTarget(workload);
    const command = await contender.command({ ...addresses, group, backlog, workload, folder });
    if (groups === undefined) await stage.warmMemory(bytesWritten(workload) * part);
    const helper = contender.helperPid?.();
    const helperBefore = await cpuMs(helper);
    const measured = await measure(measureProgram, command, folder);
    const userMs = measured.userMs + await cpuMs(helper) - helperBefore;
    const measurement = { ...measured, userMs };
    const counted = contender.kind !== "ceiling" && contender.verifiesItself !== true;
    if (counted && groups === undefined) {
      await stage.checkTarget(workload, backlog);
    }
    return measurement;
  } finally {
    await contender.end?.();
    await stage.deleteTarget(workload).catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
}

/** CPU time that a process has had, ms. */
async function cpuMs(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // Behind the name in parentheses: user and system time are fields 14 and 15 (proc(5)), in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function seconds({ wallMs }: Measurement): string {
  return (wallMs / 1000).toFixed(2);
}
