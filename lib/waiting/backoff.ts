// Retries: an attempt that gives nothing is repeated after growing, jittered waits (as in KIP-580) until a time limit.

import { delay } from "./delay.ts";

/**
 * Repeats `attempt` while it gives `undefined`. When the time is up, `giveUp` returns the error to throw; if it returns
 * `undefined`, the backoff returns without an error.
 */
export type Backoff = <Value>(
  attempt: () => Promise<Value | undefined>,
  giveUp: () => Error | undefined,
) => Promise<Value>;

/** How long to wait between attempts and in all, in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly totalMs: number;
}

/** For control requests: a coordinator takes seconds to load its groups. */
export const CONTROL_BACKOFF: BackoffLimits = { firstMs: 100, longestMs: 1_000, totalMs: 15_000 };

/** Milliseconds to wait before the next try: doubled each time, ±20 %. */
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
