// What the project set out to reach, held against results. Pure; a target that is missed is said to be, no run fails
// over it.

import { type Medians, mediansOf, type WorkloadResult } from "./results.ts";
import { bytesLeft } from "./workloads.ts";

/** A target, and what came of it. */
export interface Target {
  readonly text: string;
  /** The figure that belongs to it; undefined where a run is missing. */
  readonly reached: string | undefined;
  readonly met: boolean | undefined;
}

const FRANZ_GO = "franz-go";

/** All targets. @param startMs from start to first byte moved, ascending */
export function targets(
  results: readonly WorkloadResult[],
  startMs: readonly number[],
): readonly Target[] {
  const find = (name: string) => results.find(({ workload }) => workload.name === name);
  const of = (name: string, contender: string): Medians | undefined => {
    const series = find(name)?.series.find((each) => each.contender === contender);
    return series && mediansOf(series);
  };
  const ours = (name: string) => of(name, "data-migrate");
  /** Those that ran over all of it: what is computed of a part may be less than the processors could ever do. */
  const peers = (name: string): readonly Medians[] =>
    (find(name)?.series ?? []).filter(({ kind, part }) => kind === "peer" && part === 1)
      .map(mediansOf).filter((each) => each !== undefined);
  const fastestPeer = (name: string): number | undefined => {
    const walls = peers(name).map(({ wallMs }) => wallMs);
    return walls.length === 0 ? undefined : Math.min(...walls);
  };
  const times = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a / b;
  const faster = (name: string, least: number): Target =>
    atLeast(
      `${name}: at least ${least} times as fast as the fastest peer`,
      times(fastestPeer(name), ours(name)?.wallMs),
      least,
    );
  const cpu = (name: string, most: number): Target =>
    atMost(
      `${name}: client CPU at most 1/${Math.round(1 / most)} of franz-go's`,
      times(ours(name)?.cpuMs, of(name, FRANZ_GO)?.cpuMs),
      most,
    );
  const rate = (name: string): number | undefined => {
    const result = find(name);
    return result && times(bytesLeft(result.workload), ours(name)?.wallMs);
  };
  const largest = results.map(({ workload }) => ours(workload.name)?.peakRssBytes ?? 0);
  const memory = (name: string) => ours(name)?.peakRssBytes;
  const linear = [["A4", 4], ["A16", 16]] as const;
  const ceiling = Math.max(
    of("A", "fetch only")?.wallMs ?? NaN,
    of("A", "produce only")?.wallMs ?? NaN,
  );
  return [
    faster("A", 1.4),
    faster("B", 3),
    faster("C", 5),
    faster("D", 1.5),
    atLeast(
      "A: at least 100 times as fast as the original way",
      times(of("A", "kafka-python")?.wallMs, ours("A")?.wallMs),
      100,
    ),
    cpu("A", 1 / 2),
    cpu("B", 1 / 8),
    cpu("C", 1 / 15),
    ...["H", "HL"].flatMap((name) => [
      atLeast(
        `${name}: as fast as franz-go`,
        times(of(name, FRANZ_GO)?.wallMs, ours(name)?.wallMs),
        1,
      ),
      atMost(
        `${name}: no more client CPU than franz-go`,
        times(ours(name)?.cpuMs, of(name, FRANZ_GO)?.cpuMs),
        1,
      ),
    ]),
    faster("WA", 1),
    faster("WD", 1),
    faster("WH", 1),
    atLeast("P: at least half of A's MB/s", times(rate("P"), rate("A")), 0.5),
    atMost("G: seconds at most 1.5", times(ours("G")?.wallMs, 1000), 1.5),
    ...linear.map(([name, parts]) =>
      atMost(
        `${name}: A costs at most ${parts} times as much wall time`,
        times(ours("A")?.wallMs, ours(name)?.wallMs),
        parts,
      )
    ),
    atMost("Peak memory, MiB, of all workloads at most 256", Math.max(...largest) / 2 ** 20, 256),
    atMost(
      "Peak memory of A, of A16's, no more than 1.1 for 16 times the backlog",
      times(memory("A"), memory("A16")),
      1.1,
    ),
    atMost(
      "Peak memory of P, of P20's, no more than 1.1 for 100 times the partitions",
      times(memory("P"), memory("P20")),
      1.1,
    ),
    atMost(
      "A: wall at most 1.3 times the slower of fetch only and produce only",
      Number.isNaN(ceiling) ? undefined : times(ours("A")?.wallMs, ceiling),
      1.3,
    ),
    atMost("Start to first byte moved, seconds at most 1", times(startMs.at(-1), 1000), 1),
  ];
}

function atLeast(text: string, figure: number | undefined, least: number): Target {
  return {
    text,
    reached: figure?.toFixed(2),
    met: figure === undefined ? undefined : figure >= least,
  };
}

function atMost(text: string, figure: number | undefined, most: number): Target {
  return {
    text,
    reached: figure?.toFixed(2),
    met: figure === undefined ? undefined : figure <= most,
  };
}
