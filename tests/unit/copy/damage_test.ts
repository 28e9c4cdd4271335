/**
 * Every bit of a Fetch response, flipped once and flipped each time: what arrives on the target is right or nothing,
 * a bit flipped once delays and changes nothing, and one that stays flipped is told or harmless.
 */

import assert from "node:assert/strict";
import { decompress } from "../../../lib/codec/codec.ts";
import {
  copyBetweenFakes,
  type FakeBatch,
  type FakePartition,
} from "../../support/fake_clusters.ts";
import { javaBatch, javaBytes, javaRecords } from "../../support/java_batches.ts";
import { buildMessages } from "../../support/legacy_message_builder.ts";
import {
  buildBatch,
  type TestBatchOptions,
  type TestRecord,
  testRecords,
  utf8,
} from "../../support/record_batch_builder.ts";

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

interface Case {
  readonly title: string;
  readonly partition: FakePartition;
  readonly wanted: readonly TestRecord[];
}

const batch = (from: number, until: number, options: TestBatchOptions = {}): FakeBatch => ({
  bytes: buildBatch(testRecords(from, until), options),
  last: BigInt(until - 1),
});

/** Compaction took all but the even offsets. */
const withGaps = (from: number, until: number): FakeBatch => ({
  bytes: buildBatch(testRecords(from, until).filter(({ offset }) => offset % 2n === 0n), {
    baseOffset: BigInt(from),
    lastOffset: BigInt(until - 1),
  }),
  last: BigInt(until - 1),
});

const ofProducer = (producerId: bigint, from: number, until: number): FakeBatch =>
  batch(from, until, { attributes: TRANSACTIONAL, producerId });

/** Control record: version, type (0 abort, 1 commit); the value does not matter. */
const marker = (producerId: bigint, at: number, type: "abort" | "commit"): FakeBatch => ({
  bytes: buildBatch([{
    offset: BigInt(at),
    timestamp: 5n,
    key: Uint8Array.of(0, 0, 0, type === "commit" ? 1 : 0),
    value: Uint8Array.of(0, 0, 0, 0, 0, 0),
    headers: [],
  }], { attributes: TRANSACTIONAL | CONTROL, producerId }),
  last: BigInt(at),
});

const legacy = (offset: number, magic: number): FakeBatch => ({
  bytes: buildMessages([{
    offset: BigInt(offset),
    magic,
    timestamp: 1_700_000_000_000n + BigInt(offset),
    key: utf8(`key-${offset % 7}`),
    value: utf8(`value of ${offset}`),
  }]),
  last: BigInt(offset),
});

const java = (name: string): FakeBatch => ({ bytes: javaBytes(javaBatch(name)), last: 1003n });

const open = (bytes: Uint8Array, attributes: number) =>
  decompress(attributes & 7, bytes, 1_000_000);

