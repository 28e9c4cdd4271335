/**
 * cut.ts: whatever lies in a response, what is cut from it holds the records wanted and nothing else, in a form that
 * brokers take. Batches are built and read back by the slow builder of the tests.
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { cutBatches, recordsBefore } from "../../../lib/copy/cut.ts";
import type { Carried, Cut, CutRange, TargetRules } from "../../../lib/copy/cut_types.ts";
import type { AbortedTransaction } from "../../../lib/copy/transactions.ts";
import { compress, decompress } from "../../../lib/codec/codec.ts";
import { buildMessages, type TestMessage } from "../../support/legacy_message_builder.ts";
import { layBatches } from "../../support/laid_batches.ts";
import {
  buildBatch,
  fixCrc,
  readBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecord,
  testRecords,
  utf8,
} from "../../support/record_batch_builder.ts";

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;

const anyTarget: TargetRules = { logAppendTime: false };

interface Response {
  readonly aborted?: readonly AbortedTransaction[];
  readonly rules?: TargetRules;
  /** Bytes of a batch that the response ends within. */
  readonly tail?: Uint8Array;
}

/** Cuts batches that lie one after the other in a larger buffer. */
function cutOnce(batches: readonly Uint8Array[], range: CutRange, response: Response = {}): Cut {
  const { aborted = [], rules = anyTarget, tail = new Uint8Array(0) } = response;
  const { bytes, view, end } = layBatches([...batches, tail], { before: 5, behind: 9 });
  return cutBatches(
    {
      bytes,
      view,
      recordsStart: 5,
      recordsEnd: end,
      abortedTransactions: aborted,
    },
    range,
    rules,
  );
}

/** The same; where the first batch's place is not borne out, a second response says the same. */
function cut(batches: readonly Uint8Array[], range: CutRange, response: Response = {}): Cut {
  const first = cutOnce(batches, range, response);
  const { carried } = first;
  return range.carried === undefined && carried?.unprovenOffset !== undefined
    ? cutOnce(batches, { ...range, carried }, response)
    : first;
}

const bytesOf = ({ bytes, position, size }: Cut["batches"][number]) =>
  bytes.slice(position, position + size);

/** The records of all batches, with the source offsets they had. */
function recordsOf({ batches }: Cut): readonly TestRecord[] {
  return batches.flatMap((each) => {
    const batch = readBatch(bytesOf(each));
    // Re-encoded batches close gaps, so only those of one run of offsets can be told back.
    return batch.records.map((record) => ({
      ...record,
      offset: each.firstOffset + record.offset - batch.baseOffset,
    }));
  });
}

const valuesOf = (records: readonly TestRecord[]) =>
  records.map(({ value, timestamp }) => [value && new TextDecoder().decode(value), timestamp]);

const unprovenIn = ({ carried }: Cut) => carried?.unprovenOffset;

const all = { fromOffset: 0n, untilOffset: 1_000n };

Deno.test("whole batches pass through as they stand", () => {
  const batches = [buildBatch(testRecords(10, 20)), buildBatch(testRecords(20, 35))];
  const result = cut(batches, { fromOffset: 10n, untilOffset: 35n });
  assert.deepEqual(result.batches.map(bytesOf), batches);
  assert.deepEqual(
    result.batches.map((each) => [each.firstOffset, each.nextOffset, each.recordCount]),
    [[10n, 20n, 10], [20n, 35n, 15]],
  );
  assert.ok(result.batches.every(({ passedThrough }) => passedThrough));
  assert.deepEqual([result.nextOffset, result.batchesLeftOut], [35n, 0]);
});

Deno.test("the batches that the range cuts through are re-encoded, those outside left out", () => {
  const batches = [[0, 10], [10, 20], [20, 30], [30, 40]].map(([from = 0, until = 0]) =>
    buildBatch(testRecords(from, until), { attributes: TRANSACTIONAL, producerId: 9n })
  );
  const result = cut(batches.slice(1), { fromOffset: 13n, untilOffset: 27n });
  assert.deepEqual(valuesOf(recordsOf(result)), valuesOf(testRecords(13, 27)));
  assert.deepEqual(
    result.batches.map(({ firstOffset, nextOffset, passedThrough }) => [
      firstOffset,
      nextOffset,
      passedThrough,
    ]),
    [[13n, 20n, false], [20n, 27n, false]],
  );
  assert.equal(result.nextOffset, 27n);
  const inside = cut(batches.slice(1), {
    fromOffset: 12n,
    untilOffset: 15n,
  });
  assert.deepEqual(valuesOf(recordsOf(inside)), valuesOf(testRecords(12, 15)));
});

