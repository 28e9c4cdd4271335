import assert from "node:assert/strict";
import { buildPlan } from "../../../lib/plan/plan.ts";
import { settingFindings } from "../../../lib/findings/setting_findings.ts";
import type { ClusterSnapshot, TopicSettings } from "../../../lib/model/snapshot.ts";

const plain: TopicSettings = {
  maxMessageBytes: 1_048_588,
  logAppendTime: false,
  compacted: false,
  values: new Map(),
  own: new Set(),
};

function cluster(settings: TopicSettings | undefined): ClusterSnapshot {
  const offsets = { logStartOffset: 0n, highWatermark: 10n, lastStableOffset: 10n };
  return {
    clusterId: "c",
    brokers: [{ nodeId: 1, address: "b:9092" }],
    topics: new Map([["t", {
      topic: "t",
      internal: false,
      ...(settings && { settings }),
      partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, offsets }],
    }]]),
    groups: [{
      group: "g",
      type: "consumer",
      state: "Empty",
      committed: new Map([["t", new Map([[0, 0n]])]]),
    }],
  };
}

function codes(onSource: TopicSettings | undefined, onTarget: TopicSettings | undefined) {
  const source = cluster(onSource);
  const every = { include: [], exclude: [] };
  const plan = buildPlan({ source, topics: every, groups: every, uncommitted: "earliest" });
  return settingFindings(plan, source, cluster(onTarget)).map(({ code, severity }) =>
    `${severity} ${code}`
  );
}

const cases: readonly [string, Partial<TopicSettings>, Partial<TopicSettings>, string[]][] = [
  ["equal settings", {}, {}, []],
  ["a target that sets timestamps", {}, { logAppendTime: true }, ["warning LOG_APPEND_TIME"]],
  ["a source that set timestamps", { logAppendTime: true }, {}, ["warning LOG_APPEND_TIME"]],
  ["both set timestamps", { logAppendTime: true }, { logAppendTime: true }, [
    "warning LOG_APPEND_TIME",
  ]],
  ["only the target compacted", {}, { compacted: true }, ["error COMPACTION_NEEDS_KEYS"]],
  ["both compacted", { compacted: true }, { compacted: true }, []],
  ["only the source compacted", { compacted: true }, {}, []],
  ["a smaller limit", {}, { maxMessageBytes: 1_000 }, ["warning MAX_MESSAGE_BYTES_LOWER"]],
  ["a larger limit", {}, { maxMessageBytes: 9_000_000 }, []],
];

for (const [name, source, target, expected] of cases) {
  Deno.test(`settingFindings() of ${name}: ${expected.join(", ") || "none"}`, () => {
    assert.deepEqual(codes({ ...plain, ...source }, { ...plain, ...target }), expected);
  });
}

const values = (settings: Readonly<Record<string, string>>, own: readonly string[] = []) => ({
  values: new Map(Object.entries(settings)),
  own: new Set(own),
});

const differing: readonly [string, Partial<TopicSettings>, Partial<TopicSettings>, string[]][] = [
  ["another retention", values({ "retention.ms": "1" }), values({ "retention.ms": "2" }), [
    "warning CONFIG_DIFFERS",
  ]],
  [
    "another default of something else",
    values({ "flush.ms": "1" }),
    values({ "flush.ms": "2" }),
    [],
  ],
  [
    "something else that was set on the source",
    values({ "flush.ms": "1" }, ["flush.ms"]),
    values({ "flush.ms": "2" }),
    ["warning CONFIG_DIFFERS"],
  ],
  [
    "something else that was set on the target",
    values({ "flush.ms": "1" }),
    values({ "flush.ms": "2" }, ["flush.ms"]),
    ["warning CONFIG_DIFFERS"],
  ],
  [
    "a setting that belongs to the cluster",
    values({ "leader.replication.throttled.replicas": "*" }, [
      "leader.replication.throttled.replicas",
    ]),
    values({ "leader.replication.throttled.replicas": "" }),
    [],
  ],
  ["a setting that only one side knows", values({ "flush.ms": "1" }, ["flush.ms"]), values({}), []],
];

for (const [name, source, target, expected] of differing) {
  Deno.test(`settingFindings() of ${name}: ${expected.join(", ") || "none"}`, () => {
    assert.deepEqual(codes({ ...plain, ...source }, { ...plain, ...target }), expected);
  });
}

Deno.test("settingFindings() says nothing where the settings may not be seen", () => {
  assert.deepEqual(codes(undefined, { ...plain, compacted: true }), []);
});
