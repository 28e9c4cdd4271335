/**
 * Runs that end early and runs that follow: signals, the lock, other messages on the target, a producer that the target
 * has forgotten, acknowledgements that got lost. What the state file says of a finished migration is in rerun_test.ts.
 */

import assert from "node:assert/strict";
import { configOf, targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { startLinks } from "../support/slow_links.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters({
  // Producers that are idle for two seconds are forgotten, at the latest when the broker starts again.
  target: { properties: { "producer.id.expiration.ms": "2000" } },
});
const STATE = "migration.state.jsonl";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  clusters.test(`${signal} ends a copy within seconds, and the same command continues`, async () => {
    await using backlog = await makeSlowBacklog(clusters, { delayMs: 80 });
    await using migration = await makeMigrationDir(backlog.config());
    const run = startRun({ cwd: migration.path });
    await backlog.inMidCopy(run);
    // The first answers are on their way.
    await new Promise((resolve) => setTimeout(resolve, 250));
    const sent = performance.now();
    run.kill(signal);
    const { status, stdout, stderr, output } = await run.ended;
    assert.equal(status, 130, output);
    assert.equal(stderr, "");
    assert.ok(performance.now() - sent < 3_000, "it took too long");
    assert.match(stdout, /\nInterrupted; the same command continues where it stopped\n$/);
    assert.equal(migration.report().verdict.outcome, "interrupted");
    const moved = migration.text(STATE).includes('"progress"');
    assert.ok(moved, "the progress is not kept");

    const check = await migration.run(["--check"]);
    assert.equal(check.status, 0, check.output);
    assert.match(
      check.output,
      /Migration of run \S+: \d of 4 partitions done, [\d,]+ messages copied so far/,
    );
    backlog.target.setFaults({});
    const { status: completed, output: after } = await migration.run();
    assert.equal(completed, 0, after);
    await backlog.assertArrived();
  });
}

clusters.test("a signal ends a run that waits for a silent broker", async () => {
  for (const side of ["source", "target"] as const) {
    await using backlog = await makeSlowBacklog(clusters, {
      delayMs: 80,
      through: ["source", "target"],
    });
    await using migration = await makeMigrationDir(backlog.config());
    const run = startRun({ cwd: migration.path });
    await backlog.inMidCopy(run);
    backlog[side].setFaults({ silent: ["toClient", "toServer"] });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const sent = performance.now();
    run.kill("SIGINT");
    const { status, output } = await run.ended;
    assert.equal(status, 130, output);
    assert.ok(performance.now() - sent < 3_000, `it took too long with the ${side} silent`);
  }
  await using links = startLinks(clusters.source, { silent: ["toClient"] });
  await using migration = await makeMigrationDir(configOf(clusters, { source: links.config }));
  const run = startRun({ cwd: migration.path });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const sent = performance.now();
  run.kill("SIGINT");
  const { status, output } = await run.ended;
  assert.equal(status, 130, output);
  assert.ok(performance.now() - sent < 3_000, "it took too long before the plan");
});

clusters.test("a second SIGINT ends the run at once", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 80 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run);
  run.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 2));
  const sent = performance.now();
  run.kill("SIGINT");
  const { status, output } = await run.ended;
  assert.equal(status, 130, output);
  assert.ok(performance.now() - sent < 1_000, "it took too long");
  backlog.target.setFaults({});
  assert.equal((await migration.run()).status, 0);
  await backlog.assertArrived();
});

