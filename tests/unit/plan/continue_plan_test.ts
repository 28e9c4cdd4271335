/** continue_plan.ts: what a journal leaves of a plan. */

import assert from "node:assert/strict";
import { continuePlan } from "../../../lib/plan/continue_plan.ts";
import type { JournaledPartition, JournalState } from "../../../lib/journal/journal_state.ts";
import { cluster, group, plan } from "./fixtures.ts";

function journaled(partition: number, more: Partial<JournaledPartition>): JournaledPartition {
  return {
    topic: "t",
    partition,
    status: "done",
    submittedBy: "g",
    submittedOffset: 4n,
    startOffset: 4n,
    endOffset: 10n,
    sourceOffset: 10n,
    records: 6n,
    recordsRead: 6n,
    batchesLeftOut: 0,
    lost: [],
    ranges: [],
    marks: [],
    positions: new Map(),
    targetOffset: 6n,
    plannedTargetOffset: 0n,
    ...more,
  };
}

const journalOf = (...partitions: readonly JournaledPartition[]) => ({
  migration: {} as JournalState["migration"],
  topicsCreated: [],
  skipped: new Map(),
  partitions: new Map(partitions.map((each) => [`${each.topic}-${each.partition}`, each])),
});

/** A plan of one partition: a log from `start` to `end`, a group that committed 4. */
const planned = (start: number, end: number) =>
  plan(cluster({ t: [[start, end]] }, [group("g", { t: [4] })]));

Deno.test("without a journal the plan stays as it is", () => {
  const whole = planned(0, 10);
  assert.equal(continuePlan(whole, undefined), whole);
  assert.deepEqual(continuePlan(whole, journalOf()), whole);
});

Deno.test("what is through is not planned again, what came since is", () => {
  const cases = [
    { log: [0, 10], before: {}, range: [10n, 10n], skip: "migrated", expired: 0n },
    { log: [0, 25], before: {}, range: [10n, 25n], skip: undefined, expired: 0n },
    // What expired after it was migrated is no loss, what expired since is.
    { log: [8, 25], before: {}, range: [10n, 25n], skip: undefined, expired: 0n },
    { log: [13, 25], before: {}, range: [13n, 25n], skip: undefined, expired: 3n },
    // A source truncated below what was migrated.
    { log: [0, 7], before: {}, range: [7n, 7n], skip: "migrated", expired: 0n },
  ] as const;
  for (const { log: [start, end], before, range, skip, expired } of cases) {
    const [only] = continuePlan(planned(start, end), journalOf(journaled(0, before))).partitions;
    const title = `log ${start} to ${end}`;
    assert.deepEqual([only?.startOffset, only?.endOffset], range, title);
    assert.equal(only?.offsets, range[1] - range[0], title);
    assert.deepEqual([only?.skip, only?.expiredMessages], [skip, expired], title);
    assert.equal(only?.withoutSmallest, undefined);
  }
});

Deno.test("a range that is not through goes on where it stood, to the end it was planned with", () => {
  for (const status of ["planned", "failed"] as const) {
    const before = journaled(0, { status, sourceOffset: 7n, records: 3n });
    const [only] = continuePlan(planned(0, 99), journalOf(before)).partitions;
    assert.deepEqual(
      [only?.startOffset, only?.endOffset, only?.offsets, only?.skip],
      [7n, 10n, 3n, undefined],
    );
  }
});

Deno.test("a partition whose group is gone meanwhile is still finished", () => {
  const nothing = plan(cluster({ t: [[0, 99]] }));
  assert.equal(nothing.empty, "no-groups");
  const unfinished = journaled(0, { status: "planned", sourceOffset: 7n });
  const resumed = continuePlan(nothing, journalOf(unfinished, journaled(1, {})));
  assert.equal(resumed.empty, undefined);
  assert.deepEqual(
    resumed.partitions.map((p) => [p.partition, p.startOffset, p.endOffset, p.submittedBy]),
    [[0, 7n, 10n, "g"]],
  );
  assert.equal(continuePlan(nothing, journalOf(journaled(0, {}))).empty, "no-groups");
});
