/**
 * Brokers that die, restart or hang in mid-copy, on either side, three a cluster; and a tool that is killed while a
 * broker hangs with its requests: these are appended when it wakes up, after the next run has looked.
 */

import assert from "node:assert/strict";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import type { KafkaBroker } from "../support/kafka_broker.ts";
import { startKafka } from "../support/kafka_cluster.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { startRun } from "../support/slow_run.ts";

const three = { brokers: 3, heapMb: 256, properties: { "min.insync.replicas": "1" } };
const clusters = sharedClusters({ source: three, target: three });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function brokerOf(side: "source" | "target", index: number): KafkaBroker {
  const broker = clusters[side].brokers[index];
  if (broker === undefined) throw new Error("There is no such broker");
  return broker;
}

clusters.test("leaders killed on both sides in mid-copy are replaced, and the copy goes on", async () => {
  const configs = { "max.message.bytes": "100000" };
  // More than is read ahead, so that the source is still needed in mid-copy.
  await using backlog = await makeSlowBacklog(clusters, {
    partitions: 3,
    replicationFactor: 3,
    messages: 16_000,
    valueBytes: 2_000,
    batchBytes: 65_536,
    codec: "none",
    delayMs: 60,
    sourceConfigs: configs,
    targetConfigs: configs,
  });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run);
  const killed = [brokerOf("source", 0), brokerOf("target", 1)];
  await Promise.all(killed.map((broker) => broker.kill()));
  backlog.target.setFaults({});
  const { status, output } = await run.ended;
  await Promise.all(killed.map((broker) => broker.restart()));
  assert.equal(status, 0, output);
  for (const { nodeId, address } of killed) {
    const broker = `broker ${nodeId} \\(${address.replaceAll(".", "\\.")}\\)`;
    assert.match(output, new RegExp(`${broker} unreachable \\(.+\\), retrying \\(1st try, 0 s\\)`));
  }
  await backlog.assertArrived();
});

clusters.test("brokers that restart one after the other in mid-copy only slow it down", async () => {
  await using backlog = await makeSlowBacklog(clusters, {
    partitions: 6,
    replicationFactor: 3,
    delayMs: 150,
  });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run, 100_000);
  for (const [side, index] of [["target", 0], ["source", 2]] as const) {
    const broker = brokerOf(side, index);
    await broker.kill("SIGTERM");
    await broker.restart();
  }
  backlog.target.setFaults({});
  const { status, output } = await run.ended;
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("a broker that hangs with requests queued is waited for, and nothing is repeated", async () => {
  await using backlog = await makeSlowBacklog(clusters, { partitions: 6, delayMs: 100 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run);
  const hung = brokerOf("target", 1);
  await hung.kill("SIGSTOP");
  await pause(14_000);
  await hung.kill("SIGCONT");
  backlog.target.setFaults({});
  const { status, output } = await run.ended;
  assert.equal(status, 0, output);
  assert.match(output, /target broker 2 \(\S+\) unreachable \(no answer within 12 s\)/);
  assert.match(output, /target broker 2 \(\S+\) reachable again after \d+ s/);
  await backlog.assertArrived();
});

clusters.test("requests of a killed run that a hung broker appends later repeat nothing", async () => {
  for (const afterMs of [0, 1_200]) {
    await using backlog = await makeSlowBacklog(clusters, { partitions: 6, delayMs: 100 });
    await using migration = await makeMigrationDir(backlog.config());
    const first = startRun({ cwd: migration.path });
    await backlog.inMidCopy(first);
    const hung = brokerOf("target", 1);
    await hung.kill("SIGSTOP");
    // What is sent now waits in the broker's sockets.
    await pause(400);
    first.kill("SIGKILL");
    await first.ended;
    backlog.target.setFaults({});
    const second = startRun({ cwd: migration.path });
    await pause(afterMs);
    await hung.kill("SIGCONT");
    const { status, output } = await second.ended;
    assert.equal(status, 0, output);
    await backlog.assertArrived();
  }
});

clusters.test("a partition whose leader stays away fails when giveUpAfter is over; the next run goes on", async () => {
  await using backlog = await makeSlowBacklog(clusters, { partitions: 6, delayMs: 100 });
  await using migration = await makeMigrationDir(
    backlog.config({ limits: { giveUpAfter: "4s" } }),
  );
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run);
  const away = brokerOf("target", 2);
  await away.kill();
  backlog.target.setFaults({});
  const { status, stdout, stderr } = await run.ended;
  assert.equal(status, 1, stdout + stderr);
  assert.match(
    stderr,
    /failed: target .+ for [\d.]+ s\. When that is mended, run the same command again$/m,
  );
  assert.match(stdout, /\nNot complete: \d partitions? failed\n$/);
  await away.restart();
  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  await backlog.assertArrived();
});

for (const side of ["source", "target"] as const) {
  clusters.test(`where all of the ${side} stays away, the run ends with a verdict and a report; the next goes on`, async () => {
    await using backlog = await makeSlowBacklog(clusters, {
      ...{ partitions: 3, delayMs: 100, through: [side, "target"] },
    });
    const groupOffsets = "commit";
    const limits = { giveUpAfter: "3s", bytesPerSecond: "500kB" };
    await using migration = await makeMigrationDir(backlog.config({ limits, groupOffsets }));
    const run = startRun({ cwd: migration.path });
    await backlog.inMidCopy(run);
    await backlog[side][Symbol.asyncDispose]();
    const { status, stdout, stderr } = await run.ended;
    assert.equal(status, 1, stdout + stderr);
    assert.doesNotMatch(stderr, /Unexpected/);
    assert.match(stderr, /^error: topic: .*, partition: \d, .* failed: /m);
    assert.match(
      stdout,
      /\nNot complete: \d partitions? failed; \d group positions? not carried over\n$/,
    );
    assert.equal(migration.report().verdict.exitStatus, 1);
    const direct = { bootstrapServers: clusters[side].bootstrap };
    migration.configure(backlog.config({ [side]: direct, groupOffsets }));
    const again = await migration.run();
    assert.equal(again.status, 0, again.output);
    await backlog.assertArrived();
  });
}

clusters.test("while coordinators move to other brokers, no group is missed", async () => {
  const { source, target, judge } = clusters;
  const topic = uniqueName("grouped");
  for (const { bootstrap } of [source, target]) {
    await judge.createTopics(bootstrap, [{ name: topic, replicationFactor: 3 }]);
  }
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 10 });
  const groups = Array.from({ length: 12 }, (_, index) => `${topic}-${index}`);
  await Promise.all(
    groups.map((group) =>
      judge.commitOffsets(source.bootstrap, group, [{ topic, partition: 0, offset: 4n }])
    ),
  );
  for (const away of source.brokers) {
    const others = source.brokers.filter((broker) => broker !== away);
    await using migration = await makeMigrationDir({
      checkFlag: 0,
      source: { bootstrapServers: others.map(({ address }) => address) },
      target: { bootstrapServers: target.bootstrap },
      topics: { include: [topic] },
    });
    await away.kill();
    const until = performance.now() + 6_000;
    for (let checked = 0; checked === 0 || performance.now() < until;) {
      const { status, output } = await migration.run();
      assert.ok(status === 0 || /BROKER_UNREACHABLE|GROUP_UNREADABLE/.test(output), output);
      if (status !== 0) continue;
      checked++;
      assert.equal(migration.report().groups?.length, groups.length, output);
    }
    await away.restart();
  }
});

