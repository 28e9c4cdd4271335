/** unfinished_findings.ts: what has gone from the source since a migration was interrupted is told before it goes on. */

import assert from "node:assert/strict";
import { continueJournal } from "../../../lib/journal/journal.ts";
import type { JournalEntry } from "../../../lib/journal/journal_entry.ts";
import { unfinishedFindings } from "../../../lib/findings/unfinished_findings.ts";
import { cluster, type Log } from "../plan/fixtures.ts";

const at = "2026-11-21T10:00:00.000Z";

/** Source offsets 10 to 99 of two partitions were planned, 30 of the first are copied. */
function journal(...more: readonly JournalEntry[]) {
  const planned = { topic: "t", startOffset: "10", endOffset: "100", targetEndOffset: "0" };
  const by = { submittedBy: "a", submittedOffset: "10" };
  return continueJournal({
    ...{ type: "migration", schemaVersion: 1, runId: "r", at, settings: {} },
    ...{ sourceClusterId: "s", targetClusterId: "t", producerId: "1", producerEpoch: 0 },
  }, [
    {
      ...{ type: "plan", runId: "r", at },
      partitions: [0, 1].map((partition) => ({ ...planned, ...by, partition })),
    },
    {
      ...{ type: "progress", topic: "t", partition: 0, sourceOffset: "40" },
      ...{ records: "30", targetOffset: "30", targetFirstOffset: "0" },
    },
    ...more,
  ]);
}

function found(logs: readonly Log[], ...more: readonly JournalEntry[]) {
  const topics: Record<string, readonly Log[]> = logs.length === 0 ? {} : { t: logs };
  return unfinishedFindings(journal(...more), cluster(topics)).map(({ code, where, message }) => {
    assert.equal(code, "UNFINISHED_RANGE_GONE");
    return [where.partitions, message] as const;
  });
}

Deno.test("what has expired behind the point where a migration goes on is told, with how much at most", () => {
  assert.deepEqual(found([[40, 100], [10, 100]]), []);
  assert.deepEqual(found([[41, 100], [200, 200]]), [[
    [0, 1],
    "Up to 91 messages of partitions 0, 1 of topic t that this migration has not copied yet have expired",
  ]]);
});

Deno.test("so is a topic, or a partition of one, that is gone", () => {
  const gone = (what: string) =>
    `The source no longer has ${what} of topic t, of which this migration has not copied all yet`;
  assert.deepEqual(found([]), [[[0, 1], gone("partitions 0, 1")]]);
  assert.deepEqual(found([[10, 100]]), [[[1], gone("partition 1")]]);
});

Deno.test("nothing is told of what is through, of a partition without a leader, or where nothing has begun", () => {
  const done: JournalEntry = {
    ...{ type: "settled", status: "done", topic: "t", partition: 1, sourceOffset: "100" },
    ...{ records: "90", recordsRead: "90", batchesLeftOut: 0 },
  };
  assert.deepEqual(found([[0, 100]], done), []);
  assert.deepEqual(found([null, null]), []);
  assert.deepEqual(unfinishedFindings(undefined, cluster({})), []);
});
