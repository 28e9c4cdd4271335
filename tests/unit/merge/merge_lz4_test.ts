import assert from "node:assert/strict";
import fc from "fast-check";
import type { PlacedRun } from "../../../lib/merge/merge_limits.ts";
import { type Lz4RunLimits, mergeLz4Run } from "../../../lib/merge/merge_lz4.ts";
import { crcMatches } from "../../../lib/batch/check.ts";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { compressLz4 } from "../../../lib/codec/lz4.ts";
import { damagedCopies, type LaidBatches, takeUsed } from "../../support/laid_batches.ts";
import {
  blockEndingInZeros,
  CONTENT_CHECKSUM,
  INDEPENDENT,
  LINKED,
  lz4Frame,
  openStrictly,
} from "../../support/lz4_frames.ts";
import {
  anyRecord,
  assertAllMerged,
  BEFORE,
  layRun,
  testRunEnds,
  type WayOfMerging,
} from "../../support/merged_runs.ts";
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

const far: Lz4RunLimits = {
  end: 0,
  untilOffset: 1_000_000,
  maxBytes: 1_000_000,
  smallBytes: 20_000,
  fewRecords: 1_000,
};

function merge(
  { bytes, view, end }: LaidBatches,
  limits: Partial<Lz4RunLimits> = {},
  firstOffset = 0,
): PlacedRun | undefined {
  return mergeLz4Run({ bytes, view }, BEFORE, firstOffset, { ...far, end, ...limits }, takeUsed);
}

const read = ({ bytes, position, size }: PlacedRun): TestBatch =>
  readBatch(bytes.subarray(position, position + size), openStrictly);

/** A batch in lz4. */
const lz4 = (records: readonly TestRecord[], options: TestBatchOptions = {}) =>
  buildBatch(records, { attributes: 3, compress: compressLz4, ...options });

const single = (offset: number, record: Partial<TestRecord> = {}, options?: TestBatchOptions) =>
  lz4([testRecord(offset, record)], options);

const way: WayOfMerging = { batches: "lz4 batches", single, merge, read };

/** Few different bytes, so that they repeat. */
const repeating = fc.oneof(
  fc.array(fc.nat({ max: 2 }), { maxLength: 300 }),
  fc.array(fc.nat({ max: 255 }), { maxLength: 60 }),
  fc.integer({ min: 0, max: 2_000 }).map((length) => new Array<number>(length).fill(0)),
).map((numbers) => Uint8Array.from(numbers));

