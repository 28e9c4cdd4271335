import assert from "node:assert/strict";
import { mergeBelow, mergedBytes } from "../../../lib/copy/merge_below.ts";

const KB = 1024;

const cases: readonly (readonly [
  what: string,
  roundTripMs: number,
  partitions: number,
  below: {
    readonly none: number;
    readonly gzip: number;
    readonly lz4: number;
    readonly lz4Bytes: number;
  },
])[] = [
  ["a broker not timed yet", 0, 6, { none: 32_000, gzip: 800, lz4: 2_400, lz4Bytes: 16_000 }],
  ["a broker next door", 0.3, 6, { none: 32_000, gzip: 800, lz4: 2_400, lz4Bytes: 16_000 }],
  ["a little further, and one partition", 1, 1, {
    none: 80_000,
    gzip: 2_000,
    lz4: 6_000,
    lz4Bytes: 40_000,
  }],
  ["a few milliseconds away", 6, 6, { none: 80_000, gzip: 2_000, lz4: 6_000, lz4Bytes: 40_000 }],
  ["an ocean away", 90, 6, { none: 256 * KB, gzip: 30_000, lz4: 90_000, lz4Bytes: 256 * KB }],
  ["an ocean away, and one partition", 90, 1, {
    none: 256 * KB,
    gzip: 180_000,
    lz4: 256 * KB,
    lz4Bytes: 256 * KB,
  }],
  ["an ocean away, and thousands", 90, 2_000, {
    none: 32_000,
    gzip: 800,
    lz4: 2_400,
    lz4Bytes: 16_000,
  }],
  ["with the last partition gone", 90, 0, {
    none: 256 * KB,
    gzip: 180_000,
    lz4: 256 * KB,
    lz4Bytes: 256 * KB,
  }],
];

for (const [what, roundTripMs, partitions, { none, gzip, lz4, lz4Bytes }] of cases) {
  Deno.test(`what is merged: ${what}`, () => {
    // By codec id.
    const below = mergeBelow(roundTripMs, partitions);
    assert.deepEqual(below.opened, [none, gzip, lz4, lz4, lz4]);
    assert.equal(below.lz4Bytes, lz4Bytes);
    assert.ok(below.lz4Records >= 160);
  });
}

Deno.test("a merged batch is never larger than the target takes, also where nobody says what that is", () => {
  assert.equal(mergedBytes(500_000), 500_000);
  assert.equal(mergedBytes(50_000_000), 1024 * KB);
  assert.ok(mergedBytes(undefined) < 1_000_000);
});
