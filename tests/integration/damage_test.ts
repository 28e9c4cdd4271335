/**
 * Bits flipped on the way, by a proxy before either cluster: in batches that pass through, that are cut, and that are
 * re-encoded; in payloads and in every field of the header. Once: the target is equal in the end. Each time: the batch
 * is named and not copied, what comes before it is, and so is everything else.
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { compressLz4 } from "../../lib/codec/lz4.ts";
import { assertCopied, configOf, targetCount } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { framesOf } from "../support/kafka_frames.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { produceRaw } from "../support/raw_client.ts";
import { buildBatch, testRecords } from "../support/record_batch_builder.ts";
import { type Direction, type Faults, startTcpProxy } from "../support/tcp_proxy.ts";

const clusters = sharedClusters();

/** A bit of a batch, by its byte from the batch's start. */
interface Bit {
  readonly field: string;
  readonly byte: number;
  readonly bit: number;
  /** Each response saying the same, it would be a log like any other. */
  readonly onlyOnce?: true;
}

const bits: readonly Bit[] = [
  { field: "base offset", byte: 7, bit: 1, onlyOnce: true },
  { field: "base offset, far", byte: 5, bit: 0, onlyOnce: true },
  { field: "length", byte: 11, bit: 2 },
  { field: "length, far", byte: 8, bit: 6 },
  { field: "magic", byte: 16, bit: 1 },
  { field: "CRC", byte: 18, bit: 3 },
  { field: "codec", byte: 22, bit: 0 },
  { field: "LogAppendTime", byte: 22, bit: 3 },
  { field: "transactional", byte: 22, bit: 4 },
  { field: "control", byte: 22, bit: 5 },
  { field: "last offset delta", byte: 26, bit: 1 },
  { field: "max timestamp", byte: 42, bit: 0 },
  { field: "record count", byte: 60, bit: 2 },
  { field: "payload", byte: 75, bit: 5 },
];

/** Three batches each; the one in the middle is damaged. */
const kinds = [
  { title: "passed through", start: 0, records: 10, configs: {} },
  { title: "cut", start: 13, records: 10, configs: {} },
  {
    title: "re-encoded",
    start: 0,
    records: 10,
    configs: { "message.timestamp.type": "LogAppendTime" },
  },
  { title: "merged", start: 0, records: 1, configs: {} },
  { title: "merged, of several records", start: 0, records: 3, configs: {} },
  { title: "merged, in lz4", start: 0, records: 1, configs: {}, lz4: true },
  { title: "merged, of several records in lz4", start: 0, records: 3, configs: {}, lz4: true },
] as const;

interface Victim extends Bit {
  readonly kind: typeof kinds[number];
  readonly topic: string;
  /** The base timestamp of the batch: how it is found in a stream of bytes. */
  readonly baseTimestamp: bigint;
}

/** Of the victims; all other batches have later ones. */
const firstTimestamp = 1_600_000_000_000n;

/** Topics with three batches each, all read from the start by a group, but for those that are cut. */
async function makeVictims(wanted: readonly Bit[]): Promise<readonly Victim[]> {
  const { source, target, judge } = clusters;
  const victims = wanted.flatMap((bit) =>
    kinds.map((kind) => ({ ...bit, kind, topic: uniqueName("damage") }))
  ).map((victim, index) => ({ ...victim, baseTimestamp: firstTimestamp + BigInt(index * 1_000) }));
  const keep = { "retention.ms": "-1" };
  await Promise.all([
    judge.createTopics(
      source.bootstrap,
      victims.map(({ topic, kind }) => ({ name: topic, configs: { ...keep, ...kind.configs } })),
    ),
    judge.createTopics(
      target.bootstrap,
      victims.map(({ topic }) => ({ name: topic, configs: keep })),
    ),
  ]);
  for (const { topic, baseTimestamp, kind } of victims) {
    const batches = [laterTimestamp, baseTimestamp, laterTimestamp]
      .map((timestamp, index) => batchAt(timestamp, index, kind));
    await produceRaw(source.bootstrap, { topic, partition: 0 }, batches);
  }
  await judge.commitOffsets(
    source.bootstrap,
    uniqueName("group"),
    victims.map(({ topic, kind }) => ({ topic, partition: 0, offset: BigInt(kind.start) })),
  );
  return victims;
}

const laterTimestamp = 1_700_000_000_000n;

/** Ten records, in turns compressed or not, so that batches are not merged with each other; or few, which are merged. */
function batchAt(timestamp: bigint, index: number, kind: Victim["kind"]): Uint8Array {
  const count = kind.records;
  const records = testRecords(0, count).map((record) => ({
    ...record,
    timestamp: timestamp + record.offset,
    // A quarter of it repeats itself.
    value: crypto.getRandomValues(new Uint8Array(400)).fill(index, 0, 1).fill(7, 300),
  }));
  if ("lz4" in kind) return buildBatch(records, { attributes: 3, compress: compressLz4 });
  if (count < 10 || index !== 1) return buildBatch(records);
  return buildBatch(records, { attributes: 1, compress: (bytes) => gzipSync(bytes) });
}

