/** each_address.ts: which address of a name is taken, when the next is tried, and what is left behind. */

import assert from "node:assert/strict";
import {
  type AddressAttempt,
  addressesOf,
  EveryAddressFailed,
  firstToAnswer,
} from "../../../lib/wire/each_address.ts";

const TIMES = { connectMs: 20, answerMs: 60 };

/** How an address behaves: what it does so many milliseconds after it was tried; what is left out never comes. */
interface Behaviour {
  readonly connectsMs?: number;
  readonly answersMs?: number;
  readonly failsMs?: number;
}

async function run(behaviours: Readonly<Record<string, Behaviour>>) {
  const begun: string[] = [];
  const aborted: string[] = [];
  const discarded: string[] = [];
  const timers: number[] = [];
  const attempt = (address: string, { signal, connected }: AddressAttempt) => {
    begun.push(address);
    const { connectsMs, answersMs, failsMs } = behaviours[address] ?? {};
    signal.addEventListener("abort", () => aborted.push(address));
    return new Promise<string>((resolve, reject) => {
      const at = (ms: number | undefined, action: () => void) =>
        ms !== undefined && timers.push(setTimeout(action, ms));
      at(connectsMs, connected);
      at(answersMs, () => resolve(address));
      at(failsMs, () => reject(new Error(`${address} fails`)));
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };
  const taken = await firstToAnswer(
    Object.keys(behaviours),
    attempt,
    TIMES,
    (value) => discarded.push(value),
  ).catch((error) => error);
  timers.forEach(clearTimeout);
  return { taken, begun, aborted, discarded };
}

Deno.test("the first address that answers is taken, and no other is tried", async () => {
  const { taken, begun, aborted } = await run({
    a: { connectsMs: 0, answersMs: 1 },
    b: { answersMs: 0 },
  });
  assert.deepEqual([taken, begun, aborted], ["a", ["a"], []]);
});

Deno.test("the next address is tried at once where one fails", async () => {
  const { taken, begun } = await run({ a: { failsMs: 0 }, b: { failsMs: 0 }, c: { answersMs: 0 } });
  assert.deepEqual([taken, begun], ["c", ["a", "b", "c"]]);
});

Deno.test("an address that does not take the connection is left for the next one", async () => {
  const { taken, begun, aborted } = await run({ a: {}, b: { connectsMs: 0, answersMs: 5 } });
  assert.deepEqual([taken, begun, aborted], ["b", ["a", "b"], ["a"]]);
});

Deno.test("an address that takes the connection gets its share of the time to answer", async () => {
  const slow = await run({ a: { connectsMs: 0, answersMs: 35 }, b: { answersMs: 0 } });
  assert.deepEqual([slow.taken, slow.begun], ["a", ["a"]]);
  const silent = await run({ a: { connectsMs: 0 }, b: { answersMs: 0 } });
  assert.deepEqual([silent.taken, silent.begun, silent.aborted], ["b", ["a", "b"], ["a"]]);
});

Deno.test("a slow address may still answer first", async () => {
  const { taken, aborted } = await run({ a: { answersMs: 35 }, b: { connectsMs: 0 } });
  assert.deepEqual([taken, aborted], ["a", ["b"]]);
});

Deno.test("where every address fails, all of them are told of", async () => {
  const { taken } = await run({ a: { failsMs: 3 }, b: { failsMs: 0 } });
  assert.ok(taken instanceof EveryAddressFailed);
  assert.deepEqual(taken.failures.map(({ address }) => address), ["a", "b"]);
});

Deno.test("an answer that comes too late is freed", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const discarded: string[] = [];
  const taken = await firstToAnswer(
    ["a", "b"],
    (address) => address === "a" ? promise : Promise.resolve(address),
    { connectMs: 1, answerMs: 1 },
    (value) => discarded.push(value),
  );
  resolve("a");
  await promise;
  assert.deepEqual([taken, discarded], ["b", ["a"]]);
});

Deno.test("an address is its own, and needs no look-up", async () => {
  for (const address of ["127.0.0.1", "::1", "fe80::1%eth0"]) {
    assert.deepEqual(await addressesOf(address), [address]);
  }
});
