/**
 * Topics that the target lacks, with `createTopics`: said by a check, created by a migration with the source's
 * partitions and settings, fitted to a smaller and newer target, and never made by asking for them.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

// The target is newer and smaller, and makes topics for whoever asks for them.
const clusters = sharedClusters({
  source: { version: "3.9.1", brokers: 2, heapMb: 256 },
  target: { properties: { "auto.create.topics.enable": "true" } },
});

/** A topic on the source alone, with a group that has read one message of each partition. */
async function makeSourceTopic(
  { configs = {}, partitions = 3, replicationFactor = 2 }: {
    readonly configs?: Readonly<Record<string, string>>;
    readonly partitions?: number;
    readonly replicationFactor?: number;
  } = {},
) {
  const { source, judge } = clusters;
  const topic = uniqueName("new");
  await judge.createTopics(source.bootstrap, [{
    name: topic,
    partitions,
    replicationFactor,
    configs,
  }]);
  for (let partition = 0; partition < partitions; partition++) {
    await judge.produce(source.bootstrap, { topic, partition, count: 10, seed: partition });
  }
  await judge.commitOffsets(
    source.bootstrap,
    `${topic}-group`,
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 1n })),
  );
  const config = (more = {}) =>
    configOf(clusters, { topics: { include: [topic] }, createTopics: true, ...more });
  return { topic, config };
}

clusters.test("a missing topic is created with the source's partitions and settings, fitted to the target", async () => {
  const { target, judge } = clusters;
  const { topic, config } = await makeSourceTopic({
    configs: {
      "cleanup.policy": "compact,delete",
      "retention.ms": "1209600000",
      "min.insync.replicas": "2",
      "message.downconversion.enable": "false",
      "leader.replication.throttled.replicas": "0:1,1:2",
    },
  });
  await using migration = await makeMigrationDir(config());
  const check = await migration.run(["--check"]);
  assert.equal(check.status, 0, check.output);
  const described =
    "partitions: 3, replication factor: 1, configs: cleanup.policy=compact,delete, retention.ms=1209600000";
  assert.ok(
    check.stdout.includes(`topic: ${topic} to be created on the target, ${described}\n`),
    check.output,
  );
  assert.match(
    check.stderr,
    /^warning: TOPIC_CONFIG_LEFT_OUT: .*leader\.replication\.throttled\.replicas \(it belongs to the source cluster\), min\.insync\.replicas \(2 is more than the replication factor 1\), message\.downconversion\.enable \(the target refuses it: INVALID_CONFIG \(40\), Unknown topic config name: message\.downconversion\.enable\)/m,
  );
  assert.equal(await judge.describeTopic(target.bootstrap, topic), undefined);

  const { status, stdout, stderr } = await migration.run();
  assert.equal(status, 0, stdout + stderr);
  assert.ok(
    migration.log().some((line) =>
      line.endsWith(` - INFO - topic: ${topic} created on the target, ${described}`)
    ),
  );
  assert.deepEqual(await judge.describeTopic(target.bootstrap, topic), {
    partitions: 3,
    replicationFactor: 1,
    configs: { "cleanup.policy": "compact,delete", "retention.ms": "1209600000" },
  });
  for (const partition of [0, 1, 2]) {
    await assertCopied(clusters, topic, partition, { start: 1, end: 10 });
  }
  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  assert.doesNotMatch(again.output, /created on the target/);
});

clusters.test("without createTopics nothing is created, not even by a target that would", async () => {
  const { topic, config } = await makeSourceTopic();
  await using migration = await makeMigrationDir(config({ createTopics: false }));
  for (const flag of ["--check", "--migrate"]) {
    const { status, output } = await migration.run([flag]);
    assert.equal(status, 3, output);
    assert.match(output, /TARGET_TOPIC_MISSING: .*or set createTopics: true/);
  }
  assert.equal(await clusters.judge.describeTopic(clusters.target.bootstrap, topic), undefined);
});

