/**
 * Positions of consumer groups carried over: librdkafka consumers that go on on the target read exactly what they had
 * left on the source, through gaps, transactions, merged batches and others' messages; and what is left alone is named.
 */

import assert from "node:assert/strict";
import { assertGoesOn, configOf, makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { framesOf } from "../support/kafka_frames.ts";
import type { ProduceSpec } from "../support/librdkafka.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

const clusters = sharedClusters();
/** API key. */
const OFFSET_COMMIT = 8;

clusters.test("groups go on where they stood, each at its own message", async () => {
  const backlog = await makeBacklog(clusters, {
    messages: [3_000, 500, 40, 10],
    committed: {
      a: [17, 499, 40, 0],
      b: [1_203, 0, 12, undefined],
      c: [2_999, 500, undefined, 10],
    },
    contents: { properties: { "batch.num.messages": "7" }, keys: "some" },
  });
  const { topic, group } = backlog;
  const config = backlog.config({ groupOffsets: "commit", nonEmptyTarget: "append" });
  await using migration = await makeMigrationDir({ ...config, checkFlag: 0 });
  const { target, judge } = clusters;
  // What others have written there shifts the offsets.
  await judge.produce(target.bootstrap, { topic, partition: 0, count: 5 });

  const checked = await migration.run();
  assert.equal(checked.status, 0, checked.output);
  assert.match(
    checked.stdout,
    new RegExp(`group: ${group("b")}, partitions: 4, messages left: 2335`.replace("2335", "2,335")),
  );
  migration.configure(config);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertGoesOn(clusters, topic, group("a"), [0, 1, 2, 3]);
  await assertGoesOn(clusters, topic, group("b"), [0, 1, 2]);
  await assertGoesOn(clusters, topic, group("c"), [0, 1, 3]);
  // No commit on the source, none on the target.
  const ofB = await judge.committedOffsets(target.bootstrap, group("b"));
  assert.deepEqual(ofB.map(({ partition }) => partition).sort(), [0, 1, 2]);
  const offsets = migration.report().groupOffsets ?? [];
  assert.equal(offsets.length, 10);
  assert.ok(
    offsets.every((each) => each.status === "committed" && each.after === each.targetOffset),
  );

  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  assert.ok(migration.report().groupOffsets?.every(({ status }) => status === "further"));
});

clusters.test("through transactions and their markers, and after a run that committed nothing", async () => {
  const { source, judge } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [0], committed: {} });
  const { topic, group } = backlog;
  for (const [index, outcome] of (["commit", "abort", "commit", "commit"] as const).entries()) {
    const transaction = { id: uniqueName("transaction"), outcome };
    await judge.produce(source.bootstrap, {
      topic,
      partition: 0,
      count: 50,
      seed: index,
      transaction,
    });
  }
  const commits = { a: 0n, b: 30n, c: 75n, d: 130n, e: 204n };
  for (const [name, offset] of Object.entries(commits)) {
    await judge.commitOffsets(source.bootstrap, group(name), [{ topic, partition: 0, offset }]);
  }
  await using migration = await makeMigrationDir(backlog.config());
  assert.equal((await migration.run()).status, 0);
  // Groups that committed elsewhere meanwhile are found by a look at both logs.
  await judge.commitOffsets(source.bootstrap, group("b"), [{ topic, partition: 0, offset: 41n }]);
  migration.configure(backlog.config({ groupOffsets: "commit" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  for (const name of Object.keys(commits)) await assertGoesOn(clusters, topic, group(name), [0]);
});

clusters.test("the rest at the cut-over moves the positions on, active groups and later commits are left", async () => {
  const { source, target, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    messages: [100],
    committed: { a: [10], b: [20], c: [30], d: [40] },
  });
  const { topic, group } = backlog;
  await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
  assert.equal((await migration.run()).status, 0);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 50, seed: 9 });
  const commit = (bootstrap: string, name: string, offset: bigint, joined = false) =>
    judge.commitOffsets(bootstrap, group(name), [{ topic, partition: 0, offset }], { joined });
  await commit(source.bootstrap, "a", 120n);
  await commit(source.bootstrap, "b", 60n);
  // c has gone on on the target already.
  await commit(target.bootstrap, "c", 85n);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /TARGET_GROUP_AHEAD: .* \(0: at 85, .* begins at 20 at the latest\)/);
  await assertGoesOn(clusters, topic, group("a"), [0]);
  await assertGoesOn(clusters, topic, group("b"), [0]);
  const [ofC] = await judge.committedOffsets(target.bootstrap, group("c"));
  assert.equal(ofC?.offset, 85n);
  // What a group that comes later has left before that was never planned.
  await commit(source.bootstrap, "late", 4n);
  const late = await migration.run();
  assert.equal(late.status, 1, late.output);
  assert.match(late.stderr, /^warning: POSITIONS_NOT_COPIED: .* \(0: offsets 4 to 9 were not/m);
  assert.match(late.output, /before what was migrated, offsets 4 to 9 were not copied/);
  assert.deepEqual(await judge.committedOffsets(target.bootstrap, group("late")), []);
});

