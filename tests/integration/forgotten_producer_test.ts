/**
 * A target before 2.8 that has forgotten our producer id refuses what would go on from where we are, and does not tell
 * how far we got: kill -9, each time with a broker that forgets before the next run, requests of a dead run that a hung
 * broker appends later, and a log that was emptied in mid-copy. Nothing is lost or repeated.
 */

import assert from "node:assert/strict";
import { byTurns } from "../support/commit_turn.ts";
import { startKafka } from "../support/kafka_cluster.ts";
import { startJudge } from "../support/librdkafka.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { killLoop, randomOf } from "../support/slow_kill_loop.ts";
import { startRun } from "../support/slow_run.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const version of await byTurns(["2.4.1", "2.3.1", "1.1.1"] as const)) {
  const name =
    `a target of ${version} that forgets the producer id again and again gets each message once`;
  // The judge, which outlives the test, always has a read under way.
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, async () => {
    await using stack = new AsyncDisposableStack();
    const [source, target, judge] = await Promise.all([
      startKafka({ version: "2.8.2" }).then((cluster) => stack.use(cluster)),
      // Until 3.x the expiry of transactional ids was that of producer ids.
      startKafka({ version, properties: { "transactional.id.expiration.ms": "2000" } })
        .then((cluster) => stack.use(cluster)),
      startJudge().then((judge) => stack.use(judge)),
    ]);
    await using backlog = await makeSlowBacklog({ source, target, judge }, {
      ...{ delayMs: 80, groupAhead: true },
    });
    const config = backlog.config({ groupOffsets: "commit", verify: "content" });
    await using migration = await makeMigrationDir(config);
    const [broker] = target.brokers;
    assert.ok(broker !== undefined);
    const forget = async () => {
      await pause(2_200);
      // What has expired is left out when the broker loads what it knows of producers.
      await broker.kill("SIGTERM");
      await broker.restart();
    };

    const forgotten = startRun({ cwd: migration.path });
    await backlog.inMidCopy(forgotten);
    forgotten.kill("SIGKILL");
    await forgotten.ended;
    await forget();

    const hung = startRun({ cwd: migration.path });
    await backlog.inMidCopy(hung);
    await broker.kill("SIGSTOP");
    // What is sent now waits in the broker's sockets.
    await pause(300);
    hung.kill("SIGKILL");
    await hung.ended;
    setTimeout(() => broker.kill("SIGCONT"), 1_000);

    const { last, killed } = await killLoop({
      cwd: migration.path,
      random: randomOf(5),
      kills: 3,
      progress: backlog.sent,
      progressPerRun: 300_000,
      beforeRun: async (run) => run % 2 === 0 ? undefined : await forget(),
    });
    assert.equal(last.status, 0, last.output);
    assert.ok(killed > 0, "no run was killed");
    const entries = migration.text("migration.state.jsonl").trim().split("\n");
    const epochs = entries.filter((line) => JSON.parse(line).type === "epoch");
    assert.ok(epochs.length > 0, "the target never forgot");
    await backlog.assertArrived();
    await backlog.assertGroupsGoOn();
  });
}
