import assert from "node:assert/strict";
import fc from "fast-check";
import { DamagedMemberError, mergeBatches } from "../../../lib/merge/merge.ts";
import { compress, decompress } from "../../../lib/codec/codec.ts";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { crcMatches } from "../../../lib/batch/check.ts";
import { damagedCopies, layBatches } from "../../support/laid_batches.ts";
import {
  buildBatch,
  contentsOf,
  fixCrc,
  readBatch,
  type TestRecord,
  testRecord,
} from "../../support/record_batch_builder.ts";

for (const codec of [0, 1, 2, 3, 4]) {
  Deno.test(`mergeBatches() keeps every record of batches of codec ${codec}`, () => {
    const records = [0n, 5_000_000_000n, -70n, 3n].map((timestamp, index) =>
      testRecord(index * 3, { timestamp: 1_700_000_000_000n + timestamp })
    );
    const batches = records.map((record, index) =>
      buildBatch([record], {
        baseOffset: BigInt(index * 3),
        attributes: codec,
        compress: (raw) => compress(codec, raw),
      })
    );
    const { bytes, spans } = layBatches(batches);
    const { bytes: merged } = mergeBatches(bytes, spans);
    assert.ok(merged);
    assert.ok(crcMatches(viewed(merged).view, 0, merged.length));
    const read = readBatch(merged, (raw) => decompress(codec, raw, 1 << 20));
    assert.deepEqual(contentsOf(read.records), contentsOf(records));
    assert.deepEqual(read.records.map(({ offset }) => Number(offset)), [0, 1, 2, 3]);
    assert.equal(read.attributes, codec);
    assert.equal(read.maxTimestamp, 1_705_000_000_000n);
  });
}

Deno.test("whatever the records and however they lie in batches, merging keeps them in order", () => {
  const record = fc.record({
    key: fc.option(fc.uint8Array({ maxLength: 20 })),
    value: fc.option(fc.uint8Array({ maxLength: 300 })),
    timestamp: fc.bigInt({ min: -1n, max: 1n << 50n }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 8 }),
      (groups) => {
        let offset = 0;
        const all: TestRecord[] = [];
        const batches = groups.map((group) => {
          const baseOffset = BigInt(offset);
          const records = group.map((more) => testRecord(offset++, more));
          all.push(...records);
          return buildBatch(records, { baseOffset });
        });
        const { bytes, spans } = layBatches(batches);
        const { bytes: merged } = mergeBatches(bytes, spans);
        assert.ok(merged);
        assert.deepEqual(contentsOf(readBatch(merged).records), contentsOf(all));
        assert.ok(crcMatches(viewed(merged).view, 0, merged.length));
      },
    ),
  );
});

Deno.test("mergeBatches() names the batch that is damaged", () => {
  const { bytes, spans } = layBatches(
    [0, 1, 2].map((offset) => buildBatch([testRecord(offset)], { baseOffset: BigInt(offset) })),
  );
  const second = spans[1];
  assert.ok(second);
  const at = second.position + second.size - 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  assert.throws(
    () => mergeBatches(bytes, spans),
    (error) => error instanceof DamagedMemberError && error.index === 1,
  );
});