clusters.test("a second run on the same config is refused; a check beside it works; a dead run's lock is none", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 150 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run, 100_000);
  const second = await migration.run();
  assert.equal(second.status, 3, second.output);
  assert.match(second.stderr, /^data-migrate: Another run of this config is under way/m);
  const check = await migration.run(["--check"]);
  assert.equal(check.status, 0, check.output);
  assert.ok(!run.hasEnded(), "the run was over before the others were tried");
  run.kill("SIGKILL");
  await run.ended;
  backlog.target.setFaults({});
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("acknowledgements that get lost repeat nothing", async () => {
  await using backlog = await makeSlowBacklog(clusters, { batchBytes: 8_192 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  for (let cuts = 0; cuts < 6; cuts++) {
    const before = backlog.sent();
    if (!await run.until(() => backlog.sent() > before + 250_000)) break;
    // What is on its way to the target arrives, what comes back does not.
    backlog.target.setFaults({ silent: ["toClient"] });
    await new Promise((resolve) => setTimeout(resolve, 150));
    backlog.target.cut();
    backlog.target.setFaults({ delayMs: { toClient: 25 } });
  }
  const { status, output } = await run.ended;
  assert.equal(status, 0, output);
  assert.match(
    output,
    /target broker 1 \(127\.0\.0\.1:\d+\) unreachable .+, retrying \(1st try, 0 s\)/,
  );
  assert.match(output, /target broker 1 \(127\.0\.0\.1:\d+\) reachable again after \d+ s/);
  await backlog.assertArrived();
});

clusters.test("others who write to the target meanwhile are not in the way", async () => {
  await using backlog = await makeSlowBacklog(clusters, { partitions: 2 });
  await using migration = await makeMigrationDir(backlog.config({ nonEmptyTarget: "append" }));
  const { source, target, judge } = clusters;
  let writing = true;
  const value = btoa("foreign");
  const writer = (async () => {
    for (; writing;) {
      for (const partition of [0, 1]) {
        const records = [{ key: null, value }, { key: null, value }];
        await judge.produce(target.bootstrap, { topic: backlog.topic, partition, records });
      }
    }
  })();
  const random = [150_000, 300_000, 200_000];
  for (const bytes of random) {
    const run = startRun({ cwd: migration.path });
    const before = backlog.sent();
    await run.until(() => backlog.sent() > before + bytes);
    run.kill("SIGKILL");
    await run.ended;
  }
  const { status, output } = await migration.run();
  writing = false;
  await writer;
  assert.equal(status, 0, output);
  for (const partition of [0, 1]) {
    const { committed, messages: end, topic } = backlog;
    const [expected, found] = await Promise.all([
      judge.read(source.bootstrap, topic, partition, {
        start: BigInt(committed),
        end: BigInt(end),
        records: end,
      }),
      judge.read(target.bootstrap, topic, partition, { records: 100_000 }),
    ]);
    const ours = found.records.filter((record) => record.value !== value);
    assert.ok(ours.length < found.records.length, "nobody else wrote");
    assert.deepEqual(
      ours.map(({ key, value, timestampMs }) => [key, value, timestampMs]),
      expected.records.map(({ key, value, timestampMs }) => [key, value, timestampMs]),
    );
  }
});

clusters.test("a target that has forgotten the producer is read forward; nothing is repeated", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 60 });
  await using migration = await makeMigrationDir(backlog.config());
  const { target } = clusters;
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run, 300_000);
  run.kill("SIGKILL");
  await run.ended;
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  for (const broker of target.brokers) {
    await broker.kill("SIGTERM");
    await broker.restart();
  }
  backlog.target.setFaults({});
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("a run that is refused leaves no state file", async () => {
  await using backlog = await makeSlowBacklog(clusters, { partitions: 1, messages: 200 });
  const { target, judge } = clusters;
  await judge.produce(target.bootstrap, { topic: backlog.topic, partition: 0, count: 1 });
  await using migration = await makeMigrationDir(backlog.config());
  const { status, output } = await migration.run();
  assert.equal(status, 3, output);
  assert.ok(!migration.files().includes(STATE));
  assert.equal(await targetCount(clusters, backlog.topic), 1);
});

clusters.test("addresses and limits may change between two runs", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 80 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run);
  run.kill("SIGKILL");
  await run.ended;
  const { target } = clusters;
  migration.configure(backlog.config({
    target: { bootstrapServers: target.bootstrap.replace("127.0.0.1", "localhost") },
    limits: { giveUpAfter: "3m" },
    accept: ["RETENTION_WOULD_DELETE"],
  }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("a slow link on both sides only takes longer", async () => {
  await using backlog = await makeSlowBacklog(clusters, {
    messages: 1_000,
    through: ["source", "target"],
  });
  const slow = { delayMs: { toClient: 150, toServer: 150 } };
  backlog.source.setFaults(slow);
  backlog.target.setFaults(slow);
  await using migration = await makeMigrationDir(backlog.config());
  const { status, stderr } = await migration.run(["--no-progress"]);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  await backlog.assertArrived();
});

clusters.test("a target that has lost what it acknowledged is told apart, and not written to", async () => {
  await using backlog = await makeSlowBacklog(clusters, { partitions: 1, delayMs: 150 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path });
  assert.ok(await run.until(() => migration.text(STATE).includes('"progress"')));
  run.kill("SIGKILL");
  await run.ended;
  const [broker] = clusters.target.brokers;
  assert.ok(broker !== undefined);
  await broker.kill();
  const log = `${broker.logDir}/${backlog.topic}-0`;
  for (const { name } of [...Deno.readDirSync(log)]) {
    if (/\.(log|index|timeindex|snapshot)$/.test(name)) await Deno.remove(`${log}/${name}`);
  }
  await broker.restart();
  backlog.target.setFaults({});
  const { status, output } = await migration.run();
  assert.equal(status, 1, output);
  assert.match(
    output,
    /failed: it is not known how far an earlier run got: the target's log ends at offset 0, it has acknowledged messages up to before \d+: it was truncated or re-created/,
  );
  assert.equal(await targetCount(clusters, backlog.topic), 0);
});
