/**
 * `--verify`, and the verdict of a rerun that has nothing to copy: what they say is about the clusters, topics and settings
 * of the migration, and not about others that hold as many messages.
 */

import assert from "node:assert/strict";
import { makeBacklog, targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();
const STATE = "migration.state.jsonl";

clusters.test("--verify refuses other topics, another source and another target, though they hold as many messages", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [300],
    committed: { a: [0] },
  });
  const other = await makeBacklog(clusters, { messages: [300], committed: { a: [0] } });
  const { source, target, judge } = clusters;
  await judge.produce(target.bootstrap, { topic: other.topic, partition: 0, count: 300, seed: 9 });
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const journal = migration.text(STATE);
  const [onSource, onTarget] = [source, target].map(({ bootstrap: bootstrapServers }) => ({
    bootstrapServers,
  }));
  const changes = [
    { change: { topics: { include: [other.topic] } }, says: /topics \(was .*, is / },
    { change: { groups: { exclude: ["none"] } }, says: /groups \(was .*, is / },
    { change: { uncommitted: "skip" }, says: /uncommitted \(was "earliest", is "skip"\)/ },
    {
      change: { source: onTarget },
      says: /of another migration \(run [^)]*\): the source cluster\./,
    },
    {
      change: { target: onSource },
      says: /of another migration \(run [^)]*\): the target cluster\./,
    },
    {
      change: { source: onTarget, target: onSource },
      says: /: the source cluster; the target cluster\./,
    },
    {
      change: { groups: undefined, ranges: [{ topic, partition: 0, start: 0 }] },
      says: /ranges \(was undefined, is /,
    },
  ];
  for (const verify of ["count", "content"]) {
    for (const { change, says } of changes) {
      migration.configure(config({ ...change, verify }));
      const { status, stdout, stderr } = await migration.run(["--verify"]);
      assert.equal(status, 2, stdout + stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stdout, /Verified/);
    }
  }
  assert.equal(migration.text(STATE), journal);
  migration.configure(config({ limits: { giveUpAfter: "5m" } }));
  const { status, output } = await migration.run(["--verify"]);
  assert.equal(status, 0, output);
});

clusters.test("--verify by count needs no source, and says that it was not asked", async () => {
  const { config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const gone = { source: { bootstrapServers: "127.0.0.1:1" } };
  migration.configure(config(gone));
  const { status, stdout, stderr } = await migration.run(["--verify"]);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stderr, /warning: SOURCE_NOT_ASKED: .*Broker 127\.0\.0\.1:1: /);
  assert.match(
    stdout,
    /^Verified: 20 messages in 1 partition of the target; the source was not asked$/m,
  );
  assert.deepEqual(migration.report().findings.map(({ code }) => code), ["SOURCE_NOT_ASKED"]);
  migration.configure(config({ ...gone, groups: { exclude: ["none"] } }));
  const other = await migration.run(["--verify"]);
  assert.equal(other.status, 2, other.output);
  migration.configure(config({ ...gone, verify: "content" }));
  const content = await migration.run(["--verify"]);
  assert.equal(content.status, 3, content.output);
});

for (const role of ["source", "target"] as const) {
  clusters.test(`--verify refuses a topic that was made again on the ${role}, however many messages it holds`, async () => {
    const { topic, config } = await makeBacklog(clusters, {
      messages: [40],
      committed: { a: [10] },
    });
    await using migration = await makeMigrationDir(config());
    assert.equal((await migration.run()).status, 0);
    const { judge } = clusters;
    const { bootstrap } = clusters[role];
    await judge.deleteTopics(bootstrap, [topic]);
    await judge.createTopics(bootstrap, [{ name: topic, partitions: 1 }]);
    await judge.produce(bootstrap, { topic, partition: 0, count: 40, seed: 77 });
    const { status, stdout, stderr } = await migration.run(["--verify"]);
    assert.equal(status, 2, stdout + stderr);
    assert.match(stderr, new RegExp(`was deleted and re-created on the ${role}`));
    assert.doesNotMatch(stdout, /Verified/);
  });
}

clusters.test("bootstrap servers of two clusters are refused, whichever of them answers first", async () => {
  const { config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  const [source, target] = [clusters.source, clusters.target].map(({ bootstrap }) => bootstrap);
  for (const bootstrapServers of [[source, target], [target, source]]) {
    await using migration = await makeMigrationDir(config({ source: { bootstrapServers } }));
    const { status, stderr, output } = await migration.run(["--check"]);
    assert.equal(status, 3, output);
    assert.match(stderr, /: it belongs to cluster \S+, and those before it to cluster \S+/);
    assert.match(stderr, /Name brokers of one cluster only/);
  }
});

clusters.test("a rerun with nothing to copy does not pass where the target has lost what it got", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const fine = await migration.run();
  assert.equal(fine.status, 0, fine.output);
  assert.match(fine.stdout, /^Nothing to migrate: everything has been migrated/m);
  await clusters.judge.deleteTopics(clusters.target.bootstrap, [topic]);
  const { status, output } = await migration.run();
  assert.notEqual(status, 0, output);
  assert.match(output, /The target could not be asked whether it still holds the messages/);
});

clusters.test("what others have written to the target is a warning of its own, on screen, in log, report and page", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [30, 20, 10],
    committed: { a: [10, 10, 0] },
  });
  await using migration = await makeMigrationDir(config());
  const first = await migration.run();
  assert.equal(first.status, 0, first.output);
  assert.doesNotMatch(first.output, /TARGET_WRITTEN_BY_OTHERS/);
  const { target, judge } = clusters;
  await judge.produce(target.bootstrap, { topic, partition: 0, count: 5, seed: 60 });
  await judge.produce(target.bootstrap, { topic, partition: 2, count: 2, seed: 61 });
  const expected =
    `Others have written 7 messages to partitions 0, 2 of topic ${topic} since this migration was planned`;
  for (const args of [["--verify"], []]) {
    const { status, stderr, output } = await migration.run(args);
    assert.equal(status, 0, output);
    assert.ok(stderr.includes(`warning: TARGET_WRITTEN_BY_OTHERS: ${expected}`), output);
    const report = migration.report();
    const [found] = report.findings.filter(({ code }) => code === "TARGET_WRITTEN_BY_OTHERS");
    assert.equal(found?.message, expected);
    assert.deepEqual(
      report.results?.partitions.map(({ othersOnTarget }) => othersOnTarget),
      [5, undefined, 2],
    );
    const lines = migration.log().filter((line) => line.includes(expected));
    assert.match(lines.at(-1) ?? "", /WARNING - TARGET_WRITTEN_BY_OTHERS/);
    assert.ok(migration.text("migration.report.html").includes(expected));
  }
  assert.equal(await targetCount(clusters, topic, 0), 25);
});