Deno.test("whatever the start and the end, the records between them are copied, and no others", () => {
  const batches = [buildBatch(testRecords(0, 4)), buildBatch(testRecords(4, 8))];
  for (let from = 0; from < 8; from++) {
    for (let until = from + 1; until <= 8; until++) {
      const wanted = from < 4 ? batches : batches.slice(1);
      const result = cut(wanted, { fromOffset: BigInt(from), untilOffset: BigInt(until) });
      assert.deepEqual(
        valuesOf(recordsOf(result)),
        valuesOf(testRecords(from, until)),
        `${from} to ${until}`,
      );
      assert.equal(result.nextOffset, BigInt(until));
    }
  }
});

Deno.test("what lies beyond the end is not looked at", () => {
  const beyond = buildBatch(testRecords(5, 10));
  beyond[70] = 0xee;
  const range = { fromOffset: 0n, untilOffset: 5n };
  const result = cut([buildBatch(testRecords(0, 5)), beyond], range);
  assert.deepEqual([result.batches.length, result.nextOffset], [1, 5n]);
  assert.deepEqual([result.batchesLeftOut, result.problem], [0, undefined]);
});

Deno.test("a batch that compaction has emptied is left out unopened", () => {
  // No section of records is no gzip content.
  const empty = buildBatch([], { attributes: 1, baseOffset: 5n, lastOffset: 9n });
  const range = { fromOffset: 0n, untilOffset: 10n };
  const result = cut([buildBatch(testRecords(0, 5)), empty], { ...range, carried: after(0n) });
  assert.deepEqual([result.batches.length, result.nextOffset], [1, 10n]);
  assert.deepEqual([result.batchesLeftOut, result.problem], [1, undefined]);
});

Deno.test("a batch with gaps is made dense", () => {
  const kept = testRecords(0, 20).filter(({ offset }) => offset % 3n !== 1n);
  const result = cut([buildBatch(kept, { lastOffset: 24n })], { fromOffset: 0n, untilOffset: 25n });
  const [only] = result.batches;
  assert.ok(only !== undefined);
  const batch = readBatch(bytesOf(only));
  assert.equal(batch.lastOffsetDelta, kept.length - 1);
  assert.deepEqual(valuesOf(batch.records), valuesOf(kept));
  assert.equal(result.nextOffset, 25n);
});

Deno.test("a broker's append times stay what consumers saw, unless the target sets its own", () => {
  const options = { attributes: LOG_APPEND_TIME, maxTimestamp: 1_800_000_000_000n };
  const batch = buildBatch(testRecords(0, 3), options);
  const range = { fromOffset: 0n, untilOffset: 3n };
  const [kept] = cut([batch], range).batches;
  assert.ok(kept !== undefined);
  const read = readBatch(bytesOf(kept));
  assert.equal(read.attributes & LOG_APPEND_TIME, 0);
  assert.ok(read.records.every(({ timestamp }) => timestamp === options.maxTimestamp));
  const [passed] = cut([batch], range, { rules: { logAppendTime: true } }).batches;
  assert.ok(passed?.passedThrough);
});

Deno.test("control batches and aborted transactions are left out, committed ones are not", () => {
  const ofProducer = (
    producerId: bigint,
    from: number,
    until: number,
    more: TestBatchOptions = {},
  ) => buildBatch(testRecords(from, until), { attributes: TRANSACTIONAL, producerId, ...more });
  const marker = (producerId: bigint, at: number) =>
    ofProducer(producerId, at, at + 1, { attributes: TRANSACTIONAL | CONTROL });
  const batches = [
    ofProducer(1n, 0, 3), // aborted
    ofProducer(2n, 3, 5), // committed
    buildBatch(testRecords(5, 6), { producerId: 1n }), // not transactional
    marker(1n, 6),
    ofProducer(1n, 7, 9), // the producer's next transaction: committed
    marker(2n, 9),
    marker(1n, 10),
    ofProducer(1n, 11, 12), // and the one after that: aborted
    marker(1n, 12),
  ];
  const aborted = [{ producerId: 1n, firstOffset: 11n }, { producerId: 1n, firstOffset: 0n }];
  const result = cut(batches, { fromOffset: 0n, untilOffset: 13n }, { aborted });
  assert.deepEqual(
    valuesOf(recordsOf(result)),
    valuesOf([...testRecords(3, 6), ...testRecords(7, 9)]),
  );
  assert.deepEqual([result.nextOffset, result.batchesLeftOut], [13n, 6]);
});

