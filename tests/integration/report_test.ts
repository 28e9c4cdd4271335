/**
 * What a run writes for others: every kind of report against the schema that the program prints, judged by a validator
 * that knows nothing of it, and what the report adds to plan and results.
 */

import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { makeBacklog } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import {
  type ConfigContent,
  makeMigrationDir,
  type MigrationDir,
} from "../support/migration_dir.ts";
import { runProgram } from "../support/program.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters();
let problemsOf: (report: unknown) => string;

Deno.test.beforeAll(async () => {
  const { status, stdout, output } = await runProgram({ cwd: ".", args: ["--schema", "report"] });
  assert.equal(status, 0, output);
  const ajv = new Ajv2020({ allErrors: true });
  const validate = ajv.compile(JSON.parse(stdout));
  problemsOf = (report) => validate(report) ? "" : ajv.errorsText(validate.errors);
});

/** Runs, and holds the report against the schema. */
async function reportOf(migration: MigrationDir, args: readonly string[], status: number) {
  const run = await migration.run(args);
  assert.equal(run.status, status, run.output);
  const report = migration.report();
  assert.equal(problemsOf(report), "");
  return report;
}

clusters.test("reports of a check, a migration, a verification and a rerun keep to the printed schema", async () => {
  const { topic, group, config } = await makeBacklog(clusters, {
    messages: [30, 20],
    committed: { a: [10, undefined], b: [25, 20] },
  });
  const { target, judge } = clusters;
  await judge.produce(target.bootstrap, { topic, partition: 0, count: 4, seed: 9 });
  await using migration = await makeMigrationDir(config({ nonEmptyTarget: "append" }));

  const checked = await reportOf(migration, ["--check"], 0);
  assert.deepEqual(checked.backlog, [
    { topic, partitions: 2, partitionsToCopy: 2, offsets: 40, expiredMessages: 0 },
  ]);
  assert.deepEqual(checked.groups, [
    {
      group: group("a"),
      topics: 1,
      partitions: 2,
      partitionsNeverCommitted: 1,
      lagBefore: 40,
    },
    { group: group("b"), topics: 1, partitions: 2, partitionsNeverCommitted: 0, lagBefore: 5 },
  ]);
  assert.equal(checked.throughput, undefined);
  assert.equal(checked.changes, undefined);
  assert.equal((checked.configuration as ConfigContent)["nonEmptyTarget"], "append");

  const migrated = await reportOf(migration, ["--migrate"], 0);
  assert.equal(migrated.backlog?.[0]?.offsetsVerified, 40);
  const { samples = [] } = migrated.throughput ?? {};
  assert.deepEqual(samples[0], { elapsedMs: 0, bytes: 0, records: 0 });
  assert.equal(samples.at(-1)?.records, 40);
  assert.ok((samples.at(-1)?.bytes ?? 0) > 0);
  const changes = {
    topicsCreated: [],
    records: [
      { topic, partition: 0, records: 20, baseOffset: 4, endOffset: 24 },
      { topic, partition: 1, records: 20, baseOffset: 0, endOffset: 20 },
    ],
  };
  assert.deepEqual(migrated.changes, changes);

  assert.deepEqual((await reportOf(migration, ["--verify"], 0)).changes, changes);
  assert.deepEqual((await reportOf(migration, ["--migrate"], 0)).changes, changes);
});

clusters.test("reports of blocked and unreachable runs keep to the printed schema", async () => {
  const { config } = await makeBacklog(clusters, {
    messages: [30],
    committed: { a: [10] },
    targetPartitions: 0,
  });
  await using migration = await makeMigrationDir(config());
  const blocked = await reportOf(migration, [], 3);
  assert.equal(blocked.findings[0]?.code, "TARGET_TOPIC_MISSING");
  assert.equal(blocked.changes, undefined);
  migration.configure(config({ source: { bootstrapServers: "127.0.0.1:1" } }));
  assert.equal((await reportOf(migration, [], 3)).findings[0]?.code, "BROKER_UNREACHABLE");
});

clusters.test("the report of an interrupted migration keeps to the printed schema and says how far it came", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 80 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run);
  await new Promise((resolve) => setTimeout(resolve, 250));
  run.kill("SIGINT");
  const { status, output } = await run.ended;
  assert.equal(status, 130, output);
  const report = migration.report();
  assert.equal(problemsOf(report), "");
  assert.equal(report.verdict.outcome, "interrupted");
  const written = report.changes?.records.reduce((sum, { records }) => sum + records, 0);
  assert.ok(written !== undefined && written > 0);
  assert.equal(report.throughput?.samples.at(-1)?.records, written);
});
