/**
 * `engine: connect` on the oldest Kafka Connect that it takes, 3.7: its MirrorMaker 2 writes a topic of its own, which is
 * kept on the target, carries the connector's name, and is gone when the migration is through. What arrives is judged by
 * librdkafka.
 */

import assert from "node:assert/strict";
import { assertCopied, makeBacklog, untilTargetHolds } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { type ConnectCluster, startConnect } from "../support/connect_workers.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { alterQuota, shortQuotaWindows } from "../support/quotas.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters({ source: { properties: shortQuotaWindows }, target: {} });
const stack = new AsyncDisposableStack();
let connect: ConnectCluster;
Deno.test.beforeAll(async () => {
  const { bootstrap } = clusters.target;
  connect = stack.use(await startConnect({ bootstrap, version: "3.7.2", workers: 1 }));
});
Deno.test.afterAll(() => stack.disposeAsync());

const engine = () => ({ connect: { url: connect.url, tasks: 2 } });

clusters.test("Connect 3.7 copies exactly what is planned, over an interrupt, and leaves nothing behind", async () => {
  const { source, target, judge } = clusters;
  const starts = [0, 7_000, 20_000];
  const backlog = await makeBacklog(clusters, {
    messages: [20_000, 20_000, 20_000],
    committed: { a: starts },
    contents: { valueBytes: 300, headers: "some" },
  });
  // Slow enough to be interrupted.
  await alterQuota(source, ["--add-config", "consumer_byte_rate=2000000"]);
  await using migration = await makeMigrationDir(
    backlog.config({ engine: engine(), verify: "content" }),
  );
  const interrupted = startRun({ cwd: migration.path });
  await untilTargetHolds(clusters, backlog.topic, [0, 1], 1_000n);
  interrupted.kill("SIGINT");
  const { status, output } = await interrupted.ended;
  assert.equal(status, 130, output);
  const name = /data-migrate-\d+T\d+-\w+/.exec(migration.text("migration.state.jsonl"))?.[0];
  assert.deepEqual(await connect.get("/connectors"), [name]);
  const own = `mm2-offset-syncs.${name}.internal`;
  assert.notEqual(await judge.describeTopic(target.bootstrap, own), undefined);

  await alterQuota(source, ["--delete-config", "consumer_byte_rate"]);
  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  for (const [partition, start] of starts.entries()) {
    await assertCopied(clusters, backlog.topic, partition, { start });
  }
  assert.deepEqual(await connect.get("/connectors"), []);
  for (const { bootstrap } of [source, target]) {
    assert.equal(await judge.describeTopic(bootstrap, own), undefined);
  }
  assert.equal(
    await judge.describeTopic(source.bootstrap, "mm2-offset-syncs.target.internal"),
    undefined,
  );
});

clusters.test("Connect 3.7 is refused where it would copy heartbeats unasked", async () => {
  const { source, judge } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [10], committed: { a: [0] } });
  await judge.createTopics(source.bootstrap, [{ name: "heartbeats", partitions: 1 }]);
  await using migration = await makeMigrationDir(backlog.config({ engine: engine() }));
  const { status, output } = await migration.run();
  assert.equal(status, 3, output);
  assert.match(
    output,
    /CONNECT_UNSUPPORTED.*copies heartbeats whether asked to or not: heartbeats/,
  );
  assert.deepEqual(await connect.get("/connectors"), []);
});
