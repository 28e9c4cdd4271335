/**
 * Every kind of log × every codec × brokers of several ages: whatever is in the range arrives, and nothing else. Each
 * source is filled once, each pair of clusters is one migration of all its topics, and librdkafka (read_committed)
 * compares both sides, partition by partition.
 */

import assert from "node:assert/strict";
import { type Broker, contentsOf, fillLogs, type Log } from "../support/logs.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { type KafkaCluster, startKafka } from "../support/kafka_cluster.ts";
import { type Judge, startJudge } from "../support/librdkafka.ts";

const stack = new AsyncDisposableStack();
const clusters = new Map<string, KafkaCluster>();
let judge: Judge;

Deno.test.beforeAll(async () => {
  const versions = [["source", "4.1.0"], ["target", "4.1.0"], ["old", "3.9.1"], [
    "oldest",
    "2.8.2",
  ]] as const;
  const started = versions.map(async ([name, version]) => {
    // Room for the batches of ten megabytes that some topics hold.
    const properties = { "message.max.bytes": "12000000", "replica.fetch.max.bytes": "12000000" };
    clusters.set(name, stack.use(await startKafka({ version, properties })));
  });
  [judge] = await Promise.all([startJudge().then((one) => stack.use(one)), ...started]);
});
Deno.test.afterAll(() => stack.disposeAsync());

const broker = (name: string): Broker => {
  const cluster = clusters.get(name);
  if (cluster === undefined) throw new Error(`No cluster ${name}`);
  return { bootstrap: cluster.bootstrap, version: cluster.version };
};

/** What is filled once, and where it goes. */
const sources: readonly {
  readonly title: string;
  readonly source: string;
  readonly targets: readonly string[];
  /** `message.format.version` of the source's topics. */
  readonly format?: "0.9.0" | "0.10.2";
}[] = [
  { title: "4.1.0", source: "source", targets: ["target", "oldest"] },
  { title: "3.9.1", source: "old", targets: ["target"] },
  { title: "2.8.2", source: "oldest", targets: ["target"] },
  {
    title: "2.8.2 with messages of magic 1",
    source: "oldest",
    targets: ["target"],
    format: "0.10.2",
  },
  {
    title: "2.8.2 with messages of magic 0",
    source: "oldest",
    targets: ["target"],
    format: "0.9.0",
  },
];

for (const { title, source, targets, format } of sources) {
  Deno.test({
    name: `every log of ${title} arrives as it was`,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      const from = broker(source);
      const logs = await fillLogs(judge, from, { format });
      for (const name of targets) {
        const to = broker(name);
        await t.step(`on ${to.version}`, async () => {
          await migrate(from, to, logs);
          await Promise.all(logs.map((log) => assertEqual(from, to, log)));
        });
      }
    },
  });
}

async function migrate(source: Broker, target: Broker, logs: readonly Log[]): Promise<void> {
  await judge.createTopics(
    target.bootstrap,
    logs.map(({ topic, partitions, targetConfigs }) => ({
      name: topic,
      partitions: partitions.length,
      configs: targetConfigs,
    })),
  );
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    verify: "content",
    source: { bootstrapServers: source.bootstrap },
    target: { bootstrapServers: target.bootstrap },
    topics: { include: logs.map(({ topic }) => topic) },
  });
  const { status, output } = await migration.run([], { timeoutMs: 120_000 });
  assert.equal(status, 0, output);
  const results = migration.report().results?.partitions ?? [];
  assert.equal(results.length, logs.flatMap(({ partitions }) => partitions).length);
  for (const result of results) assert.equal(result.status, "verified", JSON.stringify(result));
}

/** What consumers see of each planned range on the source is what they see of the whole target. */
async function assertEqual(source: Broker, target: Broker, log: Log): Promise<void> {
  for (const [partition, { start, end }] of log.partitions.entries()) {
    const expected = await contentsOf(judge, source, log, partition, { start, end });
    const found = await contentsOf(judge, target, log, partition, {});
    assert.deepEqual(found, expected, `${log.title}, partition ${partition}`);
  }
}
