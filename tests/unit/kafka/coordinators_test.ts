/** coordinators.ts: which partition of __consumer_offsets a group lies on. */

import assert from "node:assert/strict";
import { groupsOf, partitionOf } from "../../../lib/kafka/coordinators.ts";

// As Java has it: Math.abs(group.hashCode()) % 50, but 0 for Integer.MIN_VALUE.
const known: readonly (readonly [string, number])[] = [
  ["", 0],
  ["a", 47],
  ["test123-group", 36],
  ["polygenelubricants", 0],
  ["orders-consumer", 40],
  ["gruppe-ü", 22],
];

for (const [group, partition] of known) {
  Deno.test(`group ${JSON.stringify(group)} lies on partition ${partition} of 50`, () => {
    assert.equal(partitionOf(group, 50), partition);
  });
}

Deno.test("there is a group for each partition", () => {
  for (const count of [1, 4, 50, 333]) {
    const places = groupsOf(count).map((group) => partitionOf(group, count));
    assert.deepEqual(places, Array.from({ length: count }, (_, partition) => partition));
  }
});
