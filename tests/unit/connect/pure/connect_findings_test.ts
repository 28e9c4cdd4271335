import assert from "node:assert/strict";
import {
  clusterFindings,
  type ConnectFacts,
  settingFindings,
  topicFindings,
  unaskedFindings,
} from "../../../../lib/connect/pure/connect_findings.ts";
import { cluster } from "../../plan/fixtures.ts";

const FACTS: ConnectFacts = {
  url: "http://connect:8083",
  version: "4.1.0",
  kafkaClusterId: "target-id",
  plugins: ["org.apache.kafka.connect.mirror.MirrorSourceConnector"],
};
const target = cluster({}, [], "target-id");
const said = (facts: Partial<ConnectFacts>) =>
  clusterFindings({ ...FACTS, ...facts }, target).map(({ code, message }) => `${code}: ${message}`);

Deno.test("a Connect cluster is refused for its version, its plugins and its Kafka", () => {
  assert.deepEqual(said({}), []);
  for (const version of ["3.7.0", "3.8.1", "3.9.0", "3.9.1", "3.10.0-ccs", "4.0.0", "8.1.0-ce"]) {
    assert.deepEqual(said({ version }), [], version);
  }
  for (const version of ["3.6.2", "2.8.2", "unknown"]) {
    assert.match(said({ version })[0] ?? "", /^CONNECT_UNSUPPORTED: .* has version/, version);
  }
  assert.match(said({ plugins: [] })[0] ?? "", /has no org.apache.*MirrorSourceConnector/);
  assert.match(said({ kafkaClusterId: "other" })[0] ?? "", /on Kafka cluster other, which is not/);
});

Deno.test("what Connect has against a setting comes with what to change on the workers", () => {
  const problem = (setting: string) => settingFindings("u", [{ setting, errors: ["No"] }])[0];
  assert.match(
    problem("exactly.once.support")?.remedy ?? "",
    /exactly.once.source.support=enabled/,
  );
  assert.match(
    problem("producer.override.linger.ms")?.remedy ?? "",
    /override.policy=All/,
  );
  assert.equal(problem("topics")?.message, "Kafka Connect at u refuses topics: No");
});

Deno.test("topics that MirrorMaker 2 renames or leaves out are refused", () => {
  const refused = (topic: string, compacted = false, version = "4.1.0") => {
    const source = cluster({ [topic]: [[0, 5]] });
    const settings = {
      logAppendTime: false,
      compacted,
      values: new Map<string, string>(),
      own: new Set<string>(),
    };
    const on = { topic, internal: false, partitions: [], settings };
    const target = { ...cluster({}), topics: new Map([[topic, on]]) };
    return topicFindings([topic], { version, source, target }).length > 0;
  };
  for (
    const topic of [
      "heartbeats",
      "my-heartbeats",
      ".hidden",
      "__x",
      "mm2-a.internal",
      "a.checkpoints.internal",
    ]
  ) assert.ok(refused(topic), topic);
  for (const topic of ["orders", "a.internal", "mm2", "heartbeats-2", "x.replica"]) {
    assert.ok(!refused(topic), topic);
  }
  for (const topic of ["a.internal", "a-internal"]) {
    for (const version of ["3.7.2", "3.9.1"]) assert.ok(refused(topic, false, version));
  }
  assert.ok(refused("orders", true));
  const version = "4.1.0";
  const offline = { version, source: cluster({ a: [[0, 5], null] }), target: cluster({}) };
  assert.equal(topicFindings(["a"], offline)[0]?.code, "CONNECT_TOPIC_REFUSED");
});

Deno.test("heartbeats on the source are refused where MirrorMaker 2 cannot be kept from copying them", () => {
  const said = (version: string, topics: readonly string[]) =>
    unaskedFindings({ url: "u", version }, topics).map(({ message }) => message);
  for (const version of ["3.7.2", "3.8.1"]) {
    assert.match(
      said(version, ["orders", "heartbeats", "a.heartbeats"])[0] ?? "",
      /a\.heartbeats, heartbeats$/,
    );
    assert.deepEqual(said(version, ["orders", "heartbeats-2"]), []);
  }
  assert.deepEqual(said("3.9.0", ["heartbeats"]), []);
});
