/**
 * What stands in the way on the target, and what happens to a topic that goes away while it is being copied: the run
 * says so in a sentence, and everything else arrives.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, makeBacklog, targetCount } from "../support/backlog.ts";
import { type ClusterPair, sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";

const clusters = sharedClusters();

for (
  const { title, targetPartitions, says } of [
    {
      title: "a topic that the target lacks",
      targetPartitions: 0,
      says:
        /^error: TARGET_TOPIC_MISSING: Topic \S+ does not exist on the target.* Create it: kafka-topics\.sh --bootstrap-server 127\.0\.0\.1:\d+ --create --topic \S+ --partitions 2\b/m,
    },
    {
      title: "a topic with fewer partitions on the target",
      targetPartitions: 1,
      says:
        /^error: FEWER_PARTITIONS: Topic \S+ has 1 partition on the target and 2 on the source/m,
    },
  ]
) {
  clusters.test(`${title} blocks a check and a migration alike`, async () => {
    const { topic, config } = await makeBacklog(clusters, {
      messages: [5, 5],
      committed: { a: [1, 1] },
      targetPartitions,
    });
    await using migration = await makeMigrationDir(config());
    for (const flag of ["--check", "--migrate"]) {
      const { status, stdout, stderr } = await migration.run([flag]);
      assert.equal(status, 3, stdout + stderr);
      assert.match(stderr, says);
      assert.match(
        stdout,
        /\nBlocked by 1 finding \([A-Z_]+\); nothing was written to the target\n$/,
      );
    }
    assert.equal(migration.report().verdict.outcome, "blocked");
    assert.ok(!migration.files().includes("migration.state.jsonl"));
    if (targetPartitions > 0) assert.equal(await targetCount(clusters, topic), 0);
  });
}

clusters.test("more partitions on the target are a warning", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [5],
    committed: { a: [1] },
    targetPartitions: 3,
  });
  await using migration = await makeMigrationDir(config());
  const { status, stderr } = await migration.run();
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^warning: MORE_PARTITIONS: /m);
  await assertCopied(clusters, topic, 0, { start: 1, end: 5 });
});

clusters.test("messages on the target block, unless nonEmptyTarget is append", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [20, 20],
    committed: { a: [5, 20] },
  });
  const { target, judge } = clusters;
  const foreign = { topic, partition: 0, count: 7, seed: 99 };
  await judge.produce(target.bootstrap, foreign);
  await using migration = await makeMigrationDir(config());
  for (const flag of ["--check", "--migrate"]) {
    const { status, output } = await migration.run([flag]);
    assert.equal(status, 3, output);
    assert.match(output, /^error: TARGET_NOT_EMPTY: The target already holds 7 messages in /m);
  }
  assert.ok(!migration.files().includes("migration.state.jsonl"));
  assert.equal(await targetCount(clusters, topic), 7);

  migration.configure(config({ nonEmptyTarget: "append" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /^warning: TARGET_NOT_EMPTY: /m);
  assert.equal(await targetCount(clusters, topic), 22);
  await assertCopied(clusters, topic, 0, { start: 5, end: 20, at: 7 });
});

clusters.test("messages on partitions that nothing is written to don't count", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [20, 20],
    committed: { a: [5, 20] },
  });
  const { target, judge } = clusters;
  await judge.produce(target.bootstrap, { topic, partition: 1, count: 7 });
  await using migration = await makeMigrationDir(config());
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, topic, 0, { start: 5, end: 20 });
});

clusters.test("a cluster is not migrated onto itself", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [5], committed: { a: [1] } });
  const { source, judge } = clusters;
  const localhost = source.bootstrap.replace("127.0.0.1", "localhost");
  await using migration = await makeMigrationDir(
    config({ target: { bootstrapServers: localhost }, nonEmptyTarget: "append" }),
  );
  const { status, output } = await migration.run();
  assert.equal(status, 3, output);
  assert.match(output, /^error: SAME_CLUSTER: Source and target are the same cluster/m);
  const { highWatermark } = await judge.watermarks(source.bootstrap, topic, 0);
  assert.equal(highWatermark, 5n);
});

clusters.test("messages that come to the source during the copy stay behind the plan's end", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [60_000],
    committed: { a: [100] },
    contents: { valueBytes: 500, codec: "lz4" },
  });
  const { source, judge } = clusters;
  let writing = true;
  const writer = (async () => {
    for (let seed = 1; writing; seed++) {
      await judge.produce(source.bootstrap, { topic, partition: 0, count: 50, seed });
    }
  })();
  await using migration = await makeMigrationDir(config());
  const { status, output } = await migration.run();
  writing = false;
  await writer;
  assert.equal(status, 0, output);
  const [planned] = migration.report().plan?.partitions ?? [];
  assert.ok(planned !== undefined && planned.endOffset >= 60_000);
  const { highWatermark } = await judge.watermarks(source.bootstrap, topic, 0);
  assert.ok(Number(highWatermark) > planned.endOffset, "nothing was written meanwhile");
  assert.equal(await targetCount(clusters, topic), planned.endOffset - 100);
  await assertCopied(clusters, topic, 0, { start: 100, end: planned.endOffset });
});

/** API keys of Produce and Fetch: the first that a run sends once its plan is made. */
const dataRequest = { source: 1, target: 0 } as const;

