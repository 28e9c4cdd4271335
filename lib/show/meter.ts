// How fast a copy goes now: the average over the last seconds, so that figures neither jump with every batch nor
// remember a slow start for hours. Until a few seconds have been seen it says nothing. Pure.

/** What was done by a point in time. */
export interface Sample {
  /** A steady clock, milliseconds. */
  readonly atMs: number;
  readonly offsets: bigint;
  readonly records: bigint;
  readonly bytes: number;
}

/** Averages over the window, a second. */
export interface Speed {
  readonly offsets: number;
  readonly records: number;
  readonly bytes: number;
}

const WINDOW_MS = 15_000;
const SHORTEST_MS = 3_000;
const BETWEEN_MS = 500;

/** The samples with one more; those that have left the window go. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.atMs - last.atMs < BETWEEN_MS) return samples;
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= WINDOW_MS), sample];
}

/** Undefined while there is too little to tell. */
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

/** How long the rest takes at this speed, milliseconds; undefined where that cannot be told. */
export function timeLeftMs(offsetsLeft: bigint, speed: Speed | undefined): number | undefined {
  if (speed === undefined || speed.offsets <= 0) return undefined;
  return (Number(offsetsLeft) / speed.offsets) * 1000;
}