Deno.test("a transaction that was aborted before the range began is still known as aborted", () => {
  const batch = buildBatch(testRecords(4, 8), { attributes: TRANSACTIONAL, producerId: 1n });
  const aborted = [{ producerId: 1n, firstOffset: 0n }];
  const range = { fromOffset: 6n, untilOffset: 8n };
  const result = cut([batch], range, { aborted });
  assert.deepEqual([result.batches, result.nextOffset, result.batchesLeftOut], [[], 8n, 1]);
});

Deno.test("a batch that the response ends within is fetched again", () => {
  const [first, second] = [buildBatch(testRecords(0, 5)), buildBatch(testRecords(5, 10))];
  assert.ok(first !== undefined && second !== undefined);
  for (const size of [1, 11, 12, 60, second.length - 1]) {
    const result = cut([first], all, { tail: second.subarray(0, size) });
    assert.deepEqual([result.batches.length, result.nextOffset], [1, 5n], `${size} bytes`);
    assert.equal(result.problem, undefined);
  }
});

Deno.test("damage is told, and what lies before it is kept", () => {
  const sound = buildBatch(testRecords(0, 5));
  const rest = buildBatch(testRecords(5, 10));
  const flipped = (at: number, fix = false) => {
    const bytes = rest.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    if (fix) fixCrc(bytes);
    return bytes;
  };
  const cases: readonly (readonly [title: string, Uint8Array, CutRange])[] = [
    ["a base offset that goes back", buildBatch(testRecords(3, 8)), all],
    ["a last offset below the first", buildBatch(testRecords(5, 10), { lastOffset: 2n }), all],
    [
      "an empty batch that ends before it begins",
      buildBatch([], { baseOffset: 8n, lastOffset: 6n }),
      all,
    ],
    ["a flipped bit where a batch is opened", flipped(70), { fromOffset: 0n, untilOffset: 7n }],
    ["a message that a flipped bit makes a marker", flipped(22).fill(0x20, 22, 23), all],
  ];
  for (const [title, damaged, range] of cases) {
    const result = cut([sound, damaged], range);
    assert.equal(result.problem?.kind, "damaged", title);
    assert.deepEqual(valuesOf(recordsOf(result)), valuesOf(testRecords(0, 5)), title);
    assert.equal(result.nextOffset, 5n, title);
  }
  // Sent on, the target's broker will see the wrong CRC.
  assert.equal(cut([sound, flipped(70)], { fromOffset: 0n, untilOffset: 10n }).batches.length, 2);
});

Deno.test("a damaged length is told of the batch that it lies in", () => {
  const [sound, damaged, next] = [[0, 5], [5, 10], [10, 15]].map(([from = 0, until = 0]) =>
    buildBatch(testRecords(from, until))
  );
  assert.ok(sound !== undefined && damaged !== undefined && next !== undefined);
  new DataView(damaged.buffer).setInt32(8, damaged.length - 12 - 4);
  const result = cut([sound, damaged, next], { fromOffset: 0n, untilOffset: 15n });
  assert.equal(result.problem?.kind, "damaged");
  assert.deepEqual([result.batches.map(bytesOf), result.nextOffset], [[sound], 5n]);
});

Deno.test("messages of old formats before a damaged one are kept", () => {
  for (const magic of [0, 1]) {
    const messages = [0n, 1n, 2n, 3n].map((offset) => {
      const { key, value, timestamp } = testRecord(Number(offset));
      return buildMessages([{ offset, magic, key, value, timestamp }]);
    });
    const third = messages[2];
    assert.ok(third !== undefined);
    third[third.length - 1] = (third.at(-1) ?? 0) ^ 1;
    const result = cut(messages, { fromOffset: 0n, untilOffset: 4n, carried: after(0n) });
    assert.deepEqual([result.problem?.kind, result.nextOffset], ["damaged", 2n]);
    const records = testRecords(0, 2).map((record) =>
      magic === 0 ? { ...record, timestamp: -1n } : record
    );
    assert.deepEqual(valuesOf(recordsOf(result)), valuesOf(records));
  }
});

