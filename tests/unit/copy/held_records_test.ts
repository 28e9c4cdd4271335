/** held_records.ts: where the target stands, told by what it holds, whatever the source has lost since. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { compareHeld, digestRecords } from "../../../lib/copy/held_records.ts";
import { buildBatch, testRecords } from "../../support/record_batch_builder.ts";

/** Reads the source in batches of so many records, its offsets apart from `from` on. */
function read(
  held: readonly string[],
  count: number,
  source: readonly (readonly [offset: number, digest: string])[],
  batchSize = 2,
) {
  const compared = compareHeld(held, BigInt(count), BigInt(source[0]?.[0] ?? 0));
  for (let at = 0; at < source.length && !compared.settled; at += batchSize) {
    const batch = source.slice(at, at + batchSize);
    compared.read(BigInt(batch[0]?.[0] ?? 0), batch.map(([, digest]) => digest));
  }
  return compared;
}

const log = (text: string, from = 0) =>
  [...text].map((each, index) => [from + index, each] as const);

Deno.test("compareHeld() finds the point after the last record that is held", () => {
  const cases: readonly {
    readonly title: string;
    readonly held: string;
    readonly count?: number;
    readonly source: readonly (readonly [number, string])[];
    readonly point: readonly [offset: number, skip: number];
  }[] = [
    { title: "unchanged", held: "abc", source: log("abcdef"), point: [2, 1] },
    { title: "the end of a batch", held: "abcd", source: log("abcdef"), point: [2, 2] },
    {
      title: "some compacted away",
      held: "abcde",
      source: [[1, "b"], [4, "e"], [5, "f"], [6, "g"]],
      point: [1, 2],
    },
    {
      title: "the last held compacted away",
      held: "abcde",
      source: [[0, "a"], [2, "c"], [5, "f"], [6, "g"], [7, "h"], [8, "i"]],
      point: [0, 2],
    },
    { title: "all compacted away", held: "abc", source: log("xyz", 7), point: [7, 0] },
    { title: "expired, nothing held behind", held: "abc", source: log("fgh", 5), point: [5, 0] },
    { title: "expired, some held behind", held: "abc", source: log("bcde", 1), point: [1, 2] },
    {
      title: "compacted on the target",
      held: "ace",
      count: 5,
      source: log("abcdefg"),
      point: [4, 1],
    },
    { title: "equal records", held: "aaa", source: log("aaaaa"), point: [2, 1] },
  ];
  for (const { title, held, count = held.length, source, point } of cases) {
    const compared = read([...held], count, source);
    const { offset, skip, last } = compared.point;
    assert.deepEqual([offset, skip], point.map(BigInt), title);
    const from = source.findIndex(([offset]) => offset === point[0]);
    assert.equal(last, point[1] === 0 ? undefined : source[from + point[1] - 1]?.[1], title);
    assert.equal(compared.matched, point[1] > 0, title);
  }
});

Deno.test("compareHeld() is exact whatever compaction takes out of the source, in batches of any size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
      fc.nat(40),
      fc.integer({ min: 1, max: 7 }),
      (kept, at, batchSize) => {
        const held = Math.min(at, kept.length);
        fc.pre(held > 0);
        const digests = kept.map((_, index) => `record ${index}`);
        const source = digests.flatMap((digest, offset) =>
          kept[offset] ? [[offset, digest] as const] : []
        );
        const { point } = read(digests.slice(0, held), held, source, batchSize);
        const rest = source.filter(([offset]) => BigInt(offset) >= point.offset)
          .slice(Number(point.skip)).map(([offset]) => offset);
        assert.deepEqual(rest, source.map(([offset]) => offset).filter((each) => each >= held));
      },
    ),
  );
});

Deno.test("compareHeld() of very many equal records takes no longer than of others", () => {
  const equal = Array.from({ length: 300_000 }, () => "same");
  const compared = compareHeld(equal, 300_000n, 0n);
  compared.read(0n, equal);
  assert.deepEqual(compared.point, { offset: 0n, skip: 300_000n, last: "same" });
});

Deno.test("digestRecords() tells records apart by all they hold, however they are batched", () => {
  const whole = digestRecords(buildBatch(testRecords(0, 6)), 0, true);
  assert.equal(new Set(whole).size, 6);
  const parts = [testRecords(0, 2), testRecords(2, 6)]
    .flatMap((records) => digestRecords(buildBatch(records), 0, true));
  assert.deepEqual(parts, whole);
  const [first] = testRecords(0, 1);
  assert.ok(first !== undefined);
  const later = { ...first, timestamp: first.timestamp + 1n };
  const digest = (record: typeof first, timestamps: boolean) =>
    digestRecords(buildBatch([record]), 0, timestamps)[0];
  assert.notEqual(digest(later, true), digest(first, true));
  assert.equal(digest(later, false), digest(first, false));
});
