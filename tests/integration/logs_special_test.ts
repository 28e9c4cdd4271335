/**
 * Logs that take more than a digest to judge: transactions that never end, tombstones, header names that are no text,
 * topics of thousands of partitions.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, targetCount } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { fetchRaw, produceRaw, produceRawToAll } from "../support/raw_client.ts";
import { buildBatch, testRecord, testRecords, utf8 } from "../support/record_batch_builder.ts";

const clusters = sharedClusters();

interface TopicOptions {
  readonly partitions?: number;
  readonly start?: bigint;
  readonly configs?: Readonly<Record<string, string>>;
}

/** Makes a topic on both sides, and a group that has read up to the start. */
async function makeTopic(options: TopicOptions = {}): Promise<string> {
  const { source, target, judge } = clusters;
  const { partitions = 1, start = 0n, configs = {} } = options;
  const name = uniqueName("special");
  await Promise.all(
    [source, target].map(({ bootstrap }) =>
      judge.createTopics(bootstrap, [{ name, partitions, configs }])
    ),
  );
  await judge.commitOffsets(
    source.bootstrap,
    `group-of-${name}`,
    Array.from({ length: partitions }, (_, partition) => ({
      topic: name,
      partition,
      offset: start,
    })),
  );
  return name;
}

const migrationOf = (topic: string, more = {}) =>
  makeMigrationDir(configOf(clusters, { topics: { include: [topic] }, ...more }));

clusters.test("a transaction that is still open ends the plan, and is not forgotten", async () => {
  const { source, judge } = clusters;
  const topic = await makeTopic({ start: 5n });
  const produce = (
    count: number,
    seed: number,
    outcome?: "commit" | "hang",
    id = uniqueName("tx"),
  ) =>
    judge.produce(source.bootstrap, {
      topic,
      partition: 0,
      count,
      seed,
      ...(outcome && { transaction: { id, outcome } }),
    });
  const open = uniqueName("open");
  await produce(50, 1, "commit");
  await produce(30, 2, "hang", open);
  await produce(20, 3);
  await using migration = await migrationOf(topic);
  const check = await migration.run(["--check"]);
  assert.equal(check.status, 0, check.output);
  for (let run = 0; run < 2; run++) {
    const { status, output } = await migration.run();
    assert.equal(status, 1, output);
    // 50 messages and their marker come before it.
    assert.match(output, /^warning: OPEN_TRANSACTION: .*\b50 offsets\b/m);
    assert.match(output, /open transactions hold back 50 offsets/);
    assert.equal(await targetCount(clusters, topic), 45);
  }
  await assertCopied(clusters, topic, 0, { start: 5, end: 51 });
  await judge.endTransaction(open, "commit");
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.equal(await targetCount(clusters, topic), 95);
  await assertCopied(clusters, topic, 0, { start: 5, end: 102 });
});

clusters.test("tombstones outlive a cleaning of the target, as they did on the source", async () => {
  const { source, target, judge } = clusters;
  const topic = await makeTopic({
    configs: {
      "cleanup.policy": "compact",
      "segment.ms": "1000",
      "min.cleanable.dirty.ratio": "0.01",
      "max.compaction.lag.ms": "1000",
      "delete.retention.ms": "600000",
    },
  });
  const write = (
    cluster: string,
    records: readonly (readonly [key: string, value: string | null])[],
  ) =>
    judge.produce(cluster, {
      topic,
      partition: 0,
      records: records.map(([key, value]) => ({
        key: btoa(key),
        value: value === null ? null : btoa(value),
      })),
    });
  const keysLeft = async (cluster: string) => {
    const { records } = await judge.read(cluster, topic, 0, { records: 1_000 });
    return records.map(({ key, value }) => `${atob(key ?? "")}${value === null ? " gone" : ""}`);
  };
  /** Rolls the segment until the cleaner has taken out the first of two values of a key. */
  const cleanUntil = async (cluster: string, isClean: () => Promise<boolean>) => {
    for (let tries = 0; !await isClean(); tries++) {
      assert.ok(tries < 30, "the log is not cleaned");
      if (tries % 3 === 0) await write(cluster, [[`roll-${tries}`, "x"]]);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  };
  const tombstones = ["a", "b", "c"].map((key) => [key, null] as const);
  await write(source.bootstrap, [["a", "1"], ["b", "1"], ["c", "1"]]);
  await write(source.bootstrap, tombstones);
  await write(source.bootstrap, [["d", "1"], ["e", null], ["d", "2"]]);
  const horizon = async () => {
    const batches = await fetchRaw(source.bootstrap, { topic, partition: 0 });
    return batches.filter((batch) => ((batch[22] ?? 0) & 0x40) !== 0).length;
  };
  // Whole batches of tombstones, and one with a gap, that carry the time at which they may go (KIP-534).
  await cleanUntil(source.bootstrap, async () => await horizon() === 2);
  const onSource = await keysLeft(source.bootstrap);
  assert.deepEqual(onSource.slice(0, 5), ["a gone", "b gone", "c gone", "e gone", "d"]);

  await using migration = await migrationOf(topic);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.deepEqual((await keysLeft(target.bootstrap)).slice(0, 5), onSource.slice(0, 5));
  await write(target.bootstrap, [["twice", "1"], ["twice", "2"]]);
  await cleanUntil(target.bootstrap, async () => {
    const keys = await keysLeft(target.bootstrap);
    return keys.filter((key) => key === "twice").length === 1;
  });
  assert.deepEqual((await keysLeft(target.bootstrap)).slice(0, 5), onSource.slice(0, 5));
});

clusters.test("header names that are no UTF-8 arrive byte for byte", async () => {
  const { source, target } = clusters;
  const topic = await makeTopic({ start: 2n, configs: { "retention.ms": "-1" } });
  const names = [Uint8Array.of(0xff, 0xfe, 0), Uint8Array.of(0xc3), new Uint8Array(0), utf8("ok")];
  const records = testRecords(0, 6).map((record) =>
    testRecord(Number(record.offset), {
      headers: [...names, ...names].map((key, index) => ({
        key,
        value: index % 3 === 0 ? null : Uint8Array.of(index, 0xff),
      })),
    })
  );
  const batches = [buildBatch(records), buildBatch(records)];
  await produceRaw(source.bootstrap, { topic, partition: 0 }, batches);
  await using migration = await migrationOf(topic);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  const [cut, whole] = await fetchRaw(target.bootstrap, { topic, partition: 0 });
  // The same records from another base offset and timestamp on.
  const expected = buildBatch(records.slice(2), { baseTimestamp: records[0]?.timestamp ?? 0n });
  assert.deepEqual(cut?.slice(61), expected.slice(61));
  assert.deepEqual(whole?.slice(61), batches[1]?.slice(61));
});

clusters.test("a topic of two thousand partitions arrives in each of them", async () => {
  const { source, target } = clusters;
  const partitions = 2_000;
  const topic = await makeTopic({ partitions, start: 2n, configs: { "retention.ms": "-1" } });
  await produceRawToAll(source.bootstrap, topic, partitions, buildBatch(testRecords(0, 5)));
  await using migration = await migrationOf(topic);
  const { status, output } = await migration.run([], { timeoutMs: 120_000 });
  assert.equal(status, 0, output);
  assert.match(output, /\nMigrated and verified: 6,000 messages in 2,000 partitions\n/);
  for (const partition of [0, 7, 999, 1_999]) {
    await assertCopied(clusters, topic, partition, { start: 2, end: 5 });
    const [batch] = await fetchRaw(target.bootstrap, { topic, partition });
    assert.equal(batch?.[60], 3);
  }
});
