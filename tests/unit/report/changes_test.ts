import assert from "node:assert/strict";
import { changesOf } from "../../../lib/report/changes.ts";
import { continueJournal } from "../../../lib/journal/journal.ts";

const range = { submittedBy: "g", startOffset: "10", endOffset: "50", targetEndOffset: "7" };

Deno.test("changesOf() tells where our records lie on the target, and leaves out where there are none", () => {
  const state = continueJournal({
    type: "migration",
    schemaVersion: 1,
    runId: "r",
    at: "",
    producerId: "1",
    producerEpoch: 0,
    sourceClusterId: "a",
    targetClusterId: "b",
    settings: {},
  }, [
    { type: "created", runId: "r", at: "", topics: ["t"] },
    {
      type: "plan",
      runId: "r",
      at: "",
      partitions: [1, 0].map((partition) => ({ ...range, topic: "t", partition })),
    },
    {
      type: "progress",
      ...{ topic: "t", partition: 1, sourceOffset: "30", records: "15" },
      ...{ targetOffset: "25", targetFirstOffset: "8" },
    },
  ]);
  assert.deepEqual(changesOf(state), {
    topicsCreated: ["t"],
    records: [{ topic: "t", partition: 1, records: 15n, baseOffset: 8n, endOffset: 25n }],
  });
});
