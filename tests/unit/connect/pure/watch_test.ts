import assert from "node:assert/strict";
import {
  beginWatch,
  type ConnectorStatus,
  isDone,
  type Observation,
  react,
  type Reaction,
  type Watch,
} from "../../../../lib/connect/pure/watch.ts";

const RULES = { name: "data-migrate-1", giveUpAfterMs: 600_000 };
const partitions = [
  { topic: "t", partition: 0, startOffset: 10n, endOffset: 100n },
  { topic: "t", partition: 1, startOffset: 0n, endOffset: 50n },
];
const running = (state = "RUNNING", trace?: string): ConnectorStatus => ({
  connector: { state: "RUNNING", worker: "w1:8083" },
  tasks: [{ state, worker: "w2:8083", ...(trace !== undefined && { trace }) }],
});
const seen = (
  atMs: number,
  offsets: Readonly<Record<string, bigint>> = {},
  more: Partial<Observation> = {},
): Observation => ({
  ...{ offsets: new Map(Object.entries(offsets)), nothingBehind: new Map(), atMs },
  ...{ status: running(), ...more },
});

/** What came of each look. */
function looks(observations: readonly Observation[], begun = begin()): readonly Reaction[] {
  let watch: Watch = begun;
  return observations.map((observation) => {
    const reaction = react(watch, observation, RULES);
    ({ watch } = reaction);
    return reaction;
  });
}

const begin = () => beginWatch(partitions, new Map(), 0);

Deno.test("a copy is done when every planned end is reached, or passed", () => {
  const [first, second] = looks([
    seen(1_000, { "t-0": 100n, "t-1": 20n }),
    seen(2_000, { "t-0": 130n, "t-1": 50n }),
  ]);
  assert.equal(isDone(first?.watch as Watch), false);
  assert.equal(isDone(second?.watch as Watch), true);
});

Deno.test("a partition that stands short of its end is looked at, and done where nothing is behind", () => {
  const [moving, standing, stands] = looks([
    seen(1_000, { "t-0": 100n, "t-1": 48n }),
    seen(2_500),
    seen(3_500),
  ]);
  assert.deepEqual(moving?.look, []);
  assert.deepEqual(standing?.look, []);
  assert.deepEqual(stands?.look.map(({ partition, nextOffset }) => [partition, nextOffset]), [
    [1, 48n],
  ]);
  const [elsewhere, there] = looks([
    seen(4_500, {}, { nothingBehind: new Map([["t-1", 47n]]) }),
    seen(5_500, {}, { nothingBehind: new Map([["t-1", 48n]]) }),
  ], stands?.watch);
  assert.equal(isDone(elsewhere?.watch as Watch), false);
  assert.equal(isDone(there?.watch as Watch), true);
});

Deno.test("what a live source brings to a finished partition hides nothing of one that stands", () => {
  const observations = Array.from(
    { length: 40 },
    (_, index) => seen((index + 1) * 1_000, { "t-0": 100n + BigInt(index), "t-1": 20n }),
  );
  const reactions = looks(observations);
  assert.ok(reactions.at(-1)?.look.some(({ partition }) => partition === 1));
  assert.equal(reactions.flatMap(({ warnings }) => warnings).length, 1);
});

Deno.test("standing still is said after half a minute and given up after the limit, with where to look", () => {
  const [soon, warned, again, over] = looks([
    seen(29_000),
    seen(31_000),
    seen(32_000),
    seen(600_000),
  ]);
  assert.deepEqual(soon?.warnings, []);
  const text =
    "Nothing has been copied for 31 s: Connect says RUNNING, RUNNING, which hides errors of reading, of logging in and of references that no config provider resolves; look for data-migrate-1 in the log of w2:8083";
  assert.deepEqual(warned?.warnings, [text]);
  assert.deepEqual([again?.warnings, again?.giveUp], [[], undefined]);
  assert.match(over?.giveUp?.text ?? "", /^Nothing was copied for 600 s: Connect says RUNNING/);
  const [mute] = looks([seen(700_000, {}, { status: undefined } as never)]);
  assert.match(mute?.giveUp?.text ?? "", /Connect could not be asked/);
});

Deno.test("failed tasks are started again some times, with what they say, then given up", () => {
  const failed = (atMs: number) =>
    seen(atMs, {}, { status: running("FAILED", "org.apache.kafka.X: no \u001b") });
  const reactions = looks([1, 2, 7, 13, 19, 25, 31].map((s) => failed(s * 1_000)));
  assert.deepEqual(reactions.map(({ restart }) => restart), [
    ...[true, false, true, true, true, true, false],
  ]);
  assert.deepEqual(reactions[0]?.warnings, [
    "Task 0 of the connector failed on worker w2:8083: org.apache.kafka.X: no \u001b; it is started again",
  ]);
  assert.match(reactions.at(-1)?.giveUp?.text ?? "", /again after 5 new starts$/);
  const [, moved] = looks([failed(1_000), seen(40_000, { "t-0": 20n })]);
  assert.equal(moved?.watch.restarts, 0);
});
