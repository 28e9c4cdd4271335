/** leaders.ts over a cluster that answers what the test says: moved leaders, topics that go or come back as others. */

import assert from "node:assert/strict";
import { createLeaders } from "../../../lib/kafka/leaders.ts";
import type { Cluster } from "../../../lib/kafka/cluster.ts";
import type { TopicMetadata } from "../../../lib/protocol/metadata.ts";

const UNKNOWN_TOPIC = 3;
const NOT_AUTHORIZED = 29;

const topic = (more: Partial<TopicMetadata> = {}, leader = 1): TopicMetadata => ({
  errorCode: 0,
  topic: "t",
  topicId: "aa",
  internal: false,
  partitions: [0, 1].map((partition) => ({
    errorCode: 0,
    partition,
    leader,
    leaderEpoch: 4,
    replicas: 1,
  })),
  ...more,
});

/** A target that gives these answers, one a request; the last again and again. */
function asked(answers: readonly (TopicMetadata | Error)[]) {
  let requests = 0;
  const metadata = (names: readonly string[]) => {
    assert.deepEqual(names, ["t"]);
    const answer = answers[Math.min(requests++, answers.length - 1)];
    if (answer === undefined || answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ clusterId: "c", brokers: [], topics: [answer] });
  };
  const cluster = { role: "target", metadata } as unknown as Cluster;
  const planned = new Map([["t", { topicId: "aa", partitions: 2 }]]);
  return {
    leaders: createLeaders(cluster, planned, new AbortController().signal),
    requests: () => requests,
  };
}

const partition = { topic: "t", partition: 1 };

Deno.test("leaders are those of the newest metadata; without one there is none", async () => {
  const { leaders } = asked([topic(), topic({}, 2), topic({}, -1)]);
  assert.equal(leaders.leader(partition), undefined);
  for (const nodeId of [1, 2]) {
    await leaders.refresh();
    assert.deepEqual(leaders.leader(partition), { nodeId, leaderEpoch: 4, replicas: 1 });
  }
  await leaders.refresh();
  assert.equal(leaders.leader(partition), undefined);
  assert.equal(leaders.topicProblem("t"), undefined);
});

Deno.test("however many ask at once, one request goes out, and not too soon after the last", async () => {
  const { leaders, requests } = asked([topic()]);
  await Promise.all(Array.from({ length: 100 }, () => leaders.refresh()));
  assert.equal(requests(), 1);
  const started = performance.now();
  await leaders.refresh();
  assert.ok(performance.now() - started > 150);
  assert.equal(requests(), 2);
});

Deno.test("a topic that came back as another, or with other partitions, is told apart", async () => {
  const cases = [
    [topic({ topicId: "bb" }), /^topic t was deleted and re-created on the target since the plan/],
    [
      topic({ partitions: [] }),
      /^the partitions of topic t were changed on the target .*: 0 instead of 2$/,
    ],
    [
      topic({ errorCode: NOT_AUTHORIZED }),
      /^topic t cannot be used on the target: TOPIC_AUTHORIZATION_FAILED$/,
    ],
  ] as const;
  for (const [answer, says] of cases) {
    const { leaders } = asked([answer]);
    await leaders.refresh();
    assert.match(leaders.topicProblem("t")?.text ?? "", says);
  }
});

Deno.test("a broker without topic ids tells nothing of a topic that came back", async () => {
  const { topicId: _, ...withoutId } = topic();
  const { leaders } = asked([withoutId]);
  await leaders.refresh();
  assert.equal(leaders.topicProblem("t"), undefined);
});

Deno.test("a topic counts as gone when for ten seconds no answer knows it", async () => {
  const missing = topic({ errorCode: UNKNOWN_TOPIC, partitions: [] });
  const { leaders } = asked([...Array.from({ length: 8 }, () => missing), topic(), missing]);
  const realNow = performance.now.bind(performance);
  let passed = 0;
  performance.now = () => realNow() + passed;
  const refreshes: number[] = [];
  try {
    // A broker that has just started may not know it for a while.
    while (leaders.topicProblem("t") === undefined && refreshes.length < 30) {
      await leaders.refresh();
      refreshes.push(passed);
      passed += 1_000;
    }
  } finally {
    performance.now = realNow;
  }
  assert.deepEqual(leaders.topicProblem("t"), {
    ...{ code: "TOPIC_GONE", text: "topic t no longer exists on the target" },
  });
  assert.equal(refreshes.length, 8 + 1 + 11, "what came before the good answer counts no more");
});

Deno.test("a refresh that fails is told to all who asked, and the next one tries again", async () => {
  const { leaders, requests } = asked([new Error("no broker answers"), topic()]);
  const both = [leaders.refresh(), leaders.refresh()];
  for (const each of both) await assert.rejects(each, /no broker answers/);
  await leaders.refresh();
  assert.equal(requests(), 2);
  assert.equal(leaders.leader(partition)?.nodeId, 1);
});