/** Flips the bit of each victim that comes by, so many times, and counts. */
function flipper(
  victims: readonly Victim[],
  direction: Direction,
  times: number,
): Required<Pick<Faults, "onBytes">> & { readonly flips: ReadonlyMap<string, number> } {
  const flips = new Map<string, number>();
  const byTimestamp = new Map(victims.map((victim) => [victim.baseTimestamp, victim]));
  const timestampByte = 27;
  const onBytes = framesOf(direction, (frame) => {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    for (let at = timestampByte; at + 8 <= frame.length; at++) {
      // The first bytes of a timestamp of this century, to be quick.
      if (frame[at] !== 0 || frame[at + 2] !== 1) continue;
      const victim = byTimestamp.get(view.getBigInt64(at));
      const count = flips.get(victim?.topic ?? "") ?? 0;
      if (victim === undefined || count >= times) continue;
      flips.set(victim.topic, count + 1);
      const position = at - timestampByte + victim.byte;
      frame[position] = (frame[position] ?? 0) ^ (1 << victim.bit);
      at += timestampByte;
    }
  });
  return { flips, onBytes };
}

async function migrateThrough(
  side: "source" | "target",
  victims: readonly Victim[],
  times: number,
  more: Readonly<Record<string, unknown>> = {},
) {
  const { bootstrap } = clusters[side];
  const tamper = flipper(victims, side === "source" ? "toClient" : "toServer", times);
  await using proxy = startTcpProxy(bootstrap, tamper);
  const migration = await makeMigrationDir(configOf(clusters, {
    topics: { include: victims.map(({ topic }) => topic) },
    [side]: { bootstrapServers: bootstrap, addresses: { [bootstrap]: proxy.address } },
    ...more,
  }));
  return { migration, ...await migration.run([], { timeoutMs: 120_000 }), flips: tamper.flips };
}

clusters.test("a bit flipped once between the source and here changes nothing that arrives", async () => {
  const victims = await makeVictims(bits);
  const { migration, status, output, flips } = await migrateThrough("source", victims, 1);
  await using _ = migration;
  assert.equal(status, 0, output);
  for (const { topic, kind, field } of victims) {
    assert.equal(flips.get(topic), 1, `${kind.title}, ${field}: the bit was not flipped`);
  }
  await assertArrived(victims);
});

clusters.test("a bit that is flipped each time stops its partition before the batch, and is named", async () => {
  const victims = await makeVictims(bits.filter(({ onlyOnce }) => onlyOnce === undefined));
  const { migration, status, output, flips } = await migrateThrough("source", victims, Infinity);
  await using _ = migration;
  assert.equal(status, 1, output);
  const results = migration.report().results?.partitions ?? [];
  await Promise.all(victims.map(async ({ topic, kind, field }) => {
    const title = `${kind.title}, ${field}`;
    const result = results.find((each) => each.topic === topic);
    assert.ok((flips.get(topic) ?? 0) >= 3, `${title}: flipped ${flips.get(topic)} times`);
    assert.equal(result?.status, "failed", `${title}: ${JSON.stringify(result)}`);
    const offset = kind.start === 0 ? kind.records : kind.start;
    assert.match(
      result?.reason ?? "",
      new RegExp(`source offset ${offset}\\b`),
      `${title}: ${result?.reason}`,
    );
    const { source, target, judge } = clusters;
    const before = await judge.read(source.bootstrap, topic, 0, {
      start: BigInt(kind.start),
      end: BigInt(offset),
      timestamps: kind.title !== "re-encoded",
    });
    const found = await judge.read(target.bootstrap, topic, 0, {
      timestamps: kind.title !== "re-encoded",
    });
    assert.deepEqual([found.count, found.digest], [before.count, before.digest], title);
  }));
  // The damage over, the same command completes what is missing.
  migration.configure(
    configOf(clusters, { topics: { include: victims.map(({ topic }) => topic) } }),
  );
  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  await assertArrived(victims);
});

clusters.test("a bit flipped on the way to the target is refused there and sent again", async () => {
  const victims = await makeVictims(bits.filter(({ field }) => ["payload", "CRC"].includes(field)));
  const { migration, status, output, flips } = await migrateThrough("target", victims, 1);
  await using _ = migration;
  assert.equal(status, 0, output);
  for (const { topic, kind, field } of victims) {
    // What the broker appended at has become the base timestamp of a batch that is re-encoded; that of one that is
    // merged is the first one's.
    if (kind.records === 10 && kind.title !== "re-encoded") {
      assert.equal(flips.get(topic), 1, field);
    }
  }
  await assertArrived(victims);
});

async function assertArrived(victims: readonly Victim[]): Promise<void> {
  await Promise.all(victims.map(assertWhole));
}

async function assertWhole({ topic, kind }: Victim): Promise<void> {
  if (kind.title !== "re-encoded") {
    return await assertCopied(clusters, topic, 0, {
      start: kind.start,
      end: 3 * kind.records,
    });
  }
  const { source, target, judge } = clusters;
  const [expected, found] = await Promise.all([source, target].map(async ({ bootstrap }) => {
    const read = await judge.read(bootstrap, topic, 0, { records: 30, timestamps: false });
    return { digest: read.digest, times: read.records.map(({ timestampMs }) => timestampMs) };
  }));
  assert.deepEqual(found, expected, topic);
  assert.equal(await targetCount(clusters, topic), 30);
}
