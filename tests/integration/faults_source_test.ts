/**
 * What happens to the source's log while it is copied, or between two runs: messages expire, compaction takes some out,
 * topics are deleted and made again. What is lost is named everywhere, the rest arrives, and nothing arrives twice.
 */

import assert from "node:assert/strict";
import { type ClusterPair, sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import type { JudgedRecord } from "../support/librdkafka.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { startLinks } from "../support/slow_links.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters();

const base64 = (text: string): string => btoa(text);

/** One partition in small batches, with the given keys. */
async function produceKeyed(
  { source, target, judge }: ClusterPair,
  keys: readonly string[],
  configs: Readonly<Record<string, string>>,
): Promise<string> {
  const topic = uniqueName("keyed");
  await judge.createTopics(source.bootstrap, [{ name: topic, configs }]);
  await judge.createTopics(target.bootstrap, [{ name: topic }]);
  const records = keys.map((key, index): JudgedRecord => ({
    key: base64(key),
    value: base64(`${index} ${"x".repeat(500)}`),
    timestampMs: Date.now(),
  }));
  await judge.produce(source.bootstrap, {
    topic,
    partition: 0,
    records,
    properties: { "batch.size": "16384", "linger.ms": "5" },
  });
  await judge.commitOffsets(source.bootstrap, `${topic}-group`, [
    { topic, partition: 0, offset: 0n },
  ]);
  return topic;
}

/** Kills a run when it has sent so many bytes. */
async function killAfter(
  migration: MigrationDir,
  sent: () => number,
  bytes: number,
): Promise<void> {
  const run = startRun({ cwd: migration.path });
  const reached = await run.until(() => sent() > bytes);
  run.kill("SIGKILL");
  const { output } = await run.ended;
  assert.ok(reached, output);
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !await condition(); tries++) {
    if (tries > 150) throw new Error(`This did not come to pass: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

clusters.test("compaction of the source between two runs loses and repeats nothing", async () => {
  const { source, target, judge } = clusters;
  const count = 4_000;
  // Every other of the first thousand is replaced near the end.
  const keys = Array.from(
    { length: count },
    (_, index) => `key-${index >= 3_000 && index < 3_500 ? (index - 3_000) * 2 : index}`,
  );
  const topic = await produceKeyed(clusters, keys, {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.99",
    "min.compaction.lag.ms": "3600000",
    "segment.bytes": "1048576",
  });
  await using links = startLinks(target, { delayMs: { toClient: 60 } });
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    source: { bootstrapServers: source.bootstrap },
    target: links.config,
    topics: { include: [topic] },
  });
  await killAfter(migration, () => links.forwarded("toServer"), 800_000);
  links.setFaults({});
  const whole = await judge.read(source.bootstrap, topic, 0, { records: count });
  await judge.alterTopicConfigs(source.bootstrap, topic, {
    "min.cleanable.dirty.ratio": "0.01",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1500",
    "segment.ms": "1000",
  });
  await until(async () => {
    await judge.produce(source.bootstrap, { topic, partition: 0, count: 1, seed: 9 });
    const { count } = await judge.read(source.bootstrap, topic, 0, { end: 3_000n });
    return count === 2_500;
  }, "the log was compacted");

  const { highWatermark: held } = await judge.watermarks(target.bootstrap, topic, 0);
  assert.ok(held > 1_000n && held < 3_000n, `${held} messages were there after the kill`);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  const valuesOf = async (bootstrap: string, start: bigint, end: bigint) =>
    (await judge.read(bootstrap, topic, 0, { start, end, records: count }))
      .records.map(({ value }) => value);
  const copied = await valuesOf(target.bootstrap, 0n, BigInt(count));
  const expected = [
    ...whole.records.slice(0, Number(held)).map(({ value }) => value),
    ...await valuesOf(source.bootstrap, held, BigInt(count)),
  ];
  assert.deepEqual(copied.length, expected.length);
  assert.deepEqual(copied, expected);
});

clusters.test("messages that expired between two runs are named; nothing else is missing", async () => {
  const { source, target, judge } = clusters;
  const count = 4_000;
  const keys = Array.from({ length: count }, (_, index) => `key-${index}`);
  const topic = await produceKeyed(clusters, keys, {});
  await using links = startLinks(target, { delayMs: { toClient: 60 } });
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    source: { bootstrapServers: source.bootstrap },
    target: links.config,
    topics: { include: [topic] },
  });
  await killAfter(migration, () => links.forwarded("toServer"), 500_000);
  links.setFaults({});
  const whole = await judge.read(source.bootstrap, topic, 0, { records: count });
  const { highWatermark } = await judge.watermarks(target.bootstrap, topic, 0);
  const held = Number(highWatermark);
  assert.ok(held > 100 && held < 3_000, `${held} messages were there after the kill`);
  await judge.deleteRecords(source.bootstrap, topic, 0, 3_000n);
  const check = await migration.run(["--check"]);
  assert.equal(check.status, 0, check.output);
  assert.match(check.output, /Up to [\d,]+ messages of partition 0 .* not copied yet have expired/);
  for (let run = 0; run < 2; run++) {
    const { status, output } = await migration.run();
    assert.equal(status, 1, output);
    assert.match(output, new RegExp(`Offsets ${held} to 2999 expired`));
  }
  assert.match(
    migration.text("migration.log"),
    new RegExp(`messages have expired before they were read, offsets: ${held} to 2999`),
  );
  const [result] = migration.report().results?.partitions ?? [];
  assert.deepEqual(result?.lost, [{ startOffset: held, endOffset: 3_000 }]);
  const { records } = await judge.read(target.bootstrap, topic, 0, { records: count });
  const expected = [...whole.records.slice(0, held), ...whole.records.slice(3_000)];
  assert.equal(records.length, expected.length);
  assert.deepEqual(records.map(({ value }) => value), expected.map(({ value }) => value));
});

clusters.test("messages that expire in mid-copy are named everywhere, the rest is copied, and so again", async () => {
  const { source, judge } = clusters;
  const configs = { "max.message.bytes": "100000" };
  // Of each partition more than is read ahead.
  await using backlog = await makeSlowBacklog(clusters, {
    partitions: 2,
    messages: 6_000,
    valueBytes: 4_000,
    codec: "none",
    batchBytes: 65_536,
    delayMs: 60,
    sourceConfigs: configs,
    targetConfigs: configs,
  });
  const { topic, committed, messages: count } = backlog;
  const readSource = async (partition: number) =>
    (await judge.read(source.bootstrap, topic, partition, { records: count })).records
      .map(({ key, value, timestampMs }) => `${key} ${value} ${timestampMs}`);
  const whole = await Promise.all([readSource(0), readSource(1)]);
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run, 1_000_000);
  await judge.deleteRecords(source.bootstrap, topic, 0, 5_900n);
  backlog.target.setFaults({});
  const { status, output } = await run.ended;
  for (const [code, text] of [[status, output] as const, await again()]) {
    assert.equal(code, 1, text);
    assert.match(text, /, lost: Offsets \d+ to 5899 expired on the source before they were read/);
    assert.match(text, /\nNot complete: 1 partition lost messages that expired meanwhile\n/);
  }
  async function again(): Promise<readonly [number, string]> {
    const rerun = await migration.run();
    return [rerun.status, rerun.output];
  }
  const [result] = migration.report().results?.partitions ?? [];
  const [span] = result?.lost ?? [];
  const from = Number(span?.startOffset);
  assert.deepEqual(result?.lost, [{ startOffset: from, endOffset: 5_900 }]);
  const warning = `WARNING - topic: ${topic}, partition: 0, messages have expired before they were`;
  assert.ok(
    migration.log().some((line) => line.endsWith(`${warning} read, offsets: ${from} to 5899`)),
  );
  const lost =
    `"type":"lost","topic":"${topic}","partition":0,"startOffset":"${from}","endOffset":"5900"`;
  assert.ok(migration.text("migration.state.jsonl").includes(lost));
  const arrived = async (partition: number) =>
    (await judge.read(clusters.target.bootstrap, topic, partition, { records: count })).records
      .map(({ key, value, timestampMs }) => `${key} ${value} ${timestampMs}`);
  const [first = [], second = []] = whole;
  assert.deepEqual(await arrived(0), [...first.slice(committed, from), ...first.slice(5_900)]);
  assert.deepEqual(await arrived(1), second.slice(committed));
});

for (const side of ["source", "target"] as const) {
  clusters.test(`a topic re-created on the ${side} between two runs is refused`, async () => {
    const { judge } = clusters;
    await using backlog = await makeSlowBacklog(clusters, { delayMs: 100 });
    const { topic, partitions } = backlog;
    await using migration = await makeMigrationDir(backlog.config());
    await killAfter(migration, backlog.sent, 300_000);
    const state = migration.text("migration.state.jsonl");
    const { bootstrap } = clusters[side];
    await judge.deleteTopics(bootstrap, [topic]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await judge.createTopics(bootstrap, [{ name: topic, partitions }]);
    await judge.produce(bootstrap, { topic, partition: 0, count: 3 });
    for (const flag of side === "source" ? ["--check", "--migrate"] : ["--migrate"]) {
      const { status, stderr } = await migration.run([flag]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, new RegExp(`Topic ${topic} was deleted and re-created on the ${side}`));
      assert.match(stderr, /delete the state file to start over/);
    }
    assert.equal(migration.text("migration.state.jsonl"), state);
  });
}

clusters.test("a topic deleted from the source between two runs leaves its partitions failed", async () => {
  const { source, judge } = clusters;
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 100 });
  await using migration = await makeMigrationDir(backlog.config());
  await killAfter(migration, backlog.sent, 300_000);
  await judge.deleteTopics(source.bootstrap, [backlog.topic]);
  const check = await migration.run(["--check"]);
  assert.match(check.output, new RegExp(`no longer has .* of topic ${backlog.topic}, of which`));
  const { status, output } = await migration.run();
  assert.equal(status, 1, output);
  assert.match(output, new RegExp(`failed: topic ${backlog.topic} no longer exists on the source`));
});
