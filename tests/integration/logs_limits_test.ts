/**
 * What the target does not take: batches above its limit are split; a single message above it, a timestamp too far
 * ahead and a missing key are named by their offset and stop their partition alone. Batches that open to hundreds of
 * megabytes stay within the memory a copy may use.
 */

import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { assertCopied, configOf, targetCount } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import type { JudgedRecord, ProduceSpec } from "../support/librdkafka.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import { peakMemoryOf } from "../support/peak_memory.ts";
import { produceRaw } from "../support/raw_client.ts";
import { buildBatch, fixCrc, zigzag } from "../support/record_batch_builder.ts";

const clusters = sharedClusters();
const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const limit = 20_000;

interface TopicConfigs {
  readonly source?: Readonly<Record<string, string>>;
  readonly target?: Readonly<Record<string, string>>;
}

/** Makes a topic on both sides, fills its partitions, and has a group that read nothing yet. */
async function makeTopic(
  configs: TopicConfigs,
  contents: readonly Omit<ProduceSpec, "topic" | "partition">[],
  partitions = contents.length,
): Promise<string> {
  const { source, target, judge } = clusters;
  const name = uniqueName("limits");
  await Promise.all([
    judge.createTopics(source.bootstrap, [{ name, partitions, configs: configs.source ?? {} }]),
    judge.createTopics(target.bootstrap, [{ name, partitions, configs: configs.target ?? {} }]),
  ]);
  for (const [partition, spec] of contents.entries()) {
    await judge.produce(source.bootstrap, { ...spec, topic: name, partition });
  }
  await commitAtStart(name, partitions);
  return name;
}

async function commitAtStart(topic: string, partitions: number): Promise<void> {
  await clusters.judge.commitOffsets(
    clusters.source.bootstrap,
    `group-of-${topic}`,
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 1n })),
  );
}

const migrationOf = (topics: readonly string[], more = {}): Promise<MigrationDir> =>
  makeMigrationDir(configOf(clusters, { topics: { include: topics }, ...more }));

/** The result of a partition, as the report has it. */
const resultOf = (migration: MigrationDir, topic: string, partition = 0) => {
  const results = migration.report().results?.partitions ?? [];
  return results.find((each) => each.topic === topic && each.partition === partition);
};

const failureOf = (migration: MigrationDir, topic: string, partition = 0) =>
  resultOf(migration, topic, partition)?.reason ?? "";

/** A record whose value does not compress. */
function noise(bytes: number, more: Partial<JudgedRecord> = {}): JudgedRecord {
  const value = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(value.subarray(at, Math.min(bytes, at + 65_536)));
  }
  return { key: btoa("key"), value: value.toBase64(), ...more };
}

clusters.test("batches above the target's limit are split, whatever their codec", async () => {
  const topics = await Promise.all(
    codecs.map((codec) =>
      makeTopic({ target: { "max.message.bytes": `${limit}` } }, [
        { count: 2_000, valueBytes: 400, compressible: false, headers: "some", codec },
        // Opens to far more than the limit, and is far below it as it is.
        { count: 5_000, valueBytes: 400, codec },
      ])
    ),
  );
  await using migration = await migrationOf(topics);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /^warning: MAX_MESSAGE_BYTES_LOWER: /m);
  for (const topic of topics) {
    await assertCopied(clusters, topic, 0, { start: 1, end: 2_000 });
    await assertCopied(clusters, topic, 1, { start: 1, end: 5_000 });
  }
});

clusters.test("a message above the target's limit is named, and stops its partition alone", async () => {
  const topics = await Promise.all(
    codecs.map((codec) =>
      makeTopic({ target: { "max.message.bytes": `${limit}` } }, [
        {
          records: [
            ...Array.from({ length: 30 }, () => noise(500)),
            noise(50_000),
            ...Array.from({ length: 10 }, () => noise(500)),
          ],
          codec,
        },
        { count: 50, codec },
      ])
    ),
  );
  await using migration = await migrationOf(topics);
  // The verdict stays the same, however often it is tried.
  for (let run = 0; run < 2; run++) {
    const { status, output } = await migration.run();
    assert.equal(status, 1, output);
    for (const topic of topics) {
      const [, size] =
        /^The record at offset 30 needs a batch of (\d+) bytes, the target takes 20000$/
          .exec(failureOf(migration, topic)) ?? [];
      assert.ok(Number(size) > 50_000 && Number(size) < 51_000, failureOf(migration, topic));
      assert.equal(resultOf(migration, topic)?.code, "RECORD_TOO_LARGE");
      const line =
        `topic: ${topic}, partition: 0, .*offset 30 needs a batch.*\\. Raise max\\.message\\.bytes of the topic on the target, then run the same command again$`;
      assert.match(output, new RegExp(line, "m"));
      assert.equal(await targetCount(clusters, topic), 29);
      await assertCopied(clusters, topic, 1, { start: 1, end: 50 });
    }
  }
  for (const topic of topics) {
    const { source, target, judge } = clusters;
    const expected = await judge.read(source.bootstrap, topic, 0, { start: 1n, end: 30n });
    const found = await judge.read(target.bootstrap, topic, 0);
    assert.equal(found.digest, expected.digest);
    // Where the limit is raised, the same command goes on from there.
    await judge.alterTopicConfigs(target.bootstrap, topic, { "max.message.bytes": "1000000" });
  }
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  for (const topic of topics) await assertCopied(clusters, topic, 0, { start: 1, end: 41 });
});

