import assert from "node:assert/strict";
import fc from "fast-check";
import { clamp } from "../../../lib/plan/clamp.ts";
import { log } from "./fixtures.ts";

Deno.test("clamp() starts at the committed offset, or where the log starts, and never beyond the end", () => {
  // committed, [log start, high watermark, last stable] → start, end, reason, skip, expired, held back
  const table = [
    [187800, [0, 264322], 187800, 264322, "committed", undefined, 0, 0],
    [3713, [5226, 5226], 5226, 5226, "expired", "expired", 1513, 0],
    [3713, [5226, 5300], 5226, 5300, "expired", undefined, 1513, 0],
    [5226, [5226, 5300], 5226, 5300, "committed", undefined, 0, 0],
    [50, [10, 50], 50, 50, "committed", "consumed", 0, 0],
    [49, [10, 50], 49, 50, "committed", undefined, 0, 0],
    [0, [0, 0], 0, 0, "committed", "consumed", 0, 0],
    [undefined, [7, 50], 7, 50, "uncommitted", undefined, 0, 0],
    [undefined, [7, 7], 7, 7, "uncommitted", "empty", 0, 0],
    [70, [10, 50], 50, 50, "committed", "beyond-end", 0, 0],
    [20, [10, 50, 40], 20, 40, "committed", undefined, 0, 10],
    [45, [10, 50, 40], 40, 40, "committed", "open-transaction", 0, 5],
    [50, [10, 50, 40], 40, 40, "committed", "consumed", 0, 0],
    [5, [10, 50, 10], 10, 10, "expired", "open-transaction", 5, 40],
    [undefined, [10, 50, 10], 10, 10, "uncommitted", "open-transaction", 0, 40],
    [70, [10, 50, 40], 40, 40, "committed", "beyond-end", 0, 0],
  ] as const;
  for (const [committed, offsets, start, end, startReason, skip, expired, held] of table) {
    const [logStart, highWatermark, lastStable] = offsets as readonly [number, number, number?];
    const wish = committed === undefined ? undefined : BigInt(committed);
    assert.deepEqual(clamp(wish, log(logStart, highWatermark, lastStable)), {
      startOffset: BigInt(start),
      endOffset: BigInt(end),
      offsets: BigInt(end - start),
      startReason,
      expiredMessages: BigInt(expired),
      openTransactionOffsets: BigInt(held),
      ...(skip === undefined ? {} : { skip }),
    }, `committed ${committed}, log ${offsets}`);
  }
});

Deno.test("clamp() never goes outside the log, and accounts for every offset that was wanted", () => {
  const offset = fc.bigInt({ min: 0n, max: 1n << 62n });
  fc.assert(fc.property(
    fc.option(offset, { nil: undefined }),
    fc.array(offset, { minLength: 3, maxLength: 3 }),
    (committed, unsorted) => {
      const [logStartOffset, lastStableOffset, highWatermark] = unsorted
        .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)) as [bigint, bigint, bigint];
      const range = clamp(committed, { logStartOffset, lastStableOffset, highWatermark });
      assert.ok(logStartOffset <= range.startOffset && range.startOffset <= range.endOffset);
      assert.equal(range.endOffset, lastStableOffset);
      assert.equal(range.offsets, range.endOffset - range.startOffset);
      assert.equal(range.skip === undefined, range.offsets > 0n);
      assert.ok(range.expiredMessages >= 0n && range.openTransactionOffsets >= 0n);
      if (committed !== undefined && committed <= highWatermark) {
        const wanted = highWatermark - committed;
        const expired = range.expiredMessages;
        assert.equal(expired + range.offsets + range.openTransactionOffsets, wanted);
      }
    },
  ));
});
