/** plan_summary.ts: every line up to 40 partitions, above that only what can be overlooked. */

import assert from "node:assert/strict";
import { MOST_PARTITIONS_SHOWN, planSummary, totalsLine } from "../../../lib/show/plan_summary.ts";
import { planLines } from "../../../lib/plan/plan_text.ts";
import { cluster, group, plan as planOf } from "../plan/fixtures.ts";

/** A topic of so many partitions, ten messages each, of which the first are consumed or expired. */
function plan(partitions: number, { consumed = 0, expired = 0 } = {}) {
  const logs = Array.from(
    { length: partitions },
    (_, index) => [index < expired ? 4 : 0, 10 + index] as const,
  );
  const commits = logs.map((_, index) =>
    index < expired ? 1 : index < expired + consumed ? 10 + index : 0
  );
  return planOf(cluster({ t: logs }, [group("g", { t: commits })]));
}

Deno.test("up to 40 partitions each has its lines, and the total is the last", () => {
  const small = plan(MOST_PARTITIONS_SHOWN, { consumed: 2, expired: 1 });
  const lines = planSummary(small);
  assert.deepEqual(lines.slice(0, -1), small.partitions.flatMap(planLines));
  assert.equal(lines.at(-1)?.text, totalsLine(small));
});

Deno.test("above 40 there is a line a topic, the five largest, and how many expired or are skipped", () => {
  const large = plan(MOST_PARTITIONS_SHOWN + 1, { consumed: 3, expired: 2 });
  const texts = planSummary(large).map(({ text }) => text);
  assert.equal(
    texts[0],
    "Prepare to migrate topic: t, partitions: 38 of 41, messages: 1183",
  );
  assert.deepEqual(
    texts.slice(1, 6).map((text) => /partition: (\d+)/.exec(text)?.[1]),
    ["40", "39", "38", "37", "36"],
  );
  assert.deepEqual(texts.slice(6), [
    "In 2 partitions 6 messages have expired",
    "3 partitions: skip migrate...",
    "Total: 1 topic, 38 of 41 partitions to migrate, messages: 1183, 6 expired before",
  ]);
});
