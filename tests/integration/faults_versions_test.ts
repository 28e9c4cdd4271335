/**
 * What makes a resume exact, on brokers of other versions: kill -9, requests of a dead run that a hung broker appends
 * later, a producer that the target has forgotten. 2.8.2 in ZooKeeper mode, 3.9.1 in KRaft mode, each as the target.
 */

import assert from "node:assert/strict";
import { startKafka } from "../support/kafka_cluster.ts";
import { startJudge } from "../support/librdkafka.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { killLoop, randomOf } from "../support/slow_kill_loop.ts";
import { startRun } from "../support/slow_run.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const pairs = [
  // Until 3.x the expiry of transactional ids was that of producer ids.
  { version: "2.8.2", source: "3.9.1", expiry: "transactional.id.expiration.ms" },
  { version: "3.9.1", source: "2.8.2", expiry: "producer.id.expiration.ms" },
] as const;

for (const { version, source: sourceVersion, expiry } of pairs) {
  const name = `nothing is lost or repeated on a target of ${version}, from ${sourceVersion}`;
  // The judge, which outlives the test, always has a read under way.
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, async () => {
    await using stack = new AsyncDisposableStack();
    const [source, target, judge] = await Promise.all([
      startKafka({ version: sourceVersion }).then((cluster) => stack.use(cluster)),
      startKafka({ version, properties: { [expiry]: "2000" } })
        .then((cluster) => stack.use(cluster)),
      startJudge().then((judge) => stack.use(judge)),
    ]);
    await using backlog = await makeSlowBacklog({ source, target, judge }, { delayMs: 80 });
    await using migration = await makeMigrationDir(backlog.config());
    const [broker] = target.brokers;
    assert.ok(broker !== undefined);

    const forgotten = startRun({ cwd: migration.path });
    await backlog.inMidCopy(forgotten);
    forgotten.kill("SIGKILL");
    await forgotten.ended;
    await pause(2_200);
    await broker.kill("SIGTERM");
    await broker.restart();

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
      kills: 2,
      progress: backlog.sent,
      progressPerRun: 300_000,
    });
    assert.equal(last.status, 0, last.output);
    assert.ok(killed > 0, "no run was killed");
    await backlog.assertArrived();
  });
}
