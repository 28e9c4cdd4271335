/**
 * A disk that is full when the log or the state file grows: the run says so and stops before anything moves on
 * unrecorded, and the same command completes the migration once there is room.
 */

import assert from "node:assert/strict";
import { makeBacklog, targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { runCommand } from "../support/run_command.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters();

/** A shell in which files cannot grow beyond so many blocks of 512 bytes: a write fails instead. */
const withLimit = (blocks: number | "unlimited"): readonly string[] => [
  "sh",
  "-c",
  `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`,
  "limited",
];

const STATE = "migration.state.jsonl";
const BLOCK_BYTES = 512;

const sizeOf = (migration: MigrationDir, name: string) => migration.text(name).length;

clusters.test("a disk that is full from the start moves nothing", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: Array(8).fill(30),
    committed: { a: Array(8).fill(10) },
  });
  await using migration = await makeMigrationDir(config());
  const full = (blocks: number) =>
    startRun({ cwd: migration.path, under: withLimit(blocks) }).ended;
  const noLog = await full(0);
  assert.equal(noLog.status, 1, noLog.stderr);
  assert.match(noLog.stderr, /^data-migrate: Cannot write \S*migration\.log: .+ make room/m);
  assert.equal(migration.text(STATE), "");
  assert.equal(await targetCount(clusters, topic), 0);

  // A state file of a migration before it, as large as a file may be, beside a log that was put aside.
  assert.equal((await migration.run()).status, 0);
  const recorded = migration.text(STATE);
  await Deno.remove(`${migration.path}/migration.log`);
  const { judge, source } = clusters;
  for (let partition = 0; partition < 8; partition++) {
    await judge.produce(source.bootstrap, { topic, partition, count: 5, seed: 90 + partition });
  }
  const noState = await full(Math.ceil(recorded.length / BLOCK_BYTES));
  assert.equal(noState.status, 1, noState.stderr);
  assert.match(noState.stderr, /^data-migrate: Cannot write \S*state\.jsonl: .+ make room/m);
  assert.equal(migration.text(STATE), recorded);
  assert.equal(await targetCount(clusters, topic, 0), 20);
});

clusters.test("a disk that fills up under the state file stops the copy; with room it is completed", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 250, batchBytes: 8_192 });
  await using migration = await makeMigrationDir(backlog.config());
  const run = startRun({ cwd: migration.path, under: withLimit("unlimited") });
  await backlog.inMidCopy(run, 100_000);
  // No file of the run grows from here on.
  const planned = migration.text(STATE);
  await runCommand("prlimit", [`--pid=${run.pid}`, `--fsize=${planned.length + 10}`]);
  const { status, stderr } = await run.ended;
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^data-migrate: Cannot write \S*migration\.state\.jsonl: .+ make room/m);
  assert.equal(migration.text(STATE), planned);
  const held = await Promise.all(
    Array.from(
      { length: backlog.partitions },
      (_, partition) => targetCount(clusters, backlog.topic, partition),
    ),
  );
  assert.ok(held.some((count) => count > 0), "nothing was copied before the disk was full");
  const whole = backlog.messages - backlog.committed;
  assert.ok(held.some((count) => count < whole), "the copy did not stop");

  backlog.target.setFaults({});
  const { status: completed, output } = await migration.run();
  assert.equal(completed, 0, output);
  await backlog.assertArrived();
});

clusters.test("a disk that fills up under the log stops the copy; with room it is completed", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 150, batchBytes: 8_192 });
  await using migration = await makeMigrationDir(backlog.config());
  assert.equal((await migration.run(["--check"])).status, 0);
  // Room for the plan once more; the first trouble of the copy does not fit.
  const plan = sizeOf(migration, "migration.log");
  const blocks = Math.ceil((2 * plan) / BLOCK_BYTES) + 8;
  const padding = blocks * BLOCK_BYTES - 2 * plan - 40;
  await Deno.writeTextFile(`${migration.path}/migration.log`, `${"-".repeat(padding - 1)}\n`, {
    append: true,
  });
  const run = startRun({ cwd: migration.path, under: withLimit(blocks) });
  await backlog.inMidCopy(run, 200_000);
  backlog.target.cut();
  const { status, stderr } = await run.ended;
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^data-migrate: Cannot write \S*migration\.log: .+ make room/m);

  backlog.target.setFaults({});
  const { status: completed, output } = await migration.run();
  assert.equal(completed, 0, output);
  await backlog.assertArrived();
});
