/**
 * What a check says before the first byte moves, on real brokers: settings of the target that would lose or refuse
 * messages, each with the command that helps, groups and producers that are still at work, data that no group reads,
 * how many bytes there are, and what has changed since the check before.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import type { JudgedRecord, ProduceSpec } from "../support/librdkafka.ts";
import { heartbeatStreamsGroup, joinShareGroup } from "../support/group_heartbeats.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters({
  source: {
    features: ["share.version=1", "streams.version=1"],
    properties: {
      "group.coordinator.rebalance.protocols": "classic,consumer,share,streams",
      "unstable.api.versions.enable": "true",
      "unstable.feature.versions.enable": "true",
    },
  },
});
const HOUR = 3_600_000;

interface Sides {
  readonly source?: Readonly<Record<string, string>>;
  readonly target?: Readonly<Record<string, string>>;
}

/** A topic on both sides, of one partition, with a group that has read nothing. */
async function makeTopic(
  configs: Sides,
  ...contents: readonly Omit<ProduceSpec, "topic" | "partition">[]
) {
  const { source, target, judge } = clusters;
  const topic = uniqueName("finding");
  await Promise.all([
    judge.createTopics(source.bootstrap, [{ name: topic, configs: configs.source ?? {} }]),
    judge.createTopics(target.bootstrap, [{ name: topic, configs: configs.target ?? {} }]),
  ]);
  for (const [seed, spec] of contents.entries()) {
    await judge.produce(source.bootstrap, { seed, ...spec, topic, partition: 0 });
  }
  await judge.commitOffsets(source.bootstrap, `${topic}-group`, [
    { topic, partition: 0, offset: 0n },
  ]);
  const config = (more = {}) => configOf(clusters, { topics: { include: [topic] }, ...more });
  return { topic, config };
}

/** The settings in a line's `kafka-configs.sh` command for the topic, as the program shows them. */
function commandOf(output: string, topic: string): Readonly<Record<string, string>> {
  const command = new RegExp(
    `kafka-configs\\.sh --bootstrap-server ${clusters.target.bootstrap} --alter --entity-type topics --entity-name ${topic} --add-config (\\S+?)(?:, or accept.*)?$`,
    "m",
  ).exec(output)?.[1];
  assert.ok(command !== undefined, output);
  const settings = [...command.replaceAll("'", "").matchAll(/([\w.]+)=(?:\[(.*?)\]|([^,]*))/g)];
  return Object.fromEntries(settings.map(([, name, list, value]) => [name, list ?? value ?? ""]));
}

const blocking: readonly {
  readonly title: string;
  readonly configs: Sides;
  readonly contents: () => readonly Omit<ProduceSpec, "topic" | "partition">[];
  readonly code: string;
  readonly says: RegExp;
}[] = [
  {
    title: "messages older than the target keeps",
    configs: { target: { "retention.ms": `${HOUR}` } },
    contents: () => [
      { count: 20, timestampMs: Date.now() - 3 * HOUR },
      { count: 10, timestampMs: Date.now() },
    ],
    code: "RETENTION_WOULD_DELETE",
    says:
      /keeps messages for 1 h on the target \(retention\.ms=3600000\): 20 messages to be copied of partition 0 .* are older/,
  },
  {
    title: "messages all older than the target keeps",
    configs: {
      source: { "cleanup.policy": "compact,delete" },
      target: { "retention.ms": `${HOUR}`, "cleanup.policy": "compact,delete" },
    },
    contents: () => [{ count: 7, timestampMs: Date.now() - 3 * HOUR }],
    code: "RETENTION_WOULD_DELETE",
    says: /: 7 messages to be copied of partition 0 /,
  },
  {
    title: "more bytes than the target keeps of a partition",
    configs: { target: { "retention.bytes": "50000" } },
    contents: () => [{ count: 100, valueBytes: 1_000, compressible: false }],
    code: "RETENTION_WOULD_DELETE",
    says: /keeps 50 kB of a partition .* would get up to 1\d\d kB \(estimated\)/,
  },
  {
    title: "timestamps further ahead than the target takes",
    configs: { source: { "message.timestamp.after.max.ms": `${24 * HOUR}` } },
    contents: () => [
      { count: 5, timestampMs: Date.now() },
      { count: 5, timestampMs: Date.now() + 5 * HOUR },
    ],
    code: "TIMESTAMPS_REFUSED",
    says:
      /takes timestamps up to 1 h ahead on the target \(message\.timestamp\.after\.max\.ms\): the message at offset 5 of partition 0/,
  },
  {
    title: "timestamps further behind than the target takes",
    configs: { target: { "message.timestamp.before.max.ms": `${HOUR}` } },
    contents: () => [{ count: 3, timestampMs: Date.now() - 2 * HOUR }],
    code: "TIMESTAMPS_REFUSED",
    says: /takes no timestamps older than 1 h on the target .*: 3 messages to be copied/,
  },
  {
    title: "a compacted target of a source that is not",
    configs: { target: { "cleanup.policy": "compact" } },
    contents: () => [{ count: 3, keys: "none" }],
    code: "COMPACTION_NEEDS_KEYS",
    says: /is compacted on the target and not on the source/,
  },
];

