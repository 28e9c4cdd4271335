/**
 * Topics that are deleted, made again or given partitions while they are being copied, on either side: each stops with
 * a sentence, what it left on the target is the beginning of what was there, and the others arrive.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, targetCount } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();
/** More than is read ahead of what the target has taken. */
const messages = 15_000;
/** The same messages wherever they are produced. */
const contents = {
  valueBytes: 1_000,
  compressible: false,
  timestampMs: Date.now(),
  properties: { "batch.num.messages": "900" },
} as const;

const cases = [
  { change: "nothing" },
  { change: "deleted", side: "source", says: "no longer exists on the source" },
  { change: "deleted", side: "target", says: "no longer exists on the target" },
  {
    change: "made again",
    side: "source",
    // Noticed by its id, or by its end, whichever comes first.
    says:
      "was deleted and re-created on the source since the plan was made|truncated or re-created",
  },
  {
    change: "made again",
    side: "target",
    // Noticed by its id, or by an offset that goes back, whichever comes first.
    says:
      "was deleted and re-created on the target since the plan was made|truncated or re-created",
  },
  {
    change: "given a partition",
    side: "source",
    says:
      "the partitions of topic .* were changed on the source since the plan was made: 2 instead of 1",
  },
] as const;

clusters.test("topics that change in mid-copy stop, and are not mixed with what they became", async () => {
  const { source, target, judge } = clusters;
  const topics = await Promise.all(cases.map(async (each) => {
    const topic = uniqueName("changed");
    await Promise.all(
      [source, target].map(({ bootstrap }) => judge.createTopics(bootstrap, [{ name: topic }])),
    );
    await judge.produce(source.bootstrap, { ...contents, count: messages, topic, partition: 0 });
    await judge.commitOffsets(source.bootstrap, `group-of-${topic}`, [
      { topic, partition: 0, offset: 0n },
    ]);
    return { ...each, topic };
  }));
  // Slow enough for things to happen meanwhile.
  await using migration = await makeMigrationDir(configOf(clusters, {
    topics: { include: topics.map(({ topic }) => topic) },
    limits: { bytesPerSecond: "8MB" },
  }));
  const running = migration.run([], { timeoutMs: 120_000 });
  while (!await allBegun(topics.map(({ topic }) => topic))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Promise.all(topics.map(async ({ topic, change, ...where }) => {
    if (!("side" in where)) return;
    const { bootstrap } = clusters[where.side];
    if (change === "given a partition") return await judge.createPartitions(bootstrap, topic, 2);
    await judge.deleteTopics(bootstrap, [topic]);
    if (change === "deleted") return;
    await judge.createTopics(bootstrap, [{ name: topic }]);
    // Other messages than before, at the offsets that are read next too.
    if (where.side === "source") {
      await judge.produce(bootstrap, {
        ...contents,
        topic,
        partition: 0,
        count: messages,
        seed: 9,
      });
    }
  }));
  const { status, output } = await running;
  assert.equal(status, 1, output);
  const results = migration.report().results?.partitions ?? [];
  for (const { topic, change, ...where } of topics) {
    const result = results.find((each) => each.topic === topic);
    if (!("side" in where)) {
      assert.equal(result?.status, "verified", result?.reason);
      await assertCopied(clusters, topic, 0, { start: 0, end: messages });
      continue;
    }
    const title = `${change} on the ${where.side}`;
    assert.equal(result?.status, "failed", `${title}: ${output}`);
    assert.match(result?.reason ?? "", new RegExp(where.says), `${title}: ${result?.reason}`);
    if (where.side === "target") continue;
    const found = await judge.read(target.bootstrap, topic, 0);
    assert.ok(found.count > 0 && found.count <= messages, `${title}: ${found.count} arrived`);
    assert.equal(found.digest, await digestOfFirst(found.count), title);
  }
});

async function allBegun(topics: readonly string[]): Promise<boolean> {
  const counts = await Promise.all(topics.map((topic) => targetCount(clusters, topic)));
  return counts.every((count) => count > 0);
}

/** Of the first messages as they were, from a topic that holds nothing else. */
async function digestOfFirst(count: number): Promise<string> {
  const { source, judge } = clusters;
  const topic = uniqueName("reference");
  await judge.createTopics(source.bootstrap, [{ name: topic }]);
  await judge.produce(source.bootstrap, { ...contents, count, topic, partition: 0 });
  return (await judge.read(source.bootstrap, topic, 0)).digest;
}
