import assert from "node:assert/strict";
import {
  type BegunPartition,
  idlePartitions,
  offsetsToStore,
} from "../../../../lib/connect/pure/source_offsets.ts";
import { cluster } from "../../plan/fixtures.ts";

const begun = (sourceOffset: bigint, reachedOffset?: bigint): BegunPartition => ({
  ...{ topic: "t", partition: 0, sourceOffset },
  ...(reachedOffset !== undefined && { reachedOffset }),
});

Deno.test("offsetsToStore() begins each partition where it is planned, and stores nothing for offset 0", () => {
  const table: readonly [BegunPartition, next: bigint | undefined, stored: bigint | undefined][] = [
    [begun(0n), undefined, undefined],
    [begun(1n), undefined, 1n],
    [begun(100n), undefined, 100n],
    // Already there, or further on: a connector that was killed goes on where it was.
    [begun(100n), 100n, undefined],
    [begun(100n), 170n, undefined],
    [begun(0n), 7n, undefined],
    [begun(100n, 150n), 150n, undefined],
    [begun(100n, 150n), 170n, undefined],
    // An earlier range ended in markers: Connect stands short of where this one begins.
    [begun(100n), 97n, 100n],
  ];
  for (const [partition, next, stored] of table) {
    const known = new Map(next === undefined ? [] : [["t-0", next]]);
    assert.deepEqual(
      offsetsToStore([partition], known),
      stored === undefined ? [] : [{ topic: "t", partition: 0, nextOffset: stored }],
      JSON.stringify([String(partition.sourceOffset), String(next)]),
    );
  }
});

Deno.test("offsetsToStore() refuses to begin again where Connect has forgotten how far it was", () => {
  for (const next of [undefined, 120n]) {
    const known = new Map(next === undefined ? [] : [["t-0", next]]);
    const stored = offsetsToStore([begun(100n, 150n)], known);
    assert.ok("code" in stored);
    assert.equal(stored.code, "CONNECTOR_MOVED");
    assert.match(stored.text, /would copy messages twice/);
  }
});

Deno.test("idlePartitions() are all others of the topics, from their end on", () => {
  const source = cluster({ a: [[0, 10], [5, 20], [0, 30, 25]], b: [[0, 7]] });
  const target = cluster({ a: [[0, 3], [0, 4], [0, 5]], b: [[0, 0]] });
  const found = idlePartitions(
    ["a"],
    ({ partition }) => partition === 0,
    // A planned one without anything to copy ends where the open transaction begins.
    ({ partition }) => partition === 2 ? 25n : undefined,
    source,
    target,
  );
  assert.deepEqual(
    found.map(({ topic, partition, startOffset, endOffset, targetEndOffset }) =>
      [topic, partition, startOffset, endOffset, targetEndOffset].join(" ")
    ),
    ["a 1 20 20 4", "a 2 25 25 5"],
  );
});
