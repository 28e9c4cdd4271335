import assert from "node:assert/strict";
import { groupLags, topicBacklogs } from "../../../lib/plan/lag.ts";
import { verifyCount } from "../../../lib/verify/verify.ts";
import { cluster, group, plan, workedExample } from "./fixtures.ts";

Deno.test("groupLags() adds up each group's lag, expired messages included", () => {
  const lag = { topics: 0, partitions: 0, partitionsNeverCommitted: 0, lagBefore: 0n };
  assert.deepEqual(groupLags(plan(workedExample())), [
    { ...lag, group: "test34-group", topics: 2, partitions: 2, lagBefore: 64322n },
    {
      ...lag,
      group: "test123-group",
      topics: 3,
      partitions: 3,
      lagBefore: 5226n - 3713n + 600n + 76522n,
    },
  ]);
});

Deno.test("groupLags() counts the partitions that a group has not committed on, from the log start on", () => {
  const source = cluster({ t: [[0, 50], [5, 9]] }, [group("g", { t: [10, null] })]);
  assert.deepEqual(groupLags(plan(source)), [
    { group: "g", topics: 1, partitions: 2, partitionsNeverCommitted: 1, lagBefore: 44n },
  ]);
});

Deno.test("topicBacklogs() says topic by topic what is to be copied, and what of it is verified", () => {
  const planned = plan(workedExample());
  const test3 = {
    topic: "test3",
    partitions: 1,
    partitionsToCopy: 1,
    offsets: 76522n,
    expiredMessages: 0n,
  };
  assert.deepEqual(topicBacklogs(planned, undefined)[2], test3);
  assert.deepEqual(topicBacklogs(planned, undefined)[0], {
    ...{ topic: "test1", partitions: 1, partitionsToCopy: 0, offsets: 0n },
    expiredMessages: 1513n,
  });
  const all = topicBacklogs(planned, verifyCount(planned.partitions, []));
  assert.deepEqual(all[2], { ...test3, offsetsVerified: 0n });
  const results = verifyCount(planned.partitions, [{
    topic: "test3",
    partition: 0,
    nextSourceOffset: 264322n,
    recordsRead: 76522n,
    recordsProduced: 76522n,
    batchesLeftOut: 0,
    targetFirstOffset: 0n,
    targetLogStartOffset: 0n,
    targetHighWatermark: 76522n,
  }]);
  assert.deepEqual(topicBacklogs(planned, results)[2], { ...test3, offsetsVerified: 76522n });
});