Deno.test("a batch of another length than the response is damaged, not waited for", () => {
  const bytes = buildBatch(testRecords(0, 5));
  new DataView(bytes.buffer).setInt32(8, bytes.length + 1_000_000);
  assert.equal(cut([bytes], all).problem?.kind, "damaged");
});

Deno.test("batches too large for the target are split, a message too large stops before it", () => {
  const value = new Uint8Array(400);
  const records = testRecords(0, 10).map((record) => ({ ...record, value }));
  const rules = { logAppendTime: false, maxBatchBytes: 1_500 };
  const range = { fromOffset: 0n, untilOffset: 10n };
  const split = cut([buildBatch(records)], range, { rules });
  assert.ok(split.batches.length > 1);
  assert.ok(split.batches.every(({ size }) => size <= 1_500));
  assert.deepEqual(valuesOf(recordsOf(split)), valuesOf(records));
  assert.deepEqual([split.nextOffset, split.problem], [10n, undefined]);

  const giant = records.map((record) =>
    record.offset === 6n ? { ...record, value: new Uint8Array(2_000) } : record
  );
  // Compaction may have taken what came right before it.
  for (const gone of [undefined, 5n]) {
    const left = giant.filter(({ offset }) => offset !== gone);
    const stopped = cut([buildBatch(left)], range, { rules });
    assert.ok(stopped.problem?.kind === "impossible");
    const { code, text } = stopped.problem.failure;
    assert.equal(code, "RECORD_TOO_LARGE");
    assert.match(text, /^The record at offset 6 needs a batch of 20\d\d /);
    assert.equal(stopped.nextOffset, 6n);
    assert.deepEqual(
      valuesOf(recordsOf(stopped)),
      valuesOf(left.filter(({ offset }) => offset < 6n)),
    );
  }
});

Deno.test("a batch of exactly the bytes that the target takes passes through", () => {
  const batch = buildBatch(testRecords(0, 10));
  const range = { fromOffset: 0n, untilOffset: 10n };
  const sizesFor = (maxBatchBytes: number) =>
    cut([batch], range, { rules: { logAppendTime: false, maxBatchBytes } }).batches
      .map(({ passedThrough }) => passedThrough);
  assert.deepEqual(sizesFor(batch.length), [true]);
  assert.deepEqual(sizesFor(batch.length - 1), [false, false]);
});

Deno.test("a batch that grows beyond the limit when it is re-encoded is split", () => {
  const records = testRecords(0, 8).filter(({ offset }) => offset !== 3n);
  // One raw snappy block of literals, which our framing makes longer.
  const raw = (section: Uint8Array) => {
    assert.ok(section.length >= 128 && section.length < 256);
    const size = [section.length % 128 + 128, Math.floor(section.length / 128)];
    return Uint8Array.from([...size, 60 << 2, section.length - 1, ...section]);
  };
  const random = records.map((record) => ({
    ...record,
    key: crypto.getRandomValues(new Uint8Array(14)),
    value: null,
  }));
  const batch = buildBatch(random, { attributes: 2, lastOffset: 7n, compress: raw });
  const range = { fromOffset: 0n, untilOffset: 8n, carried: after(0n) };
  const rules = { logAppendTime: false, maxBatchBytes: batch.length };
  const result = cut([batch], range, { rules });
  assert.deepEqual(result.batches.map(({ size }) => size <= batch.length), [true, true]);
  const read = result.batches.flatMap((each) =>
    readBatch(bytesOf(each), (section) => decompress(2, section, 1_000)).records
  );
  assert.deepEqual(read.map(({ key }) => key), random.map(({ key }) => key));
});

Deno.test("a batch that opens to too much can never be copied, and is not fetched again", () => {
  // A zstd frame that says so: 8 bytes of content size, an empty last block.
  const size = 256 * 1024 * 1024 + 1;
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
  new DataView(frame.buffer).setBigUint64(5, BigInt(size), true);
  const batch = buildBatch(testRecords(5, 7), {
    attributes: 4,
    lastOffset: 9n,
    compress: () => frame,
  });
  const range = { fromOffset: 0n, untilOffset: 10n, carried: after(0n) };
  const result = cut([buildBatch(testRecords(0, 5)), batch], range);
  assert.deepEqual([result.batches.length, result.nextOffset, result.problem], [1, 5n, {
    kind: "impossible",
    failure: {
      code: "CONTENT_TOO_LARGE",
      text:
        "the batch at source offset 5 cannot be opened: its zstd content opens to more than 268435456 bytes",
    },
  }]);
});

