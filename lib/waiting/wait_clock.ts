// Adds up times of waiting that may overlap: what several connections wait at the same time counts once.

/** Waiting times added up. */
export interface WaitClock {
  /** From now on, so many milliseconds are waited. */
  readonly add: (durationMs: number) => void;
  /** Waited in all, those still to come included. */
  readonly totalMs: number;
}

/** Starts at nothing; `now` is a steady clock in milliseconds. */
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
