// Asking again: an attempt that gives nothing is repeated with growing, jittered waits (as KIP-580 has it) until a
// limit.

import { delay } from "./delay.ts";

/**
 * Repeats `attempt` while it gives `undefined`; when the time is up, `giveUp` says what to throw, or `undefined` to
 * return quietly.
 */
export type Backoff = <Value>(
  attempt: () => Promise<Value | undefined>,
  giveUp: () => Error | undefined,
) => Promise<Value>;

/** Milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly totalMs: number;
}

/** For control requests: a loading coordinator takes seconds. */
export const CONTROL_BACKOFF: BackoffLimits = { firstMs: 100, longestMs: 1_000, totalMs: 15_000 };

/** Milliseconds before the next try: doubled each time, ±20 %. */
export function backoffMs(
  tries: number,
  { firstMs, longestMs }: BackoffLimits,
  random: number,
): number {
  return Math.min(firstMs * 2 ** tries, longestMs) * (0.8 + 0.4 * random);
}

/** Makes a backoff that ends early when the signal fires. */
export function createBackoff(limits: BackoffLimits, signal?: AbortSignal): Backoff {
  return async (attempt, giveUp) => {
    const giveUpAt = performance.now() + limits.totalMs;
    for (let tries = 0;; tries++) {
      const value = await attempt();
      if (value !== undefined) return value;
      if (performance.now() >= giveUpAt) {
        const error = giveUp();
        if (error !== undefined) throw error;
        return value as never;
      }
      await delay(backoffMs(tries, limits, Math.random()), signal);
    }
  };
}
