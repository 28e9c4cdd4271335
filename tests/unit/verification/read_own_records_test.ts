/** read_own_records.ts: our records on a target that has forgotten us, each once, whatever others wrote between them. */

import assert from "node:assert/strict";
import { continueJournal, producerOn } from "../../../lib/journal/journal.ts";
import type { JournalEntry, MigrationEntry } from "../../../lib/journal/journal_entry.ts";
import { whatIsWrong } from "../../../lib/verification/read_own_records.ts";
import { fakeReader } from "../../support/fake_reader.ts";
import { buildBatch, testRecords } from "../../support/record_batch_builder.ts";

const migration: MigrationEntry = {
  ...{ type: "migration", schemaVersion: 1, runId: "run", at: "2026-11-21T10:00:00.000Z" },
  ...{ sourceClusterId: "s", targetClusterId: "t", settings: {} },
  ...{ producerId: "7", producerEpoch: 0 },
};
const place = { topic: "t", partition: 0 } as const;
/** Six records, of which the last three are of a fresh epoch. */
const state = continueJournal(
  migration,
  [
    {
      ...{ type: "plan", runId: "run", at: migration.at },
      partitions: [{
        ...{ ...place, submittedBy: "g", startOffset: "0", endOffset: "6", targetEndOffset: "0" },
      }],
    },
    {
      ...{ type: "epoch", ...place, producerEpoch: 1, records: "3" },
      ...{ targetOffset: "3", targetFirstOffset: "0" },
    },
    {
      ...{ type: "progress", ...place, sourceOffset: "6", records: "6" },
      ...{ targetOffset: "8", targetFirstOffset: "0" },
    },
  ] satisfies readonly JournalEntry[],
);
const partition = state.partitions.get("t-0")!;

/** What is written, batch by batch: epoch, sequence and how many; or how many by others. */
type Written = readonly [epoch: number, sequence: number, count: number] | number;

async function judge(written: readonly Written[], compacted = false) {
  let end = 0;
  const batches = written.map((each) => {
    const [producerEpoch, baseSequence, count] = typeof each === "number" ? [0, 0, each] : each;
    const records = testRecords(end, end += count);
    const producerId = typeof each === "number" ? 5n : 7n;
    return buildBatch(records, { producerId, producerEpoch, baseSequence });
  });
  const { reader } = fakeReader({ highWatermark: BigInt(end), batches });
  const wrong = await whatIsWrong(
    reader,
    { partition, end: BigInt(end), compacted },
    producerOn(state, partition),
  );
  return wrong?.text;
}

Deno.test("records of two epochs with those of others between them are each there once", async () => {
  assert.equal(await judge([[0, 0, 2], [0, 2, 1], 2, [1, 0, 1], [1, 1, 2], 1]), undefined);
});

Deno.test("what is there twice, or not at all, is said with its place", async () => {
  assert.equal(
    await judge([[0, 0, 3], [0, 3, 1], [1, 0, 3]]),
    "The target holds messages of the migration twice, the second time at offset 4",
  );
  assert.equal(
    await judge([[0, 0, 3], [1, 0, 3], 1, [1, 0, 3]]),
    "The target holds messages of the migration twice, the second time at offset 7",
  );
  assert.equal(
    await judge([[0, 0, 2], 2, [1, 0, 3]]),
    "The target lacks 1 message of the migration before offset 4",
  );
  assert.equal(
    await judge([[0, 0, 3], [1, 0, 1], 3]),
    "The target holds 4 messages of the migration, not 6",
  );
});

Deno.test("what compaction has taken is not missed, and what is there twice is found all the same", async () => {
  assert.equal(await judge([[0, 0, 2], 2, [1, 0, 1]], true), undefined);
  assert.match(await judge([[0, 0, 3], 2, [0, 1, 2]], true) ?? "", /twice, .* at offset 5$/);
});
