import assert from "node:assert/strict";
import { estimateLines, estimatePlan } from "../../../lib/plan/estimate.ts";
import { cluster, group, plan as planOf } from "./fixtures.ts";

// 60 of 100 offsets of a-0, all 10 of a-1 because of nobody's commit, half of b-0; c is consumed.
const plan = planOf(
  cluster({ a: [[0, 100], [0, 10]], b: [[100, 200]], c: [[0, 9]] }, [
    group("g", { a: [40, null], b: [150], c: [9] }),
  ]),
);
const sizes = new Map([["a-0", 1_000_000n], ["a-1", 500_000n], ["b-0", 200_000n]]);

Deno.test("estimatePlan() takes of each partition's bytes the share of its offsets", () => {
  const { topics, ...whole } = estimatePlan(plan, sizes, 100_000);
  assert.deepEqual(whole, {
    partitions: 3,
    messages: 120n,
    bytes: 1_200_000n,
    durationMs: 12_000,
    uncommittedMessages: 10n,
    uncommittedBytes: 500_000n,
    bytesPerSecond: 100_000,
  });
  assert.deepEqual(topics.map(({ topic, messages, bytes }) => [topic, messages, bytes]), [
    ["a", 70n, 1_100_000n],
    ["b", 50n, 100_000n],
  ]);
  assert.deepEqual(estimateLines({ topics, ...whole }), [
    "Estimated: 1.2 MB, 12 s at 100 kB/s, 500 kB of it only because of uncommitted: earliest",
    "topic: a, messages: 70, estimated: 1.1 MB, 11 s at 100 kB/s, 500 kB of it only because of uncommitted: earliest",
    "topic: b, messages: 50, estimated: 100 kB, 1 s at 100 kB/s",
  ]);
});

Deno.test("estimateLines() says once where sizes are not known, and nothing where nothing is copied", () => {
  const unknown = estimatePlan(plan, new Map([["b-0", 5n]]), 100);
  assert.equal(unknown.bytes, undefined);
  assert.equal(unknown.durationMs, undefined);
  assert.match(estimateLines(unknown).join("\n"), /^Estimated: sizes are not known, [^\n]*$/);
  const nothing = planOf(cluster({ c: [[0, 9]] }, [group("g", { c: [9] })]));
  assert.deepEqual(estimateLines(estimatePlan(nothing, new Map())), []);
});
