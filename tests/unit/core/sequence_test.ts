/** sequence.ts: a record's number gives its sequence, and near where it is expected the sequence gives the number. */

import assert from "node:assert/strict";
import { recordsBeforeSequence, sequenceOf } from "../../../lib/core/sequence.ts";

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
