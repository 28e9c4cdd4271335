import assert from "node:assert/strict";
import {
  type NewTopic,
  newTopicFindings,
  newTopicText,
  planNewTopics,
} from "../../../lib/plan/new_topics.ts";
import type { ClusterSnapshot } from "../../../lib/model/snapshot.ts";
import { topicSettings } from "../../../lib/model/topic_settings.ts";
import { cluster, group, plan } from "./fixtures.ts";

const own = (configs: Readonly<Record<string, string>>) =>
  topicSettings([
    { name: "retention.ms", value: "604800000", source: 5 },
    ...Object.entries(configs).map(([name, value]) => ({ name, value, source: 1 })),
  ]);

/** A source with topics `a`, of two partitions, and `b`, consumed; three replicas each. */
function source(configs: Readonly<Record<string, string>> = {}): ClusterSnapshot {
  const base = cluster({ a: [[0, 5], [0, 5]], b: [[0, 5]] }, [group("g", { a: [1, 5], b: [5] })]);
  const topics = [...base.topics].map(([name, topic]) =>
    [name, { ...topic, replicationFactor: 3, settings: own(configs) }] as const
  );
  return { ...base, topics: new Map(topics) };
}

const brokers = (count: number) =>
  Array.from({ length: count }, (_, nodeId) => ({ nodeId, address: `b${nodeId}:9092` }));
const target = (count: number, topics = {}) => ({
  ...cluster(topics, [], "target-id"),
  brokers: brokers(count),
});

function planned(
  on: ClusterSnapshot,
  there: ClusterSnapshot,
  options: Partial<Parameters<typeof planNewTopics>[3]> = {},
): readonly NewTopic[] {
  return planNewTopics(plan(on), on, there, { written: () => false, ...options });
}

Deno.test("planNewTopics() takes what something is copied of and the target lacks", () => {
  assert.deepEqual(
    planned(source(), target(3)).map(({ topic, partitions }) => [topic, partitions]),
    [
      ["a", 2],
    ],
  );
  assert.deepEqual(planned(source(), target(3, { a: [[0, 0]] })), []);
  // Where groups are moved, what they have consumed is needed too.
  const carried = planned(source(), target(3), { carriesPositions: true });
  assert.deepEqual(carried.map(({ topic }) => topic), ["a", "b"]);
  assert.deepEqual(planned(source(), target(3), { written: (topic) => topic === "a" }), []);
});

Deno.test("planNewTopics() fits the replication factor to the brokers, unless it is configured", () => {
  const factors = [1, 2, 3, 9].map((count) => planned(source(), target(count))[0]);
  assert.deepEqual(factors.map((topic) => topic?.replicationFactor), [1, 2, 3, 3]);
  const [configured] = planned(source(), target(1), { replicationFactor: 3 });
  assert.equal(configured?.replicationFactor, 3);
});

Deno.test("planNewTopics() carries settings of the topic itself, without those bound to its cluster", () => {
  const configs = {
    "cleanup.policy": "compact",
    "follower.replication.throttled.replicas": "*",
    "leader.replication.throttled.replicas": "0:1",
    "remote.storage.enable": "true",
    "local.retention.ms": "5",
    "confluent.placement.constraints": "{}",
    "message.format.version": "2.8",
    "min.insync.replicas": "2",
  };
  const [two] = planned(source(configs), target(2));
  assert.deepEqual([...two?.configs ?? []], [["cleanup.policy", "compact"], [
    "min.insync.replicas",
    "2",
  ]]);
  assert.equal(two?.leftOut.length, 6);
  const [one] = planned(source(configs), target(1));
  assert.deepEqual([...one?.configs ?? []], [["cleanup.policy", "compact"]]);
  assert.equal(
    one && newTopicText(one),
    "partitions: 2, replication factor: 1, configs: cleanup.policy=compact",
  );
});

Deno.test("newTopicFindings() names every setting left out with its reason, and unseen settings once", () => {
  const [topic] = planned(source({ "min.insync.replicas": "2", "confluent.x": "1" }), target(1));
  assert.ok(topic !== undefined);
  const [found] = newTopicFindings([topic]);
  assert.equal(
    found?.message,
    "Topic a is created without confluent.x (it belongs to the source cluster), min.insync.replicas (2 is more than the replication factor 1)",
  );
  const { settings: _, ...unseen } = source().topics.get("a") ?? { topic: "a" };
  const blind = { ...source(), topics: new Map([["a", unseen]]) } as ClusterSnapshot;
  const topics = planned(blind, target(1));
  assert.deepEqual(
    newTopicFindings([...topics, ...topics]).map(({ code, where }) => [code, where.topics]),
    [["TOPIC_CONFIG_LEFT_OUT", ["a", "a"]]],
  );
  assert.ok(topics[0] !== undefined);
  assert.match(newTopicText(topics[0]), /configs: none$/);
});

Deno.test("why a new topic gets no settings is told: the user may not see them, or no broker tells any", () => {
  const bare = (untold?: ClusterSnapshot["untold"]) => {
    const base = cluster({ a: [[0, 5]] }, [group("g", { a: [1] })]);
    return newTopicFindings(planned(untold === undefined ? base : { ...base, untold }, target(1)));
  };
  const [hidden, none] = bare();
  assert.match(hidden?.message ?? "", /^The user may not see the source's settings of a: /);
  assert.equal(none, undefined);
  const [untold, noOther] = bare(["topicSettings", "caughtUp"]);
  assert.equal(untold?.code, "TOPIC_CONFIG_LEFT_OUT");
  assert.match(
    untold?.message ?? "",
    /^The source's brokers do not tell topic settings \(DescribeConfigs, .* cleanup\.policy, /,
  );
  assert.doesNotMatch(`${untold?.message} ${untold?.remedy}`, /user/);
  assert.equal(noOther, undefined);
});
