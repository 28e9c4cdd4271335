import assert from "node:assert/strict";
import { planLines } from "../../../lib/plan/plan_text.ts";
import { cluster, group, plan, workedExample } from "./fixtures.ts";

Deno.test("planLines() says the worked example in the operators' words", () => {
  assert.deepEqual(
    plan(workedExample()).partitions.flatMap(planLines).map(({ level, text }) =>
      `${level} ${text}`
    ),
    [
      "warning topic: test1, partition: 0, submitted offset: 3713 (test123-group), 1513 messages have expired, log start offset: 5226",
      "info topic: test1, partition: 0, submitted offset: 3713 (test123-group), start offset: 5226, end offset: 5226, skip migrate... (all unconsumed messages have expired)",
      "info Prepare to migrate topic: test2, partition: 0, submitted offset: 400 (test123-group), start offset: 400, end offset: 1000, messages: 600",
      "info Prepare to migrate topic: test3, partition: 0, submitted offset: 187800 (test123-group), start offset: 187800, end offset: 264322, messages: 76522",
      "info topic: test3, partition: 0, without test123-group: 64,322 messages instead of 76,522",
      "info topic: test4, partition: 0, submitted offset: 50 (test34-group), start offset: 50, end offset: 50, skip migrate... (everything is consumed)",
    ],
  );
});

Deno.test("planLines() says what has no commit, what an open transaction holds, what lies beyond the end", () => {
  const source = cluster({ t: [[2, 10], [0, 10, 7], [0, 10], [0, 0], [0, 10, 7]] }, [
    group("g\n1", { t: [null, 4, 12, null, 8] }),
  ]);
  const lines = plan(source).partitions.flatMap(planLines);
  assert.deepEqual(lines.map(({ level, text }) => `${level} ${text}`), [
    "info Prepare to migrate topic: t, partition: 0, submitted offset: none (g\\u000a1), start offset: 2, end offset: 10, messages: 8",
    "info Prepare to migrate topic: t, partition: 1, submitted offset: 4 (g\\u000a1), start offset: 4, end offset: 7, messages: 3",
    "warning topic: t, partition: 1, a transaction is open at offset 7, left behind: 3",
    "warning topic: t, partition: 2, submitted offset: 12 (g\\u000a1), start offset: 10, end offset: 10, skip migrate... (the submitted offset is beyond the end)",
    "info topic: t, partition: 3, submitted offset: none (g\\u000a1), start offset: 0, end offset: 0, skip migrate... (the partition is empty)",
    "info topic: t, partition: 4, submitted offset: 8 (g\\u000a1), start offset: 7, end offset: 7, skip migrate... (all that remains belongs to or follows an open transaction)",
    "warning topic: t, partition: 4, a transaction is open at offset 7, left behind: 2",
  ]);
});
