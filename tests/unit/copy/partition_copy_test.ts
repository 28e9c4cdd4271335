/**
 * partition_copy.ts and produce_queue.ts against a model of a source log and of a broker that stores each sequence
 * once: whatever fails in between, the target ends with every record once and in order.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Cut } from "../../../lib/copy/cut.ts";
import { digestRecords } from "../../../lib/copy/held_records.ts";
import { PartitionCopy } from "../../../lib/copy/partition_copy.ts";
import { MAX_IN_FLIGHT, type ProduceBatch, ProduceQueue } from "../../../lib/copy/produce_queue.ts";
import { testCutBatch } from "../../support/cut_batch.ts";
import { layBatches } from "../../support/laid_batches.ts";
import { readBatch, testRecords } from "../../support/record_batch_builder.ts";

const identity = { producerId: 4_711n, producerEpoch: 3 };
const nothingStored = { records: 0n, targetOffset: 0n };
const rules = { logAppendTime: false };

/** What is cut of the source from an offset on: one batch of the log, or its rest. */
function cutFrom(batches: readonly number[], from: bigint): Cut {
  let first = 0;
  for (const size of batches) {
    const end = first + size;
    if (BigInt(end) > from) {
      const at = Math.max(first, Number(from));
      const batch = testCutBatch(at, end);
      return { batches: [batch], nextOffset: BigInt(end), batchesLeftOut: 0 };
    }
    first = end;
  }
  throw new Error("Nothing is left to cut");
}

const lengthOf = (batches: readonly number[]) => batches.reduce((sum, size) => sum + size, 0);

/** A broker's partition: a log, and the last five batches of the producer id (KIP-98). */
function startTarget() {
  const log: string[] = [];
  const seen = new Map<number, string>();
  let recent: { readonly first: number; readonly last: number; readonly offset: number }[] = [];
  let next = 0;
  return {
    log,
    get records() {
      return next;
    },
    /** @returns the base offset, or "out of order" */
    store(bytes: Uint8Array): bigint | "out of order" {
      const batch = readBatch(bytes);
      assert.ok(batch.crcIsRight);
      assert.deepEqual(
        [batch.producerId, batch.producerEpoch, batch.baseOffset],
        [identity.producerId, identity.producerEpoch, 0n],
      );
      const first = batch.baseSequence;
      const last = first + batch.recordCount - 1;
      const known = recent.find((each) => each.first === first && each.last === last);
      if (known !== undefined) {
        assert.equal(bytes.toHex(), seen.get(first), "other bytes under an old sequence");
        return BigInt(known.offset);
      }
      if (first !== next) return "out of order";
      seen.set(first, bytes.toHex());
      recent = [...recent, { first, last, offset: log.length }].slice(-5);
      log.push(...batch.records.map(({ value }) => new TextDecoder().decode(value ?? undefined)));
      next = last + 1;
      return BigInt(log.length - batch.recordCount);
    },
    foreign(): void {
      log.push("foreign");
    },
  };
}

const expectedLog = (from: number, until: number) =>
  testRecords(from, until).map(({ value }) => new TextDecoder().decode(value ?? undefined));

function makeCopy(batches: readonly number[], more: { readonly start?: number } = {}) {
  return new PartitionCopy({
    topic: "t",
    partition: 0,
    startOffset: BigInt(more.start ?? 0),
    endOffset: BigInt(lengthOf(batches)),
    identity,
    before: nothingStored,
    stored: nothingStored,
    rules,
  });
}

Deno.test("an empty range is done at once", () => {
  const copy = makeCopy([5], { start: 5 });
  assert.deepEqual([copy.status, copy.readThrough, copy.fetchable], ["done", true, false]);
});

Deno.test("sequences count the records before, over all plans, and wrap at 2^31", () => {
  const copy = new PartitionCopy({
    topic: "t",
    partition: 0,
    startOffset: 0n,
    endOffset: 12n,
    identity,
    before: { records: 2n ** 31n * 3n - 8n, targetOffset: 70n },
    stored: { records: 2n ** 31n * 3n - 8n, targetOffset: 70n },
    rules,
  });
  for (const from of [0n, 5n, 9n]) copy.accept(cutFrom([5, 4, 3], from), () => () => undefined);
  const sequences = [0, 1, 2].map((index) => {
    const { bytes } = copy.queue.send();
    if (index === 0) copy.acknowledge(70n);
    return readBatch(bytes).baseSequence;
  });
  assert.deepEqual(sequences, [2 ** 31 - 8, 2 ** 31 - 3, 1]);
  assert.equal(copy.readThrough, true);
  assert.equal(copy.status, "copying");
});

