/**
 * A disk that is full when the log or the state file grows: the run says so and stops before anything moves on
 * unrecorded, and the same command completes the migration once there is room.
 */

import assert from "node:assert/strict";
import { targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters();

/** A shell in which files cannot grow beyond so many blocks of 512 bytes: a write fails instead. */
const withLimit = (blocks: number): readonly string[] => [
  "sh",
  "-c",
  `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`,
  "limited",
];

const STATE = "migration.state.jsonl";
const BLOCK_BYTES = 512;

const sizeOf = (migration: MigrationDir, name: string) => migration.text(name).length;

clusters.test("a disk that is full from the start moves nothing", async () => {
  await using backlog = await makeSlowBacklog(clusters);
  for (const full of ["migration.log", STATE]) {
    await using migration = await makeMigrationDir(backlog.config());
    if (full === STATE) await Deno.symlink("/dev/null", `${migration.path}/migration.log`);
    const under = withLimit(full === STATE ? 1 : 0);
    const { status, stderr } = await startRun({ cwd: migration.path, under }).ended;
    assert.equal(status, 1, stderr);
    assert.match(stderr, new RegExp(`^data-migrate: Cannot write \\S*${full}: .+ make room`, "m"));
    assert.equal(migration.text(STATE), "");
    for (let partition = 0; partition < backlog.partitions; partition++) {
      assert.equal(await targetCount(clusters, backlog.topic, partition), 0);
    }
  }
});

clusters.test("a disk that fills up under the state file stops the copy; with room it is completed", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 150, batchBytes: 8_192 });
  await using migration = await makeMigrationDir(backlog.config());
  const log = `${migration.path}/migration.log`;
  await Deno.symlink("/dev/null", log);
  // The plan fits in, what is journaled of the copy does not.
  const { status, stderr } = await startRun({ cwd: migration.path, under: withLimit(4) }).ended;
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^data-migrate: Cannot write \S*migration\.state\.jsonl: .+ make room/m);
  const entries = migration.text(STATE).split("\n").slice(0, -1).map((line) =>
    JSON.parse(line).type
  );
  assert.deepEqual(entries, ["migration", "plan"]);
  assert.ok(sizeOf(migration, STATE) < 4 * BLOCK_BYTES);
  const held = await Promise.all(
    Array.from(
      { length: backlog.partitions },
      (_, each) => targetCount(clusters, backlog.topic, each),
    ),
  );
  assert.ok(held.some((count) => count > 0), "nothing was copied before the disk was full");
  const planned = backlog.messages - backlog.committed;
  assert.ok(held.some((count) => count < planned), "the copy did not stop");

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
  const before = backlog.sent();
  assert.ok(await run.until(() => backlog.sent() > before + 200_000), (await run.ended).output);
  backlog.target.cut();
  const { status, stderr } = await run.ended;
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^data-migrate: Cannot write \S*migration\.log: .+ make room/m);

  backlog.target.setFaults({});
  const { status: completed, output } = await migration.run();
  assert.equal(completed, 0, output);
  await backlog.assertArrived();
});
