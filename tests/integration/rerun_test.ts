/**
 * What a second run makes of the first one's state file: nothing twice, what the source has gained since, and a clear
 * refusal where the file belongs to something else or can't be trusted.
 */

import assert from "node:assert/strict";
import { assertCopied, makeBacklog, targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();

clusters.test("a rerun carries over what the source has gained since, once", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [30, 10],
    committed: { a: [10, 10] },
  });
  const { source, judge } = clusters;
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const first = migration.report();

  await judge.produce(source.bootstrap, { topic, partition: 0, count: 5, seed: 50 });
  await judge.produce(source.bootstrap, { topic, partition: 1, count: 7, seed: 51 });
  // Counts are over all runs of the migration.
  for (
    const expected of [/^Migrated and verified: 32 messages in 2 partitions$/m, /^Nothing to/m]
  ) {
    const { status, stdout, stderr } = await migration.run();
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, expected);
    assert.equal(await targetCount(clusters, topic, 0), 25);
    assert.equal(await targetCount(clusters, topic, 1), 7);
  }
  await assertCopied(clusters, topic, 0, { start: 10, end: 35 });
  await assertCopied(clusters, topic, 1, { start: 10, end: 17 });
  assert.deepEqual(migration.report(`migration.report.${first.runId}.json`), first);
});

clusters.test("consumers that go on or back after a migration change nothing about a rerun, which says what they miss", async () => {
  const { topic, group, config } = await makeBacklog(clusters, {
    messages: [30],
    committed: { a: [10] },
  });
  const { source, judge } = clusters;
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  await judge.commitOffsets(source.bootstrap, group("a"), [{ topic, partition: 0, offset: 3n }]);
  const back = await migration.run();
  assert.equal(back.status, 0, back.output);
  assert.match(
    back.stderr,
    /^warning: POSITIONS_NOT_COPIED: .* \(0: offsets 3 to 9 were not copied/m,
  );
  assert.match(back.stdout, /^Nothing to migrate: what groups have left before what was migrated/m);
  await judge.commitOffsets(source.bootstrap, group("a"), [{ topic, partition: 0, offset: 30n }]);
  const forth = await migration.run();
  assert.equal(forth.status, 0, forth.output);
  assert.equal(await targetCount(clusters, topic), 20);
});

clusters.test("foreign messages on the target are told apart from the migration's own", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  const { source, target, judge } = clusters;
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 5, seed: 50 });
  await judge.produce(target.bootstrap, { topic, partition: 0, count: 2, seed: 60 });
  const { status, output } = await migration.run();
  assert.equal(status, 3, output);
  assert.match(output, /TARGET_NOT_EMPTY: The target already holds 2 messages in /);
  migration.configure(config({ nonEmptyTarget: "append" }));
  const appended = await migration.run();
  assert.equal(appended.status, 0, appended.output);
  await assertCopied(clusters, topic, 0, { start: 30, end: 35, at: 22 });
});

clusters.test("--verify looks again at what was migrated and copies nothing", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  const { source, target, judge } = clusters;
  await using migration = await makeMigrationDir(config());
  const nothingYet = await migration.run(["--verify"]);
  assert.notEqual(nothingYet.status, 0, nothingYet.output);
  assert.doesNotMatch(nothingYet.output, /\bat file:/);

  assert.equal((await migration.run()).status, 0);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 5, seed: 50 });
  const verified = await migration.run(["--verify"]);
  assert.equal(verified.status, 0, verified.output);
  assert.match(
    verified.stdout,
    /messages read: 20, on the target: 20, partitions verified: 1 of 1/,
  );
  assert.equal(await targetCount(clusters, topic), 20);

  await judge.deleteRecords(target.bootstrap, topic, 0, 3n);
  const deleted = await migration.run(["--verify"]);
  assert.equal(deleted.status, 1, deleted.output);
  assert.match(
    deleted.output,
    /The target has already deleted some of the messages: its log starts at 3/,
  );
});

clusters.test("the state file of another migration is refused with what differs", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  const other = await makeBacklog(clusters, { messages: [5], committed: { a: [0] } });
  const { source, target } = clusters;
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const journal = migration.text("migration.state.jsonl");
  const changes = [
    { change: { topics: { include: [topic, other.topic] } }, says: /topics \(was .*, is / },
    { change: { groups: { exclude: ["none"] } }, says: /groups \(was .*, is / },
    { change: { uncommitted: "skip" }, says: /uncommitted \(was "earliest", is "skip"\)/ },
    {
      change: {
        source: { bootstrapServers: target.bootstrap },
        target: { bootstrapServers: source.bootstrap },
      },
      says: /the source cluster; the target cluster/,
    },
  ];
  for (const { change, says } of changes) {
    migration.configure(config(change));
    const { status, stdout, stderr } = await migration.run();
    assert.equal(status, 2, stdout + stderr);
    assert.match(stderr, says);
    assert.match(stderr, /gives up the protection against duplicates/);
    assert.doesNotMatch(stderr, /\bat file:/);
  }
  assert.equal(await targetCount(clusters, other.topic), 0);
  assert.equal(migration.text("migration.state.jsonl"), journal);
  // What may change does not matter.
  migration.configure(config({ limits: { giveUpAfter: "5m" }, nonEmptyTarget: "append" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
});

clusters.test("a damaged state file is refused, a torn last line is not", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const path = `${migration.path}/migration.state.jsonl`;
  const journal = migration.text("migration.state.jsonl");
  await Deno.writeTextFile(path, `${journal}{"type":"progr`);
  const torn = await migration.run();
  assert.equal(torn.status, 0, torn.output);
  assert.match(torn.stdout, /^Nothing to migrate: everything has been migrated/m);

  const [first = "", ...rest] = journal.split("\n");
  await Deno.writeTextFile(path, [first, "garbage", ...rest].join("\n"));
  const damaged = await migration.run();
  assert.equal(damaged.status, 2, damaged.output);
  assert.match(damaged.stderr, /migration\.state\.jsonl:2: the journal is damaged here/);
  assert.equal(await targetCount(clusters, topic), 20);
});

clusters.test("reports, log and state are readable by their owner only", async () => {
  const { config } = await makeBacklog(clusters, { messages: [3], committed: { a: [1] } });
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const written = migration.files().filter((name) => name !== "migration.yaml");
  assert.deepEqual(written, [
    "migration.log",
    "migration.report.html",
    "migration.report.json",
    "migration.state.jsonl",
  ]);
  for (const name of written) {
    const { mode } = await Deno.stat(`${migration.path}/${name}`);
    assert.equal((mode ?? 0) & 0o777, 0o600, name);
  }
});
