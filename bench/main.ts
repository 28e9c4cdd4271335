// `deno task bench`: copies the same topics with data-migrate and with franz-go, in turns, between two real brokers, and
// prints medians and ratios; with `--limit`, how evenly a limit is kept. A run that copied less than everything is a
// failure; how fast a run was never is.

import { type Contender, dataMigrateContender, franzGoContender } from "./contenders.ts";
import { benchLimit } from "./limit.ts";
import { machineLine, measure } from "./measure.ts";
import { type BenchOptions, HELP, parseBenchOptions } from "./options.ts";
import { dataMigrate, goPrograms } from "./programs.ts";
import { formatResults, type Measurement, type Series } from "./results.ts";
import { benchGroup, openStage, type Stage } from "./stage.ts";
import { scaled, type Workload } from "./workloads.ts";

const encoder = new TextEncoder();
const say = (line: string): void => void Deno.stderr.writeSync(encoder.encode(`${line}\n`));
const print = (text: string): void => void Deno.stdout.writeSync(encoder.encode(text));

async function bench(options: BenchOptions): Promise<void> {
  const programs = await goPrograms();
  const binary = options.binary ?? await dataMigrate(say);
  const contenders = [dataMigrateContender(binary), franzGoContender(programs)];
  say(machineLine());
  await using stage = await openStage(programs);
  const { limit } = options;
  if (limit !== undefined) {
    for (const workload of options.workloads) {
      say(`${workload.name}: under a limit of ${limit} bytes a second`);
      print(`${await benchLimit(stage, programs, binary, limit, workload)}\n`);
    }
    return;
  }
  for (const workload of options.workloads.map((each) => scaled(each, options.scale))) {
    say(`${workload.name}: seeding ${workload.title}, ${workload.records} records`);
    const topic = await stage.seed(workload);
    const run = (contender: Contender): Promise<Measurement> =>
      runOnce(stage, programs.measure, contender, workload, topic);
    const series = await interleave(contenders, options.runs, run);
    await stage.deleteSource(workload);
    print(`${formatResults(workload, series)}\n`);
  }
}

/** Rounds in which everybody runs once, each round beginning with another one. The first round warms the brokers up. */
async function interleave(
  contenders: readonly Contender[],
  runs: number,
  run: (contender: Contender) => Promise<Measurement>,
): Promise<readonly Series[]> {
  const measured = new Map<Contender, Measurement[]>(contenders.map((each) => [each, []]));
  for (let round = 0; round <= runs; round++) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const measurement = await run(contender);
      const wall = (measurement.wallMs / 1000).toFixed(2);
      say(`  ${round === 0 ? "warm-up" : `run ${round}`}: ${contender.name} ${wall} s`);
      if (round > 0) measured.get(contender)?.push(measurement);
    }
  }
  return contenders.map((each) => ({ contender: each.name, runs: measured.get(each) ?? [] }));
}

async function runOnce(
  stage: Stage,
  measureProgram: string,
  contender: Contender,
  workload: Workload,
  topic: string,
): Promise<Measurement> {
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-bench-" });
  try {
    await stage.createTarget(workload);
    const { source, target } = stage;
    const order = { source, target, topic, group: benchGroup, workload, folder };
    const command = await contender.command(order);
    await stage.warmMemory(workload);
    const measurement = await measure(measureProgram, command, folder);
    await stage.checkTarget(workload);
    await stage.deleteTarget(workload);
    return measurement;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${contender.name} failed on ${workload.name}: ${reason}`, { cause });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const options = parseBenchOptions(Deno.args);
  if (typeof options === "string") {
    print(options);
    Deno.exitCode = options === HELP ? 0 : 2;
  } else {
    try {
      await bench(options);
    } catch (error) {
      say(`Bench failed: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = 1;
    }
  }
}
