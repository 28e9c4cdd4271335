// The throughput of a copy over time, in bounded memory: totals at intervals; when there are too many samples, every other
// one is dropped and the interval doubles. It has no clock: the caller says how much time has passed.

/** Totals acknowledged by one point in time. */
export interface ThroughputSample {
  /** Time since the copy began. */
  readonly elapsedMs: number;
  /** Bytes of record batches as sent, that is, compressed where they are. */
  readonly bytes: number;
  readonly records: bigint;
}

/** The throughput of a copy over time. */
export interface Throughput {
  /** The least time between two samples; only the last sample may follow sooner. */
  readonly intervalMs: number;
  /** By time; the first sample is at 0. */
  readonly samples: readonly ThroughputSample[];
}

/** Collects samples into a {@link Throughput}. */
export interface ThroughputRecorder {
  add(sample: ThroughputSample): void;
  readonly throughput: Throughput;
}

/** Starts to record; there are never more than `limit` samples. */
export function recordThroughput(firstIntervalMs = 250, limit = 600): ThroughputRecorder {
  let intervalMs = firstIntervalMs;
  let kept: ThroughputSample[] = [{ elapsedMs: 0, bytes: 0, records: 0n }];
  let latest: ThroughputSample | undefined;

  return {
    add(sample) {
      latest = sample;
      const { elapsedMs } = kept[kept.length - 1] ?? { elapsedMs: 0 };
      if (sample.elapsedMs - elapsedMs < intervalMs) return;
      // One place is reserved for the latest sample.
      if (kept.length >= limit - 1) {
        kept = kept.filter((_, index) => index % 2 === 0);
        intervalMs *= 2;
        return this.add(sample);
      }
      kept.push(sample);
    },
    get throughput() {
      const last = kept[kept.length - 1];
      const unsaved = latest !== undefined && latest.elapsedMs > (last?.elapsedMs ?? 0);
      return { intervalMs, samples: unsaved ? [...kept, latest as ThroughputSample] : [...kept] };
    },
  };
}