const cases: readonly Case[] = [
  {
    title: "whole batches, the first cut",
    partition: {
      log: { batches: [batch(0, 4), batch(4, 7), batch(7, 10)] },
      startOffset: 2n,
      endOffset: 10n,
    },
    wanted: testRecords(2, 10),
  },
  {
    title: "one batch a response, the last cut",
    partition: {
      log: { batches: [batch(0, 4), batch(4, 7), batch(7, 10)], batchesPerResponse: 1 },
      startOffset: 0n,
      endOffset: 8n,
    },
    wanted: testRecords(0, 8),
  },
  {
    title: "a start cut out of one batch",
    partition: {
      log: { batches: [batch(64, 80)], batchesPerResponse: 1 },
      startOffset: 70n,
      endOffset: 80n,
    },
    wanted: testRecords(70, 80),
  },
  {
    title: "batches of one record each",
    partition: {
      log: { batches: [0, 1, 2, 3].map((offset) => batch(offset, offset + 1)) },
      startOffset: 0n,
      endOffset: 4n,
    },
    wanted: testRecords(0, 4),
  },
  {
    title: "batches of one record each beside larger ones, the first and the last left out",
    partition: {
      log: {
        batches: [batch(0, 1), batch(1, 2), batch(2, 3), batch(3, 5), batch(5, 6), batch(6, 7)],
      },
      startOffset: 1n,
      endOffset: 6n,
    },
    wanted: testRecords(1, 6),
  },
  {
    title: "transactions",
    partition: {
      log: {
        batches: [
          ofProducer(1n, 0, 2),
          ofProducer(2n, 2, 4),
          marker(1n, 4, "abort"),
          ofProducer(1n, 5, 6),
          marker(2n, 6, "commit"),
          marker(1n, 7, "commit"),
          batch(8, 9),
        ],
        aborted: [{ producerId: 1n, firstOffset: 0n, lastOffset: 4n }],
      },
      startOffset: 0n,
      endOffset: 9n,
    },
    wanted: [...testRecords(2, 4), ...testRecords(5, 6), ...testRecords(8, 9)],
  },
  {
    title: "what compaction leaves",
    partition: {
      log: {
        batches: [
          withGaps(0, 4),
          batch(16, 18),
          { bytes: buildBatch([], { baseOffset: 30n, lastOffset: 33n }), last: 33n },
          withGaps(100, 104),
        ],
      },
      startOffset: 1n,
      endOffset: 104n,
    },
    wanted: [2, 16, 17, 100, 102].flatMap((at) => testRecords(at, at + 1)),
  },
  {
    title: "what compaction leaves, one batch a response",
    partition: {
      log: { batches: [withGaps(8, 12), batch(20, 22), batch(40, 44)], batchesPerResponse: 1 },
      startOffset: 9n,
      endOffset: 42n,
    },
    wanted: [10, 20, 21, 40, 41].flatMap((at) => testRecords(at, at + 1)),
  },
  {
    title: "append times",
    partition: {
      log: { batches: [batch(0, 4, { attributes: 0x08, maxTimestamp: 99n })] },
      startOffset: 1n,
      endOffset: 4n,
    },
    wanted: testRecords(1, 4).map((record) => ({ ...record, timestamp: 99n })),
  },
  {
    title: "batches too large for the target",
    partition: {
      log: { batches: [batch(0, 6), batch(6, 8)] },
      startOffset: 0n,
      endOffset: 8n,
      rules: { logAppendTime: false, maxBatchBytes: 150 },
    },
    wanted: testRecords(0, 8),
  },
  ...[0, 1].map((magic): Case => ({
    title: `messages of magic ${magic}`,
    partition: {
      log: { batches: [3, 4, 5, 6].map((offset) => legacy(offset, magic)) },
      startOffset: 4n,
      endOffset: 7n,
    },
    wanted: testRecords(4, 7).map((record) => magic === 0 ? { ...record, timestamp: -1n } : record),
  })),
  {
    title: "messages of magic 1 with gaps, one a response",
    partition: {
      log: { batches: [8, 20, 21, 40].map((offset) => legacy(offset, 1)), batchesPerResponse: 1 },
      startOffset: 6n,
      endOffset: 41n,
    },
    wanted: [8, 20, 21, 40].flatMap((at) => testRecords(at, at + 1)),
  },
  ...["v0-gzip", "v1-snappy"].map((name): Case => ({
    title: `compressed messages, ${name}`,
    partition: { log: { batches: [java(name)] }, startOffset: 1001n, endOffset: 1004n, open },
    wanted: javaRecords(javaBatch(name)).filter(({ offset }) => offset >= 1001n),
  })),
];

const contentOf = (records: readonly TestRecord[]) =>
  records.map(({ key, value, timestamp }) => ({ key, value, timestamp }));

/** Where a partition's records begin in its part of the response. */
const recordsAt = ({ log }: FakePartition) =>
  2 + 8 + 8 + 8 + 4 + 16 * (log.aborted?.length ?? 0) + 8;

const sizeOf = ({ log }: FakePartition) =>
  log.batches.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Whether a part of a response goes to the end of the log. */
const isWhole = ({ log }: FakePartition, part: Uint8Array) => {
  const last = log.batches.at(-1)?.bytes ?? new Uint8Array(0);
  return part.subarray(part.length - last.length).every((byte, index) => byte === last[index]);
};

/** Bytes that hold offsets, of the whole log: they lie outside the CRC. */
const offsetBytes = ({ log }: FakePartition) => {
  const places = new Set<number>();
  let at = 0;
  for (const { bytes } of log.batches) {
    for (let byte = 0; byte < 8; byte++) places.add(at + byte);
    at += bytes.length;
  }
  return places;
};

function flip(part: Uint8Array, at: number, bit: number): void {
  part[at] = part[at]! ^ (1 << (bit & 7));
}