Deno.test("a fresh epoch counts from the position that was found, its first batch alone, also after a kill", () => {
  const epoch = { producerEpoch: identity.producerEpoch + 1, records: 5n, targetOffset: 5n };
  const stored = { records: 5n, targetOffset: 5n, targetFirstOffset: 0n };
  const live = makeCopy([5, 4, 3]);
  live.accept(cutFrom([5, 4, 3], 0n), () => () => {});
  live.accept(cutFrom([5, 4, 3], 5n), () => () => {});
  live.queue.send();
  live.acknowledge(0n);
  live.queue.send();
  live.queue.sendFailed();
  assert.ok(live.reposition(stored));
  live.beginEpoch(epoch);
  const resumed = new PartitionCopy({
    ...{ topic: "t", partition: 0, startOffset: 0n, endOffset: 12n, identity, rules },
    ...{ before: nothingStored, stored, epochs: [epoch] },
  });
  for (const copy of [live, resumed]) {
    for (let from = copy.nextFetchOffset; from < 12n; from = copy.nextFetchOffset) {
      copy.accept(cutFrom([5, 4, 3], from), () => () => {});
    }
    assert.ok(!copy.mayHaveBegunEpoch);
    copy.queue.send();
    copy.queue.sendFailed();
    assert.ok(copy.mayHaveBegunEpoch, "it was sent, and nobody knows what came of it");
    copy.notBegun();
    const first = readBatch(copy.queue.send().bytes);
    assert.ok(!copy.queue.sendable, "the second may not go before the first is stored");
    copy.acknowledge(5n);
    const second = readBatch(copy.queue.send().bytes);
    assert.deepEqual(
      [first, second].map((each) => [each.producerId, each.producerEpoch, each.baseSequence]),
      [0, 4].map((sequence) => [identity.producerId, epoch.producerEpoch, sequence]),
    );
    copy.acknowledge(9n);
    assert.deepEqual([copy.status, copy.recordsAcknowledged], ["done", 12n]);
  }
});

Deno.test("until the target has stored the first batch, no other is in flight", () => {
  const copy = makeCopy([1, 1, 1]);
  for (let from = 0n; from < 3n; from++) copy.accept(cutFrom([1, 1, 1], from), () => () => {});
  for (let tries = 0; tries < 2; tries++) {
    const { bytes } = copy.queue.send();
    assert.equal(readBatch(bytes).baseSequence, 0);
    assert.ok(!copy.queue.sendable);
    copy.queue.sendFailed();
    copy.queue.resend();
  }
  copy.queue.send();
  copy.acknowledge(0n);
  copy.queue.send();
  assert.ok(copy.queue.sendable);
});

Deno.test("at most five batches are in flight, and none goes out after a failure until all are answered", () => {
  const sizes = [1, 1, 1, 1, 1, 1, 1, 1];
  const copy = makeCopy(sizes);
  for (let from = 0n; from < 8n; from++) copy.accept(cutFrom(sizes, from), () => () => {});
  copy.queue.send();
  copy.acknowledge(0n);
  const sent: ProduceBatch[] = [];
  while (copy.queue.sendable) sent.push(copy.queue.send());
  assert.equal(sent.length, MAX_IN_FLIGHT);
  assert.throws(() => copy.queue.send(), /none may go now/);

  assert.equal(copy.acknowledge(1n)?.batch, sent[0]);
  assert.ok(copy.queue.sendable);
  copy.queue.sendFailed();
  assert.ok(!copy.queue.sendable && !copy.queue.readyToResend);
  assert.throws(() => copy.queue.resend(), /while requests are in flight/);
  // An answer that comes after the failure is answered again later.
  assert.equal(copy.acknowledge(3n), undefined);
  copy.queue.sendFailed();
  copy.queue.sendFailed();
  assert.ok(copy.queue.readyToResend);
  copy.queue.resend();
  assert.equal(copy.queue.send(), sent[1]);
  assert.equal(copy.queue.send(), sent[2]);
});