for (const { title, configs, contents, code, says } of blocking) {
  clusters.test(`${title} block, until the command shown was run`, async () => {
    const { topic, config } = await makeTopic(configs, ...contents());
    await using migration = await makeMigrationDir(config());
    let shown = "";
    for (const flag of ["--check", "--migrate"]) {
      const { status, stderr, output } = await migration.run([flag]);
      assert.equal(status, 3, output);
      shown = stderr.split("\n").find((line) => line.startsWith(`error: ${code}: `)) ?? "";
      assert.match(shown, says, output);
    }
    assert.ok(!migration.files().includes("migration.state.jsonl"));
    migration.configure(config({ accept: [code] }));
    const accepted = await migration.run(["--check"]);
    assert.equal(accepted.status, 0, accepted.output);
    assert.match(accepted.stderr, new RegExp(`^warning: ${code}: .* \\(accepted\\)$`, "m"));

    const settings = commandOf(shown, topic);
    await clusters.judge.alterTopicConfigs(clusters.target.bootstrap, topic, settings);
    migration.configure(config());
    const { status, output } = await migration.run();
    assert.equal(status, 0, output);
    assert.ok(!output.includes(code), output);
    const [planned] = migration.report().plan?.partitions ?? [];
    await assertCopied(clusters, topic, 0, { start: 0, end: planned?.endOffset ?? 0 });
  });
}

clusters.test("old messages stay where the target gives them the time of the migration", async () => {
  const { config } = await makeTopic(
    { target: { "retention.ms": `${HOUR}`, "message.timestamp.type": "LogAppendTime" } },
    { count: 5, timestampMs: Date.now() - 3 * HOUR },
  );
  await using migration = await makeMigrationDir(config());
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /^warning: LOG_APPEND_TIME: .*kafka-configs\.sh .*=CreateTime$/m);
  assert.doesNotMatch(output, /RETENTION_WOULD_DELETE/);
});

clusters.test("settings that differ are told with the command that makes them alike", async () => {
  const { topic, config } = await makeTopic({
    source: { "cleanup.policy": "compact,delete", "segment.ms": "7000000" },
    target: { "retention.ms": "700000000" },
  }, { count: 5 });
  await using migration = await makeMigrationDir(config());
  const check = await migration.run(["--check"]);
  assert.equal(check.status, 0, check.output);
  assert.match(
    check.stderr,
    /^warning: CONFIG_DIFFERS: .*cleanup\.policy is delete on the target and compact,delete on the source, retention\.ms is 700000000 .* segment\.ms is /m,
  );
  const settings = commandOf(check.stderr, topic);
  assert.deepEqual(Object.keys(settings), ["cleanup.policy", "retention.ms", "segment.ms"]);
  await clusters.judge.alterTopicConfigs(clusters.target.bootstrap, topic, settings);
  const again = await migration.run(["--check"]);
  assert.doesNotMatch(again.output, /CONFIG_DIFFERS/);
});

