/**
 * A check writes nothing, on either side: topics, settings, groups with their positions and the logs on disk are the
 * same before and after, whether the cluster has had groups or not, although whatever is named there comes into being.
 */

import assert from "node:assert/strict";
import { configOf, makeBacklog } from "../../support/backlog.ts";
import { uniqueName } from "../../support/cluster_pair.ts";
import { clusterState } from "../../support/cluster_state.ts";
import { type ConfigContent, makeMigrationDir } from "../../support/migration_dir.ts";
import type { MatrixCase } from "./case.ts";
import type { MatrixPair } from "./pair.ts";

/** Runs a check. @returns what it said, once both clusters have been found as they were */
async function checkUnseen(
  { source, target, judge }: MatrixPair,
  content: ConfigContent,
  expectedStatus: number,
): Promise<string> {
  const look = () => Promise.all([source, target].map((each) => clusterState(judge, each)));
  const before = await look();
  await using migration = await makeMigrationDir({ ...content, checkFlag: 0 });
  const { status, output } = await migration.run();
  assert.equal(status, expectedStatus, output);
  assert.deepEqual(await look(), before);
  return output;
}

/** In the order in which they have to be run: the first is about clusters that have had nothing yet. */
export const checks: readonly MatrixCase[] = [
  {
    title: "a check leaves clusters without groups as they are",
    async run(pair) {
      const { source, judge } = pair;
      const topic = uniqueName("unread");
      await judge.createTopics(source.bootstrap, [{ name: topic }]);
      await judge.produce(source.bootstrap, { topic, partition: 0, count: 10 });
      const groupless = configOf(pair, {
        groupOffsets: "commit",
        createTopics: true,
        topics: { include: [topic, uniqueName("nowhere")] },
      });
      const output = await checkUnseen(pair, groupless, 1);
      assert.match(output, /NO_COMMITTED_OFFSETS/);
      const { topics } = await judge.topicsAndGroups(source.bootstrap);
      assert.ok(!Object.keys(topics).includes("__consumer_offsets"));
    },
  },
  {
    title: "a check leaves clusters with groups as they are",
    async run(pair) {
      const backlog = await makeBacklog(pair, {
        messages: [60, 20],
        committed: { a: [10, 20], b: [30, undefined] },
        targetPartitions: 0,
      });
      const config = backlog.config({ groupOffsets: "commit", createTopics: true });
      const output = await checkUnseen(pair, config, 0);
      assert.match(output, /submitted offset: 10\b.*messages: 50/);
    },
  },
  {
    title: "a check of ranges leaves clusters as they are",
    async run(pair) {
      const { topic, config } = await makeBacklog(pair, { messages: [50], targetPartitions: 0 });
      const ranges = [{ topic, partition: 0, start: "earliest", end: 40 }];
      const output = await checkUnseen(pair, config({ ranges, createTopics: true }), 0);
      assert.match(output, /messages: 40/);
    },
  },
];