Deno.test("no damaged batch is merged", () => {
  const lengths = [200, 0, 17, 4_000];
  const laid = layBatches(
    lengths.map((length, offset) =>
      buildBatch([testRecord(offset, { value: new Uint8Array(length).fill(offset) })], {
        baseOffset: BigInt(offset),
      })
    ),
  );
  fc.assert(
    fc.property(damagedCopies(laid), ({ batch, bytes }) => {
      let merged: Uint8Array | undefined;
      let count: number;
      try {
        ({ bytes: merged, count } = mergeBatches(bytes, laid.spans));
      } catch (error) {
        const refused = error instanceof DamagedMemberError ||
          error instanceof Error && error.message.startsWith("Cannot merge control");
        assert.ok(refused, String(error));
        return;
      }
      assert.ok(merged === undefined || count <= batch);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("mergeBatches() leaves timestamps alone that no safe integer can tell apart", () => {
  const far = [0n, 1n << 60n].map((timestamp, offset) =>
    buildBatch([testRecord(offset, { timestamp })], { baseOffset: BigInt(offset) })
  );
  const { bytes, spans } = layBatches(far);
  assert.deepEqual(mergeBatches(bytes, spans), { count: 1 });
  const inOne = [0n, (1n << 60n) + 1n].map((timestamp, offset) =>
    buildBatch([testRecord(offset, { timestamp })], {
      baseOffset: BigInt(offset),
      baseTimestamp: 0n,
    })
  );
  const same = layBatches(inOne);
  assert.deepEqual(mergeBatches(same.bytes, same.spans), { count: 1 });
  // The timestamps are near, what they count from is not.
  const apart = [0n, 2n ** 60n + 1n].map((baseTimestamp, offset) =>
    buildBatch([testRecord(offset, { timestamp: 1n })], {
      baseOffset: BigInt(offset),
      baseTimestamp,
    })
  );
  const second = layBatches(apart);
  assert.deepEqual(mergeBatches(second.bytes, second.spans), { count: 1 });
});

Deno.test("what lies before timestamps that are too far apart is merged, and only that", () => {
  const times = [1n, 2n, 3n, 1n << 60n, 4n];
  const { bytes, spans } = layBatches(
    times.map((timestamp, offset) =>
      buildBatch([testRecord(offset, { timestamp })], { baseOffset: BigInt(offset) })
    ),
  );
  const merged = mergeBatches(bytes, spans);
  assert.equal(merged.count, 3);
  assert.deepEqual(readBatch(merged.bytes!).records.map(({ timestamp }) => timestamp), [
    1n,
    2n,
    3n,
  ]);
});

Deno.test("a merged batch opens to no more than consumers take at once", () => {
  const large = new Uint8Array(3_000_000);
  const open = (raw: Uint8Array) => decompress(3, raw, 1 << 25);
  const batches = [1, 2, 3, 4].map((offset) =>
    buildBatch([testRecord(offset, { value: large })], {
      attributes: 3,
      compress: (raw) => compress(3, raw),
    })
  );
  const { bytes, spans } = layBatches(batches);
  const merged = mergeBatches(bytes, spans);
  assert.equal(merged.count, 2);
  assert.equal(readBatch(merged.bytes!, open).records.length, 2);
  const whole = buildBatch([testRecord(0, { value: new Uint8Array(9_000_000) })], {
    attributes: 3,
    compress: (raw) => compress(3, raw),
  });
  const tooLarge = layBatches([whole, ...batches]);
  assert.deepEqual(mergeBatches(tooLarge.bytes, tooLarge.spans), { count: 1 });
});

Deno.test("mergeBatches() refuses control batches and those with append times", () => {
  for (const attributes of [0x08, 0x20, 0x30]) {
    const batches = [0, attributes].map((each, offset) =>
      buildBatch([testRecord(offset)], { baseOffset: BigInt(offset), attributes: each })
    );
    const { bytes, spans } = layBatches(batches);
    assert.throws(() => mergeBatches(bytes, spans), /Cannot merge control or LogAppendTime/);
  }
});

Deno.test("mergeBatches() keeps the attributes of records, of which no bit is in use yet", () => {
  const batches = [0x55, 0x2a].map((attributes, offset) => {
    const batch = buildBatch([testRecord(offset)], { baseOffset: BigInt(offset) });
    batch[62] = attributes;
    fixCrc(batch);
    return batch;
  });
  const { bytes, spans } = layBatches(batches);
  const { bytes: merged } = mergeBatches(bytes, spans);
  assert.ok(merged);
  const second = batches[0]?.length ?? 0;
  assert.deepEqual([merged[62], merged[second + 1]], [0x55, 0x2a]);
});