for (const protocol of ["classic", "consumer"] as const) {
  clusters.test(`a group with members is told as active, protocol ${protocol}`, async () => {
    const { source, judge } = clusters;
    const { topic, config } = await makeTopic({}, { count: 5 });
    const group = `${topic}-group`;
    await using migration = await makeMigrationDir(config());
    const idle = await migration.run(["--check"]);
    assert.doesNotMatch(idle.output, /GROUP_ACTIVE/);
    await judge.joinGroup(source.bootstrap, group, topic, protocol);
    const active = await migration.run(["--check"]);
    await judge.leaveGroup(group);
    assert.equal(active.status, 0, active.output);
    assert.match(active.stderr, new RegExp(`^warning: GROUP_ACTIVE: 1 group .*: ${group}`, "m"));
  });
}

clusters.test("a streams group with members is active, and a share group is not carried", async () => {
  const { source, judge } = clusters;
  const { topic, config } = await makeTopic({}, { count: 5 });
  const [streams, share] = [`${topic}-streams`, `${topic}-share`];
  await heartbeatStreamsGroup(source.bootstrap, streams, topic, "join");
  await heartbeatStreamsGroup(source.bootstrap, streams, topic, "leave");
  await judge.commitOffsets(source.bootstrap, streams, [{ topic, partition: 0, offset: 2n }]);
  await heartbeatStreamsGroup(source.bootstrap, streams, topic, "join");
  await joinShareGroup(source.bootstrap, share, topic);
  await using migration = await makeMigrationDir(config({ groups: { include: [`${topic}-s*`] } }));
  const { status, stderr, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(stderr, new RegExp(`^warning: GROUP_ACTIVE: 1 group .*: ${streams}`, "m"));
  assert.match(
    stderr,
    new RegExp(`^warning: SHARE_GROUP: 1 share group left out.*: ${share}`, "m"),
  );
  await assertCopied(clusters, topic, 0, { start: 2, end: 5 });
});

clusters.test("a source that is still written is told, before the copy and after it", async () => {
  const { source, judge } = clusters;
  const { topic, config } = await makeTopic({}, { count: 5 });
  let writing = true;
  // A producer needs its time to begin: never all of them at once.
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let seed = writer; writing; seed += 4) {
      const count = 160 + 40 * writer;
      await judge.produce(source.bootstrap, { topic, partition: 0, count, paceMs: 5, seed });
    }
  });
  await using migration = await makeMigrationDir(config());
  while ((await judge.watermarks(source.bootstrap, topic, 0)).highWatermark < 15n);
  const told = /^warning: SOURCE_STILL_WRITTEN: .* came to 1 partition of 1 topic \(/m;
  // A check is over in moments: on a busy machine writers may pause for as long.
  let check = await migration.run(["--check"]);
  for (let more = 0; more < 5 && !told.test(check.stderr); more++) {
    check = await migration.run(["--check"]);
  }
  const migrated = await migration.run();
  writing = false;
  await Promise.all(writers);
  for (const { status, stderr, output } of [check, migrated]) {
    assert.equal(status, 0, output);
    assert.match(stderr, told);
  }
  const { findings } = migration.report();
  assert.equal(findings.filter(({ code }) => code === "SOURCE_STILL_WRITTEN").length, 1);
  const quiet = await migration.run();
  assert.equal(quiet.status, 0, quiet.output);
  assert.doesNotMatch(quiet.output, /SOURCE_STILL_WRITTEN/);
});

