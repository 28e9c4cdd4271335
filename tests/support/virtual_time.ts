/**
 * Time that passes only while everything waits: timers fire in the order of their times as soon as nothing else is left
 * to do. What depends on time and chance alone runs in no time, and the same for the same seed. Whoever waits for
 * anything but timers and promises is not served.
 */

import { setImmediate } from "node:timers";
import { randomOf } from "./fetch_fuzz.ts";

/** Nothing is left that could go on, or it goes on for ever. */
export class NeverEndsError extends Error {
  override readonly name = "NeverEndsError";
}

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly fire: () => void;
}

/**
 * Runs something in virtual time; everything random in it follows from the seed.
 *
 * @param longestMs virtual milliseconds
 * @throws {NeverEndsError} where it would never end, or takes longer
 */
export async function inVirtualTime<Value>(
  seed: number,
  longestMs: number,
  run: () => Promise<Value>,
): Promise<Value> {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const { random } = Math;
  const realNow = performance.now;
  const drawn = randomOf(seed);
  const timers = new Map<number, Timer>();
  let now = 0;
  let ids = 0;
  Math.random = () => drawn.below(2 ** 30) / 2 ** 30;
  performance.now = () => now;
  const start = (fire: () => void, ms = 0, id = ++ids): number => {
    timers.set(id, { id, at: now + Math.max(0, ms), fire });
    return id;
  };
  const stop = (id?: number): void => void timers.delete(id ?? 0);
  const repeat = (fire: () => void, ms = 0, id = ++ids): number =>
    start(
      () => {
        repeat(fire, ms, id);
        fire();
      },
      ms,
      id,
    );
  Object.assign(globalThis, {
    setTimeout: (fire: () => void, ms?: number) => start(fire, ms),
    setInterval: (fire: () => void, ms?: number) => repeat(fire, ms),
    ...{ clearTimeout: stop, clearInterval: stop },
  });
  try {
    let ended = false;
    const running = run().finally(() => ended = true);
    running.catch(() => {});
    for (;;) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      if (ended) return await running;
      const next = earliest(timers.values());
      if (next === undefined) throw new NeverEndsError("Everybody waits for somebody else");
      if (next.at > longestMs) throw new NeverEndsError(`It takes more than ${longestMs} ms`);
      timers.delete(next.id);
      now = next.at;
      next.fire();
    }
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
    Math.random = random;
    performance.now = realNow;
  }
}

function earliest(timers: Iterable<Timer>): Timer | undefined {
  let found: Timer | undefined;
  for (const timer of timers) {
    if (found === undefined || timer.at < found.at) found = timer;
  }
  return found;
}
