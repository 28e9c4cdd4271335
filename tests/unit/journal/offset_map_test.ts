/** offset_marks.ts: which points are kept, and what they tell. The whole of it stands in copy/committed_offsets_test.ts. */

import assert from "node:assert/strict";
import {
  addMark,
  type CopiedOffsets,
  neverPlanned,
  type OffsetMark,
  translateOffset,
} from "../../../lib/journal/offset_map.ts";

const mark = (sourceOffset: number, records: number, targetOffset: number): OffsetMark => ({
  sourceOffset: BigInt(sourceOffset),
  records: BigInt(records),
  targetOffset: BigInt(targetOffset),
});

const marksOf = (...marks: readonly OffsetMark[]) =>
  marks.reduce<readonly OffsetMark[]>((kept, each) => addMark(kept, each), []);

/** Everything from the first mark to the last is copied; our first record went to `first`. */
function copied(marks: readonly OffsetMark[], first: number): CopiedOffsets {
  const [from, to] = [marks[0], marks.at(-1)];
  assert.ok(from !== undefined && to !== undefined);
  return {
    marks,
    positions: new Map(),
    startOffset: from.sourceOffset,
    endOffset: to.sourceOffset,
    records: to.records,
    targetFirstOffset: BigInt(first),
    targetOffset: to.targetOffset,
  };
}

Deno.test("points between which nothing is open are joined, others stay", () => {
  assert.deepEqual(marksOf(mark(5, 0, 2), mark(8, 3, 5), mark(12, 7, 9)), [
    mark(5, 0, 2),
    mark(12, 7, 9),
  ]);
  // A gap on the source, then another writer on the target.
  const open = [mark(5, 0, 2), mark(8, 2, 4), mark(12, 6, 9)];
  assert.deepEqual(marksOf(...open), open);
});

Deno.test("points that say nothing new are not kept, and the number of points is bounded", () => {
  assert.deepEqual(marksOf(mark(5, 0, 2), mark(5, 0, 7)), [mark(5, 0, 2)]);
  const many = marksOf(
    mark(0, 0, 0),
    ...Array.from({ length: 20_000 }, (_, index) => mark(2 * index + 2, index + 1, index + 1)),
  );
  assert.ok(many.length <= 500);
  assert.deepEqual([many[0], many.at(-1)], [mark(0, 0, 0), mark(40_000, 20_000, 20_000)]);
});

for (
  const { title, offset, expected } of [
    { title: "before the start: our first record", offset: 3, expected: 20 },
    { title: "the start: our first record", offset: 10, expected: 20 },
    { title: "where every offset was a record: a sum", offset: 14, expected: 24 },
    { title: "the end: behind our last record", offset: 40, expected: 39 },
    { title: "beyond the end: behind our last record", offset: 99, expected: 39 },
    { title: "where nothing of ours follows: behind our last record", offset: 35, expected: 39 },
  ]
) {
  Deno.test(`a position is translated, ${title}`, () => {
    const marks = [mark(10, 0, 20), mark(20, 10, 30), mark(30, 14, 39), mark(40, 14, 39)];
    assert.deepEqual(translateOffset(copied(marks, 20), BigInt(offset)), {
      targetOffset: BigInt(expected),
    });
  });
}

Deno.test("between points that leave something open it is said where to look", () => {
  const marks = [mark(10, 0, 20), mark(20, 10, 30), mark(30, 14, 39), mark(40, 14, 39)];
  assert.deepEqual(translateOffset(copied(marks, 20), 25n), { from: marks[1], to: marks[2] });
});

Deno.test("what others wrote before our first record leaves nothing open", () => {
  // The plan saw the target end at 2, others wrote up to 7 before we came.
  const marks = [mark(10, 0, 2), mark(20, 10, 17)];
  assert.deepEqual(translateOffset(copied(marks, 7), 14n), { targetOffset: 11n });
});

Deno.test("where nothing was copied, every position becomes the target's end of the plan", () => {
  const { targetFirstOffset: _, ...nothing } = copied([mark(10, 0, 6), mark(20, 0, 6)], 0);
  for (const offset of [0n, 10n, 15n, 20n, 30n]) {
    assert.deepEqual(translateOffset(nothing, offset), { targetOffset: 6n });
  }
});

for (
  const { title, offset, logStart, expected } of [
    { title: "before the first start", offset: 5, logStart: 0, expected: [5, 10] },
    {
      title: "before the first start, as far as it has not expired",
      offset: 5,
      logStart: 7,
      expected: [7, 10],
    },
    { title: "before the first start, where all of it has expired", offset: 5, logStart: 30 },
    { title: "within what is copied, before a hole", offset: 12, logStart: 0, expected: [20, 30] },
    { title: "in a hole", offset: 25, logStart: 0, expected: [25, 30] },
    { title: "behind the last hole", offset: 30, logStart: 0 },
    { title: "at the end", offset: 40, logStart: 0 },
  ]
) {
  Deno.test(`what a group would miss is found: a position ${title}`, () => {
    const span = ([startOffset, endOffset]: readonly number[]) => ({
      startOffset: BigInt(startOffset ?? 0),
      endOffset: BigInt(endOffset ?? 0),
    });
    const found = neverPlanned([span([10, 20]), span([30, 40])], BigInt(offset), BigInt(logStart));
    assert.deepEqual(found, expected && span(expected));
  });
}
