/** read_logs.ts against a broker that is made up: what it does not tell at once is waited for. */

import assert from "node:assert/strict";
import { readCommitted, readTarget } from "../../../lib/compare/read_logs.ts";
import { fakeReader } from "../../support/fake_reader.ts";
import { buildBatch, testRecords } from "../../support/record_batch_builder.ts";

const partition = { topic: "t", partition: 0 };
const batches = [
  buildBatch(testRecords(0, 4)),
  buildBatch(testRecords(4, 9), { producerId: 7n, baseSequence: 4 }),
];

Deno.test("a leader that does not know yet how far the source's log goes is asked again", async () => {
  const behind = { highWatermark: 0n };
  const held = { highWatermark: 9n, lastStableOffset: 0n };
  const { reader } = fakeReader(behind, held, behind, { batches });
  let records = 0;
  for await (
    const batch of readCommitted(reader, partition, [{ startOffset: 0n, endOffset: 9n }])
  ) {
    records += batch.recordCount;
  }
  assert.equal(records, 9);
});

Deno.test("so is one of the target's, and what others wrote there is told apart", async () => {
  const { reader } = fakeReader({ highWatermark: 0n }, { batches });
  const range = { startOffset: 0n, endOffset: 9n, producerId: 7n, recordsBefore: 3n };
  const numbers: (bigint | undefined)[] = [];
  for await (const batch of readTarget(reader, partition, range)) numbers.push(batch.firstNumber);
  assert.deepEqual(numbers, [4n]);
  const all = fakeReader({ batches }).reader;
  const behind: (boolean | undefined)[] = [];
  for await (const batch of readTarget(all, partition, { ...range, foreignBehind: 0n })) {
    behind.push(batch.foreign?.behind);
  }
  assert.deepEqual(behind, [true, undefined]);
});

Deno.test("a leader that answers without messages where the target has some is asked again", async () => {
  const cut = batches.slice(0, 1).map((bytes) => bytes.slice(0, 40));
  const { reader } = fakeReader({}, { batches: cut }, { batches });
  const range = { startOffset: 0n, endOffset: 9n, producerId: 7n, recordsBefore: 3n };
  const numbers: (bigint | undefined)[] = [];
  for await (const batch of readTarget(reader, partition, range)) numbers.push(batch.firstNumber);
  assert.deepEqual(numbers, [4n]);
});

Deno.test("a target's log whose next messages lie behind the range has no more of it", async () => {
  const { reader } = fakeReader({ batches: batches.slice(1) }, { errorCode: 1 });
  const range = { startOffset: 0n, endOffset: 4n, producerId: 7n, recordsBefore: 3n };
  for await (const _ of readTarget(reader, partition, range)) assert.fail("nothing is ours there");
});