for (const { title, partition, wanted } of cases) {
  Deno.test(`${title}: arrive as they are`, async () => {
    const [outcome] = await copyBetweenFakes([partition]);
    assert.equal(outcome?.result.failure, undefined);
    assert.deepEqual(contentOf(outcome?.records ?? []), contentOf(wanted));
  });

  Deno.test(`${title}: no bit of the records, flipped once, changes what arrives`, async () => {
    const flipped = new Set<number>();
    const outcomes = await copyBetweenFakes(
      Array.from({ length: sizeOf(partition) * 8 }, () => partition),
      (bit, part) => {
        const at = recordsAt(partition) + (bit >> 3);
        if (flipped.has(bit) || at >= part.length) return;
        flipped.add(bit);
        flip(part, at, bit);
      },
    );
    outcomes.forEach(({ result, records }, bit) => {
      const where = `byte ${bit >> 3}, bit ${bit & 7}`;
      assert.equal(result.failure, undefined, where);
      assert.deepEqual(contentOf(records), contentOf(wanted), where);
    });
  });

  Deno.test(`${title}: a bit of the records that stays flipped is told, or changes nothing`, async () => {
    const bytes = sizeOf(partition);
    // One bit a byte, each time another one: they differ less here than where they are flipped once.
    const bitOf = (byte: number) => byte * 8 + byte % 8;
    const outcomes = await copyBetweenFakes(
      Array.from({ length: bytes }, () => partition),
      (byte, part) => {
        // Later responses begin with later batches: what matters is the byte's distance from the end of the log.
        const at = part.length - bytes + byte;
        if (isWhole(partition, part) && at >= recordsAt(partition)) flip(part, at, bitOf(byte));
      },
    );
    const offsets = offsetBytes(partition);
    outcomes.forEach(({ result, records }, byte) => {
      const where = `byte ${byte}, bit ${byte % 8}: ${result.failure?.text}`;
      // A log in which each response gives the same other offsets is a log with these offsets.
      if (offsets.has(byte)) return;
      const whole = contentOf(wanted);
      if (result.failure === undefined) assert.deepEqual(contentOf(records), whole, where);
      else {
        assert.match(result.failure.text, /offset \d+/, where);
        assert.deepEqual(contentOf(records), whole.slice(0, records.length), where);
      }
    });
  });

  Deno.test(`${title}: no bit before the records, flipped once, makes anything else arrive`, async () => {
    // What an error code asks for is another matter.
    const bits = Array.from({ length: recordsAt(partition) * 8 }, (_, bit) => bit).slice(16);
    await Promise.all(bits.map(async (bit) => {
      let flipped = false;
      const [outcome] = await copyBetweenFakes([partition], (_, part) => {
        if (!flipped) flip(part, bit >> 3, bit);
        flipped = true;
      });
      const { result, records = [] } = outcome ?? {};
      const where = `byte ${bit >> 3}, bit ${bit & 7}: ${result?.failure?.text}`;
      const arrived = contentOf(records);
      if (result?.failure === undefined) assert.deepEqual(arrived, contentOf(wanted), where);
      else assert.deepEqual(arrived, contentOf(wanted).slice(0, records.length), where);
    }));
  });
}

/** A range of a compacted log. */
const upTo = (endOffset: bigint) => ({ startOffset: 0n, endOffset, compacted: true });

Deno.test("a log whose end compaction has taken is through when nothing more comes", async () => {
  const log = { batches: [batch(0, 4)], endOffset: 20n };
  let responses = 0;
  const [outcome] = await copyBetweenFakes([{ log, ...upTo(12n) }], () => {
    assert.ok(++responses < 10, "reading gets nowhere");
  });
  assert.equal(outcome?.result.failure, undefined);
  assert.deepEqual(contentOf(outcome?.records ?? []), contentOf(testRecords(0, 4)));
});

Deno.test("that nothing comes ends nothing while the log is not stable up to the end", async () => {
  const log = { batches: [batch(0, 4)], endOffset: 20n };
  const lastStableAt = 2 + 8;
  let responses = 0;
  const [outcome] = await copyBetweenFakes(
    [{ log, ...upTo(12n) }],
    (_, part) => {
      const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
      if (++responses < 5) view.setBigInt64(lastStableAt, 11n);
    },
  );
  assert.equal(outcome?.result.failure, undefined);
  assert.equal(responses, 5);
});

Deno.test("a log that is not compacted is asked again where nothing comes of it", async () => {
  const log = { batches: [batch(0, 4), batch(4, 8)], silent: { times: 2 } };
  const warnings: string[] = [];
  const [outcome] = await copyBetweenFakes(
    [{ log, startOffset: 0n, endOffset: 8n }],
    () => {},
    (text) => warnings.push(text),
  );
  assert.equal(outcome?.result.status, "done");
  assert.deepEqual(contentOf(outcome?.records ?? []), contentOf(testRecords(0, 8)));
  assert.match(
    warnings[0] ?? "",
    /^source partition t-0 gave no messages at offset 0, where it has some, retrying/,
  );
});

