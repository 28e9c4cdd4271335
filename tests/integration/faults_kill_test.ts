/**
 * kill -9 at moments drawn from fixed seeds, again and again, also with other settings at each resume: the same command
 * continues, and librdkafka finds the planned messages, in order and once. Longer loops are `deno task soak`.
 */

import assert from "node:assert/strict";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { killLoop, randomOf } from "../support/slow_kill_loop.ts";

const clusters = sharedClusters();

for (const seed of [1, 3]) {
  clusters.test(`kill -9 at any moment loses and repeats nothing (seed ${seed})`, async () => {
    await using backlog = await makeSlowBacklog(clusters);
    await using migration = await makeMigrationDir(backlog.config());
    const { last, killed } = await killLoop({
      cwd: migration.path,
      random: randomOf(seed),
      kills: 4,
      progress: backlog.sent,
      progressPerRun: 700_000,
    });
    assert.equal(last.status, 0, last.output);
    assert.ok(killed >= 2, `only ${killed} runs were killed`);
    await backlog.assertArrived();
  });
}

clusters.test("other settings at each resume change nothing about what arrives", async () => {
  await using backlog = await makeSlowBacklog(clusters);
  const { target, judge } = clusters;
  await using migration = await makeMigrationDir(backlog.config());
  const maxBytes = ["1048588", "20000", "70000", "3000"];
  const { last, killed } = await killLoop({
    cwd: migration.path,
    random: randomOf(7),
    kills: 4,
    progress: backlog.sent,
    progressPerRun: 700_000,
    beforeRun: async (run) => {
      await judge.alterTopicConfigs(target.bootstrap, backlog.topic, {
        "max.message.bytes": maxBytes[run % maxBytes.length] ?? "1048588",
      });
      migration.configure(backlog.config({
        accept: run % 2 === 0 ? [] : ["RETENTION_WOULD_DELETE"],
        limits: { giveUpAfter: `${run + 1}m` },
      }));
    },
  });
  assert.equal(last.status, 0, last.output);
  assert.ok(killed >= 2, `only ${killed} runs were killed`);
  await backlog.assertArrived();
});
