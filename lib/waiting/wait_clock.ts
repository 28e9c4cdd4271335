// Adds up waiting times that may overlap: when several connections wait at the same time, that time counts once.

/** The sum of waiting times. */
export interface WaitClock {
  /** Somebody waits for so many milliseconds from now on. */
  readonly add: (durationMs: number) => void;
  /** The time waited in all, including waits that are not over yet. */
  readonly totalMs: number;
}

/** Starts at 0; `now` is a monotonic clock in milliseconds. */
export function createWaitClock(now: () => number): WaitClock {
  let until = -Infinity;
  let total = 0;
  return {
    add(durationMs) {
      const from = Math.max(now(), until);
      const to = Math.max(until, now() + durationMs);
      total += to - from;
      until = to;
    },
    get totalMs() {
      return total;
    },
  };
}
