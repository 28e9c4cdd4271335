/** offsets.ts: spans of offsets add up like sets. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { addSpan, maxOffset, minOffset, type OffsetSpan } from "../../../lib/model/offsets.ts";

const span = (start: number, end: number): OffsetSpan => ({
  startOffset: BigInt(start),
  endOffset: BigInt(end),
});

Deno.test("the larger and the smaller of two offsets, beyond what numbers hold", () => {
  const [a, b] = [2n ** 62n, 2n ** 62n + 1n];
  assert.deepEqual([maxOffset(a, b), maxOffset(b, a), minOffset(a, b), minOffset(b, a)], [
    b,
    b,
    a,
    a,
  ]);
});

Deno.test("spans that touch or overlap become one, others stay apart and in order", () => {
  const cases = [
    [[], span(3, 5), [span(3, 5)]],
    [[span(0, 3)], span(3, 5), [span(0, 5)]],
    [[span(0, 3)], span(4, 5), [span(0, 3), span(4, 5)]],
    [[span(6, 9)], span(1, 2), [span(1, 2), span(6, 9)]],
    [[span(0, 2), span(4, 6), span(8, 9)], span(2, 8), [span(0, 9)]],
    [[span(0, 9)], span(3, 5), [span(0, 9)]],
  ] as const;
  for (const [spans, added, expected] of cases) assert.deepEqual(addSpan(spans, added), expected);
});

Deno.test("whatever is added, in whatever order, the spans hold the same offsets", () => {
  const some = fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 6 }));
  fc.assert(fc.property(fc.array(some), (added) => {
    const offsets = new Set<number>();
    let spans: readonly OffsetSpan[] = [];
    for (const [start, length] of added) {
      spans = addSpan(spans, span(start, start + length));
      for (let at = start; at < start + length; at++) offsets.add(at);
    }
    const held = spans.flatMap(({ startOffset, endOffset }) =>
      Array.from({ length: Number(endOffset - startOffset) }, (_, at) => Number(startOffset) + at)
    );
    assert.deepEqual(held, [...offsets].sort((a, b) => a - b));
    for (const [index, { startOffset }] of spans.entries()) {
      const before = spans[index - 1];
      assert.ok(before === undefined || before.endOffset < startOffset);
    }
  }));
});
