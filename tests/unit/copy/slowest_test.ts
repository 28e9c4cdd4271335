/** slowest.ts and wait_clock.ts: who holds a copy up, and how long it was made to wait. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { furthestFromEnd } from "../../../lib/copy/slowest.ts";
import { createWaitClock } from "../../../lib/waiting/wait_clock.ts";

Deno.test("the partitions with the most left come first, settled ones not at all", () => {
  const standing = fc.record({
    topic: fc.constantFrom("a", "b"),
    partition: fc.nat(9),
    status: fc.constantFrom("copying" as const, "done" as const, "failed" as const),
    startOffset: fc.bigInt(0n, 5n),
    sourceOffset: fc.bigInt(5n, 9n),
    endOffset: fc.bigInt(9n, 12n),
  });
  fc.assert(fc.property(fc.array(standing), fc.integer({ min: 1, max: 5 }), (all, count) => {
    const sorted = all.filter(({ status }) => status === "copying")
      .map(({ topic, partition, startOffset, sourceOffset, endOffset }) => ({
        topic,
        partition,
        offsetsDone: sourceOffset - startOffset,
        offsetsPlanned: endOffset - startOffset,
      }))
      .sort((a, b) => Number(left(b) - left(a)));
    assert.deepEqual(furthestFromEnd(all, count), sorted.slice(0, count));
  }));
});

function left(range: { readonly offsetsDone: bigint; readonly offsetsPlanned: bigint }): bigint {
  return range.offsetsPlanned - range.offsetsDone;
}

Deno.test("waits at the same time count once", () => {
  let at = 0;
  const clock = createWaitClock(() => at);
  assert.equal(clock.totalMs, 0);
  clock.add(100);
  clock.add(50);
  assert.equal(clock.totalMs, 100);
  at = 60;
  clock.add(100);
  assert.equal(clock.totalMs, 160);
  at = 1_000;
  clock.add(5);
  assert.equal(clock.totalMs, 165);
});
