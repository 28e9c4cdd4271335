/** stored_records.ts: what of the records to read is held already, counted off or found by what they hold. */

import assert from "node:assert/strict";
import { CorruptBatchError } from "../../../lib/batch/corrupt_batch_error.ts";
import { digestRecords } from "../../../lib/copy/held_records.ts";
import { type StoredPoint, StoredRecords } from "../../../lib/copy/stored_records.ts";
import { testCutBatch } from "../../support/cut_batch.ts";
import { buildBatch, readBatch, testRecords } from "../../support/record_batch_builder.ts";

/** The target holds the records of the offsets `0`..`count`, and tells which; none is acknowledged. */
function storedUntil(count: number): StoredRecords {
  const held = digestRecords(buildBatch(testRecords(0, count)), 0, true);
  const [records, targetOffset] = [BigInt(count), BigInt(count)];
  const stored = new StoredRecords({ records, targetOffset, held });
  stored.restart(0n, 0n);
  return stored;
}

Deno.test("records held are counted off, also within a batch", () => {
  const stored = new StoredRecords({ records: 9n, targetOffset: 20n });
  stored.restart(4n, 0n);
  assert.deepEqual([stored.toSkip, stored.comparing], [5n, false]);
  const [whole, partly] = [testCutBatch(0, 3), testCutBatch(3, 6)];
  assert.equal(stored.countIn(whole), 3);
  assert.equal(stored.leaveOut(whole, 3), undefined);
  assert.equal(stored.countIn(partly), 2);
  const rest = stored.leaveOut(partly, 2);
  assert.ok(rest !== undefined);
  assert.deepEqual(
    [rest.firstOffset, rest.nextOffset, rest.recordCount, rest.passedThrough],
    [5n, 6n, 1, false],
  );
  const values = readBatch(rest.bytes).records.map(({ value }) => value);
  assert.deepEqual(values, testRecords(5, 6).map(({ value }) => value));
  assert.equal(stored.toSkip, 0n);
  assert.equal(stored.countIn(testCutBatch(6, 8)), 0);
  // A partition that is read again reads the same ones again.
  stored.restart(4n, 0n);
  assert.equal(stored.toSkip, 5n);
  stored.restart(9n, 5n);
  assert.equal(stored.toSkip, 0n);
});

Deno.test("a damaged batch counts nothing off, and nothing of a response that holds it is compared", () => {
  const damaged = testCutBatch(0, 3);
  damaged.bytes[damaged.size - 1]! ^= 1;
  const counted = new StoredRecords({ records: 2n, targetOffset: 2n });
  counted.restart(0n, 0n);
  assert.throws(() => counted.leaveOut(damaged, 2), CorruptBatchError);
  assert.equal(counted.toSkip, 2n);

  const compared = storedUntil(2);
  assert.throws(() => compared.compare([testCutBatch(0, 2), damaged], true), CorruptBatchError);
  assert.equal(compared.conclude(false), undefined);
  compared.compare([testCutBatch(0, 2)], true);
  assert.deepEqual(compared.conclude(false), { kind: "found", offset: 0n, records: 0n });
  assert.deepEqual([compared.comparing, compared.toSkip], [false, 2n]);
});

Deno.test("what was compared is counted off only as long as compaction leaves it there", () => {
  const stored = storedUntil(3);
  stored.compare([testCutBatch(0, 5)], true);
  assert.equal(stored.conclude(false)?.kind, "found");
  const whole = testCutBatch(0, 5);
  assert.ok(stored.areAsCompared(whole));
  const compacted = testCutBatch(1, 6);
  assert.ok(!stored.areAsCompared(compacted));
  // In several batches only the last tells.
  const first = testCutBatch(0, 2);
  assert.ok(stored.areAsCompared(first));
  stored.leaveOut(first, 2);
  assert.ok(stored.areAsCompared(testCutBatch(2, 4)));
  assert.ok(!stored.areAsCompared(testCutBatch(3, 4)));
  stored.leaveOut(testCutBatch(2, 4), 1);
  assert.ok(stored.areAsCompared(testCutBatch(4, 6)));
});

Deno.test("what has expired while records were compared is lost, is held, or cannot be told apart", () => {
  const cases: readonly {
    readonly title: string;
    /** Where the log starts by then, of which the target holds the first four records. */
    readonly endOffset: number;
    readonly point: StoredPoint;
    readonly toSkip: bigint;
  }[] = [
    {
      title: "beyond what is held",
      endOffset: 10,
      point: { kind: "found", offset: 10n, records: 4n, lostFrom: 4n },
      toSkip: 0n,
    },
    {
      title: "all that is held, and no more",
      endOffset: 4,
      point: { kind: "found", offset: 4n, records: 4n },
      toSkip: 0n,
    },
    {
      title: "some of what is held, and the rest is there",
      endOffset: 2,
      point: { kind: "found", offset: 2n, records: 2n },
      toSkip: 2n,
    },
  ];
  for (const { title, endOffset, point, toSkip } of cases) {
    const stored = storedUntil(4);
    stored.expire(0n, BigInt(endOffset));
    assert.ok(stored.comparing, title);
    stored.compare([testCutBatch(endOffset, endOffset + 3)], true);
    assert.deepEqual(stored.conclude(true), point, title);
    assert.deepEqual([stored.comparing, stored.toSkip], [false, toSkip], title);
  }
  const stored = storedUntil(4);
  stored.expire(0n, 2n);
  // Compaction has taken what was left of them.
  stored.compare([testCutBatch(7, 9)], true);
  assert.deepEqual(stored.conclude(true), { kind: "unclear", offset: 2n });
});
