// From measurements to medians, rates and ratios, and those as a table. Pure; judges nothing: figures of a shared
// machine are for reading, no test depends on them.

import { valueBytesOf, type Workload } from "./workloads.ts";

/** What one run cost. */
export interface Measurement {
  /** From before the process starts until it has ended, ms. */
  readonly wallMs: number;
  /** CPU time of the process and its children, ms. */
  readonly userMs: number;
  readonly systemMs: number;
  readonly peakRssBytes: number;
}

/** All measured runs of one contender on one workload. */
export interface Series {
  readonly contender: string;
  readonly runs: readonly Measurement[];
}

/** Medians of a series; each figure's median by itself. */
export interface Medians {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

/** The middle value; of an even count the mean of the two in the middle. @throws {RangeError} of nothing */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("Cannot take the median of nothing");
  }
  return (lower + upper) / 2;
}

/** Medians of a series. @throws {RangeError} where it has no runs */
export function mediansOf({ runs }: Series): Medians {
  return {
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    cpuMs: median(runs.map(({ userMs, systemMs }) => userMs + systemMs)),
    peakRssBytes: median(runs.map(({ peakRssBytes }) => peakRssBytes)),
  };
}

/** The first series against each of the others, as lines of text. */
export function formatResults(workload: Workload, series: readonly Series[]): string {
  const rows = series.map((each) => row(workload, each.contender, mediansOf(each), each));
  const [ours, ...peers] = series;
  if (ours === undefined) return "";
  const ratios = peers.map((peer) => formatRatios(ours, peer));
  return [
    `${workload.name}: ${workload.title}, ${workload.partitions} partitions, ` +
    `${workload.records} records, medians of ${ours.runs.length} runs`,
    ...alignColumns([header, ...rows]),
    ...ratios,
  ].map((line) => `${line}\n`).join("");
}

const header = [
  "",
  "wall s",
  "(all)",
  "MB/s",
  "msg/s",
  "CPU s",
  "CPU s/GB",
  "peak MiB",
];

function row(
  workload: Workload,
  contender: string,
  { wallMs, cpuMs, peakRssBytes }: Medians,
  { runs }: Series,
): readonly string[] {
  const megabytes = valueBytesOf(workload) / 1e6;
  return [
    contender,
    seconds(wallMs),
    `(${runs.map((run) => seconds(run.wallMs)).join(" ")})`,
    (megabytes / (wallMs / 1000)).toFixed(0),
    (workload.records / (wallMs / 1000)).toFixed(0),
    seconds(cpuMs),
    seconds(cpuMs / (megabytes / 1000)),
    (peakRssBytes / 2 ** 20).toFixed(0),
  ];
}

function formatRatios(ours: Series, peer: Series): string {
  const [a, b] = [mediansOf(ours), mediansOf(peer)];
  const faster = (b.wallMs / a.wallMs).toFixed(2);
  const cpu = (a.cpuMs / b.cpuMs).toFixed(2);
  const memory = (a.peakRssBytes / b.peakRssBytes).toFixed(2);
  return `${ours.contender} is ${faster} times as fast as ${peer.contender}, ` +
    `with ${cpu} of its CPU time and ${memory} of its memory`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/** The first column to the left, the others to the right. */
function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number): number =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows.map((cells) =>
    cells.map((cell, column) => column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column)))
      .join("  ")
  );
}