Deno.test("a target that gives an offset twice was truncated: the partition fails and lets go", () => {
  const copy = makeCopy([3, 3, 3]);
  let held = 0;
  const hold = () => {
    held++;
    return () => {
      held--;
    };
  };
  for (const from of [0n, 3n, 6n]) copy.accept(cutFrom([3, 3, 3], from), hold);
  copy.queue.send();
  assert.equal(copy.acknowledge(10n)?.targetOffset, 10n);
  copy.queue.send();
  assert.equal(copy.acknowledge(12n), undefined);
  assert.equal(copy.status, "failed");
  assert.match(copy.failure ?? "", /gave offset 12 after 12: it was truncated or re-created/);
  assert.equal(held, 0);
  assert.equal(copy.fetchable, false);
});

Deno.test("a partition that fails keeps memory while it is being written", () => {
  const copy = makeCopy([3, 3]);
  let released = 0;
  const hold = () => () => {
    released++;
  };
  copy.accept(cutFrom([3, 3], 0n), hold);
  copy.accept(cutFrom([3, 3], 3n), hold);
  copy.queue.send();
  copy.fail("no use");
  copy.fail("said once");
  assert.deepEqual([released, copy.failure, copy.queue.sendable], [0, "no use", false]);
  copy.queue.sendFailed();
  assert.equal(released, 2);
  copy.accept(cutFrom([3, 3], 3n), hold);
  assert.equal(copy.queue.empty, true);
});

Deno.test("a stopped partition fails when what was read is acknowledged", () => {
  const copy = makeCopy([3, 3]);
  copy.accept(cutFrom([3, 3], 0n), () => () => undefined);
  copy.stop("its next message is too large");
  assert.deepEqual([copy.status, copy.fetchable], ["copying", false]);
  copy.queue.send();
  assert.ok(copy.acknowledge(0n) !== undefined);
  assert.deepEqual([copy.status, copy.failure], ["failed", "its next message is too large"]);
  assert.deepEqual([copy.recordsRead, copy.recordsAcknowledged, copy.sourceOffset], [3n, 3n, 3n]);
});

Deno.test("nothing is lost before all that was read is acknowledged: the journal could not tell them apart", () => {
  const copy = makeCopy([3, 3, 3]);
  copy.accept(cutFrom([3, 3, 3], 0n), () => () => undefined);
  assert.throws(() => copy.lose(7n), /what lies before is not acknowledged/);
  copy.queue.send();
  copy.acknowledge(0n);
  copy.lose(7n);
  assert.deepEqual(copy.lost, [{ startOffset: 3n, endOffset: 7n }]);
});

Deno.test("what expires before it is read is lost, and the rest still arrives", () => {
  const batches = [3, 3, 3];
  const copy = makeCopy(batches);
  const carried = { dueOffset: 3n, unsettled: new Map([[1n, true]]) };
  copy.accept({ ...cutFrom(batches, 0n), carried }, () => () => undefined);
  copy.queue.send();
  copy.acknowledge(0n);
  assert.equal(copy.carried, carried);
  copy.lose(7n);
  assert.deepEqual(copy.lost, [{ startOffset: 3n, endOffset: 7n }]);
  assert.equal(copy.nextFetchOffset, 7n);
  assert.equal(copy.carried, undefined, "what came before bears out nothing behind the gap");
  copy.accept(cutFrom(batches, 7n), () => () => undefined);
  assert.equal(readBatch(copy.queue.send().bytes).baseSequence, 3);
  copy.acknowledge(3n);
  assert.deepEqual([copy.status, copy.recordsAcknowledged], ["done", 5n]);
  const gone = makeCopy(batches);
  gone.lose(50n);
  assert.deepEqual([gone.status, gone.lost], ["done", [{ startOffset: 0n, endOffset: 9n }]]);
});

Deno.test("what the target holds of what has expired is not counted off from what is left", () => {
  const batches = [3, 3, 3];
  const copy = makeCopy(batches);
  assert.equal(copy.compare, undefined);
  copy.lose(4n);
  assert.deepEqual(copy.compare, { timestamps: true });
  // A request of an earlier process has come late: it was one of those that are gone now.
  const { bytes, position } = testCutBatch(0, 1);
  const held = digestRecords(bytes, position, true);
  assert.ok(copy.reposition({ records: 1n, targetOffset: 1n, targetFirstOffset: 0n, held }));
  for (let times = 0; times < 2; times++) {
    copy.accept(cutFrom(batches, copy.nextFetchOffset), () => () => undefined);
  }
  const sent = readBatch(copy.queue.send().bytes);
  assert.deepEqual([sent.baseSequence, sent.recordCount], [1, 2]);
});

