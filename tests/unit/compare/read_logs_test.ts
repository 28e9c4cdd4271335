/** read_logs.ts against a broker that is made up: what it does not tell at once is waited for. */

import assert from "node:assert/strict";
import { readCommitted, readTarget } from "../../../lib/compare/read_logs.ts";
import { partitionProducer } from "../../../lib/model/sequence.ts";
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

Deno.test("on the target each epoch counts from where it began, and one that nobody knows is no answer", async () => {
  const written = [[0, 0, 0], [0, 4, 4], [1, 0, 6], [1, 2, 8]] as const;
  const log = written.map(([producerEpoch, baseSequence, from]) =>
    buildBatch(testRecords(from, from + 2), { producerId: 7n, producerEpoch, baseSequence })
  );
  const begun = { producerEpoch: 1, records: 6n, targetOffset: 6n };
  const producer = partitionProducer({ producerId: 7n, producerEpoch: 0 }, [begun]);
  const range = { startOffset: 0n, endOffset: 10n, recordsBefore: 0n };
  const read = async (epochs: typeof producer.epochs) => {
    const { reader } = fakeReader({ highWatermark: 10n, batches: log });
    const numbers: (bigint | undefined)[] = [];
    const all = readTarget(reader, partition, { ...range, ...producer, epochs });
    for await (const { firstNumber } of all) numbers.push(firstNumber);
    return numbers;
  };
  assert.deepEqual(await read(producer.epochs), [0n, 4n, 6n, 8n]);
  await assert.rejects(read([producer.epochs[0]]), {
    message:
      "The target holds a message of the migration at offset 6 with epoch 1, which the state file does not know",
  });
});
