// The results of a whole bench as files beside it: results.json with every run, RESULTS.md to read, results.svg as a
// picture. What limits us and why targets are missed is written by hand, in README.md.

import { fileURLToPath } from "node:url";
import { runCommand } from "../tests/support/run_command.ts";
import type { Conditions } from "./conditions.ts";
import { pythonPeer } from "./programs.ts";
import { columns, headline, rows, type WorkloadResult } from "./results.ts";
import { type Target, targets } from "./targets.ts";

/** What there is to write. */
export interface Report extends Conditions {
  readonly versions: readonly string[];
  readonly runs: number;
  readonly scale: number;
  /** What it took. */
  readonly minutes: number;
  readonly results: readonly WorkloadResult[];
  /** From start to first byte moved, of each run, ascending. */
  readonly startMs: readonly number[];
}

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Writes results.json and RESULTS.md. */
export async function writeReport(report: Report): Promise<void> {
  await Deno.writeTextFile(`${folder}results.json`, `${JSON.stringify(report)}\n`);
  await Deno.writeTextFile(`${folder}RESULTS.md`, formatReport(report));
}

/** Draws results.svg of results.json. */
export async function drawResults(): Promise<void> {
  const [program = "", ...args] = await pythonPeer("plot.py");
  await runCommand(program, [...args, `${folder}results.json`, `${folder}results.svg`]);
}

/** RESULTS.md. */
export function formatReport(report: Report): string {
  const { machine, versions, commit, date, runs, scale, minutes, results, startMs } = report;
  return [
    "# Results of the bench",
    "",
    `Written by \`./denow task bench -- --write${scale === 1 ? "" : ` --scale ${scale}`}` +
    `${runs === 3 ? "" : ` --runs ${runs}`}\`, ${date} UTC, commit ${commit}, in ` +
    `${
      minutes.toFixed(0)
    } minutes. What is measured, and what to make of it: [README.md](README.md). ` +
    "All figures: `results.json`.",
    "",
    `- Machine: ${machine}`,
    `- Versions: ${versions.join(" · ")}`,
    `- Medians of ${runs} runs in turns, wall time from process start to exit, MB of uncompressed values, CPU time of ` +
    "the client alone, peak memory of its largest process. The columns before the last are ratios to data-migrate's. " +
    "\\*: ran once over the part that the last column names; what all of it takes is computed: " +
    "an empty backlog's time, plus the rest in proportion.",
    "",
    "![Wall time of every contender as a multiple of data-migrate's, by workload](results.svg)",
    "",
    "## Targets",
    "",
    "| target | reached | |",
    "| --- | --- | --- |",
    ...targets(results, startMs).map(targetRow),
    "",
    "## Workloads",
    "",
    ...results.flatMap((result) => [`### ${headline(result)}`, "", ...table(result), ""]),
    `Start to first byte moved, ms: ${startMs.join(" ")}`,
    "",
  ].join("\n");
}

function targetRow({ text, reached, met }: Target): string {
  const verdict = met === undefined ? "not measured" : met ? "met" : "**missed**";
  return `| ${text} | ${reached ?? ""} | ${verdict} |`;
}

function table(result: WorkloadResult): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const full = rows(result).map((cells) => [
    ...cells,
    ...columns.slice(cells.length).map(() => ""),
  ]);
  return [
    line(columns),
    line(columns.map((_, index) => index === 0 ? "---" : "--:")),
    ...full.map((cells) =>
      line(cells.map((cell) => cell.replaceAll("|", "\\|").replace(/\*$/, "\\*")))
    ),
  ];
}
