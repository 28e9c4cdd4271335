/** backoff.ts and delay.ts: how long is waited, and when no more. */

import assert from "node:assert/strict";
import { backoffMs, createBackoff } from "../../../lib/waiting/backoff.ts";
import { delay } from "../../../lib/waiting/delay.ts";

const quick = { firstMs: 1, longestMs: 4, totalMs: 50 };

Deno.test("backoffMs() doubles up to the longest, with a fifth of jitter either way", () => {
  const limits = { firstMs: 100, longestMs: 1_000, totalMs: Infinity };
  const middle = [0, 1, 2, 3, 4, 50].map((tries) => Math.round(backoffMs(tries, limits, 0.5)));
  assert.deepEqual(middle, [100, 200, 400, 800, 1_000, 1_000]);
  assert.deepEqual([0, 1].map((random) => Math.round(backoffMs(0, limits, random))), [80, 120]);
});

Deno.test("a backoff repeats until there is a value", async () => {
  let tries = 0;
  const value = await createBackoff(quick)(
    () => Promise.resolve(++tries === 4 ? "here" : undefined),
    () => new Error("never"),
  );
  assert.deepEqual([value, tries], ["here", 4]);
});

Deno.test("a backoff that gives up throws what it is told, or returns quietly", async () => {
  let tries = 0;
  const never = () => {
    tries++;
    return Promise.resolve(undefined);
  };
  await assert.rejects(
    createBackoff(quick)(never, () => new Error("too long")),
    /^Error: too long$/,
  );
  assert.ok(tries > 5);
  assert.equal(await createBackoff(quick)(never, () => undefined), undefined);
});

Deno.test("an attempt that throws is not repeated", async () => {
  let tries = 0;
  const attempt = () => {
    tries++;
    return Promise.reject(new Error("no use"));
  };
  await assert.rejects(createBackoff(quick)(attempt, () => undefined), /no use/);
  assert.equal(tries, 1);
});

Deno.test("a signal ends the wait with its reason", async () => {
  const reason = new Error("stop");
  await assert.rejects(delay(60_000, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const waiting = createBackoff(
    { ...quick, firstMs: 60_000, longestMs: 60_000 },
    controller.signal,
  )(
    () => Promise.resolve(undefined),
    () => new Error("late"),
  );
  await delay(1);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
});
