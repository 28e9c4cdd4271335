/**
 * `ranges` instead of groups: what the logs hold of them is copied, once; what they can't mean is said. No group is
 * needed, and none is asked.
 */

import assert from "node:assert/strict";
import { assertCopied, makeBacklog, targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();
/** Recent, or retention would take the messages. */
const BEGAN = Math.floor(Date.now() / 1_000) * 1_000 - 2 * 3_600_000;
const timeAfter = (seconds: number) => new Date(BEGAN + seconds * 1_000).toISOString();

clusters.test("ranges are copied as asked: offsets, the log's start, a time, the log's end", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [100, 100, 100, 100, 100],
    contents: { timestampMs: BEGAN, timestampStepMs: 1_000, properties: { "batch.size": "2000" } },
  });
  const { source, judge } = clusters;
  await judge.deleteRecords(source.bootstrap, topic, 1, 20n);
  const range = (partition: number, start: unknown, end?: number) => ({
    topic,
    partition,
    start,
    ...(end !== undefined && { end }),
  });
  const ranges = [
    range(0, 13, 77),
    range(1, "earliest", 50),
    range(2, timeAfter(30)),
    range(3, timeAfter(3_600)),
    range(4, 90, 200),
  ];
  await using migration = await makeMigrationDir(config({ ranges }));
  const check = await migration.run(["--check"]);
  assert.equal(check.status, 0, check.output);
  for (
    const line of [
      "Prepare to migrate topic: T, partition: 0, submitted offset: none (range 13 to 77), start offset: 13, end offset: 77, messages: 64",
      "Prepare to migrate topic: T, partition: 1, submitted offset: none (range earliest to 50), start offset: 20, end offset: 50, messages: 30",
      `Prepare to migrate topic: T, partition: 2, submitted offset: none (range ${
        timeAfter(30)
      } to end of log), start offset: 30, end offset: 100, messages: 70`,
      `topic: T, partition: 3, submitted offset: none (range ${
        timeAfter(3_600)
      } to end of log), start offset: 100, end offset: 100, skip migrate... (the log holds nothing of the range)`,
      "Prepare to migrate topic: T, partition: 4, submitted offset: none (range 90 to 200), start offset: 90, end offset: 100, messages: 10",
    ]
  ) assert.ok(check.stdout.includes(line.replaceAll("T,", `${topic},`)), check.output);
  assert.match(check.output, /RANGE_BEYOND_END: .*partition 3: range 20.*, end 100/);

  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /Migrated and verified: 174 messages in 4 partitions/);
  await assertCopied(clusters, topic, 0, { start: 13, end: 77 });
  await assertCopied(clusters, topic, 1, { start: 20, end: 50 });
  await assertCopied(clusters, topic, 2, { start: 30, end: 100 });
  assert.equal(await targetCount(clusters, topic, 3), 0);
  await assertCopied(clusters, topic, 4, { start: 90, end: 100 });

  // A rerun carries over what open ranges have gained, and nothing of the others.
  for (const partition of [0, 2]) {
    await judge.produce(source.bootstrap, { topic, partition, count: 5, seed: 50 });
  }
  const rerun = await migration.run();
  assert.equal(rerun.status, 0, rerun.output);
  assert.equal(await targetCount(clusters, topic, 0), 64);
  await assertCopied(clusters, topic, 2, { start: 30, end: 105 });

  // Other ranges are another migration; the same in another order are not.
  migration.configure(config({ ranges: ranges.toReversed() }));
  assert.equal((await migration.run()).status, 0);
  migration.configure(config({ ranges: ranges.with(0, range(0, 13, 78)) }));
  const other = await migration.run();
  assert.equal(other.status, 2, other.output);
  assert.match(other.output, /The state file is of another migration .*: ranges \(was /);
  migration.configure(config());
  const without = await migration.run();
  assert.equal(without.status, 2, without.output);
});

clusters.test("what of a range has expired is said; what nobody has blocks; filters leave ranges out by name", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [50, 50] });
  const { source, judge } = clusters;
  await judge.deleteRecords(source.bootstrap, topic, 0, 20n);
  const first = { topic, partition: 0, start: 5 };
  await using migration = await makeMigrationDir(
    config({ ranges: [first, { topic, partition: 2, start: 0 }] }),
  );
  const missing = await migration.run();
  assert.equal(missing.status, 3, missing.output);
  assert.match(missing.output, /RANGE_PARTITION_MISSING: ranges name partition 2 of topic /);
  assert.ok(!migration.files().includes("migration.state.jsonl"));

  migration.configure(config({ ranges: [first, { topic: "other", partition: 0, start: 0 }] }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(output, /15 messages have expired, log start offset: 20/);
  assert.match(output, new RegExp(`topics\\.include ${topic} matches 1: ${topic}\\n`));
  assert.match(output, /RANGE_FILTERED_OUT: 1 range left out by .*: other/);
  await assertCopied(clusters, topic, 0, { start: 20, end: 50 });
  assert.equal(await targetCount(clusters, topic, 1), 0);

  await using nothing = await makeMigrationDir(
    config({ ranges: [{ topic: "other", partition: 0, start: 0 }] }),
  );
  const filtered = await nothing.run();
  assert.equal(filtered.status, 1, filtered.output);
  assert.match(filtered.output, /FILTER_MATCHED_NOTHING/);
  assert.match(filtered.output, /warning: PATTERN_MATCHED_NOTHING: .*topics\.include topic-/);
});
