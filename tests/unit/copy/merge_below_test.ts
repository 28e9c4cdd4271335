import assert from "node:assert/strict";
import { mergeBelow, mergedBytes } from "../../../lib/copy/merge_below.ts";

const KB = 1024;

const cases: readonly (readonly [
  what: string,
  roundTripMs: number,
  partitions: number,
  opened: { readonly none: number; readonly gzip: number; readonly lz4: number },
  lz4Bytes: number,
  lz4Records: number,
])[] = [
  ["a broker not timed yet", 0, 6, { none: 32_000, gzip: 800, lz4: 2_400 }, 16_000, 160],
  ["a broker next door", 0.3, 6, { none: 32_000, gzip: 800, lz4: 2_400 }, 16_000, 160],
  [
    "a little further, and one partition",
    1,
    1,
    { none: 80_000, gzip: 2_000, lz4: 6_000 },
    40_000,
    400,
  ],
  ["a few milliseconds away", 6, 6, { none: 80_000, gzip: 2_000, lz4: 6_000 }, 40_000, 400],
  ["an ocean away", 90, 6, { none: 256 * KB, gzip: 30_000, lz4: 90_000 }, 256 * KB, 6_000],
  [
    "an ocean away, and one partition",
    90,
    1,
    { none: 256 * KB, gzip: 180_000, lz4: 256 * KB },
    256 * KB,
    36_000,
  ],
  ["an ocean away, and thousands", 90, 2_000, { none: 32_000, gzip: 800, lz4: 2_400 }, 16_000, 160],
  [
    "with the last partition gone",
    90,
    0,
    { none: 256 * KB, gzip: 180_000, lz4: 256 * KB },
    256 * KB,
    36_000,
  ],
];

for (const [what, roundTripMs, partitions, { none, gzip, lz4 }, lz4Bytes, lz4Records] of cases) {
  Deno.test(`what is merged: ${what}`, () => {
    const below = mergeBelow(roundTripMs, partitions);
    // By codec id.
    assert.deepEqual(below, { opened: [none, gzip, lz4, lz4, lz4], lz4Bytes, lz4Records });
  });
}

Deno.test("a merged batch is never larger than the target takes, also where nobody says what that is", () => {
  assert.equal(mergedBytes(500_000), 500_000);
  assert.equal(mergedBytes(50_000_000), 1024 * KB);
  assert.ok(mergedBytes(undefined) < 1_000_000);
});
