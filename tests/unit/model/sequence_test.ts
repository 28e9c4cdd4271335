/** sequence.ts: a record's number gives its sequence, and near where it is expected the sequence gives the number. */

import assert from "node:assert/strict";
import {
  newestEpoch,
  nextEpoch,
  partitionProducer,
  recordsBeforeIn,
  recordsBeforeSequence,
  sequenceIn,
  sequenceOf,
} from "../../../lib/model/sequence.ts";

const ROUND = 1n << 31n;

Deno.test("sequences count from 0 and begin again at 2^31", () => {
  assert.equal(sequenceOf(0n), 0);
  assert.equal(sequenceOf(ROUND - 1n), 2 ** 31 - 1);
  assert.equal(sequenceOf(ROUND), 0);
  assert.equal(sequenceOf(5n * ROUND + 7n), 7);
});

Deno.test("a sequence tells the number nearest to the one expected, ahead of it and behind", () => {
  for (const records of [0n, 1n, 1_000n, ROUND - 1n, ROUND, ROUND + 1n, 9n * ROUND - 5n]) {
    for (const apart of [0n, 1n, 77n, 1n << 20n, (1n << 30n) - 1n]) {
      const sequence = sequenceOf(records);
      if (records >= apart) {
        assert.equal(recordsBeforeSequence(sequence, records - apart), records);
      }
      assert.equal(recordsBeforeSequence(sequence, records + apart), records);
    }
  }
  // The farthest that a journal may be behind.
  assert.equal(recordsBeforeSequence(sequenceOf(1n << 30n), 0n), 1n << 30n);
});

Deno.test("the sequence after the last one is that of the next round", () => {
  assert.equal(recordsBeforeSequence(2 ** 31 - 1 + 1, ROUND - 3n), ROUND);
  assert.equal(recordsBeforeSequence(0, ROUND - 3n), ROUND);
});

const epoch = (producerEpoch: number, records: bigint) => ({
  ...{ producerEpoch, records, targetOffset: records, targetFirstOffset: 0n },
});

Deno.test("in each epoch sequences count from where it began, and tell the number all the same", () => {
  const starts = [7n, 1_000n, 3n * ROUND - 2n];
  const producer = partitionProducer(
    { producerId: 77n, producerEpoch: 4 },
    starts.map((records, index) => epoch(5 + index, records)),
  );
  assert.equal(newestEpoch(producer).producerEpoch, 7);
  for (const [index, start] of [0n, ...starts].entries()) {
    const { producerEpoch } = producer.epochs[index]!;
    for (const after of [0n, 1n, 900n, ROUND - 1n, ROUND, 5n * ROUND + 3n]) {
      const sequence = sequenceIn(producer.epochs[index]!, start + after);
      assert.equal(sequence, sequenceOf(after));
      for (const apart of [0n, 1n, 900n, (1n << 30n) - 1n]) {
        const [before, behind] = [start + after - apart, start + after + apart];
        // A look that begins before the epoch meets it, too.
        if (before >= 0n) {
          assert.equal(recordsBeforeIn(producer, producerEpoch, sequence, before), start + after);
        }
        assert.equal(recordsBeforeIn(producer, producerEpoch, sequence, behind), start + after);
      }
    }
  }
  assert.equal(recordsBeforeIn(producer, 8, 0, 0n), undefined);
});

Deno.test("epochs end with the last that 15 bits hold", () => {
  const identity = { producerId: 77n, producerEpoch: 0 };
  assert.equal(nextEpoch(partitionProducer(identity)), 1);
  assert.equal(nextEpoch(partitionProducer(identity, [epoch(32_766, 5n)])), 32_767);
  assert.equal(nextEpoch(partitionProducer(identity, [epoch(32_767, 5n)])), undefined);
});