clusters.test("what is on a broker that is away blocks a run; offsets that it kept of a deleted topic are left out", async () => {
  const { judge, target } = clusters;
  // Topics and committed offsets lie on one broker each.
  await using source = await startKafka({
    ...three,
    properties: { ...three.properties, "offsets.topic.replication.factor": "1" },
  });
  const [kept, deleted] = [uniqueName("kept"), uniqueName("deleted")];
  for (const name of [kept, deleted]) {
    await judge.createTopics(source.bootstrap, [{ name, partitions: 3 }]);
    await judge.createTopics(target.bootstrap, [{ name, partitions: 3 }]);
    await Promise.all(
      [0, 1, 2].map((partition) =>
        judge.produce(source.bootstrap, { topic: name, partition, count: 10 })
      ),
    );
  }
  const groups = Array.from({ length: 8 }, (_, index) => `${deleted}-${index}`);
  await Promise.all(groups.map((group) =>
    judge.commitOffsets(source.bootstrap, group, [
      { topic: deleted, partition: 0, offset: 4n },
      ...[0, 1, 2].map((partition) => ({ topic: kept, partition, offset: 4n })),
    ])
  ));
  const away = source.brokers[2];
  assert.ok(away !== undefined);
  await away.kill();
  await judge.deleteTopics(source.bootstrap, [deleted]);
  const config = {
    checkFlag: 1,
    source: { bootstrapServers: source.brokers.slice(0, 2).map(({ address }) => address) },
    target: { bootstrapServers: target.bootstrap },
    topics: { include: [kept, deleted] },
  };
  await using migration = await makeMigrationDir(config);
  // Until the cluster has noticed, it sends us to the broker.
  let without = await migration.run();
  while (without.output.includes("BROKER_UNREACHABLE")) without = await migration.run();
  assert.equal(without.status, 3, without.output);
  assert.match(
    without.output,
    /^error: GROUP_UNREADABLE: .* partitions of __consumer_offsets have no /m,
  );
  const ranges = [0, 1, 2].map((partition) => ({ topic: kept, partition, start: "earliest" }));
  await using ranged = await makeMigrationDir({ ...config, topics: {}, ranges });
  const offline = await ranged.run();
  assert.equal(offline.status, 3, offline.output);
  assert.match(
    offline.output,
    new RegExp(`^error: PARTITION_OFFLINE: .* partition \\d of topic ${kept} .* no leader`, "m"),
  );
  await away.restart();
  const { status, output, stderr } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(stderr, new RegExp(`OFFSETS_OF_MISSING_TOPIC: .*${deleted}-\\d .*topic ${deleted}`));
});
