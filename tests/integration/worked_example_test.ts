/**
 * The worked example from end to end: check, migrate, migrate again. What the operator reads, what the report says,
 * and what librdkafka finds on the target.
 */

import assert from "node:assert/strict";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import {
  exampleMessages,
  examplePartitions,
  exampleTopics,
  seedWorkedExample,
} from "../support/worked_example.ts";

const clusters = sharedClusters();
let migration: MigrationDir;

Deno.test.beforeAll(async () => {
  const { source, target, judge } = clusters;
  await seedWorkedExample(source.bootstrap, target.bootstrap, judge);
  migration = await makeMigrationDir({
    checkFlag: 0,
    source: { bootstrapServers: source.bootstrap },
    target: { bootstrapServers: target.bootstrap },
  });
});
Deno.test.afterAll(async () => await migration[Symbol.asyncDispose]());

/** The lines of the plan, as log and screen have them. */
const planLines: readonly string[] = [
  "topic: test1, partition: 0, submitted offset: 3713 (test123-group), 1513 messages have expired, log start offset: 5226",
  "topic: test1, partition: 0, submitted offset: 3713 (test123-group), start offset: 5226, end offset: 5226, skip migrate... (all unconsumed messages have expired)",
  "Prepare to migrate topic: test2, partition: 0, submitted offset: 9500 (test123-group), start offset: 9500, end offset: 12000, messages: 2500",
  "Prepare to migrate topic: test2, partition: 1, submitted offset: 4100 (test123-group), start offset: 4100, end offset: 9050, messages: 4950",
  "topic: test2, partition: 2, submitted offset: 7000 (test123-group), start offset: 7000, end offset: 7000, skip migrate... (everything is consumed)",
  "Prepare to migrate topic: test3, partition: 0, submitted offset: 187800 (test123-group), start offset: 187800, end offset: 264322, messages: 76522",
  "topic: test3, partition: 0, without test123-group: 32,872 messages instead of 76,522",
  "Prepare to migrate topic: test4, partition: 0, submitted offset: 18250 (test34-group), start offset: 18250, end offset: 30000, messages: 11750",
  "topic: test4, partition: 1, submitted offset: 512 (test34-group), 128 messages have expired, log start offset: 640",
  "Prepare to migrate topic: test4, partition: 1, submitted offset: 512 (test34-group), start offset: 640, end offset: 8800, messages: 8160",
];

const allMessages = exampleTopics.reduce((sum, topic) => sum + exampleMessages(topic), 0n);

/** `2022-11-03 15:02:08,123 - INFO - text`, as Python's logging module writes it. */
const logLine = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3} - (DEBUG|INFO|WARNING|ERROR) - \S.*$/;

const textsOf = (lines: readonly string[]) =>
  lines.map((line) => line.split(" - ").slice(2).join(" - "));

async function targetEnds(): Promise<readonly bigint[]> {
  const { target, judge } = clusters;
  return await Promise.all(
    examplePartitions.map(async ({ topic, partition }) =>
      (await judge.watermarks(target.bootstrap, topic, partition)).highWatermark
    ),
  );
}

clusters.test("a check prints and logs the worked example's plan and touches nothing", async () => {
  const { status, stdout, stderr } = await migration.run();
  assert.equal(status, 0, stdout + stderr);
  const shown = stdout.trimEnd().split("\n");
  assert.deepEqual(shown.slice(0, planLines.length), planLines);
  assert.match(
    shown[planLines.length] ?? "",
    /^Total: 4 topics, 5 of 7 partitions to migrate, messages: 103882\b/,
  );
  assert.match(shown.at(-1) ?? "", /^Checked: 103,882 messages in 5 partitions of 3 topics/);

  const log = migration.log();
  for (const line of log) assert.match(line, logLine);
  const [first, ...rest] = textsOf(log);
  assert.match(
    first ?? "",
    /^data-migrate \S+ \(.+\), run \S+, config .*\/migration\.yaml, checkFlag: 0, UTC[+-]\d\d:\d\d$/,
  );
  assert.deepEqual(rest.slice(0, planLines.length), planLines);
  assert.ok(log.some((line) => / - WARNING - topic: test1, .* messages have expired/.test(line)));

  assert.deepEqual(migration.files(), [
    "migration.log",
    "migration.report.html",
    "migration.report.json",
    "migration.yaml",
  ]);
  const report = migration.report();
  assert.equal(report.mode, "check");
  assert.equal(report.results, undefined);
  assert.ok((await targetEnds()).every((end) => end === 0n));
});

