/**
 * Every kind of log that a release can hold arrives as it was: codecs, message formats, transactions, compaction,
 * append times, expired messages, ranges, and where groups stand in them. librdkafka (read_committed) judges.
 */

import assert from "node:assert/strict";
import {
  assertCopied,
  assertGoesOn,
  type Backlog,
  configOf,
  makeBacklog,
} from "../../support/backlog.ts";
import { uniqueName } from "../../support/cluster_pair.ts";
import { isSince } from "../../support/kafka_releases.ts";
import { contentsOf, fillLogs, formatsOf, type Log } from "../../support/logs.ts";
import { makeMigrationDir } from "../../support/migration_dir.ts";
import type { MatrixCase } from "./case.ts";
import type { MatrixPair } from "./pair.ts";

async function migrateLogs(pair: MatrixPair, logs: readonly Log[]): Promise<void> {
  const { target, judge } = pair;
  await judge.createTopics(
    target.bootstrap,
    logs.map(({ topic, partitions, targetConfigs }) => ({
      name: topic,
      partitions: partitions.length,
      configs: targetConfigs,
    })),
  );
  await using migration = await makeMigrationDir(configOf(pair, {
    verify: "content",
    topics: { include: logs.map(({ topic }) => topic) },
  }));
  const { status, output } = await migration.run([], { timeoutMs: 120_000 });
  assert.equal(status, 0, output);
  const results = migration.report().results?.partitions ?? [];
  assert.equal(results.length, logs.flatMap(({ partitions }) => partitions).length);
  for (const result of results) assert.equal(result.status, "verified", JSON.stringify(result));
}

/** What consumers see of each planned range on the source is what they see of the whole target. */
async function assertSame({ source, target, judge }: MatrixPair, log: Log): Promise<void> {
  for (const [partition, { start, end }] of log.partitions.entries()) {
    const expected = await contentsOf(judge, source, log, partition, { start, end });
    const found = await contentsOf(judge, target, log, partition, {});
    assert.deepEqual(found, expected, `${log.title}, partition ${partition}`);
  }
}

const magicOf = { "0.9.0": 0, "0.10.2": 1 } as const;

/** Of the source under test, one for each message format; of the other source, those of magic 2. */
const everyLog: readonly MatrixCase[] = ([undefined, "0.10.2", "0.9.0"] as const).flatMap(
  (format): MatrixCase => ({
    title: `every log arrives as it was, with messages of magic ${
      format === undefined ? 2 : magicOf[format]
    }`,
    ...(format !== undefined && { role: "source" as const }),
    applies: ({ role, version }) => role === "target" || formatsOf(version).includes(format),
    async run(pair) {
      const { source, judge } = pair;
      // Also in zstd, which targets before 2.1 do not take.
      const logs = await fillLogs(judge, source, { format });
      await migrateLogs(pair, logs);
      await Promise.all(logs.map((log) => assertSame(pair, log)));
    },
  }),
);

