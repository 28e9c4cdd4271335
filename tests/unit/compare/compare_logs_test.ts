/** compare_logs.ts: what counts as equal, and how the first difference is named. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { compareLogs, type CompareRules } from "../../../lib/compare/compare_logs.ts";
import {
  type ForeignBatch,
  keyOf,
  type LogBatch,
  openRecords,
} from "../../../lib/compare/log_batch.ts";
import {
  placedBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecord,
  testRecords,
  utf8,
} from "../../support/record_batch_builder.ts";

const STRICT: CompareRules = { sourceCompacted: false, targetCompacted: false };
const TARGET_OFFSET = 100n;

/** A source batch: its records' offsets are those they have. */
function ours(records: readonly TestRecord[], options: TestBatchOptions = {}): LogBatch {
  return { ...placedBatch(records, options), offsetOf: (index) => records[index]?.offset ?? -1n };
}

/** A target batch of ours: the offsets of its records are their numbers, from 100 on. */
function theirs(records: readonly TestRecord[], options: TestBatchOptions = {}): LogBatch {
  const base = records[0]?.offset ?? 0n;
  return {
    ...placedBatch(records, options),
    firstNumber: options.baseOffset ?? base,
    offsetOf: (_index, delta) => TARGET_OFFSET + (options.baseOffset ?? base) + BigInt(delta),
  };
}

/** A target batch of somebody else. */
function theirsAlone(records: readonly TestRecord[], foreign: ForeignBatch): LogBatch {
  return { ...ours(records), foreign };
}

async function* logOf(batches: readonly LogBatch[]): AsyncGenerator<LogBatch, void> {
  for (const batch of batches) yield await Promise.resolve(batch);
}

const compare = (
  source: readonly LogBatch[],
  target: readonly LogBatch[],
  rules: Partial<CompareRules> = {},
) => compareLogs(logOf(source), logOf(target), { ...STRICT, ...rules });

const keyed = (offset: number, key: string) => testRecord(offset, { key: utf8(key) });

Deno.test("logs with the same records are equal however their batches are cut and compressed", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
    fc.boolean(),
    async (sizes, otherSizes, compressed) => {
      const count = sizes.reduce((a, b) => a + b, 0);
      const pack = compressed ? { attributes: 1, compress: (b: Uint8Array) => gzipSync(b) } : {};
      const cut = (parts: readonly number[], make: typeof ours) => {
        const batches: LogBatch[] = [];
        let from = 0;
        for (const size of [...parts, count]) {
          const until = Math.min(from + size, count);
          if (until > from) batches.push(make(testRecords(from, until), pack));
          from = until;
        }
        return batches;
      };
      const result = await compare(cut(sizes, ours), cut(otherSizes, theirs));
      assert.equal(result.difference, undefined);
      assert.equal(result.equal, BigInt(count));
    },
  ));
});

const three = testRecords(0, 3);

for (
  const { title, changed, says } of [
    {
      title: "another value",
      changed: testRecords(0, 3).with(1, testRecord(1, { value: utf8("another") })),
      says: "The message at source offset 1 and the one at target offset 101 differ in their value",
    },
    {
      title: "another key, and a value that is null",
      changed: testRecords(0, 3).with(2, testRecord(2, { key: utf8("k"), value: null })),
      says:
        "The message at source offset 2 and the one at target offset 102 differ in their key and value",
    },
    {
      title: "another timestamp",
      changed: testRecords(0, 3).with(0, testRecord(0, { timestamp: 5n })),
      says:
        "The message at source offset 0 and the one at target offset 100 differ in their timestamp",
    },
    {
      title: "headers in another order",
      changed: testRecords(0, 3).with(
        1,
        testRecord(1, { headers: [...testRecord(1).headers, { key: utf8("x"), value: null }] }),
      ),
      says:
        "The message at source offset 1 and the one at target offset 101 differ in their headers",
    },
    {
      title: "two records that have changed places",
      changed: [three[0]!, { ...three[2]!, offset: 1n }, { ...three[1]!, offset: 2n }],
      says: "The message at source offset 1 and the one at target offset 101 differ in their ",
    },
  ]
) {
  Deno.test(`${title} is a difference, named with both offsets`, async () => {
    const { difference } = await compare([ours(three)], [theirs(changed)]);
    assert.equal(difference?.code, "MESSAGE_DIFFERS");
    assert.ok(difference.text.startsWith(says), difference.text);
  });
}