Deno.test("a partition stops where compaction takes what it has just compared", () => {
  const copy = makeCopy([6]);
  const { bytes, position } = testCutBatch(0, 2);
  const held = digestRecords(bytes, position, true);
  assert.ok(copy.reposition({ records: 2n, targetOffset: 2n, targetFirstOffset: 0n, held }));
  copy.accept(cutFrom([6], 0n), () => () => undefined);
  assert.equal(copy.nextFetchOffset, 0n);
  const left = { batches: [testCutBatch(1, 6)], nextOffset: 6n, batchesLeftOut: 0 };
  copy.accept(left, () => () => undefined);
  assert.match(copy.failure ?? "", /were compacted on the source .*; the same command finds out/);
});

Deno.test("batches that wait for trouble to end are moved out of what they share, and stay the same", () => {
  const copy = makeCopy([3, 3, 3]);
  const released: string[] = [];
  const accept = (from: bigint) => {
    const { batches, ...cut } = cutFrom([3, 3, 3], from);
    const shared = batches.map((batch) => {
      const { bytes, view, spans } = layBatches([batch.bytes], { before: 5, behind: 5 });
      return { ...batch, bytes, view, ...spans[0] };
    });
    copy.accept({ ...cut, batches: shared }, () => () => released.push(`shared ${from}`));
  };
  const moveOut = () =>
    copy.queue.moveOut((batch) => {
      batch.release();
      const name = `own ${batch.firstSourceOffset}`;
      return { ...batch, bytes: batch.bytes.slice(), release: () => released.push(name) };
    });
  accept(0n);
  const sent = copy.queue.send();
  // Not while they are written.
  moveOut();
  assert.deepEqual([released, copy.queue.inTrouble], [[], false]);
  copy.queue.sendFailed();
  assert.ok(copy.queue.inTrouble);
  moveOut();
  accept(3n);
  moveOut();
  moveOut();
  assert.deepEqual(released.splice(0), ["shared 0", "shared 3"]);
  copy.queue.resend();
  const again = copy.queue.send();
  assert.deepEqual(again.bytes, sent.bytes);
  assert.notEqual(again.bytes.buffer, sent.bytes.buffer);
  copy.acknowledge(0n);
  accept(6n);
  moveOut();
  assert.deepEqual(released, ["own 0", "shared 6"]);
  for (let next = 3n; next < 9n; next += 3n) {
    copy.queue.send();
    copy.acknowledge(next);
  }
  assert.equal(copy.status, "done");
  assert.deepEqual(released.slice(2), ["own 3", "own 6"]);
});

Deno.test("nothing counts as lost of a partition that has failed: what was on its way is not acknowledged", () => {
  const copy = makeCopy([3, 3, 3]);
  copy.accept(cutFrom([3, 3, 3], 0n), () => () => undefined);
  copy.fail("for a test");
  copy.lose(7n);
  assert.deepEqual([copy.lost, copy.sourceOffset], [[], 0n]);
});

Deno.test("damaged bytes are fetched again a few times, from where all is acknowledged", () => {
  const batches = [3, 3];
  const copy = makeCopy(batches);
  copy.accept(cutFrom(batches, 0n), () => () => undefined);
  assert.equal(copy.refetch(0n), true);
  assert.deepEqual([copy.nextFetchOffset, copy.recordsRead, copy.queue.empty], [0n, 0n, true]);
  assert.equal(copy.refetch(0n), true);
  assert.equal(copy.refetch(3n), true);
  assert.equal(copy.refetch(3n), true);
  assert.equal(copy.refetch(3n), false);
});

Deno.test("damage is counted anew once the target has stored something", () => {
  const batches = [3, 3];
  const copy = makeCopy(batches);
  copy.accept(cutFrom(batches, 0n), () => () => undefined);
  assert.deepEqual([copy.damagedOnArrival(), copy.damagedOnArrival()], [true, true]);
  copy.queue.send();
  copy.acknowledge(0n);
  assert.deepEqual([copy.damagedOnArrival(), copy.damagedOnArrival()], [true, true]);
  assert.equal(copy.damagedOnArrival(), false);
});

Deno.test("a queue drops nothing that is in flight", () => {
  const queue = new ProduceQueue(true);
  const batch = { recordCount: 1, firstSourceOffset: 0n, nextSourceOffset: 1n, release: () => {} };
  queue.push({ ...batch, bytes: new Uint8Array(10) });
  assert.equal(queue.bytes, 10);
  queue.send();
  assert.throws(() => queue.clear(), /while requests are in flight/);
  queue.acknowledge();
  assert.deepEqual([queue.bytes, queue.empty], [0, true]);
});