/** Has the first messages of a topic's partition 0 expire. @returns the log start offset */
async function expire({ source, judge }: MatrixPair, topic: string): Promise<number> {
  const { bootstrap, version } = source;
  if (isSince(version, "0.11.0.3")) {
    await judge.deleteRecords(bootstrap, topic, 0, 60n);
    return 60;
  }
  // There is no such request yet: the topic's retention takes whole segments.
  for (let seed = 1;; seed++) {
    const { logStart } = await judge.watermarks(bootstrap, topic, 0);
    if (logStart > 0n) return Number(logStart);
    if (seed > 60) throw new Error(`${topic} keeps its messages`);
    await judge.produce(bootstrap, { topic, partition: 0, count: 20, valueBytes: 500, seed });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function assertPositions(pair: MatrixPair, { topic, group }: Backlog): Promise<void> {
  await assertGoesOn(pair, topic, group("a"), [0, 1, 2, 3]);
  await assertGoesOn(pair, topic, group("b"), [0, 1, 2]);
  await assertGoesOn(pair, topic, group("c"), [0, 1, 3]);
  // No commit on the source, none on the target.
  const ofB = await pair.judge.committedOffsets(pair.target.bootstrap, group("b"));
  assert.deepEqual(ofB.map(({ partition }) => partition).sort(), [0, 1, 2]);
}

/** Recent, or retention would take the messages. */
const began = Math.floor(Date.now() / 1_000) * 1_000 - 2 * 3_600_000;

/** All cases about what lies where. */
export const logCases: readonly MatrixCase[] = [
  ...everyLog,
  {
    title: "groups go on where they stood, on topics made after the source's",
    async run(pair) {
      const settings = { "max.message.bytes": "1500000", "retention.ms": "345600000" };
      const backlog = await makeBacklog(pair, {
        messages: [3_000, 500, 40, 10],
        committed: {
          a: [17, 499, 40, 0],
          b: [1_203, 0, 12, undefined],
          c: [2_999, 500, undefined, 10],
        },
        targetPartitions: 0,
        configs: settings,
        contents: { properties: { "batch.num.messages": "7" }, keys: "some" },
      });
      await using migration = await makeMigrationDir(
        backlog.config({ groupOffsets: "commit", createTopics: true, verify: "content" }),
      );
      const { status, output } = await migration.run();
      assert.equal(status, 0, output);
      await assertPositions(pair, backlog);
      const { source, target, judge } = pair;
      const made = await judge.describeTopic(target.bootstrap, backlog.topic);
      assert.equal(made?.partitions, 4);
      // 0.10.2 tells nobody the settings of its topics, and that is said.
      const told = isSince(source.version, "0.11.0.3");
      assert.deepEqual(made?.configs, told ? settings : {});
      assert.equal(/brokers do not tell topic settings/.test(output), !told, output);
      const again = await migration.run();
      assert.equal(again.status, 0, again.output);
      assert.ok(migration.report().groupOffsets?.every(({ status }) => status === "further"));
    },
  },
  {
    title: "groups go on behind transactions, committed and aborted",
    applies: ({ role, version }) => role === "target" || isSince(version, "0.11.0.3"),
    async run(pair) {
      const { source, judge } = pair;
      const { topic, group, config } = await makeBacklog(pair, { messages: [0] });
      for (const [seed, outcome] of (["commit", "abort", "commit"] as const).entries()) {
        const transaction = { id: uniqueName("transaction"), outcome };
        await judge.produce(source.bootstrap, {
          ...{ topic, partition: 0, count: 50, seed, transaction },
        });
      }
      for (const [name, offset] of Object.entries({ a: 0n, b: 30n, c: 75n, d: 130n })) {
        await judge.commitOffsets(source.bootstrap, group(name), [{ topic, partition: 0, offset }]);
      }
      await using migration = await makeMigrationDir(config({ groupOffsets: "commit" }));
      const { status, output } = await migration.run();
      assert.equal(status, 0, output);
      for (const name of ["a", "b", "c", "d"]) await assertGoesOn(pair, topic, group(name), [0]);
    },
  },
  {
    title: "what has expired before the plan is said, and the rest arrives",
    role: "source",
    async run(pair) {
      const { topic, config } = await makeBacklog(pair, {
        messages: [100],
        committed: { a: [20] },
        configs: isSince(pair.version, "0.11.0.3")
          ? {}
          : { "segment.bytes": "20000", "retention.bytes": "30000" },
        contents: { valueBytes: 500, properties: { "batch.num.messages": "10" } },
      });
      const start = await expire(pair, topic);
      await using migration = await makeMigrationDir(config({ verify: "content" }));
      const { status, output } = await migration.run();
      assert.equal(status, 0, output);
      assert.match(migration.text("migration.log"), /messages have expired/);
      await assertCopied(pair, topic, 0, { start });
    },
  },
  {
    title: "ranges arrive as asked: offsets, the log's start, a time",
    role: "source",
    async run(pair) {
      const { topic, config } = await makeBacklog(pair, {
        messages: [100, 100, 100, 100],
        contents: {
          timestampMs: began,
          timestampStepMs: 1_000,
          properties: { "batch.size": "2000" },
        },
      });
      const timeAfter = (seconds: number) => new Date(began + seconds * 1_000).toISOString();
      const ranges = [
        { topic, partition: 0, start: 13, end: 77 },
        { topic, partition: 1, start: "earliest", end: 50 },
        { topic, partition: 2, start: timeAfter(30) },
        { topic, partition: 3, start: timeAfter(3_600) },
      ];
      await using migration = await makeMigrationDir(config({ ranges }));
      const { status, output } = await migration.run();
      assert.equal(status, 0, output);
      assert.match(output, /Migrated and verified: 184 messages in 3 partitions/);
      await assertCopied(pair, topic, 0, { start: 13, end: 77 });
      await assertCopied(pair, topic, 1, { start: 0, end: 50 });
      await assertCopied(pair, topic, 2, { start: 30, end: 100 });
      await assertCopied(pair, topic, 3, { start: 100, end: 100 });
    },
  },
];