clusters.test("a message that the target refuses is named by its offset", async () => {
  const hour = 3_600_000;
  const plain = Array.from({ length: 20 }, () => noise(50));
  const ahead = await makeTopic(
    { source: { "message.timestamp.after.max.ms": `${24 * hour}` } },
    [{
      records: [...plain, noise(50, { timestampMs: Date.now() + 5 * hour }), ...plain],
    }, { count: 30 }],
  );
  const keyless = await makeTopic(
    { target: { "cleanup.policy": "compact" } },
    [{ records: [...plain, noise(50, { key: null }), ...plain] }, { count: 30 }],
  );
  await using migration = await migrationOf([ahead, keyless], {
    accept: ["COMPACTION_NEEDS_KEYS", "TIMESTAMPS_REFUSED"],
  });
  const { status, output } = await migration.run();
  assert.equal(status, 1, output);
  assert.match(
    failureOf(migration, ahead),
    /^the target refused the message at source offset 20: INVALID_TIMESTAMP \(32\)/,
  );
  assert.match(
    failureOf(migration, keyless),
    /^the target refused the message at source offset 20: INVALID_RECORD \(87\)/,
  );
  for (const topic of [ahead, keyless]) {
    await assertCopied(clusters, topic, 1, { start: 1, end: 30 });
  }
});

/** A batch of records of a megabyte of zeros each, compressed. */
function bomb(megabytes: number, codec: 1 | 4): Uint8Array {
  const value = 1_000_000;
  const records = Array.from({ length: megabytes }, (_, index) => {
    const head = [0, 0, ...zigzag(BigInt(index)), ...zigzag(-1n), ...zigzag(BigInt(value))];
    return Uint8Array.from([...zigzag(BigInt(head.length + value + 1)), ...head]);
  });
  const section = new Uint8Array(records.reduce((sum, { length }) => sum + length + value + 1, 0));
  let at = 0;
  for (const head of records) {
    section.set(head, at);
    at += head.length + value + 1;
  }
  const payload = codec === 1 ? gzipSync(section, { level: 1 }) : zstdCompressSync(section);
  const empty = buildBatch([], { attributes: codec, recordCount: megabytes, baseTimestamp: 0n });
  const bytes = new Uint8Array(empty.length + payload.length);
  bytes.set(empty);
  bytes.set(payload, empty.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(8, bytes.length - 12);
  view.setInt32(23, megabytes - 1);
  view.setBigInt64(35, 0n);
  fixCrc(bytes);
  return bytes;
}

clusters.test("batches that open to hundreds of megabytes don't take more memory than that", async () => {
  const { source } = clusters;
  const keep = { "retention.ms": "-1", "max.message.bytes": "4000000" };
  const cases = [{ megabytes: 200, codec: 1 }, { megabytes: 200, codec: 4 }, {
    megabytes: 400,
    codec: 4,
  }] as const;
  const topics = await Promise.all(
    cases.map(() => makeTopic({ source: keep, target: keep }, [], 1)),
  );
  for (const [index, { megabytes, codec }] of cases.entries()) {
    const partition = { topic: topics[index] ?? "", partition: 0 };
    await produceRaw(source.bootstrap, partition, [bomb(megabytes, codec)]);
  }
  await using migration = await migrationOf(topics);
  const { status, output, peakBytes } = await peakMemoryOf(migration);
  assert.equal(status, 1, output);
  const [gzip = "", zstd = "", larger = ""] = topics;
  for (const topic of [gzip, zstd]) assert.equal(await targetCount(clusters, topic), 199);
  assert.match(
    failureOf(migration, larger),
    /^the batch at source offset 1 cannot be opened: its zstd content opens to more than 268435456 bytes$/,
  );
  assert.equal(await targetCount(clusters, larger), 0);
  // What a copy takes anyway, and the opened bytes two or three times.
  assert.ok(peakBytes > 100e6 && peakBytes < 900e6, `${peakBytes} bytes`);
});
