import assert from "node:assert/strict";
import fc from "fast-check";
import { crcMatches } from "../../../lib/batch/check.ts";
import { type Lz4RunLimits, type MergedLz4Run, mergeLz4Run } from "../../../lib/batch/merge_lz4.ts";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { compressLz4 } from "../../../lib/codec/lz4.ts";
import { AROUND, damagedCopies, type LaidBatches, layBatches } from "../../support/laid_batches.ts";
import {
  CONTENT_CHECKSUM,
  INDEPENDENT,
  LINKED,
  lz4Frame,
  openStrictly,
} from "../../support/lz4_frames.ts";
import {
  buildBatch,
  contentsOf,
  fixCrc,
  readBatch,
  type TestBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecord,
  testRecords,
} from "../../support/record_batch_builder.ts";

/** With something before and behind them. */
const lay = (batches: readonly Uint8Array[]) => layBatches(batches, { before: 3, behind: 5 });

function merge(
  { bytes, view, end }: LaidBatches,
  limits: Partial<Lz4RunLimits> = {},
  firstOffset = 0,
): MergedLz4Run | undefined {
  const all = {
    end,
    untilOffset: 1_000_000,
    maxBytes: 1_000_000,
    smallBytes: 20_000,
    fewRecords: 1_000,
    ...limits,
  };
  return mergeLz4Run({ bytes, view }, 3, firstOffset, all);
}

const read = ({ bytes, position, size }: MergedLz4Run): TestBatch =>
  readBatch(bytes.subarray(position, position + size), openStrictly);

/** A batch in lz4. */
const lz4 = (records: readonly TestRecord[], options: TestBatchOptions = {}) =>
  buildBatch(records, { attributes: 3, compress: compressLz4, ...options });

const single = (offset: number, record: Partial<TestRecord> = {}, options?: TestBatchOptions) =>
  lz4([testRecord(offset, record)], options);

/** Few different bytes, so that they repeat. */
const bytes = fc.option(
  fc.oneof(
    fc.array(fc.nat({ max: 2 }), { maxLength: 300 }),
    fc.array(fc.nat({ max: 255 }), { maxLength: 60 }),
    fc.integer({ min: 0, max: 2_000 }).map((length) => new Array<number>(length).fill(0)),
  ).map((numbers) => Uint8Array.from(numbers)),
);
const record = fc.record({
  key: bytes,
  value: bytes,
  timestamp: fc.bigInt({ min: 1n << 40n, max: (1n << 40n) + (1n << 36n) }),
  headers: fc.array(
    fc.record({ key: fc.uint8Array({ maxLength: 9 }), value: bytes }, { noNullPrototype: true }),
    { maxLength: 2 },
  ),
});

Deno.test("whatever the records and however they lie in batches, the merged batch holds them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 8 }),
      fc.constantFrom(0, 7, 2 ** 32 - 3, 2 ** 53 - 200),
      (groups, firstOffset) => {
        let offset = firstOffset;
        const batches = groups.map((group) => group.map((more) => testRecord(offset++, more)));
        const all = batches.flat();
        const laid = lay(batches.map((each) => lz4(each, { producerId: 77n })));
        const limits = { untilOffset: 2 ** 53 - 1, smallBytes: 1_000_000 };
        const merged = merge(laid, limits, firstOffset);
        assert.ok(merged);
        assert.equal(merged.recordCount, all.length);
        assert.equal(merged.end, laid.end);
        const batch = read(merged);
        assert.ok(batch.crcIsRight && crcMatches(merged.bytes, merged.position, merged.size));
        assert.deepEqual(contentsOf(batch.records), contentsOf(all));
        assert.deepEqual(batch.records.map(({ offset }) => Number(offset)), all.map((_, i) => i));
        assert.deepEqual(
          [batch.attributes, batch.lastOffsetDelta, batch.recordCount, batch.producerId],
          [3, all.length - 1, all.length, -1n],
        );
        const newest = all.reduce((max, { timestamp }) => timestamp > max ? timestamp : max, 0n);
        assert.equal(batch.maxTimestamp, newest);
        assert.deepEqual(laid.bytes.subarray(0, 3), new Uint8Array(3).fill(AROUND));
        assert.deepEqual(laid.bytes.subarray(laid.end), new Uint8Array(5).fill(AROUND));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a run lies where its first batch did, and elsewhere where it has grown", () => {
  const place = (batches: readonly Uint8Array[]) => {
    const laid = lay(batches);
    const merged = merge(laid);
    assert.ok(merged);
    return merged.bytes === laid.bytes && merged.position === 3;
  };
  assert.ok(place([0, 1, 2].map((offset) => single(offset))));
  // Equal records compress to almost nothing; their new heads do not.
  const equal = (from: number) =>
    Array.from(
      { length: 500 },
      (_, i) => testRecord(from + i, { key: null, value: null, timestamp: 1n }),
    );
  assert.ok(!place([lz4(equal(0)), lz4(equal(500)), lz4(equal(1_000))]));
});