Deno.test("whatever the records and however they lie in batches, the merged batch holds them", () => {
  const record = anyRecord(repeating, 1n << 36n);
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 8 }),
      fc.constantFrom(0, 7, 2 ** 32 - 3, 2 ** 53 - 200),
      (groups, firstOffset) => {
        let offset = firstOffset;
        const batches = groups.map((group) => group.map((more) => testRecord(offset++, more)));
        const laid = layRun(batches.map((each) => lz4(each, { producerId: 77n })));
        const limits = { untilOffset: 2 ** 53 - 1, smallBytes: 1_000_000 };
        const run = merge(laid, limits, firstOffset);
        const batch = assertAllMerged(way, laid, run, batches.flat());
        assert.deepEqual(
          [batch.attributes, batch.producerId, batch.baseOffset],
          [3, -1n, 0n],
        );
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a run lies where its first batch did, and elsewhere where it has grown", () => {
  const place = (batches: readonly Uint8Array[]) => {
    const laid = layRun(batches);
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
  const merged = merge(layRun(batches));
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

const damagedRecords = lz4([testRecord(2)], {
  compress: (section) => compressLz4(section.map((byte, i) => i === 0 ? byte + 2 : byte)),
});

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
      const batch = lz4(testRecords(2, 4));
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

testRunEnds(way, others);

Deno.test("a run of lz4 batches never opens to more than consumers can, nor holds what opens to much", () => {
  const laid = (size: number, count: number) =>
    layRun(Array.from({ length: count }, (_, i) => single(i, { value: new Uint8Array(size) })));
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
    const laid = layRun(batches.map((each) => lz4(each)));
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

Deno.test("a record of several blocks is merged", () => {
  const records = [0, 1].map((offset) =>
    testRecord(offset, { value: new Uint8Array(150_000).fill(7) })
  );
  const laid = layRun(records.map((record) => lz4([record])));
  assertAllMerged(way, laid, merge(laid), records);
});

Deno.test("the merged frame allows for its largest block, wherever it lies", () => {
  for (
    const block of [
      (plain: Uint8Array) => ({ bytes: [...plain], stored: true }),
      blockEndingInZeros,
    ]
  ) {
    const large = (offset: number) =>
      single(offset, { value: new Uint8Array(100_000) }, {
        compress: (plain) => lz4Frame(INDEPENDENT, [block(plain)], [], 7),
      });
    for (const batches of [[large(0), single(1)], [single(0), large(1)]]) {
      const merged = merge(layRun(batches), { smallBytes: 200_000 });
      assert.equal(merged?.recordCount, 2);
      assert.equal(read(merged).records.length, 2);
    }
  }
});

Deno.test("a record's attributes stay", () => {
  const batch = (offset: number) =>
    single(offset, {}, {
      compress: (section) => compressLz4(section.map((byte, i) => i === 1 ? 0x55 : byte)),
    });
  const merged = merge(layRun([batch(0), batch(1)]));
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
    const laid = layRun([lz4(group(0)), lz4(group(records)), single(5_000)]);
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
    layRun([lz4(testRecords(0, 5)), lz4(testRecords(5, 10)), lz4(testRecords(10, 16))]);
  assert.equal(merge(laid(), { fewRecords: 6 })?.recordCount, 10);
  assert.equal(merge(laid(), { fewRecords: 7 })?.recordCount, 16);
  assert.equal(merge(laid(), { fewRecords: 5 }), undefined);
});

/** What librdkafka writes: a frame with a checksum of its content. */
function withContentChecksum(section: Uint8Array): Uint8Array {
  const frame = compressLz4(section);
  const field = new DataView(frame.buffer, frame.byteOffset).getInt32(7, true);
  const block = { bytes: [...frame.subarray(11, -4)], stored: field < 0 };
  return lz4Frame(INDEPENDENT | CONTENT_CHECKSUM, [block], [...section]);
}

Deno.test("batches of one record each hold it in the merged batch, however long what comes before their first match", () => {
  const noise = fc.uint8Array({ maxLength: 300 });
  const zeros = fc.nat({ max: 400 });
  const value = fc.tuple(noise, zeros).map(([bytes, count]) =>
    Uint8Array.from([...bytes, ...new Uint8Array(count)])
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyRecord(value, 1n << 36n), fc.boolean()), {
        minLength: 2,
        maxLength: 150,
      }),
      (all) => {
        const records = all.map(([more], offset) => testRecord(offset, more));
        const laid = layRun(
          all.map(([, checksum], i) =>
            lz4([records[i]!], { compress: checksum ? withContentChecksum : compressLz4 })
          ),
        );
        assertAllMerged(way, laid, merge(laid), records);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("no damaged lz4 batch is merged but of one record, where the merged batch's CRC tells", () => {
  const lengths = [200, 0, 17, 4_000];
  const records = lengths.map((length, offset) =>
    testRecord(offset, { value: new Uint8Array(length).fill(offset) })
  );
  const laid = layRun(records.map((each) => lz4([each])));
  let told = 0;
  fc.assert(
    fc.property(damagedCopies(laid), ({ batch, bytes }) => {
      const merged = merge({ ...laid, ...viewed(bytes) });
      if (merged === undefined) return;
      if (merged.recordCount > batch) {
        assert.ok(!crcMatches(merged.view, merged.position, merged.size));
        told++;
        return;
      }
      assert.deepEqual(
        contentsOf(read(merged).records),
        contentsOf(records.slice(0, merged.recordCount)),
      );
    }),
    { numRuns: 2_000 },
  );
  assert.ok(told > 100, `${told}`);
});