Deno.test("a target that can't tell a batch that comes twice gets one at a time", () => {
  const queue = new ProduceQueue(false);
  const batch = { recordCount: 1, firstSourceOffset: 0n, nextSourceOffset: 1n, release: () => {} };
  for (let count = 0; count < 3; count++) queue.push({ ...batch, bytes: new Uint8Array(10) });
  queue.send();
  assert.equal(queue.sendable, false);
  queue.acknowledge();
  assert.equal(queue.sendable, true);
});

/** What can happen next; each takes the number that says how. */
const events = [
  "fetch",
  "fetch",
  "send",
  "send",
  "answer",
  "answer",
  "fail",
  "crash",
  "foreign",
] as const;

Deno.test("whatever fails in between, the target holds every record once and in order", () => {
  const cases = fc.record({
    batches: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 14 }),
    start: fc.nat({ max: 4 }),
    events: fc.array(fc.tuple(fc.constantFrom(...events), fc.nat({ max: 5 })), { maxLength: 120 }),
  });
  fc.assert(
    fc.property(cases, ({ batches, start, events }) => {
      const end = lengthOf(batches);
      const from = Math.min(start, end);
      const target = startTarget();
      let held = 0;
      let copy = makeCopy(batches, { start: from });
      let inFlight: ProduceBatch[] = [];
      /** What the journal knows: written with each acknowledgement, or behind it. */
      let journal = { sourceOffset: BigInt(from), records: 0n, targetOffset: 0n };
      let acknowledged = journal;
      /** Stands where the target's leader would tell how far the producer id got. */
      const position = () => ({
        records: BigInt(target.records),
        targetOffset: BigInt(target.log.length),
      });

      const happen = (event: typeof events[number][0] | "finish", how: number): void => {
        switch (event) {
          case "fetch":
            if (!copy.fetchable) return;
            copy.accept(cutFrom(batches, copy.nextFetchOffset), () => {
              held++;
              return () => {
                held--;
              };
            });
            return;
          case "send":
            if (copy.queue.sendable) inFlight.push(copy.queue.send());
            return;
          case "answer": {
            const batch = inFlight.shift();
            if (batch === undefined) return;
            const stored = target.store(batch.bytes);
            if (stored === "out of order") return assert.fail("sent out of order");
            const { sourceOffset } = copy;
            if (copy.acknowledge(stored) === undefined) return assert.fail(copy.failure);
            assert.ok(copy.sourceOffset > sourceOffset);
            acknowledged = {
              sourceOffset: copy.sourceOffset,
              records: copy.recordsAcknowledged,
              targetOffset: copy.targetNextOffset,
            };
            if (how > 2) journal = acknowledged;
            return;
          }
          case "fail": {
            // The connection breaks: some requests were still stored, nobody was told.
            for (const [index, batch] of inFlight.entries()) {
              if (index < how) target.store(batch.bytes);
              copy.queue.sendFailed();
            }
            inFlight = [];
            if (copy.queue.readyToResend) copy.queue.resend();
            return;
          }
          case "crash": {
            for (const batch of inFlight.slice(0, how)) target.store(batch.bytes);
            inFlight = [];
            held = 0;
            copy = new PartitionCopy({
              topic: "t",
              partition: 0,
              startOffset: journal.sourceOffset,
              endOffset: BigInt(end),
              identity,
              before: journal,
              stored: position(),
              rules,
            });
            return;
          }
          case "foreign":
            if (how === 0) target.foreign();
            return;
          case "finish":
            return;
        }
      };

      for (const [event, how] of events) {
        if (copy.status === "copying") happen(event, how);
      }
      for (let steps = 0; copy.status === "copying"; steps++) {
        assert.ok(steps < 1_000, "the copy gets nowhere");
        for (const event of ["fetch", "send", "answer"] as const) happen(event, 0);
      }
      assert.equal(copy.status, "done", copy.failure);
      assert.deepEqual(target.log.filter((value) => value !== "foreign"), expectedLog(from, end));
      assert.deepEqual(
        [copy.recordsRead, copy.recordsAcknowledged, copy.sourceOffset],
        [BigInt(end - from), BigInt(end - from), BigInt(end)],
      );
      assert.equal(held, 0);
    }),
    { numRuns: 500 },
  );
});