/** A compressed message of magic 1 around others. */
function wrapped(messages: readonly TestMessage[]): Uint8Array {
  const last = messages.at(-1)?.offset ?? 0n;
  const first = messages[0]?.offset ?? 0n;
  const inner = messages.map((each) => ({ ...each, offset: each.offset - first }));
  return buildMessages([
    { offset: last, attributes: 1, value: compress(1, buildMessages(inner)) },
  ]);
}

Deno.test("compressed messages that go on beyond the end are read through", () => {
  const offsets = [0n, 1n, 2n, 8n];
  const messages = wrapped(offsets.map((offset) => ({ offset, value: utf8(`${offset}`) })));
  const result = cut([messages], { fromOffset: 0n, untilOffset: 5n, carried: after(0n) });
  assert.deepEqual(result.batches.map(({ recordCount }) => recordCount), [3]);
  assert.equal(result.nextOffset, 5n);
});

Deno.test("messages of old formats become batches that the target takes, whatever their size", () => {
  const rules = { logAppendTime: false, maxBatchBytes: 20_000 };
  // Two of them fill a batch to the last byte, and codecs make what is random longer.
  for (let size = 9_920; size < 9_980; size++) {
    const messages = Array.from({ length: 4 }, (_, index) => ({
      offset: BigInt(index),
      value: crypto.getRandomValues(new Uint8Array(size)),
    }));
    const range = { fromOffset: 0n, untilOffset: 4n, carried: after(0n) };
    const { batches, problem } = cut([wrapped(messages)], range, { rules });
    assert.equal(problem, undefined, `${size}`);
    assert.ok(batches.every((batch) => batch.size <= 20_000), `${size}`);
  }
});

Deno.test("a message of an old format that is too large for the target stops before it", () => {
  const rules = { logAppendTime: false, maxBatchBytes: 2_000 };
  const messages = [10, 10, 3_000, 10].map((size, offset) => ({
    offset: BigInt(offset),
    value: crypto.getRandomValues(new Uint8Array(size)),
  }));
  for (const magic of [0, 1]) {
    const set = buildMessages(messages.map((each) => ({ ...each, magic })));
    const range = { fromOffset: 0n, untilOffset: 4n, carried: after(0n) };
    const { batches, problem, nextOffset } = cut([set], range, { rules });
    assert.equal(batches.reduce((sum, each) => sum + each.recordCount, 0), 2);
    assert.equal(nextOffset, 2n);
    assert.equal(problem?.kind, "impossible");
    assert.ok(problem?.kind === "impossible");
    assert.match(problem.failure.text, /^The record at offset 2 needs a batch of 30\d\d bytes, /);
  }
});

/** Carried from a response that ended before `dueOffset`. */
const after = (dueOffset: bigint, unprovenOffset?: bigint): Carried => ({
  dueOffset,
  unsettled: new Map(),
  ...(unprovenOffset !== undefined && { unprovenOffset }),
});

Deno.test("a gap at the end of a response counts when a second one says the same", () => {
  const batches = [buildBatch(testRecords(0, 5)), buildBatch(testRecords(50, 60))];
  const first = cutOnce(batches, { ...all, carried: after(0n) });
  assert.deepEqual([first.nextOffset, unprovenIn(first)], [5n, 50n]);
  const range = { fromOffset: 5n, untilOffset: 1_000n };
  const lone = batches.slice(1);
  assert.equal(unprovenIn(cutOnce(lone, { ...range, carried: after(5n) })), 50n);
  const second = cutOnce(lone, { ...range, carried: after(5n, 50n) });
  assert.deepEqual(valuesOf(recordsOf(second)), valuesOf(testRecords(50, 60)));
  assert.deepEqual([second.nextOffset, unprovenIn(second)], [60n, undefined]);
  const other = cutOnce(lone, { ...range, carried: after(5n, 49n) });
  assert.deepEqual([other.batches, other.nextOffset, unprovenIn(other)], [[], 5n, 50n]);
  // What follows bears a gap out at once.
  const between = cutOnce([...batches, buildBatch(testRecords(60, 61))], {
    ...all,
    carried: after(0n),
  });
  assert.deepEqual([between.batches.length, unprovenIn(between)], [3, undefined]);
});