/**
 * A proxy that lets control requests through and breaks connections that carry data, until `released`: what is done
 * before lies between plan and copy.
 */
function startGate(
  address: string,
  apiKey: number,
): TcpProxy & { readonly reached: Promise<void> } {
  const reached = Promise.withResolvers<void>();
  const proxy = startTcpProxy(address, {
    onBytes(direction, bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      // Data connections send a frame with Fetch or Produce in the beginning of a chunk: size, API key, version.
      if (direction === "toServer" && bytes.length > 8 && view.getInt16(4) === apiKey) {
        reached.resolve();
        throw new Error("The gate is closed");
      }
      return bytes;
    },
  });
  return Object.assign(proxy, { reached: reached.promise });
}

for (
  const { side, event, says } of [
    { side: "source", event: "deleted", says: "no longer exists on the source" },
    { side: "target", event: "deleted", says: "no longer exists on the target" },
    {
      side: "source",
      event: "re-created",
      says: "was deleted and re-created on the source since the plan was made",
    },
    {
      side: "target",
      event: "re-created",
      says: "was deleted and re-created on the target since the plan was made",
    },
  ] as const
) {
  clusters.test(`a topic ${event} on the ${side} after the plan fails alone`, async () => {
    const cluster = clusters[side];
    const { judge } = clusters;
    const gone = await makeBacklog(clusters, {
      messages: [9, 9, 9, 9],
      committed: { a: [1, 1, 1, 1] },
    });
    const stays = await makeBacklog(clusters, { messages: [9], committed: { a: [1] } });
    await using gate = startGate(cluster.bootstrap, dataRequest[side]);
    const through = {
      bootstrapServers: cluster.bootstrap,
      addresses: { [cluster.bootstrap]: gate.address },
    };
    await using migration = await makeMigrationDir(
      configOf(clusters, { topics: { include: [gone.topic, stays.topic] }, [side]: through }),
    );
    const running = migration.run();
    await Promise.race([gate.reached, running]);
    await judge.deleteTopics(cluster.bootstrap, [gone.topic]);
    if (event === "re-created") {
      await judge.createTopics(cluster.bootstrap, [{ name: gone.topic, partitions: 4 }]);
    }
    gate.setFaults({});
    const { status, stdout, stderr } = await running;
    assert.equal(status, 1, stdout + stderr);
    const line = `error: topic: ${gone.topic}, partition: 0, messages read: `;
    const told = stderr.split("\n").find((each) => each.startsWith(line));
    assert.ok(told?.includes(`, failed: topic ${gone.topic} ${says}. To start over, `), stderr);
    assert.match(stdout, /\nNot complete: 4 partitions failed\n$/);
    await assertCopied(clusters, stays.topic, 0, { start: 1, end: 9 });
    if (side === "source" || event === "re-created") await assertNothingCame(clusters, gone.topic);
  });
}

async function assertNothingCame(pair: ClusterPair, topic: string): Promise<void> {
  for (let partition = 0; partition < 4; partition++) {
    assert.equal(await targetCount(pair, topic, partition), 0);
  }
}
