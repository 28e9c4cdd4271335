import assert from "node:assert/strict";
import type { ClusterConfig } from "../../../../lib/config/migration_config.ts";
import { createSecret } from "../../../../lib/config/secrets.ts";
import {
  connectorConfig,
  type ConnectorSpec,
} from "../../../../lib/connect/pure/connector_config.ts";

const plain = (host: string): ClusterConfig => ({
  bootstrapServers: [{ host, port: 9092 }],
  addresses: new Map(),
});

const settings = (more: Partial<ConnectorSpec> = {}) =>
  connectorConfig({
    ...{
      name: "data-migrate-1",
      version: "4.1.0",
      topics: ["orders.v1", "a-b_c"],
      tasks: 3,
      secrets: {},
    },
    ...{ source: plain("kafka1"), target: plain("kafka2"), maxBatchBytes: 1_048_588 },
    ...more,
  });

/** What begins with a prefix, without it. */
const behind = (prefix: string, all: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(all).filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [
      name.slice(prefix.length),
      value,
    ]),
  );

Deno.test("connectorConfig() names exactly the topics, and wants exactly once", () => {
  const all = settings();
  assert.equal(all.topics, "orders[.]v1,a-b_c");
  assert.match("orders.v1", new RegExp(`^(${all.topics?.replaceAll(",", "|")})$`));
  assert.doesNotMatch("ordersXv1", new RegExp(`^(${all.topics?.replaceAll(",", "|")})$`));
  assert.equal(all["tasks.max"], "3");
  assert.equal(all["exactly.once.support"], "required");
  assert.equal(all["consumer.isolation.level"], "read_committed");
  assert.equal(all["header.converter"], all["key.converter"]);
  assert.equal(all["topics.exclude"], "");
  const ofItsOwn = (version: string) =>
    Object.entries(settings({ version })).filter(([name]) => /offset-syncs|heartbeats/.test(name));
  for (const version of ["3.9.0", "4.1.0"]) {
    assert.deepEqual(ofItsOwn(version), [
      ["heartbeats.replication.enabled", "false"],
      ["emit.offset-syncs.enabled", "false"],
    ]);
  }
  // Older ones don't know these settings, and cannot be kept from writing a topic: on the target it can be deleted.
  assert.deepEqual(ofItsOwn("3.8.1"), [
    ["offset-syncs.topic.location", "target"],
    ["offset-syncs.topic.replication.factor", "-1"],
  ]);
  assert.equal(all["producer.override.max.request.size"], "1048588");
  assert.deepEqual(behind("source.cluster.", all), {
    "alias": "data-migrate-1",
    "bootstrap.servers": "kafka1:9092",
    "security.protocol": "PLAINTEXT",
  });
});

Deno.test("connectorConfig() carries references, never a secret", () => {
  const source: ClusterConfig = {
    ...plain("kafka1"),
    tls: {
      ca: "CA",
      cert: "CERT",
      key: createSecret("hunter-key"),
      verifyHostname: false,
    },
    sasl: {
      mechanism: "SCRAM-SHA-512",
      username: 'a"b\\c',
      password: createSecret("hunter-password"),
    },
  };
  const target: ClusterConfig = {
    ...plain("kafka2"),
    sasl: { mechanism: "PLAIN", username: "mover", password: createSecret("hunter-2") },
  };
  const all = settings({
    source,
    target,
    secrets: {
      source: { password: "${file:/s:pw}", key: "${file:/s:key}" },
      target: { "sasl.jaas.config": "${vault:kafka:jaas}" },
    },
  });
  assert.deepEqual(behind("source.cluster.", all), {
    "alias": "data-migrate-1",
    "bootstrap.servers": "kafka1:9092",
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": "CA",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.certificate.chain": "CERT",
    "ssl.keystore.key": "${file:/s:key}",
    "ssl.endpoint.identification.algorithm": "",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.jaas.config":
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="a\\"b\\\\c" password="${file:/s:pw}";',
  });
  assert.deepEqual(behind("target.cluster.", all), {
    "alias": "target",
    "bootstrap.servers": "kafka2:9092",
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.jaas.config": "${vault:kafka:jaas}",
  });
  assert.doesNotMatch(JSON.stringify(all), /hunter|\*\*\*/);
});
