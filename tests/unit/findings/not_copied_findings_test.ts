/** not_copied_findings.ts: groups that stand before what a migration has planned are told, with what they would miss. */

import assert from "node:assert/strict";
import { continuePlan } from "../../../lib/plan/continue_plan.ts";
import { continueJournal } from "../../../lib/journal/journal.ts";
import { notCopiedFindings } from "../../../lib/findings/not_copied_findings.ts";
import { cluster, group, type Log, plan } from "../plan/fixtures.ts";

const at = "2026-11-21T10:00:00.000Z";

/** Source offsets 10 to 99 of partition 0 were planned. */
const journal = continueJournal({
  ...{ type: "migration", schemaVersion: 1, runId: "r", at, settings: {} },
  ...{ sourceClusterId: "s", targetClusterId: "t", producerId: "1", producerEpoch: 0 },
}, [{
  ...{ type: "plan", runId: "r", at },
  partitions: [{
    ...{ topic: "t", partition: 0, startOffset: "10", endOffset: "100", targetEndOffset: "5" },
    ...{ submittedBy: "a", submittedOffset: "10" },
  }],
}]);

/** What is found of groups that have committed this on one log, or two. */
function found(logs: readonly Log[], committed: Readonly<Record<string, readonly number[]>>) {
  const groups = Object.entries(committed).map(([name, offsets]) => group(name, { t: offsets }));
  return notCopiedFindings(continuePlan(plan(cluster({ t: logs }, groups)), journal), journal);
}

Deno.test("a group before what was planned first is told, with what it would miss", () => {
  const [finding, ...more] = found([[0, 100]], { a: [10], b: [4] });
  assert.deepEqual(more, []);
  assert.deepEqual([finding?.code, finding?.where.groups], ["POSITIONS_NOT_COPIED", ["b"]]);
  assert.match(
    finding?.message ?? "",
    /^Group b stands before .* \(0: offsets 4 to 9 were not copied, /,
  );
});

Deno.test("nothing is told where nothing would be missed", () => {
  assert.deepEqual(found([[0, 100]], { a: [10], b: [99] }), []);
  // What lies before has expired.
  assert.deepEqual(found([[10, 100]], { a: [4] }), []);
  // Of the second partition nothing was planned yet.
  assert.deepEqual(found([[0, 100], [0, 50]], { a: [10, 4] }), []);
});