Deno.test("a batch that is the whole range by both its ends needs no second response", () => {
  const batch = buildBatch(testRecords(5, 10));
  const whole = cutOnce([batch], { fromOffset: 5n, untilOffset: 10n });
  assert.deepEqual([whole.batches.length, whole.nextOffset], [1, 10n]);
  for (const [fromOffset, untilOffset] of [[4n, 10n], [5n, 11n], [6n, 10n], [5n, 9n]] as const) {
    const part = cutOnce([batch], { fromOffset, untilOffset });
    assert.deepEqual([part.batches, unprovenIn(part)], [[], 5n], `${fromOffset} to ${untilOffset}`);
  }
});

Deno.test("a response without a batch takes nothing back of what the next one has to bear out", () => {
  const range = { fromOffset: 5n, untilOffset: 1_000n, carried: after(5n, 50n) };
  const none = cutOnce([], range);
  assert.deepEqual([none.batches, none.nextOffset, none.carried], [[], 5n, range.carried]);
});

Deno.test("a batch that seems to lie beyond the end ends the range when a second response says the same", () => {
  // In truth it begins at 50; what follows lies beyond the end, too.
  const moved = [buildBatch(testRecords(150, 160)), buildBatch(testRecords(200, 210))];
  const range = { fromOffset: 5n, untilOffset: 100n };
  const first = cutOnce(moved, { ...range, carried: after(5n) });
  assert.deepEqual([first.batches, first.nextOffset, unprovenIn(first)], [[], 5n, 150n]);
  const second = cutOnce(moved, { ...range, carried: after(5n, 150n) });
  assert.deepEqual([second.batches, second.nextOffset], [[], 100n]);
});

Deno.test("where a range begins, a batch's place counts when the next batch or a second response bears it out", () => {
  const batches = [buildBatch(testRecords(40, 50)), buildBatch(testRecords(50, 60))];
  const range = { fromOffset: 42n, untilOffset: 1_000n };
  assert.deepEqual(valuesOf(recordsOf(cutOnce(batches, range))), valuesOf(testRecords(42, 60)));
  for (const fromOffset of [40n, 42n]) {
    const alone = cutOnce(batches.slice(0, 1), { ...range, fromOffset });
    assert.deepEqual([alone.batches, alone.nextOffset], [[], fromOffset]);
    assert.equal(unprovenIn(alone), 40n);
  }
  // Responses that end before 42 and go on at 40 contradict each other; so does one that ends before what was asked for.
  assert.equal(cutOnce(batches, { ...range, carried: after(42n) }).problem?.kind, "damaged");
  assert.equal(cutOnce(batches, { ...range, fromOffset: 50n }).problem?.kind, "damaged");
});

Deno.test("the list of aborted transactions has to agree with the markers", () => {
  const data = buildBatch(testRecords(0, 3), { attributes: TRANSACTIONAL, producerId: 1n });
  const marker = (type: number) => {
    const key = Uint8Array.of(0, 0, 0, type);
    const record = testRecord(3, { key, value: Uint8Array.of(0, 0, 0, 0, 0, 0) });
    return buildBatch([record], { attributes: TRANSACTIONAL | CONTROL, producerId: 1n });
  };
  const [abort, commit] = [0, 1].map(marker);
  const listed = [{ producerId: 1n, firstOffset: 0n }];
  const range = { fromOffset: 0n, untilOffset: 4n };
  for (
    const [end, aborted, agrees] of [
      [abort, listed, true],
      [abort, [], false],
      [commit, listed, false],
      [commit, [], true],
    ] as const
  ) {
    assert.ok(end !== undefined);
    const together = cut([data, end], range, { aborted });
    assert.equal(together.problem?.kind, agrees ? undefined : "damaged");
    assert.equal(together.nextOffset, agrees ? 4n : 0n);
    // The marker comes in a later response: what was sent cannot be taken back, but must not count as done.
    const { carried, nextOffset } = cutOnce([data], { ...range, carried: after(0n) }, { aborted });
    assert.ok(carried !== undefined);
    const later = cutOnce([end], { fromOffset: nextOffset, untilOffset: 4n, carried });
    assert.equal(later.problem?.kind, agrees ? undefined : "impossible");
    // What a damaged marker says counts for nothing.
    const flipped = end.slice();
    flipped[flipped.length - 9] = (flipped.at(-9) ?? 0) ^ 1;
    const damaged = cutOnce([flipped], { fromOffset: nextOffset, untilOffset: 4n, carried });
    assert.deepEqual([damaged.problem?.kind, damaged.nextOffset], ["damaged", nextOffset]);
  }
});