clusters.test("data that no group has committed on is listed, and not copied", async () => {
  const { source, judge } = clusters;
  const [read, unread, empty] = [
    await makeTopic({}, { count: 5 }),
    uniqueName("unread"),
    uniqueName("empty"),
  ];
  await judge.createTopics(source.bootstrap, [{ name: unread, partitions: 2 }, { name: empty }]);
  await judge.produce(source.bootstrap, { topic: unread, partition: 1, count: 9 });
  await using migration = await makeMigrationDir(
    configOf(clusters, { topics: { include: [read.topic, unread, empty] } }),
  );
  const { status, stderr } = await migration.run();
  assert.equal(status, 0, stderr);
  assert.match(
    stderr,
    new RegExp(`^warning: TOPIC_WITHOUT_GROUP: 1 topic with 9 messages .*: ${unread}`, "m"),
  );
  const found = migration.report().findings.find(({ code }) => code === "TOPIC_WITHOUT_GROUP");
  assert.deepEqual(found?.where.topics, [unread]);
});

clusters.test("internal topics are named and left out", async () => {
  const { source, judge } = clusters;
  const { topic } = await makeTopic({}, { count: 5 });
  await judge.commitOffsets(source.bootstrap, `${topic}-group`, [
    { topic: "__consumer_offsets", partition: 0, offset: 0n },
  ]);
  await using migration = await makeMigrationDir(
    configOf(clusters, { topics: { include: [topic, "__consumer_offsets"] } }),
  );
  const { status, output } = await migration.run(["--check"]);
  assert.equal(status, 0, output);
  assert.match(output, /^warning: INTERNAL_TOPIC: .*__consumer_offsets/m);
  assert.deepEqual(migration.report().plan?.partitions.map((each) => each.topic), [topic]);
});

clusters.test("a check estimates bytes, and tells what has changed since the one before", async () => {
  const { source, judge } = clusters;
  const record: JudgedRecord = { key: null, value: btoa("x".repeat(900)) };
  const { topic, group, config } = await makeBacklog(clusters, {
    messages: [1_000, 500],
    committed: { a: [500, undefined] },
    contents: { valueBytes: 1_000, compressible: false },
  });
  const limits = { bytesPerSecond: "1MB" };
  await using migration = await makeMigrationDir(config({ checkFlag: 0, limits }));
  const first = await migration.run();
  assert.equal(first.status, 0, first.output);
  assert.match(
    first.stdout,
    /^Estimated: 1\.\d+ MB, 1(?:\.\d)? s at 1 MB\/s, 5\d\d kB of it only because of uncommitted: earliest$/m,
  );
  assert.doesNotMatch(first.output, /ince the last check/);
  const { estimate } = migration.report();
  assert.ok(
    estimate?.bytes !== undefined && estimate.bytes > 1_000_000 && estimate.bytes < 1_300_000,
  );
  assert.deepEqual(estimate.topics.map((each) => [each.topic, each.messages]), [[topic, 1_000]]);

  const same = await migration.run();
  assert.doesNotMatch(same.output, /ince the last check/);
  await judge.produce(source.bootstrap, { topic, partition: 1, records: [record, record] });
  await judge.commitOffsets(source.bootstrap, group("a"), [{ topic, partition: 0, offset: 600n }]);
  await judge.commitOffsets(source.bootstrap, group("b"), [{ topic, partition: 0, offset: 700n }]);
  const migrated = await migration.run(["--migrate"]);
  assert.equal(migrated.status, 0, migrated.output);
  assert.match(
    migrated.stdout,
    new RegExp(
      `^Since the last check \\(.*\\): 98 messages fewer, 1 group moved \\(${
        group("a")
      }\\), 1 group new \\(${group("b")}\\)$`,
      "m",
    ),
  );
  assert.ok(
    migration.log().some((line) =>
      line.endsWith(`topic: ${topic}, since the last check, 98 messages fewer`)
    ),
  );
  assert.equal(migration.report().sinceLastCheck?.messagesNow, 902);

  // The report that lies there now is a migration's, and then nobody's.
  const after = await migration.run(["--check"]);
  assert.doesNotMatch(after.output, /ince the last check/);
  Deno.writeTextFileSync(`${migration.path}/migration.report.json`, '{"mode":"check","plan":[]}');
  const damaged = await migration.run(["--check"]);
  assert.equal(damaged.status, 0, damaged.output);
  assert.doesNotMatch(damaged.output, /ince the last check/);
});