clusters.test("a replication factor that the target cannot hold is refused before the first byte", async () => {
  const { topic, config } = await makeSourceTopic();
  await using migration = await makeMigrationDir(
    config({ createTopics: { replicationFactor: 3 } }),
  );
  for (const flag of ["--check", "--migrate"]) {
    const { status, output } = await migration.run([flag]);
    assert.equal(status, 3, output);
    assert.match(
      output,
      /^error: TARGET_TOPIC_REFUSED: The target refuses to create topic \S+: INVALID_REPLICATION_FACTOR \(38\)/m,
    );
    assert.doesNotMatch(output, /TARGET_TOPIC_MISSING/);
  }
  assert.ok(!migration.files().includes("migration.state.jsonl"));
  assert.equal(await clusters.judge.describeTopic(clusters.target.bootstrap, topic), undefined);
});

clusters.test("a run that ends between creation and journal is continued by the same command", async () => {
  const { target, judge } = clusters;
  const { topic, config } = await makeSourceTopic();
  const INIT_PRODUCER_ID = 22;
  let asked = false;
  await using proxy = startTcpProxy(target.bootstrap, {
    onBytes(direction, bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (direction === "toServer" && bytes.length > 8 && view.getInt16(4) === INIT_PRODUCER_ID) {
        asked = true;
        throw new Error("The producer id is asked for after the creation");
      }
      return bytes;
    },
  });
  const through = {
    bootstrapServers: target.bootstrap,
    addresses: { [target.bootstrap]: proxy.address },
  };
  await using migration = await makeMigrationDir(config({ target: through }));
  const cut = await migration.run();
  assert.equal(cut.status, 3, cut.output);
  assert.ok(asked && !migration.files().includes("migration.state.jsonl"));
  assert.equal((await judge.describeTopic(target.bootstrap, topic))?.partitions, 3);
  migration.configure(config());
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, topic, 2, { start: 1, end: 10 });
});

clusters.test("a topic that was migrated and then deleted on the target is not made again in silence", async () => {
  const { source, target, judge } = clusters;
  const { topic, config } = await makeSourceTopic({ partitions: 1 });
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  await judge.deleteTopics(target.bootstrap, [topic]);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 5, seed: 9 });
  const { status, output } = await migration.run();
  assert.equal(status, 3, output);
  assert.match(output, /^error: TARGET_TOPIC_MISSING: /m);
  assert.equal(await judge.describeTopic(target.bootstrap, topic), undefined);
});

clusters.test("a topic with nothing to copy is not created, an existing one is left as it is", async () => {
  const { target, judge } = clusters;
  const consumed = await makeBacklog(clusters, {
    messages: [5],
    committed: { a: [5] },
    targetPartitions: 0,
  });
  const existing = await makeBacklog(clusters, { messages: [5], committed: { a: [2] } });
  await using migration = await makeMigrationDir(
    configOf(clusters, {
      topics: { include: [consumed.topic, existing.topic] },
      createTopics: true,
    }),
  );
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.doesNotMatch(output, /created on the target/);
  assert.equal(await judge.describeTopic(target.bootstrap, consumed.topic), undefined);
  await assertCopied(clusters, existing.topic, 0, { start: 2, end: 5 });
});

clusters.test("topics without a backlog are missing, and created, only where groups are to be moved on them", async () => {
  const { source, target, judge } = clusters;
  const [backlog, consumed] = [await makeSourceTopic(), await makeSourceTopic({ partitions: 2 })];
  const group = `${consumed.topic}-group`;
  await judge.commitOffsets(
    source.bootstrap,
    group,
    [0, 1].map((partition) => ({ topic: consumed.topic, partition, offset: 10n })),
  );
  const config = (more = {}) =>
    backlog.config({ topics: { include: [backlog.topic, consumed.topic] }, ...more });
  await using migration = await makeMigrationDir(config());
  const ignored = await migration.run();
  assert.equal(ignored.status, 0, ignored.output);
  assert.equal(await judge.describeTopic(target.bootstrap, consumed.topic), undefined);

  migration.configure(config({ groupOffsets: "commit", createTopics: false }));
  const missing = await migration.run();
  assert.equal(missing.status, 3, missing.output);
  assert.match(missing.stderr, new RegExp(`TARGET_TOPIC_MISSING: .* ${consumed.topic} does not`));
  migration.configure(config({ groupOffsets: "commit" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.equal((await judge.describeTopic(target.bootstrap, consumed.topic))?.partitions, 2);
  const committed = await judge.committedOffsets(target.bootstrap, group);
  assert.deepEqual(committed.map(({ offset }) => offset), [0n, 0n]);
});