Deno.test("a record that is missing, repeated or too many is a difference", async () => {
  const missing = await compare([ours(three)], [theirs(three.slice(0, 1)), theirs(three.slice(2))]);
  assert.equal(
    missing.difference?.text,
    "The message at source offset 1 is missing on the target, before target offset 102",
  );
  const short = await compare([ours(three)], [theirs(three.slice(0, 2))]);
  assert.equal(
    short.difference?.text,
    "The message at source offset 2 is missing on the target, where its log ends",
  );
  const twice = await compare([ours(three)], [theirs(three), theirs(three.slice(1, 2))]);
  assert.match(twice.difference?.text ?? "", /holds a message of the migration at offset 101 that/);
  const inside = await compare([ours(three)], [theirs(three.slice(0, 2)), theirs(three)]);
  assert.match(inside.difference?.text ?? "", /holds a message of the migration twice/);
  assert.deepEqual(
    [missing, short, twice, inside].map(({ difference }) => difference?.code),
    ["MESSAGE_MISSING", "MESSAGE_MISSING", "TARGET_HOLDS_MORE", "TARGET_HOLDS_TWICE"],
  );
});

Deno.test("timestamps that the target has set itself are left out and counted", async () => {
  const attributes = 0x08;
  const { difference, withoutTimestamp, equal } = await compare(
    [ours(three)],
    [theirs(three, { attributes, maxTimestamp: 7n })],
  );
  assert.deepEqual([difference, withoutTimestamp, equal], [undefined, 3n, 3n]);
});

Deno.test("what compaction took from the target has to have a later message of its key", async () => {
  const source = [ours([keyed(0, "a"), keyed(1, "b"), keyed(2, "a"), keyed(3, "c")])];
  const rules = { targetCompacted: true };
  const kept = theirs([keyed(1, "b"), keyed(2, "a"), keyed(3, "c")], {
    baseOffset: 0n,
    lastOffset: 3n,
  });
  const good = await compare(source, [kept], rules);
  assert.deepEqual([good.difference, good.compacted, good.equal], [undefined, 1n, 3n]);
  const lost = theirs([keyed(0, "a"), keyed(2, "a"), keyed(3, "c")], { lastOffset: 3n });
  const bad = await compare(source, [lost], rules);
  assert.equal(
    bad.difference?.text,
    "The message at source offset 1 is missing on the target, which holds no later one of its key",
  );
  const later = theirsAlone([keyed(9, "b")], { behind: true });
  assert.equal((await compare(source, [lost, later], rules)).difference, undefined);
});

