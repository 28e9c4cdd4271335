import assert from "node:assert/strict";
import { mergeBelow } from "../../../lib/copy/merge_below.ts";

const KB = 1024;

const cases: readonly (readonly [
  what: string,
  roundTripMs: number,
  partitions: number,
  uncompressed: number,
  compressed: number,
])[] = [
  ["a broker whose answers have not been timed", 0, 6, 16 * KB, 2 * KB],
  ["a broker next door", 0.3, 6, 16 * KB, 2 * KB],
  ["next door, and one partition", 0.3, 1, 24_000, 3_000],
  ["a few milliseconds away", 5, 6, 66_667, 8_333],
  ["an ocean away", 100, 6, 256 * KB, 166_667],
  ["an ocean away, and one partition", 100, 1, 256 * KB, 256 * KB],
  ["an ocean away, and thousands of partitions", 100, 2_000, 16 * KB, 2 * KB],
  ["with the last partition gone", 50, 0, 256 * KB, 256 * KB],
];

for (const [what, roundTripMs, partitions, uncompressed, compressed] of cases) {
  Deno.test(`what is merged: ${what}`, () => {
    assert.deepEqual(mergeBelow(roundTripMs, partitions), { uncompressed, compressed });
  });
}