clusters.test("a metadata text goes along, and expired positions become our first message", async () => {
  const { source, target, judge } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [100], committed: { a: [10] } });
  const { topic, group } = backlog;
  await judge.commitOffsets(source.bootstrap, group("a"), [
    { topic, partition: 0, offset: 10n, metadata: "shard 7 ✓" },
  ]);
  await judge.deleteRecords(source.bootstrap, topic, 0, 25n);
  await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  const [committed] = await judge.committedOffsets(target.bootstrap, group("a"));
  assert.deepEqual([committed?.offset, committed?.metadata], [0n, "shard 7 ✓"]);
});

clusters.test("an answer to a commit that is lost is asked for again, and what was there before is still told", async () => {
  const { target, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    messages: [100],
    committed: { a: [15], b: [10], c: [30] },
  });
  const { topic, group } = backlog;
  const before = { topic, partition: 0, offset: 0n };
  await judge.commitOffsets(target.bootstrap, group("a"), [before]);
  let commits = 0;
  let silent = false;
  await using proxy = startTcpProxy(target.bootstrap);
  const onFrames = framesOf("toServer", (frame) => {
    if (frame[1] !== OFFSET_COMMIT || ++commits > 1) return;
    silent = true;
    setTimeout(() => {
      proxy.cut();
      silent = false;
    }, 300);
  });
  proxy.setFaults({
    // What is on its way is stored, but nobody is told.
    onBytes: (direction, bytes, connection) =>
      direction === "toServer"
        ? onFrames(direction, bytes, connection)
        : silent
        ? undefined
        : bytes,
  });
  await using migration = await makeMigrationDir(backlog.config({
    groupOffsets: "commit",
    target: { bootstrapServers: proxy.address, addresses: { [target.bootstrap]: proxy.address } },
  }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.ok(commits > 3, `${commits} commits`);
  assert.deepEqual(
    migration.report().groupOffsets?.map(({ status, before, after }) => [status, before, after]),
    [["committed", 0, 5], ["committed", undefined, 0], ["committed", undefined, 20]],
  );
});

/** A topic of the test below: what its log is like, and where groups stand in it. */
interface Kind {
  readonly name: string;
  readonly configs?: Readonly<Record<string, string>>;
  readonly fill: (topic: string) => Promise<unknown>;
  /** By group; `all` is one group on every topic. */
  readonly commits: Readonly<Record<string, bigint>>;
}

const compacted = {
  "cleanup.policy": "compact",
  "segment.ms": "1000",
  "min.cleanable.dirty.ratio": "0.01",
  "max.compaction.lag.ms": "1500",
};

const batchesOf = (messages: number) => ({ "batch.num.messages": `${messages}` });

const kinds: readonly Kind[] = [
  {
    name: "one-message-batches",
    fill: (topic) => produce(topic, { count: 400, properties: batchesOf(1) }),
    commits: { first: 0n, within: 137n, last: 399n, end: 400n, all: 201n },
  },
  {
    name: "large-batches",
    async fill(topic) {
      await produce(topic, { count: 500, codec: "lz4", properties: batchesOf(100) });
      await clusters.judge.deleteRecords(clusters.source.bootstrap, topic, 0, 60n);
    },
    // What the first stands at has expired.
    commits: { expired: 10n, start: 60n, within: 351n, end: 500n, all: 61n },
  },
  {
    name: "transactions",
    async fill(topic) {
      for (const [seed, outcome] of (["commit", "abort", "abort", "commit"] as const).entries()) {
        const transaction = { id: uniqueName("transaction"), outcome };
        await produce(topic, { count: 50, seed, transaction, properties: batchesOf(20) });
      }
      await produce(topic, { count: 30, seed: 5 });
    },
    // A transaction takes 51 offsets: the last one is its marker.
    commits: { committed: 25n, marker: 50n, aborted: 77n, second: 152n, end: 234n, all: 110n },
  },
  {
    name: "compacted",
    configs: compacted,
    async fill(topic) {
      const { source, judge } = clusters;
      // Of the first 200 every third stays, but for a hole of 40.
      const keyOf = (index: number) =>
        index < 200 && (index % 3 > 0 || index >= 60 && index < 100) ? `old-${index % 5}` : index;
      await produce(topic, {
        records: Array.from({ length: 300 }, (_, index) => ({
          key: btoa(`${keyOf(index)}`),
          value: btoa(`value ${index}`),
        })),
        properties: batchesOf(25),
      });
      for (let tries = 0;; tries++) {
        assert.ok(tries < 40, "The log was not compacted");
        await new Promise((resolve) => setTimeout(resolve, 500));
        // Only segments that are no longer written to are cleaned.
        await produce(topic, { count: 1, seed: tries });
        const { count } = await judge.read(source.bootstrap, topic, 0, { end: 200n });
        if (count < 70) break;
      }
      await judge.alterTopicConfigs(source.bootstrap, topic, { "cleanup.policy": "delete" });
    },
    commits: { first: 0n, gap: 32n, hole: 71n, tail: 122n, all: 61n },
  },
];

const produce = (topic: string, spec: Omit<ProduceSpec, "topic" | "partition">) =>
  clusters.judge.produce(clusters.source.bootstrap, { ...spec, topic, partition: 0 });

clusters.test("consumers that join on the target read exactly what they had left, whatever the log is like", async () => {
  const { source, target, judge } = clusters;
  const stem = uniqueName("joins");
  const topics = new Map(kinds.map((kind) => [`${stem}-${kind.name}`, kind]));
  await Promise.all([...topics].map(async ([name, { configs = {}, fill, commits }], index) => {
    await judge.createTopics(source.bootstrap, [{ name, configs }]);
    await judge.createTopics(target.bootstrap, [{ name }]);
    // Messages of others, which no group may meet.
    if (index !== 1) {
      await judge.produce(target.bootstrap, { topic: name, partition: 0, count: 7 + index });
    }
    await fill(name);
    for (const [group, offset] of Object.entries(commits)) {
      const position = { topic: name, partition: 0, offset };
      await judge.commitOffsets(source.bootstrap, groupOf(group, name), [position]);
    }
  }));
  const readers = new Map<string, string[]>();
  for (const [topic, { commits }] of topics) {
    for (const name of Object.keys(commits)) {
      readers.set(groupOf(name, topic), [...readers.get(groupOf(name, topic)) ?? [], topic]);
    }
  }
  await using migration = await makeMigrationDir(configOf(clusters, {
    topics: { include: [`${stem}-*`] },
    groupOffsets: "commit",
    nonEmptyTarget: "append",
  }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await Promise.all([...readers].map(async ([group, read]) => {
    const [left, found] = await Promise.all([
      // Where a position has expired, consumers of the source would begin with what is left.
      judge.consumeGroup(source.bootstrap, group, read, { reset: "earliest" }),
      judge.consumeGroup(target.bootstrap, group, read),
    ]);
    const contents = (reads: typeof left) =>
      reads.map(({ topic, count, digest }) => ({ topic, count, digest }));
    assert.deepEqual(contents(found), contents(left), group);
    assert.equal(left.length, read.length);
    assert.equal(left.every(({ count }) => count === 0), group.endsWith("-end"), group);
  }));

  function groupOf(name: string, topic: string): string {
    return name === "all" ? `${stem}-all` : `${topic}-${name}`;
  }
});

clusters.test("a check tells what keeps groups from being moved on the target, before anything is written", async () => {
  const { target, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    messages: [100],
    committed: { a: [10], b: [20], c: [30] },
  });
  const { topic, group } = backlog;
  await judge.produce(target.bootstrap, { topic, partition: 0, count: 5 });
  await judge.commitOffsets(target.bootstrap, group("b"), [{ topic, partition: 0, offset: 5n }]);
  // As the source's own offsets would be, committed there by somebody.
  await judge.commitOffsets(target.bootstrap, group("c"), [{ topic, partition: 0, offset: 30n }]);
  await judge.joinGroup(target.bootstrap, group("a"), topic, "classic");
  await judge.joinGroup(target.bootstrap, group("b"), topic, "consumer");
  const config = backlog.config({ groupOffsets: "commit", nonEmptyTarget: "append" });
  await using migration = await makeMigrationDir(config);
  const checked = await migration.run(["--check"]);
  assert.equal(checked.status, 0, checked.output);
  assert.match(
    checked.stderr,
    new RegExp(
      `^warning: TARGET_GROUP_ACTIVE: 2 groups already consuming on the target: ${group("a")}, ${
        group("b")
      }`,
      "m",
    ),
  );
  assert.match(
    checked.stderr,
    new RegExp(
      `^warning: TARGET_GROUP_AHEAD: Group ${
        group("c")
      } stands further on .* \\(0: at 30, .* at 25 at the latest\\).* --delete-offsets --group ${
        group("c")
      } --topic ${topic}:0`,
      "m",
    ),
  );
  assert.match(
    checked.stderr,
    new RegExp(
      `^warning: POSITIONS_BEHIND_OTHERS: Group ${
        group("a")
      } will go on after 5 messages of others`,
      "m",
    ),
  );
  assert.equal((await judge.watermarks(target.bootstrap, topic, 0)).highWatermark, 5n);

  const active = await migration.run();
  assert.equal(active.status, 1, active.output);
  for (const name of ["a", "b"]) await judge.leaveGroup(group(name));
  const { status, stderr, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.doesNotMatch(stderr, /TARGET_GROUP_ACTIVE/);
  assert.match(stderr, /TARGET_GROUP_AHEAD/);
  for (const name of ["a", "b"]) await assertGoesOn(clusters, topic, group(name), [0]);
  const done = await migration.run(["--check"]);
  assert.doesNotMatch(done.stderr, /TARGET_GROUP_ACTIVE|POSITIONS_BEHIND_OTHERS/);
});