clusters.test("a migration brings every message of the worked example over, byte for byte", async () => {
  const { source, target, judge } = clusters;
  const { status, stdout, stderr } = await migration.run(["--migrate"]);
  assert.equal(status, 0, stdout + stderr);
  assert.match(
    stdout,
    /^topic: test3, messages read: 76522, on the target: 76522, partitions verified: 1 of 1$/m,
  );
  assert.match(stdout, /\nMigrated and verified: 103,882 messages in 5 partitions\n$/);
  for (const line of planLines) assert.ok(stdout.includes(`${line}\n`), line);
  for (const line of migration.log()) assert.match(line, logLine);

  for (const { topic, partition, start, end } of examplePartitions) {
    const where = `${topic}-${partition}`;
    const expected = await judge.read(source.bootstrap, topic, partition, { start, end });
    const found = await judge.read(target.bootstrap, topic, partition);
    assert.equal(found.count, Number(end - start), where);
    assert.equal(found.digest, expected.digest, where);
    if (found.count > 0) assert.equal(found.firstOffset, 0n, where);
  }
});

clusters.test("the report of the migration says the same in numbers", () => {
  const report = migration.report();
  assert.equal(report.schemaVersion, 1);
  assert.equal(report.mode, "migrate");
  assert.equal(report.interrupted, false);
  assert.equal(report.verdict.exitStatus, 0);
  assert.equal(report.verdict.outcome, "done");
  assert.match(report.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(report.source.bootstrapServers, [clusters.source.bootstrap]);
  assert.notEqual(report.source.clusterId, report.target.clusterId);
  assert.equal(report.planTotals?.offsets, Number(allMessages));
  assert.equal(report.planTotals?.expiredMessages, 1513 + 128);
  for (const expected of examplePartitions) {
    const is = ({ topic, partition }: { topic: string; partition: number }) =>
      topic === expected.topic && partition === expected.partition;
    const planned = report.plan?.partitions.find(is);
    assert.equal(planned?.startOffset, Number(expected.start));
    assert.equal(planned?.endOffset, Number(expected.end));
    const smallest = Object.entries(expected.committed).reduce((a, b) => a[1] <= b[1] ? a : b);
    assert.deepEqual([planned?.submittedBy, planned?.submittedOffset], [
      smallest[0],
      Number(smallest[1]),
    ]);
    const result = report.results?.partitions.find(is);
    const messages = Number(expected.end - expected.start);
    assert.equal(result?.status, messages > 0 ? "verified" : "skipped");
    assert.deepEqual([result?.recordsRead, result?.recordsProduced], [messages, messages]);
  }
  const codes = report.findings.map(({ code, severity }) => `${severity} ${code}`);
  assert.ok(codes.includes("warning MESSAGES_EXPIRED"), codes.join());
  assert.ok(!codes.some((code) => code.startsWith("error")), codes.join());
});

clusters.test("a rerun migrates nothing twice and keeps the first report under its run id", async () => {
  const before = migration.report();
  const ends = await targetEnds();
  for (let run = 0; run < 2; run++) {
    const { status, stdout, stderr } = await migration.run(["--migrate"]);
    assert.equal(status, 0, stdout + stderr);
    assert.match(
      stdout,
      /\nNothing to migrate: everything has been migrated, is consumed or has expired\n$/,
    );
    assert.doesNotMatch(stdout, /Prepare to migrate/);
    assert.deepEqual(await targetEnds(), ends);
  }
  const kept = migration.report(`migration.report.${before.runId}.json`);
  assert.deepEqual(kept, before);
  const kinds = ["json", "html"];
  for (const kind of kinds) {
    const kept = migration.files().filter((name) => /^migration\.report\./.test(name));
    assert.equal(kept.filter((name) => name.endsWith(kind)).length, 3, kind);
  }
  assert.ok(migration.text(`migration.report.${before.runId}.html`).includes(before.runId));
});

clusters.test("--json leaves nothing but the report on stdout", async () => {
  const { status, stdout, stderr } = await migration.run(["--check", "--json"]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), migration.report());
  assert.match(stderr, /skip migrate\.\.\. \(already migrated\)/);
});