Deno.test("frames of other writers are merged: with checksums, several blocks, stored ones", () => {
  const records = testRecords(0, 40);
  const plain = [...readableSection(records)];
  const half = plain.length >> 1;
  const border = plain.indexOf(118, half);
  const blocks = (content: readonly number[]) => [{ bytes: content, stored: true }];
  const frames = [
    lz4Frame(INDEPENDENT | CONTENT_CHECKSUM, blocks(plain), plain),
    lz4Frame(INDEPENDENT, [...blocks(plain.slice(0, border)), ...blocks(plain.slice(border))]),
    lz4Frame(INDEPENDENT, blocks(plain), [], 7),
  ];
  const batches = frames.map((frame, i) => {
    const batch = lz4(records, { compress: () => frame });
    new DataView(batch.buffer).setBigInt64(0, BigInt(40 * i));
    return batch;
  });
  const merged = merge(lay(batches));
  assert.equal(merged?.recordCount, 120);
  assert.deepEqual(
    contentsOf(read(merged).records),
    contentsOf([...records, ...records, ...records]),
  );
});

/** The records as they are encoded. */
function readableSection(records: readonly TestRecord[]): Uint8Array {
  return buildBatch(records).subarray(61);
}

const damagedRecords = (() => {
  const batch = lz4([testRecord(2)], {
    compress: (section) => compressLz4(section.map((byte, i) => i === 0 ? byte + 2 : byte)),
  });
  return batch;
})();

const others: readonly (readonly [string, Uint8Array])[] = [
  ["another offset than the next", single(3)],
  ["no codec", buildBatch([testRecord(2)])],
  ["another codec", single(2, {}, { attributes: 4 })],
  ["append times", single(2, {}, { attributes: 3 | 8 })],
  ["a transaction", single(2, {}, { attributes: 3 | 16 })],
  ["a control record", single(2, {}, { attributes: 3 | 48 })],
  ["a delete horizon", single(2, {}, { attributes: 3 | 64 })],
  ["a gap", lz4([testRecord(2), testRecord(4)])],
  ["no records", lz4([], { baseOffset: 2n, lastOffset: 1n })],
  ["a timestamp decades later", single(2, { timestamp: 1n << 60n })],
  ["a base timestamp ages earlier", single(2, {}, { baseTimestamp: -(1n << 50n) })],
  [
    "more bytes than are small",
    single(2, { value: crypto.getRandomValues(new Uint8Array(20_000)) }),
  ],
  [
    "linked blocks",
    single(2, {}, { compress: (plain) => lz4Frame(LINKED, [{ bytes: [...plain], stored: true }]) }),
  ],
  [
    "an empty block",
    single(2, {}, {
      compress: (plain) =>
        lz4Frame(INDEPENDENT, [{ bytes: [...plain], stored: true }, { bytes: [0] }]),
    }),
  ],
  [
    "a head that lies in two blocks",
    single(2, {}, {
      compress: (plain) =>
        lz4Frame(
          INDEPENDENT,
          [plain.slice(0, 2), plain.slice(2)].map((part) => ({ bytes: [...part], stored: true })),
        ),
    }),
  ],
  ["fewer records than it says", lz4([testRecord(2)], { recordCount: 2, lastOffset: 3n })],
  ["more records than it says", lz4(testRecords(2, 4), { recordCount: 1, lastOffset: 2n })],
  ["a record that is longer than the batch", damagedRecords],
  [
    "a wrong CRC",
    (() => {
      const batch = single(2);
      batch[20]! ^= 1;
      return batch;
    })(),
  ],
  [
    "a frame header that cannot be read",
    (() => {
      const batch = single(2);
      batch[61 + 6]! ^= 1;
      fixCrc(batch);
      return batch;
    })(),
  ],
];

for (const [what, batch] of others) {
  Deno.test(`a run of lz4 batches ends before one with ${what}`, () => {
    const laid = lay([single(0), single(1), batch, single(3)]);
    const merged = merge(laid);
    assert.ok(merged);
    assert.equal(merged.recordCount, 2);
    assert.equal(merged.end, laid.spans[2]?.position);
    assert.deepEqual(laid.bytes.subarray(merged.end, merged.end + batch.length), batch);
    assert.deepEqual(
      contentsOf(read(merged).records),
      contentsOf([testRecord(0), testRecord(1)]),
    );
  });

  Deno.test(`nothing changes where a single lz4 batch is followed by one with ${what}`, () => {
    const moved = batch.slice();
    const view = new DataView(moved.buffer);
    view.setBigInt64(0, view.getBigInt64(0) - 1n);
    const laid = lay([single(0), moved, single(2)]);
    const before = laid.bytes.slice();
    assert.equal(merge(laid), undefined);
    assert.deepEqual(laid.bytes, before);
  });
}

