// The current speed of a copy: the average over the last seconds, so that figures neither jump with every batch nor still
// reflect a slow start hours later. It gives no speed before it has seen a few seconds. Pure.

/** Totals at one point in time. */
export interface Sample {
  /** Milliseconds of a monotonic clock. */
  readonly atMs: number;
  readonly offsets: bigint;
  readonly records: bigint;
  readonly bytes: number;
}

/** Averages per second over the last seconds. */
export interface Speed {
  readonly offsets: number;
  readonly records: number;
  readonly bytes: number;
}

const WINDOW_MS = 15_000;
const SHORTEST_MS = 3_000;
const BETWEEN_MS = 500;

/** Adds a sample and drops those that are older than the window. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.atMs - last.atMs < BETWEEN_MS) return samples;
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= WINDOW_MS), sample];
}

/** The average speed; undefined while the samples cover too little time. */
export function speedOf(samples: readonly Sample[]): Speed | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const seconds = (last.atMs - first.atMs) / 1000;
  if (seconds * 1000 < SHORTEST_MS) return undefined;
  return {
    offsets: Number(last.offsets - first.offsets) / seconds,
    records: Number(last.records - first.records) / seconds,
    bytes: (last.bytes - first.bytes) / seconds,
  };
}

/** Milliseconds that the rest takes at this speed; undefined where that cannot be estimated. */
export function timeLeftMs(offsetsLeft: bigint, speed: Speed | undefined): number | undefined {
  if (speed === undefined || speed.offsets <= 0) return undefined;
  return (Number(offsetsLeft) / speed.offsets) * 1000;
}
