// How fast a copy was, over time, in bounded space: totals at intervals, and when there are too many, every other one
// goes and the interval doubles. It has no clock; the caller says how much time has passed.

/** Totals acknowledged so far. */
export interface ThroughputSample {
  /** Since the copy began. */
  readonly elapsedMs: number;
  /** Bytes of record batches, as they are on the wire. */
  readonly bytes: number;
  readonly records: bigint;
}

/** A copy over time. */
export interface Throughput {
  /** At least so much time lies between two samples; the last comes when it comes. */
  readonly intervalMs: number;
  /** In order of time, the first at 0. */
  readonly samples: readonly ThroughputSample[];
}

/** Keeps {@link Throughput}. */
export interface ThroughputRecorder {
  add(sample: ThroughputSample): void;
  readonly throughput: Throughput;
}

/** Starts to record; `limit` samples are never exceeded. */
export function recordThroughput(firstIntervalMs = 250, limit = 600): ThroughputRecorder {
  let intervalMs = firstIntervalMs;
  let kept: ThroughputSample[] = [{ elapsedMs: 0, bytes: 0, records: 0n }];
  let latest: ThroughputSample | undefined;

  return {
    add(sample) {
      latest = sample;
      const { elapsedMs } = kept[kept.length - 1] ?? { elapsedMs: 0 };
      if (sample.elapsedMs - elapsedMs < intervalMs) return;
      // One place is the latest sample's.
      if (kept.length >= limit - 1) {
        kept = kept.filter((_, index) => index % 2 === 0);
        intervalMs *= 2;
        return this.add(sample);
      }
      kept.push(sample);
    },
    get throughput() {
      const last = kept[kept.length - 1];
      const behind = latest !== undefined && latest.elapsedMs > (last?.elapsedMs ?? 0);
      return { intervalMs, samples: behind ? [...kept, latest as ThroughputSample] : [...kept] };
    },
  };
}