Deno.test("a run of lz4 batches ends where the range, the response or the room in a batch does", () => {
  const laid = () => lay([0, 1, 2, 3].map((offset) => single(offset)));
  assert.equal(merge(laid(), { untilOffset: 3 })?.recordCount, 3);
  assert.equal(merge(laid(), { untilOffset: 1 }), undefined);
  assert.equal(merge(laid(), { end: laid().end - 1 })?.recordCount, 3);
  const { size } = merge(laid()) ?? { size: 0 };
  assert.equal(merge(laid(), { maxBytes: size })?.recordCount, 4);
  for (let less = 1; less < 20; less++) {
    assert.equal(merge(laid(), { maxBytes: size - less })?.recordCount, 3);
  }
});

Deno.test("a run of lz4 batches never opens to more than consumers can, nor holds what opens to much", () => {
  const laid = (size: number, count: number) =>
    lay(Array.from({ length: count }, (_, i) => single(i, { value: new Uint8Array(size) })));
  assert.equal(merge(laid(900_000, 12))?.recordCount, 9);
  assert.equal(merge(laid(1_100_000, 2)), undefined);
});

Deno.test("thousands of heads, and hundreds of kilobytes in a batch, are merged like few", () => {
  const note = [...new TextEncoder().encode("the same in every record, again and again and again")];
  const records = (from: number, count: number, size: number) =>
    Array.from({ length: count }, (_, i) => {
      const value = Uint8Array.from(
        { length: size },
        (_, at) => (at % 300 === 7 ? i : note[at % 50]!),
      );
      return testRecord(from + i, { value });
    });
  for (const [count, size] of [[900, 20], [3, 200_000], [90, 5_000]] as const) {
    const batches = [0, 1, 2].map((i) => records(i * count, count, size));
    const laid = lay(batches.map((each) => lz4(each)));
    const merged = merge(laid);
    assert.ok(merged);
    // Blocks of 64 KiB may end within a head: then it ends before that batch.
    const all = batches.flat().slice(0, merged.recordCount);
    assert.ok(all.length >= 2 * count);
    const batch = read(merged);
    assert.ok(batch.crcIsRight);
    assert.deepEqual(contentsOf(batch.records), contentsOf(all));
  }
});

Deno.test("the merged frame allows for its largest block, wherever it lies", () => {
  const large = (offset: number) =>
    single(offset, { value: new Uint8Array(100_000) }, {
      compress: (plain) => lz4Frame(INDEPENDENT, [{ bytes: [...plain], stored: true }], [], 7),
    });
  for (const batches of [[large(0), single(1)], [single(0), large(1)]]) {
    const merged = merge(lay(batches), { smallBytes: 200_000 });
    assert.equal(merged?.recordCount, 2);
    assert.equal(read(merged).records.length, 2);
  }
});

Deno.test("a record's attributes stay", () => {
  const batch = (offset: number) =>
    single(offset, {}, {
      compress: (section) => compressLz4(section.map((byte, i) => i === 1 ? 0x55 : byte)),
    });
  const merged = merge(lay([batch(0), batch(1)]));
  assert.ok(merged);
  const section = openStrictly(
    merged.bytes.subarray(merged.position + 61, merged.position + merged.size),
  );
  assert.equal(section[1], 0x55);
  assert.equal(section[section.length / 2 + 1], 0x55);
});

Deno.test("what comes behind a run is never touched, however close the merged batch comes to its end", () => {
  for (let records = 1; records < 60; records++) {
    const group = (from: number) =>
      Array.from(
        { length: records },
        (_, i) => testRecord(from + i, { key: null, value: null, timestamp: 1_700_000_000_000n }),
      );
    const laid = lay([lz4(group(0)), lz4(group(records)), single(5_000)]);
    const last = laid.spans[2]!;
    const before = laid.bytes.slice(last.position);
    const merged = merge(laid);
    assert.equal(merged?.recordCount, 2 * records);
    assert.deepEqual(laid.bytes.slice(last.position), before);
    assert.ok(read(merged).crcIsRight);
  }
});

Deno.test("a batch of too many records is left alone", () => {
  const laid = () =>
    lay([lz4(testRecords(0, 5)), lz4(testRecords(5, 10)), lz4(testRecords(10, 16))]);
  assert.equal(merge(laid(), { fewRecords: 6 })?.recordCount, 10);
  assert.equal(merge(laid(), { fewRecords: 7 })?.recordCount, 16);
  assert.equal(merge(laid(), { fewRecords: 5 }), undefined);
});

Deno.test("no damaged lz4 batch is merged", () => {
  const lengths = [200, 0, 17, 4_000];
  const records = lengths.map((length, offset) =>
    testRecord(offset, { value: new Uint8Array(length).fill(offset) })
  );
  const laid = lay(records.map((each) => lz4([each])));
  fc.assert(
    fc.property(damagedCopies(laid), ({ batch, bytes }) => {
      const merged = merge({ ...laid, ...viewed(bytes) });
      if (merged === undefined) return;
      assert.ok(merged.recordCount <= batch);
      assert.deepEqual(
        contentsOf(read(merged).records),
        contentsOf(records.slice(0, merged.recordCount)),
      );
    }),
    { numRuns: 2_000 },
  );
});
