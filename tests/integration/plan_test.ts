/**
 * What is planned, seen from outside: which groups count and which sets the start, filters, the uncommitted rule,
 * odd offsets, and how much of the plan the screen shows.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, makeBacklog, targetCount } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();

clusters.test("of several groups the smallest commit counts, and its cost is told", async () => {
  const { topic, group, config } = await makeBacklog(clusters, {
    messages: [100, 50],
    committed: { late: [20, 50], early: [10, 40], middle: [15, 45] },
  });
  await using migration = await makeMigrationDir(config());
  const { status, stdout, stderr } = await migration.run();
  assert.equal(status, 0, stdout + stderr);
  for (
    const line of [
      `Prepare to migrate topic: ${topic}, partition: 0, submitted offset: 10 (${
        group("early")
      }), start offset: 10, end offset: 100, messages: 90`,
      `topic: ${topic}, partition: 0, without ${group("early")}: 85 messages instead of 90`,
      `Prepare to migrate topic: ${topic}, partition: 1, submitted offset: 40 (${
        group("early")
      }), start offset: 40, end offset: 50, messages: 10`,
    ]
  ) assert.ok(stdout.includes(`${line}\n`), `${line}\nis not in\n${stdout}`);
  await assertCopied(clusters, topic, 0, { start: 10, end: 100 });
  await assertCopied(clusters, topic, 1, { start: 40, end: 50 });
  const [planned] = migration.report().plan?.partitions ?? [];
  assert.deepEqual(planned?.groups, [
    { group: group("early"), committed: 10, lag: 90 },
    { group: group("late"), committed: 20, lag: 80 },
    { group: group("middle"), committed: 15, lag: 85 },
  ]);
});

clusters.test("many groups and names of the greatest length fit into the requests", async () => {
  const names = Array.from({ length: 30 }, (_, index) => `${index}-`.padEnd(200, "g"));
  const { topic, group, config } = await makeBacklog(clusters, {
    stem: "t".repeat(240),
    messages: [40],
    committed: Object.fromEntries(names.map((name, index) => [name, [35 - index]])),
  });
  assert.equal(topic.length, 249);
  await using migration = await makeMigrationDir(config());
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  const [planned] = migration.report().plan?.partitions ?? [];
  assert.equal(planned?.groups.length, names.length);
  assert.deepEqual([planned?.submittedBy, planned?.startOffset], [group(names[29] ?? ""), 6]);
  await assertCopied(clusters, topic, 0, { start: 6, end: 40 });
});

clusters.test("filters choose topics and groups, and exclude wins", async () => {
  const kept = await makeBacklog(clusters, {
    messages: [30],
    committed: { a: [5], b: [12], c: [20] },
  });
  const left = await makeBacklog(clusters, { messages: [30], committed: { a: [0] } });
  const cases = [
    { topics: { include: [kept.topic, left.topic], exclude: [left.topic] }, start: 5 },
    { topics: { include: [`/${kept.topic}/`] }, groups: { exclude: ["*-a"] }, start: 12 },
    {
      topics: { include: [`${kept.topic.slice(0, -3)}*`] },
      groups: { include: ["*-b", "*-c"], exclude: ["/.*-b/"] },
      start: 20,
    },
  ];
  for (const { start, ...filters } of cases) {
    await using migration = await makeMigrationDir(
      configOf(clusters, { checkFlag: 0, ...filters }),
    );
    const { status, output } = await migration.run();
    assert.equal(status, 0, output);
    const planned = migration.report().plan?.partitions ?? [];
    assert.deepEqual(planned.map((p) => [p.topic, p.startOffset]), [[kept.topic, start]]);
  }
});

clusters.test("filters that match nothing prove nothing", async () => {
  const { topic } = await makeBacklog(clusters, { messages: [3], committed: { a: [1] } });
  const cases = [
    { filters: { topics: { include: ["no-such-topic"] } }, says: /topics\.include/ },
    {
      filters: { topics: { include: [topic] }, groups: { include: ["no-such-group"] } },
      says: /groups\.include/,
    },
  ];
  for (const { filters, says } of cases) {
    for (const checkFlag of [0, 1]) {
      await using migration = await makeMigrationDir(configOf(clusters, { checkFlag, ...filters }));
      const { status, output } = await migration.run();
      assert.equal(status, 1, output);
      assert.match(output, /FILTER_MATCHED_NOTHING/);
      assert.match(output, says);
      assert.deepEqual(await targetCount(clusters, topic), 0);
    }
  }
});

clusters.test("uncommitted: earliest counts from the log start, skip does not count", async () => {
  const { topic, group, config } = await makeBacklog(clusters, {
    messages: [10, 10, 10, 0],
    committed: { a: [4, undefined, undefined, undefined], b: [6, 8, undefined, undefined] },
  });
  await using skip = await makeMigrationDir(config({ checkFlag: 0, uncommitted: "skip" }));
  assert.equal((await skip.run()).status, 0);
  assert.deepEqual(
    skip.report().plan?.partitions.map((p) => [p.partition, p.startOffset, p.offsets]),
    [[0, 4, 6], [1, 8, 2]],
  );

  await using earliest = await makeMigrationDir(config());
  const { status, stdout, stderr } = await earliest.run();
  assert.equal(status, 0, stderr);
  for (const partition of [1, 2]) {
    const line =
      `Prepare to migrate topic: ${topic}, partition: ${partition}, submitted offset: none (${
        group("a")
      }), start offset: 0, end offset: 10, messages: 10\n`;
    assert.ok(stdout.includes(line), stdout);
  }
  assert.match(stdout, /skip migrate\.\.\. \(the partition is empty\)/);
  assert.match(stdout, /\b18 of them only because of uncommitted: earliest$/m);
  assert.match(stderr, /^warning: UNCOMMITTED_COUNTED: 18 messages in 2 partitions /m);
  assert.equal(earliest.report().planTotals?.uncommittedOffsets, 18);
  await assertCopied(clusters, topic, 0, { start: 4, end: 10 });
  await assertCopied(clusters, topic, 1, { start: 0, end: 10 });
  await assertCopied(clusters, topic, 2, { start: 0, end: 10 });
});

clusters.test("an offset committed beyond the end is told and nothing is copied for it", async () => {
  const { topic, group, config } = await makeBacklog(clusters, {
    messages: [10, 10],
    committed: { a: [25, 3] },
  });
  await using migration = await makeMigrationDir(config());
  const { status, stdout, stderr } = await migration.run();
  assert.equal(status, 0, stderr);
  const beyond = `topic: ${topic}, partition: 0, submitted offset: 25 (${
    group("a")
  }), start offset: 10, end offset: 10, skip migrate... (the submitted offset is beyond the end)\n`;
  assert.ok(stdout.includes(beyond), stdout);
  assert.match(stderr, /^warning: OFFSET_BEYOND_END: .*partition 0: 25, end 10/m);
  assert.equal(await targetCount(clusters, topic, 0), 0);
  await assertCopied(clusters, topic, 1, { start: 3, end: 10 });
});

clusters.test("everything consumed is a success that says so", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [7], committed: { a: [7] } });
  for (const flag of ["--check", "--migrate"]) {
    await using migration = await makeMigrationDir(config());
    const { status, stdout, stderr } = await migration.run([flag]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /skip migrate\.\.\. \(everything is consumed\)/);
    assert.match(stdout, /\nNothing to migrate: everything is consumed or has expired\n$/);
    assert.deepEqual(migration.files(), [
      "migration.log",
      "migration.report.html",
      "migration.report.json",
      "migration.yaml",
    ]);
  }
  assert.equal(await targetCount(clusters, topic), 0);
});

clusters.test("a source without groups, or with a group without offsets, proves nothing", async () => {
  // The target has no groups, so that it can stand in for such a source.
  const { source, target, judge } = clusters;
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    source: { bootstrapServers: target.bootstrap },
    target: { bootstrapServers: source.bootstrap },
  });
  const without = await migration.run();
  assert.equal(without.status, 1, without.output);
  assert.match(without.output, /NO_COMMITTED_OFFSETS: The source lists no consumer group/);

  const [topic, group] = [uniqueName("topic"), uniqueName("group")];
  await judge.createTopics(target.bootstrap, [{ name: topic }]);
  await judge.commitOffsets(target.bootstrap, group, [{ topic, partition: 0, offset: 0n }]);
  await judge.deleteTopics(target.bootstrap, [topic]);
  // The coordinator forgets the offsets of a deleted topic, a moment after the topic has gone.
  let offsets = 1;
  for (let tries = 0; offsets > 0 && tries < 100; tries++) {
    offsets = (await judge.committedOffsets(target.bootstrap, group)).length;
    if (offsets > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const empty = await migration.run();
  assert.equal(empty.status, 1, empty.output);
  assert.match(empty.output, /NO_COMMITTED_OFFSETS: .*(has committed an offset|lists no consumer)/);
  assert.ok(!migration.files().includes("migration.state.jsonl"));
});

clusters.test("above 40 partitions the screen shows totals and the log every line", async () => {
  const filled = 24;
  const { topic, config } = await makeBacklog(clusters, {
    messages: Array.from({ length: 300 }, (_, partition) => partition < filled ? partition + 1 : 0),
    committed: { a: Array.from({ length: 300 }, () => 0) },
  });
  const messages = filled * (filled + 1) / 2;
  await using migration = await makeMigrationDir(config());
  const { status, stdout, stderr } = await migration.run();
  assert.equal(status, 0, stdout + stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.ok(lines.length < 20, stdout);
  const [matched, first, ...rest] = lines;
  assert.equal(matched, `topics.include ${topic} matches 1: ${topic}`);
  assert.equal(
    first,
    `Prepare to migrate topic: ${topic}, partitions: ${filled} of 300, messages: ${messages}`,
  );
  assert.deepEqual(
    rest.slice(0, 5).map((line) => /, partition: (\d+), .*, messages: \d+$/.exec(line)?.[1]),
    ["23", "22", "21", "20", "19"],
  );
  assert.ok(lines.includes(`${300 - filled} partitions: skip migrate...`), stdout);
  assert.ok(
    lines.includes(
      `Total: 1 topic, ${filled} of 300 partitions to migrate, messages: ${messages}`,
    ),
    stdout,
  );
  const log = migration.log();
  assert.equal(log.filter((line) => line.includes("Prepare to migrate topic")).length, filled);
  assert.equal(log.filter((line) => line.includes("skip migrate...")).length, 300 - filled);
  assert.equal(migration.report().results?.totals.verified, filled);
  assert.equal(lines.at(-1), `Migrated and verified: ${messages} messages in ${filled} partitions`);
});

clusters.test("--quiet leaves errors and the verdict, --verbose takes nothing away", async () => {
  const { config } = await makeBacklog(clusters, { messages: [10], committed: { a: [4] } });
  await using migration = await makeMigrationDir(config());
  const quiet = await migration.run(["--check", "--quiet"]);
  assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [
    0,
    "Checked: 6 messages in 1 partition of 1 topic would be migrated\n",
    "",
  ]);
  assert.match(migration.log().join("\n"), /Prepare to migrate/);
  const normal = await migration.run(["--check"]);
  const verbose = await migration.run(["--check", "--verbose"]);
  assert.equal(verbose.stdout, normal.stdout);
  await using blocked = await makeMigrationDir(config({ topics: { include: ["none"] } }));
  const loud = await blocked.run(["--quiet"]);
  assert.equal(loud.status, 1);
  assert.match(loud.stderr, /^error: FILTER_MATCHED_NOTHING/m);
});
