/**
 * Positions of consumer groups that a target does not take as they are: metadata texts longer than it allows or that
 * count offsets, a share group of the same name, more positions of a group than it takes at once; and until when
 * consumers must have started. What is committed in the end is told by librdkafka.
 */

import assert from "node:assert/strict";
import { assertGoesOn, configOf, makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { joinShareGroup } from "../support/group_heartbeats.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters({
  source: { properties: { "offset.metadata.max.bytes": "20000" } },
  target: {
    features: ["share.version=1"],
    properties: {
      "group.coordinator.rebalance.protocols": "classic,consumer,share",
      "unstable.api.versions.enable": "true",
      "unstable.feature.versions.enable": "true",
      // As many positions as this lets into one batch of __consumer_offsets, and no more.
      "message.max.bytes": "16384",
      "offsets.retention.minutes": `${3 * 24 * 60}`,
    },
  },
});

/** What Confluent's parallel-consumer commits: that of the 12 messages from the position on, the second is done. */
const parallelConsumer = btoa("l\x00\x0c\x02\x00");

clusters.test("texts that the target does not take, or that count offsets, are left out, and that is said", async () => {
  const { source, target, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    messages: [50, 50, 50],
    committed: { a: [10, 20, 30], b: [5] },
  });
  const { topic, group } = backlog;
  // A character counts once, whatever it takes in bytes; the judge's client adds a zero at the end.
  const kept = "✓".repeat(4095);
  const texts = [kept, "x".repeat(5_000), "y".repeat(16_999)];
  await judge.commitOffsets(
    source.bootstrap,
    group("a"),
    texts.map((metadata, partition) => ({
      ...{ topic, partition, metadata },
      offset: BigInt(10 * (partition + 1)),
    })),
  );
  await judge.commitOffsets(source.bootstrap, group("b"), [
    { topic, partition: 0, offset: 5n, metadata: parallelConsumer },
  ]);
  await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
  const checked = await migration.run(["--check"]);
  assert.equal(checked.status, 0, checked.output);
  assert.match(
    checked.stderr,
    new RegExp(
      `^warning: METADATA_TOO_LONG: Group ${
        group("a")
      } has .* partitions 1, 2 of topic ${topic} .*17,000 characters.* 4,096 .*offset\\.metadata\\.max\\.bytes`,
      "m",
    ),
  );
  assert.match(
    checked.stderr,
    new RegExp(`^warning: METADATA_COUNTS_OFFSETS: Group ${group("b")} `, "m"),
  );
  const { status, output, stderr } = await migration.run();
  assert.equal(status, 0, output);
  const [ofA, ofB] = await Promise.all(
    ["a", "b"].map((name) => judge.committedOffsets(target.bootstrap, group(name))),
  );
  assert.deepEqual(
    ofA?.map(({ partition, metadata }) => [partition, metadata ?? ""]).sort(),
    [[0, kept], [1, ""], [2, ""]],
  );
  assert.deepEqual(ofB?.map(({ metadata }) => metadata ?? ""), [""]);
  await assertGoesOn(clusters, topic, group("a"), [0, 1, 2]);
  await assertGoesOn(clusters, topic, group("b"), [0]);
  assert.match(stderr, /METADATA_TOO_LONG/);
  assert.match(
    output,
    new RegExp(
      `group: ${group("a")}, positions committed: 3 of 3 partitions, 2 without their metadata text`,
    ),
  );
  assert.match(
    migration.log().join("\n"),
    new RegExp(`group: ${group("a")}, topic: ${topic}, partition: 1, .*, without its metadata`),
  );
  assert.deepEqual(
    migration.report().groupOffsets?.map(({ status, metadataLeftOut }) => [
      status,
      metadataLeftOut,
    ]),
    [
      ["committed", undefined],
      ["committed", "too long"],
      ["committed", "too long"],
      ["committed", "counts offsets"],
    ],
  );
});

clusters.test("a share group of the same name on the target is found before anything is copied", async () => {
  const { source, target, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    messages: [50],
    committed: { shared: [10], other: [20] },
  });
  const { topic, group } = backlog;
  // A heartbeat alone does not make the topic where groups are kept.
  await judge.commitOffsets(target.bootstrap, group("first"), [
    { topic, partition: 0, offset: 0n },
  ]);
  await joinShareGroup(target.bootstrap, group("shared"), topic);
  const config = backlog.config({ groupOffsets: "commit" });
  await using migration = await makeMigrationDir(config);
  const found = new RegExp(`TARGET_SHARE_GROUP: .*: ${group("shared")}\\b.*--delete --group`);
  for (const args of [["--check"], []]) {
    const { status, output, stderr } = await migration.run(args);
    assert.equal(status, 3, output);
    assert.match(stderr, found);
  }
  assert.equal((await judge.watermarks(target.bootstrap, topic, 0)).highWatermark, 0n);
  migration.configure({ ...config, accept: ["TARGET_SHARE_GROUP"] });
  const { status, output } = await migration.run();
  assert.equal(status, 1, output);
  assert.match(output, new RegExp(`group: ${group("shared")}, .*not carried over: .* share group`));
  assert.doesNotMatch(output, /GROUP_ID_NOT_FOUND/);
  await assertGoesOn(clusters, topic, group("other"), [0]);
  assert.equal((await judge.committedOffsets(source.bootstrap, group("shared"))).length, 1);
});

clusters.test("more positions of a group than the target takes at once are committed in parts", async () => {
  const { source, target, judge } = clusters;
  const [topic, group] = [uniqueName("many"), uniqueName("many")];
  const partitions = 400;
  await Promise.all(
    [source, target].map(({ bootstrap }) =>
      judge.createTopics(bootstrap, [{ name: topic, partitions }])
    ),
  );
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 10 });
  await judge.commitOffsets(
    source.bootstrap,
    group,
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0n })),
  );
  await using migration = await makeMigrationDir(
    configOf(clusters, { topics: { include: [topic] }, groupOffsets: "commit" }),
  );
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /positions committed: 400 of 400 partitions/);
  const committed = await judge.committedOffsets(target.bootstrap, group);
  assert.equal(committed.length, partitions);
});

clusters.test("it is said by when consumers must have started, lest the positions expire", async () => {
  const backlog = await makeBacklog(clusters, { messages: [20], committed: { a: [5] } });
  await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
  const before = Date.now();
  const { status, output, stdout } = await migration.run();
  assert.equal(status, 0, output);
  const lines = stdout.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.includes("offsets.retention.minutes"));
  assert.ok(at >= lines.length - 2, stdout);
  const { retentionMinutes, startConsumersBefore = "" } = migration.report().positionsExpiry ?? {};
  assert.equal(retentionMinutes, 4320);
  const expireMs = Date.parse(startConsumersBefore) - 4320 * 60_000;
  assert.ok(expireMs >= before - 1 && expireMs <= Date.now(), startConsumersBefore);
  const minute = startConsumersBefore.slice(0, 16).replace("T", " ");
  assert.match(lines[at] ?? "", new RegExp(`before ${minute} UTC.* 3 d `));
  assert.match(migration.log().join("\n"), new RegExp(`before ${minute} UTC`));

  // Nothing is committed anew: when it was is not known any more.
  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
  assert.match(again.stdout, /expire 3 d after they were committed/);
  assert.deepEqual(migration.report().positionsExpiry, { retentionMinutes: 4320 });
});
