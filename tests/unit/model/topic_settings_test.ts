import assert from "node:assert/strict";
import { topicSettings } from "../../../lib/model/topic_settings.ts";

const LONGEST = "9223372036854775807";

function settings(values: Readonly<Record<string, string>>, own: readonly string[] = []) {
  return topicSettings(
    Object.entries(values).map(([name, value]) => ({
      name,
      value,
      source: own.includes(name) ? 1 : 5,
    })),
  );
}

const cases: readonly [string, Readonly<Record<string, string>>, object][] = [
  ["nothing", {}, {}],
  ["no limits", { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" }, {}],
  ["limits", {
    "cleanup.policy": "delete",
    "retention.ms": "1000",
    "retention.bytes": "0",
    "max.message.bytes": "1048588",
  }, { retentionMs: 1000, retentionBytes: 0, maxMessageBytes: 1_048_588 }],
  [
    "retention of a topic that only compacts",
    { "cleanup.policy": "compact", "retention.ms": "1000" },
    {},
  ],
  ["both policies", { "cleanup.policy": "compact, delete", "retention.ms": "7" }, {
    retentionMs: 7,
  }],
  ["Kafka 2.8's timestamp limit", { "message.timestamp.difference.max.ms": "60000" }, {
    timestampBeforeMaxMs: 60_000,
    timestampAfterMaxMs: 60_000,
  }],
  ["Kafka 3.9's, of which one is set", {
    "message.timestamp.difference.max.ms": "60000",
    "message.timestamp.before.max.ms": LONGEST,
    "message.timestamp.after.max.ms": "5000",
  }, { timestampBeforeMaxMs: 60_000, timestampAfterMaxMs: 5_000 }],
  ["Kafka 4's defaults", {
    "message.timestamp.before.max.ms": LONGEST,
    "message.timestamp.after.max.ms": "3600000",
  }, { timestampAfterMaxMs: 3_600_000 }],
];

for (const [title, values, expected] of cases) {
  Deno.test(`topicSettings() reads ${title}`, () => {
    const { values: _, own: __, logAppendTime: ___, compacted: ____, ...limits } = settings(values);
    assert.deepEqual(limits, expected);
  });
}

Deno.test("topicSettings() tells policies, timestamp types and what is set on the topic itself", () => {
  const found = settings({
    "cleanup.policy": "delete,compact",
    "message.timestamp.type": "LogAppendTime",
    "segment.ms": "5",
  }, ["segment.ms"]);
  assert.deepEqual([found.compacted, found.logAppendTime, [...found.own]], [true, true, [
    "segment.ms",
  ]]);
  assert.equal(settings({}).compacted, false);
});
