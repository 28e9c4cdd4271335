// From measurements to medians, rates and ratios, and those as a table. Pure; judges nothing: figures of a shared
// machine are for reading, no test depends on them.

import { bytesLeft, recordsLeft, type Workload } from "./workloads.ts";

/** What one run cost. */
export interface Measurement {
  /** From before the process starts until it has ended, ms. */
  readonly wallMs: number;
  /** CPU time of the process and its children, ms. */
  readonly userMs: number;
  readonly systemMs: number;
  /** Of the largest process. */
  readonly peakRssBytes: number;
}

/** All measured runs of one contender on one workload. */
export interface Series {
  readonly contender: string;
  readonly kind: "ours" | "peer" | "ceiling";
  readonly runs: readonly Measurement[];
  /** Of the workload, in each run. */
  readonly part: number;
  /** With nothing to copy; given where `part` is less than 1. */
  readonly empty?: Measurement;
  /** Why there are no runs, or no more. */
  readonly failure?: string;
}

/** Medians of a series for the whole workload; each figure's median by itself. */
export interface Medians {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

/** All of one workload. */
export interface WorkloadResult {
  readonly workload: Workload;
  readonly series: readonly Series[];
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

/** Medians of a series, computed for the whole workload where only a part ran; undefined where it has no runs. */
export function mediansOf({ runs, part, empty }: Series): Medians | undefined {
  if (runs.length === 0) return undefined;
  const cpuMs = ({ userMs, systemMs }: Measurement) => userMs + systemMs;
  const whole = (figure: (run: Measurement) => number): number => {
    const measured = median(runs.map(figure));
    const base = empty === undefined ? 0 : Math.min(figure(empty), measured);
    return base + (measured - base) / part;
  };
  return {
    wallMs: whole(({ wallMs }) => wallMs),
    cpuMs: whole(cpuMs),
    peakRssBytes: median(runs.map(({ peakRssBytes }) => peakRssBytes)),
  };
}

/** The columns of a table of results. */
export const columns: readonly string[] = [
  "",
  "wall s",
  "MB/s",
  "messages/s",
  "CPU s",
  "CPU s/GB",
  "peak MiB",
  "wall",
  "CPU",
  "runs, wall s",
];

/** A workload's table: a row a contender, columns as {@link columns} says; the ratios are to data-migrate. */
export function rows({ workload, series }: WorkloadResult): readonly (readonly string[])[] {
  const ours = series.find(({ kind }) => kind === "ours");
  const against = ours && mediansOf(ours);
  return series.map((each) => row(workload, each, against));
}

function row(workload: Workload, series: Series, ours: Medians | undefined): readonly string[] {
  const { contender, runs, part, failure } = series;
  const medians = mediansOf(series);
  if (medians === undefined) return [contender, `failed: ${firstLine(failure)}`];
  const { wallMs, cpuMs, peakRssBytes } = medians;
  const gigabytes = bytesLeft(workload) / 1e9;
  const copies = workload.groups === undefined;
  return [
    part < 1 ? `${contender} *` : contender,
    seconds(wallMs),
    copies ? (gigabytes * 1000 / (wallMs / 1000)).toFixed(0) : "",
    copies ? (recordsLeft(workload) / (wallMs / 1000)).toFixed(0) : "",
    seconds(cpuMs),
    copies ? seconds(cpuMs / gigabytes) : "",
    (peakRssBytes / 2 ** 20).toFixed(0),
    ours ? `${ratio(wallMs / ours.wallMs)}×` : "",
    ours ? `${ratio(cpuMs / ours.cpuMs)}×` : "",
    runs.map((run) => seconds(run.wallMs)).join(" ") +
    (part < 1 ? ` for ${part * 100} %` : "") +
    (failure === undefined ? "" : `, then failed: ${firstLine(failure)}`),
  ];
}

/** A result as text, the first column to the left and the others to the right. */
export function formatResult(result: WorkloadResult): string {
  const lines = [columns, ...rows(result)];
  const width = (column: number): number =>
    Math.max(
      ...lines.filter(({ length }) => length > 2).map((cells) => cells[column]?.length ?? 0),
    );
  const table = lines.map((cells) =>
    cells.map((cell, column) => column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column)))
      .join("  ")
  );
  return [headline(result), ...table].map((line) => `${line}\n`).join("");
}

/** What a result is about. */
export function headline({ workload }: WorkloadResult): string {
  const { name, title, partitions, groups } = workload;
  return groups === undefined
    ? `${name}: ${title}, ${partitions} partitions, ${recordsLeft(workload)} records`
    : `${name}: ${title}`;
}

function ratio(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function firstLine(text = ""): string {
  return text.split("\n")[0]?.slice(0, 150) ?? "";
}