for (
  const { title, target, says } of [
    {
      title: "behind all of ours excuses the last of ours",
      target: [
        theirs([keyed(0, "a"), keyed(1, "b")]),
        theirsAlone([keyed(9, "c")], { behind: true }),
      ],
    },
    {
      title: "between ours excuses what ours lacks there",
      target: [
        theirs([keyed(0, "a")]),
        theirsAlone([keyed(9, "b")], { behind: false }),
        theirs([keyed(2, "c")]),
      ],
    },
    {
      title: "before ours excuses nothing behind it",
      target: [
        theirsAlone([keyed(9, "c")], { behind: false }),
        theirs([keyed(0, "a"), keyed(1, "b")]),
        theirsAlone([keyed(9, "d")], { behind: true }),
      ],
      says:
        "The message at source offset 2 is missing on the target, which holds no later one of its key",
    },
    {
      title: "in a transaction excuses ours once it is committed",
      target: [
        theirs([keyed(0, "a"), keyed(1, "b")]),
        theirsAlone([keyed(9, "c")], { behind: true, transaction: 5n }),
        theirsAlone([keyed(9, "z")], { behind: true, transaction: 6n, marker: "abort" }),
        theirsAlone([keyed(9, "z")], { behind: true, transaction: 5n, marker: "commit" }),
      ],
    },
    {
      title: "in a transaction that was aborted, or has not ended, excuses nothing",
      target: [
        theirs([keyed(0, "a"), keyed(1, "b")]),
        theirsAlone([keyed(9, "c")], { behind: true, transaction: 5n }),
        theirsAlone([keyed(9, "z")], { behind: true, transaction: 5n, marker: "abort" }),
        theirsAlone([keyed(9, "c")], { behind: true, transaction: 6n }),
      ],
      says:
        "The message at source offset 2 is missing on the target, which holds no later one of its key",
    },
  ]
) {
  Deno.test(`on a compacted target what others wrote ${title}`, async () => {
    const source = [ours([keyed(0, "a"), keyed(1, "b"), keyed(2, "c")])];
    const { difference } = await compare(source, target, { targetCompacted: true });
    assert.equal(difference?.text, says);
  });
}

Deno.test("what compaction took from the source is counted, all else has to be there in order", async () => {
  const target = [theirs([keyed(0, "a"), keyed(1, "b"), keyed(2, "a"), keyed(3, "c")])];
  const rules = { sourceCompacted: true };
  const good = await compare([ours([keyed(1, "b"), keyed(3, "c")])], target, rules);
  assert.deepEqual([good.difference, good.goneFromSource, good.equal], [undefined, 2n, 2n]);
  const swapped = await compare([ours([keyed(3, "c"), keyed(1, "b")])], target, rules);
  assert.match(
    swapped.difference?.text ?? "",
    /^The message at source offset 1 is missing on the target/,
  );
});

Deno.test("too many missing keys are looked after in several readings", async () => {
  const { createMissingKeys, halves } = await import("../../../lib/compare/missing_keys.ts");
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  const whole = createMissingKeys({ residue: 0, modulus: 1 }, 30);
  keys.forEach((key, index) => whole.miss(key, BigInt(index)));
  assert.equal(whole.overflowed, true);
  const parts = halves({ residue: 0, modulus: 1 }).map((share) => createMissingKeys(share, 39));
  for (const part of parts) keys.forEach((key, index) => part.miss(key, BigInt(index)));
  assert.ok(parts.every(({ overflowed, first }) => !overflowed && first !== undefined));
  for (const part of parts) keys.slice(1).forEach((key) => part.meet(key));
  assert.deepEqual(parts.map(({ first }) => first?.key).filter(Boolean), ["key-0"]);
  const others = createMissingKeys({ residue: 0, modulus: 1 }, 30);
  keys.forEach((key) => others.meetForeign(key));
  assert.equal(others.overflowed, true);
  const apart = createMissingKeys({ residue: 0, modulus: 1 }, 30);
  for (const key of keys) {
    apart.meetForeign(key);
    apart.goOn();
  }
  assert.equal(apart.overflowed, false);
});

Deno.test("keys are told apart whatever their length, and kept in few characters", () => {
  const texts = [
    "",
    "a",
    "x".repeat(31),
    "x".repeat(32),
    "x".repeat(50_000),
    `y${"x".repeat(49_999)}`,
  ];
  const opened = openRecords(ours(texts.map((text, index) => keyed(index, text))));
  const keys = texts.map((_, index) => keyOf(opened, index));
  assert.equal(new Set(keys).size, texts.length);
  assert.ok(keys.every((key) => key !== undefined && key.length <= 64));
  assert.equal(keyOf(openRecords(ours([testRecord(0, { key: null })])), 0), undefined);
});