/** Reads a log as the source lane does, response after response. */
function readThrough(
  log: readonly { readonly bytes: Uint8Array; readonly last: bigint }[],
  { fromOffset, untilOffset }: CutRange,
  aborted: readonly AbortedTransaction[],
  batchesPerResponse: number,
): { readonly batches: Cut["batches"]; readonly nextOffset: bigint } {
  const batches: Cut["batches"][number][] = [];
  let nextOffset = fromOffset;
  let carried: Carried | undefined;
  for (let responses = 0; nextOffset < untilOffset; responses++) {
    assert.ok(responses < 500, "reading gets nowhere");
    const from = log.findIndex(({ last }) => last >= nextOffset);
    // The log ends below the end wanted: compaction took the rest.
    if (from < 0) break;
    const part = log.slice(from, from + batchesPerResponse).map(({ bytes }) => bytes);
    const range = { fromOffset: nextOffset, untilOffset, ...(carried && { carried }) };
    const result = cutOnce(part, range, { aborted });
    assert.equal(result.problem, undefined);
    batches.push(...result.batches);
    ({ nextOffset, carried } = result);
  }
  return { batches, nextOffset };
}

Deno.test("whatever the log holds, exactly the wanted records come out, in batches a broker takes", () => {
  const batchSpec = fc.record({
    kind: fc.constantFrom(
      "plain",
      "gaps",
      "appendTime",
      "committed",
      "aborted",
      "control",
      "empty",
    ),
    records: fc.integer({ min: 1, max: 6 }),
    gapBefore: fc.constantFrom(0, 0, 0, 3),
    removed: fc.nat({ max: 63 }),
  });
  const cases = fc.record({
    specs: fc.array(batchSpec, { minLength: 1, maxLength: 12 }),
    from: fc.nat({ max: 40 }),
    length: fc.nat({ max: 60 }),
    batchesPerResponse: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(fc.property(cases, ({ specs, from, length, batchesPerResponse }) => {
    const log: { bytes: Uint8Array; last: bigint }[] = [];
    const wanted: TestRecord[] = [];
    const aborted: AbortedTransaction[] = [];
    const range = { fromOffset: BigInt(from), untilOffset: BigInt(from + length) };
    let offset = 0;
    for (const { kind, records, gapBefore, removed } of specs) {
      offset += gapBefore;
      const whole = testRecords(offset, offset + records);
      const span = { baseOffset: BigInt(offset), lastOffset: BigInt(offset + records - 1) };
      const add = (held: readonly TestRecord[], options: TestBatchOptions = {}) =>
        log.push({ bytes: buildBatch(held, { ...span, ...options }), last: span.lastOffset });
      if (kind === "plain") add(whole);
      else if (kind === "appendTime") {
        add(whole, { attributes: LOG_APPEND_TIME, maxTimestamp: 42n });
      } else if (kind === "gaps") {
        whole.splice(0, records, ...whole.filter((_, bit) => (removed >> bit & 1) === 0));
        add(whole);
      } else if (kind === "committed") {
        add(whole, { attributes: TRANSACTIONAL, producerId: 500n });
      } else if (kind === "aborted") {
        const producerId = BigInt(1_000 + offset);
        aborted.push({ producerId, firstOffset: span.baseOffset });
        add(whole, { attributes: TRANSACTIONAL, producerId });
      } else if (kind === "control") {
        add(whole.slice(0, 1), { attributes: TRANSACTIONAL | CONTROL, producerId: 7n });
      } else add([], { baseTimestamp: 0n });
      if (["plain", "gaps", "committed", "appendTime"].includes(kind)) {
        const stamped = kind === "appendTime"
          ? whole.map((record) => ({ ...record, timestamp: 42n }))
          : whole;
        wanted.push(
          ...stamped.filter((each) =>
            each.offset >= range.fromOffset && each.offset < range.untilOffset
          ),
        );
      }
      offset += records;
    }
    const { batches } = readThrough(log, range, aborted, batchesPerResponse);
    const read = batches.map((each) => ({ each, batch: readBatch(bytesOf(each)) }));
    assert.deepEqual(
      valuesOf(read.flatMap(({ batch }) => batch.records)),
      valuesOf(wanted),
    );
    let next = range.fromOffset;
    for (const { each, batch } of read) {
      assert.ok(batch.crcIsRight);
      assert.equal(batch.recordCount, each.recordCount);
      assert.equal(batch.lastOffsetDelta, batch.recordCount - 1);
      assert.equal(batch.attributes & (CONTROL | LOG_APPEND_TIME), 0);
      assert.ok(each.firstOffset >= next && each.nextOffset > each.firstOffset);
      next = each.nextOffset;
    }
    assert.ok(next <= range.untilOffset);
  }));
});

Deno.test("every record keeps key, value, headers and timestamp through a cut", () => {
  const records = [
    testRecord(0),
    testRecord(1, { key: null, value: null, timestamp: -1n }),
    testRecord(2, {
      key: new Uint8Array(0),
      headers: [
        { key: new Uint8Array([0xff, 0]), value: null },
        { key: new Uint8Array([0xff, 0]), value: new Uint8Array(0) },
      ],
    }),
    testRecord(3),
  ];
  const range = { fromOffset: 1n, untilOffset: 3n };
  const [only] = cut([buildBatch(records)], range).batches;
  assert.ok(only !== undefined);
  const withoutOffsets = (list: readonly TestRecord[]) =>
    list.map(({ offset: _, ...rest }) => rest);
  assert.deepEqual(
    withoutOffsets(readBatch(bytesOf(only)).records),
    withoutOffsets(records.slice(1, 3)),
  );
});

Deno.test("thousands of offsets in one batch with gaps are counted in one opening", () => {
  const offsets = Array.from({ length: 20_000 }, (_, index) => index * 3);
  const bytes = buildBatch(offsets.map((offset) => testRecord(offset)), {
    attributes: 1,
    compress: (section) => gzipSync(section),
  });
  const range = { fromOffset: 0n, untilOffset: 60_000n };
  const fetched = { bytes, view: new DataView(bytes.buffer), recordsStart: 0 };
  const whole = { ...fetched, recordsEnd: bytes.length, abortedTransactions: [] };
  const { carried } = cutBatches(whole, range, { logAppendTime: false });
  const cut = cutBatches(whole, { ...range, ...(carried && { carried }) }, {
    logAppendTime: false,
  });
  const [batch] = cut.batches;
  assert.ok(batch !== undefined);
  const started = performance.now();
  for (let offset = 0; offset < 59_998; offset += 3) {
    assert.equal(recordsBefore(batch, BigInt(offset)), offset / 3);
    assert.equal(recordsBefore(batch, BigInt(offset + 1)), offset / 3 + 1);
  }
  // Were it opened for each, it would take minutes.
  assert.ok(performance.now() - started < 3_000);
});

Deno.test("zstd becomes lz4 for a target without it, also where the batch has to be split, and nothing else does", () => {
  const records = testRecords(0, 40).map((each) => ({ ...each, value: utf8("x".repeat(300)) }));
  const batchOf = (codec: number) =>
    buildBatch(records, {
      ...(codec === 0 ? {} : {
        attributes: codec,
        compress: (section: Uint8Array) => compress(codec, section),
      }),
    });
  const range = { fromOffset: 0n, untilOffset: 40n };
  const withoutZstd = { logAppendTime: false, withoutZstd: true } as const;
  for (const codec of [0, 1, 2, 3, 4]) {
    const { batches: [batch, ...rest] } = cutOnce([batchOf(codec)], range, { rules: withoutZstd });
    assert.ok(batch !== undefined && rest.length === 0);
    assert.equal(batch.passedThrough, codec !== 4);
    const becomes = codec === 4 ? 3 : codec;
    assert.equal(batch.view.getInt16(batch.position + 21) & 7, becomes);
    const read = readBatch(
      batch.bytes.slice(batch.position, batch.position + batch.size),
      (section) => becomes === 0 ? section : decompress(becomes, section, 1_000_000),
    );
    assert.ok(read.crcIsRight);
    assert.deepEqual(read.records.map(({ value }) => value), records.map(({ value }) => value));
  }
  const small = { ...withoutZstd, maxBatchBytes: 400 };
  const { batches, nextOffset } = cutOnce([batchOf(4)], range, { rules: small });
  assert.ok(batches.length > 1 && batches.every(({ size }) => size <= 400));
  assert.ok(batches.every(({ view, position }) => (view.getInt16(position + 21) & 7) === 3));
  assert.equal(batches.reduce((sum, { recordCount }) => sum + recordCount, 0), 40);
  assert.equal(nextOffset, 40n);
});
