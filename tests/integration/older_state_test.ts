/**
 * State files that are older than what is on the target, and topics put in the place of the one that was written to, where
 * the brokers tell nothing of producers: a target before 2.8, and a newer one that has forgotten the producer id. Only the
 * target's log is left to ask. Nothing is written twice, and nothing passes that was not proved.
 */

import assert from "node:assert/strict";
import { makeBacklog, targetCount } from "../support/backlog.ts";
import type { Clusters } from "../support/cluster_pair.ts";
import { startKafka } from "../support/kafka_cluster.ts";
import { startJudge } from "../support/librdkafka.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const STATE = "migration.state.jsonl";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const version of ["2.4.1", "4.1.0"] as const) {
  const name =
    `an older state file writes nothing twice to a ${version} that does not tell of our producer id`;
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, async () => {
    await using stack = new AsyncDisposableStack();
    const expiry = version === "2.4.1"
      ? { "transactional.id.expiration.ms": "2000" }
      : { "producer.id.expiration.ms": "2000" };
    const [source, target, judge] = await Promise.all([
      startKafka().then((cluster) => stack.use(cluster)),
      startKafka({ version, properties: expiry }).then((cluster) => stack.use(cluster)),
      startJudge().then((started) => stack.use(started)),
    ]);
    const clusters: Clusters = { source, target, judge };
    const { topic, config } = await makeBacklog(clusters, {
      messages: [30, 10],
      committed: { a: [10, 10] },
    });
    await using migration = await makeMigrationDir(config({ nonEmptyTarget: "append" }));
    const write = (text: string) => Deno.writeTextFileSync(`${migration.path}/${STATE}`, text);
    const counts = () =>
      Promise.all([0, 1].map((partition) => targetCount(clusters, topic, partition)));

    assert.equal((await migration.run()).status, 0);
    const old = migration.text(STATE);
    await judge.produce(source.bootstrap, { topic, partition: 0, count: 7, seed: 50 });
    await judge.produce(source.bootstrap, { topic, partition: 1, count: 4, seed: 51 });
    assert.equal((await migration.run()).status, 0);
    const newest = migration.text(STATE);
    assert.deepEqual(await counts(), [27, 4]);

    const [broker] = target.brokers;
    assert.ok(broker !== undefined);
    // Before 2.8 a broker does not tell, whether it remembers or not.
    for (const forgets of version === "2.4.1" ? [false, true] : [true]) {
      if (forgets) {
        await pause(2_300);
        await broker.kill("SIGTERM");
        await broker.restart();
      }
      write(old);
      const { status, output } = await migration.run();
      assert.equal(status, 2, output);
      assert.match(output, /The state file is older than what is on the target: of \S+ that holds/);
      assert.equal(migration.text(STATE), old);
      assert.deepEqual(await counts(), [27, 4]);
    }
    write(newest);
    assert.equal((await migration.run()).status, 0);
    assert.deepEqual(await counts(), [27, 4]);

    if (version !== "2.4.1") return;
    // Another topic of the same name, with as many messages.
    await judge.deleteTopics(target.bootstrap, [topic]);
    await pause(1_500);
    await judge.createTopics(target.bootstrap, [{ name: topic, partitions: 2 }]);
    await judge.produce(target.bootstrap, { topic, partition: 0, count: 27, seed: 90 });
    await judge.produce(target.bootstrap, { topic, partition: 1, count: 4, seed: 91 });
    for (const flag of ["--verify", "--migrate"]) {
      const { status, output } = await migration.run([flag]);
      assert.equal(status, 1, output);
      assert.match(output, /is not number 27 of this migration, as the state file says/);
    }
  });
}
