/**
 * Positions of consumer groups carried over: librdkafka consumers that go on on the target read exactly what they had
 * left on the source, through gaps, transactions, merged batches and others' messages; and what is left alone is named.
 */

import assert from "node:assert/strict";
import { makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();

/** What a group finds from its committed offset on: each side's digest of the rest must be the same. */
async function assertGoesOn(topic: string, group: string, partitions: readonly number[]) {
  const { source, target, judge } = clusters;
  const [from, to] = await Promise.all(
    [source, target].map(({ bootstrap }) => judge.committedOffsets(bootstrap, group)),
  );
  for (const partition of partitions) {
    const [left, right] = [from, to].map((offsets) =>
      offsets?.find((each) => each.topic === topic && each.partition === partition)?.offset
    );
    assert.ok(
      left !== undefined && right !== undefined,
      `${group}, ${partition}: ${left} ${right}`,
    );
    const [rest, found] = await Promise.all([
      judge.read(source.bootstrap, topic, partition, { start: left }),
      judge.read(target.bootstrap, topic, partition, { start: right }),
    ]);
    assert.deepEqual(
      [found.count, found.digest],
      [rest.count, rest.digest],
      `${group}, ${partition}`,
    );
  }
}

clusters.test("groups go on where they stood, each at its own message", async () => {
  const backlog = await makeBacklog(clusters, {
    messages: [3_000, 500, 40, 10],
    committed: {
      a: [17, 499, 40, 0],
      b: [1_203, 0, 12, undefined],
      c: [2_999, 500, undefined, 10],
    },
    contents: { properties: { "batch.num.messages": "7" }, keys: "some" },
  });
  const { topic, group } = backlog;
  const config = backlog.config({ groupOffsets: "commit", nonEmptyTarget: "append" });
  await using migration = await makeMigrationDir({ ...config, checkFlag: 0 });
  const { target, judge } = clusters;
  // What others have written there shifts the offsets.
  await judge.produce(target.bootstrap, { topic, partition: 0, count: 5 });

  const checked = await migration.run();
  assert.equal(checked.status, 0, checked.output);
  assert.match(
    checked.stdout,
    new RegExp(`group: ${group("b")}, partitions: 4, messages left: 2335`.replace("2335", "2,335")),
  );
  migration.configure(config);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertGoesOn(topic, group("a"), [0, 1, 2, 3]);
  await assertGoesOn(topic, group("b"), [0, 1, 2]);
  await assertGoesOn(topic, group("c"), [0, 1, 3]);
  // No commit on the source, none on the target.
  const ofB = await judge.committedOffsets(target.bootstrap, group("b"));
  assert.deepEqual(ofB.map(({ partition }) => partition).sort(), [0, 1, 2]);
  const offsets = migration.report().groupOffsets ?? [];
  assert.equal(offsets.length, 10);
  assert.ok(
    offsets.every((each) => each.status === "committed" && each.after === each.targetOffset),
  );

  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  assert.ok(migration.report().groupOffsets?.every(({ status }) => status === "further"));
});

clusters.test("through transactions and their markers, and after a run that committed nothing", async () => {
  const { source, judge } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [0], committed: {} });
  const { topic, group } = backlog;
  for (const [index, outcome] of (["commit", "abort", "commit", "commit"] as const).entries()) {
    const transaction = { id: uniqueName("transaction"), outcome };
    await judge.produce(source.bootstrap, {
      topic,
      partition: 0,
      count: 50,
      seed: index,
      transaction,
    });
  }
  const commits = { a: 0n, b: 30n, c: 75n, d: 130n, e: 204n };
  for (const [name, offset] of Object.entries(commits)) {
    await judge.commitOffsets(source.bootstrap, group(name), [{ topic, partition: 0, offset }]);
  }
  await using migration = await makeMigrationDir(backlog.config());
  assert.equal((await migration.run()).status, 0);
  // Groups that committed elsewhere meanwhile are found by a look at both logs.
  await judge.commitOffsets(source.bootstrap, group("b"), [{ topic, partition: 0, offset: 41n }]);
  migration.configure(backlog.config({ groupOffsets: "commit" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  for (const name of Object.keys(commits)) await assertGoesOn(topic, group(name), [0]);
});

clusters.test("the rest at the cut-over moves the positions on, active groups and later commits are left", async () => {
  const { source, target, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    messages: [100],
    committed: { a: [10], b: [20], c: [30], d: [40] },
  });
  const { topic, group } = backlog;
  await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
  assert.equal((await migration.run()).status, 0);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 50, seed: 9 });
  const commit = (bootstrap: string, name: string, offset: bigint, joined = false) =>
    judge.commitOffsets(bootstrap, group(name), [{ topic, partition: 0, offset }], { joined });
  await commit(source.bootstrap, "a", 120n);
  await commit(source.bootstrap, "b", 60n);
  // c has gone on on the target already.
  await commit(target.bootstrap, "c", 85n);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertGoesOn(topic, group("a"), [0]);
  await assertGoesOn(topic, group("b"), [0]);
  const [ofC] = await judge.committedOffsets(target.bootstrap, group("c"));
  assert.equal(ofC?.offset, 85n);
});

clusters.test("a metadata text goes along, and expired positions become our first message", async () => {
  const { source, target, judge } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [100], committed: { a: [10] } });
  const { topic, group } = backlog;
  await judge.commitOffsets(source.bootstrap, group("a"), [
    { topic, partition: 0, offset: 10n, metadata: "shard 7 ✓" },
  ]);
  await judge.deleteRecords(source.bootstrap, topic, 0, 25n);
  await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  const [committed] = await judge.committedOffsets(target.bootstrap, group("a"));
  assert.deepEqual([committed?.offset, committed?.metadata], [0n, "shard 7 ✓"]);
});
