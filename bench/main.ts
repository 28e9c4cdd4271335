// `deno task bench`: copies the same topics with data-migrate and with what one would take instead, in turns, between
// two real brokers, and prints medians and ratios; with `--limit`, how evenly a limit is kept. A run that copied less than
// everything is a failure, of that contender; how fast a run was never is.

import { conditions, versions } from "./conditions.ts";
import { connectContender, type Contender, dataMigrateContender, peers } from "./contenders.ts";
import { benchLimit } from "./limit.ts";
import { type BenchOptions, HELP, parseBenchOptions } from "./options.ts";
import { dataMigrate, goPrograms } from "./programs.ts";
import { formatResult, type WorkloadResult } from "./results.ts";
import { runWorkload } from "./rounds.ts";
import { openStage } from "./stage.ts";
import { measureStart } from "./start.ts";
import { scaled, type Workload } from "./workloads.ts";
import { drawResults, writeReport } from "./write_report.ts";

const encoder = new TextEncoder();
const say = (line: string): void => void Deno.stderr.writeSync(encoder.encode(`${line}\n`));
const print = (text: string): void => void Deno.stdout.writeSync(encoder.encode(text));

/** @returns whether all runs of data-migrate succeeded */
async function bench(options: BenchOptions): Promise<boolean> {
  const startedAt = performance.now();
  const programs = await goPrograms();
  const binary = options.binary ?? await dataMigrate(say);
  const under = await conditions();
  say(under.machine);
  await using stage = await openStage(programs, options);
  const { limit, peers: wanted } = options;
  if (limit !== undefined) {
    for (const workload of options.workloads) {
      say(`${workload.name}: under a limit of ${limit} bytes a second`);
      print(`${await benchLimit(stage, programs, binary, limit, workload)}\n`);
    }
    return true;
  }
  const ours = dataMigrateContender(binary);
  const contenders: readonly Contender[] = [
    ours,
    ...[...peers(programs), connectContender(binary)]
      .filter(({ name }) => wanted?.some((each) => name.startsWith(each)) ?? true),
  ];
  const results: WorkloadResult[] = [];
  const empty = new Map<string, WorkloadResult["series"][number]["runs"][number]>();
  /** After every workload: a bench that is cut short was not for nothing. */
  const keep = async (startMs: readonly number[]) => {
    const minutes = (performance.now() - startedAt) / 60_000;
    say(`after ${minutes.toFixed(1)} minutes`);
    const { runs, scale } = options;
    if (!options.write) return;
    const ran = { ...under, versions: await versions(binary) };
    await writeReport({ ...ran, runs, scale, minutes, results, startMs });
  };
  let filled: Workload | undefined;
  for (const workload of options.workloads.map((each) => scaled(each, options.scale))) {
    if (filled?.topic !== workload.topic) {
      if (filled !== undefined) await stage.deleteSource(filled);
      say(`${workload.name}: filling ${workload.topic} with ${workload.records} records`);
      await stage.fill(workload);
      filled = workload;
    }
    const result = await runWorkload({
      stage,
      measureProgram: programs.measure,
      contenders: workload.alone ? [ours] : contenders,
      workload,
      runs: options.runs,
      empty,
      say: (line) => say(`${workload.name} ${line}`),
    });
    results.push(result);
    print(`${formatResult(result)}\n`);
    await keep([]);
  }
  const start = filled && await measureStart(stage, binary, filled, options.runs);
  if (start !== undefined) print(`start to first byte moved: ${start.join(" ")} ms\n`);
  await keep(start ?? []);
  if (options.write) await drawResults();
  return results.every(({ series }) =>
    series.every(({ kind, failure }) => kind !== "ours" || failure === undefined)
  );
}

if (import.meta.main) {
  const options = parseBenchOptions(Deno.args);
  if (typeof options === "string") {
    print(options);
    Deno.exitCode = options === HELP ? 0 : 2;
  } else {
    try {
      if (!await bench(options)) Deno.exitCode = 1;
    } catch (error) {
      say(`Bench failed: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = 1;
    }
  }
}