Deno.test("messages never arrive in another partition than theirs, whatever number an answer gives", async () => {
  const partitions = [0, 1, 2].map((partition) => {
    const records = testRecords(0, 4).map((record) => ({ ...record, key: utf8(`${partition}`) }));
    const log = { batches: [{ bytes: buildBatch(records), last: 3n }] };
    return { partition: { log, startOffset: 0n, endOffset: 4n }, records };
  });
  for (const given of [0, 1, 2, 3, -1]) {
    let damaged = false;
    const outcomes = await copyBetweenFakes(
      partitions.map(({ partition }) => partition),
      (partition) => {
        if (damaged || partition === given) return;
        damaged = true;
        return given;
      },
    );
    assert.ok(damaged);
    outcomes.forEach(({ result, records }, index) => {
      assert.equal(result.failure, undefined);
      assert.deepEqual(contentOf(records), contentOf(partitions[index]?.records ?? []));
    });
  }
});

Deno.test("a message that can never be copied stops its partition after what comes before it", async () => {
  const records = testRecords(0, 6).map((record) =>
    record.offset === 4n ? { ...record, value: new Uint8Array(500) } : record
  );
  const log = { batches: [batch(0, 3), { bytes: buildBatch(records.slice(3)), last: 5n }] };
  const rules = { logAppendTime: false, maxBatchBytes: 300 };
  let responses = 0;
  const [outcome, other] = await copyBetweenFakes(
    [{ log, startOffset: 0n, endOffset: 6n, rules }, {
      log: { batches: [batch(0, 3)] },
      startOffset: 0n,
      endOffset: 3n,
    }],
    () => {
      assert.ok(++responses < 20, "reading gets nowhere");
    },
  );
  assert.match(
    outcome?.result.failure?.text ?? "",
    /^The record at offset 4 needs a batch of \d+ bytes, /,
  );
  assert.deepEqual(contentOf(outcome?.records ?? []), contentOf(testRecords(0, 4)));
  assert.equal(other?.result.failure, undefined);
  assert.deepEqual(contentOf(other?.records ?? []), contentOf(testRecords(0, 3)));
});

Deno.test("what has expired is lost, what is left arrives, and a log that was cut short is told", async () => {
  const ranges = [{ from: 0, until: 8 }, { from: 4, until: 8 }, { from: 0, until: 4 }];
  const logs = ranges.map(({ from, until }) => ({
    batches: [batch(from, until)],
    startOffset: BigInt(from),
  }));
  let responses = 0;
  const [whole, expired, short] = await copyBetweenFakes(
    logs.map((log, index) => ({ log, startOffset: index === 2 ? 6n : 2n, endOffset: 8n })),
    () => {
      assert.ok(++responses < 50, "reading gets nowhere");
    },
  );
  assert.deepEqual(contentOf(whole?.records ?? []), contentOf(testRecords(2, 8)));
  assert.deepEqual(whole?.result.lost, []);
  assert.deepEqual(contentOf(expired?.records ?? []), contentOf(testRecords(4, 8)));
  assert.deepEqual(expired?.result.lost, [{ startOffset: 2n, endOffset: 4n }]);
  assert.equal(
    short?.result.failure?.text,
    "the source's log no longer reaches offset 6: it was truncated or re-created",
  );
});

Deno.test("a log that ends before the planned end for a moment is told, and waited for", async () => {
  const log = { batches: [batch(0, 4)], endOffset: 12n };
  const [highWatermarkAt, lastStableAt] = [2, 10];
  const warnings: string[] = [];
  let responses = 0;
  const [outcome] = await copyBetweenFakes(
    [{ log, ...upTo(12n), startOffset: 4n }],
    (_, part) => {
      if (++responses > 1) return;
      const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
      for (const at of [highWatermarkAt, lastStableAt]) view.setBigInt64(at, 4n);
    },
    (text) => warnings.push(text),
  );
  assert.equal(outcome?.result.failure, undefined);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /^source partition t-0 ends at offset 4, before the planned end 12, retrying/,
  );
});

Deno.test("a log that seems cut short is waited for where its end may be told too early", async () => {
  let endOffset = 4n;
  const log = {
    batches: [batch(4, 8)],
    get endOffset() {
      return endOffset;
    },
  };
  const warnings: string[] = [];
  const warn = (text: string) => {
    warnings.push(text);
    endOffset = 8n;
  };
  const copies = [{ log, startOffset: 6n, endOffset: 8n }];
  const [outcome] = await copyBetweenFakes(copies, undefined, warn, { beforeKip207: true });
  assert.equal(outcome?.result.failure, undefined);
  assert.deepEqual(contentOf(outcome?.records ?? []), contentOf(testRecords(6, 8)));
  assert.match(
    warnings[0] ?? "",
    /^source partition t-0 ends at offset 4, before the planned end 8, retrying/,
  );
});
