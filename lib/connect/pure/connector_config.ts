// What MirrorMaker 2's source connector is told: exactly which topics, exactly once, nothing of its own left behind on
// either cluster. No secret stands in it, only references that the workers resolve. It asks nobody.

import { formatAddress } from "../../config/address.ts";
import type { ClusterConfig, ConnectEngineConfig } from "../../config/migration_config.ts";
import { keepsToItself } from "./connect_version.ts";

/** The connector's class, and that of the policy by which a topic keeps its name. */
export const CONNECTOR_CLASS = "org.apache.kafka.connect.mirror.MirrorSourceConnector";
const IDENTITY_POLICY = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
const BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter";

/** The topic that a connector before 3.9 writes for itself (ReplicationPolicy.offsetSyncsTopic), on the target. */
export function offsetSyncsTopic(name: string): string {
  return `mm2-offset-syncs.${name}.internal`;
}

/** What a connector is made from. */
export interface ConnectorSpec {
  readonly name: string;
  /** Of Connect. */
  readonly version: string;
  readonly topics: readonly string[];
  readonly tasks: number;
  readonly source: ClusterConfig;
  readonly target: ClusterConfig;
  readonly secrets: NonNullable<ConnectEngineConfig["secrets"]>;
  /** The largest batch that the target's topics take, bytes. */
  readonly maxBatchBytes: number;
}

const MIB = 1024 * 1024;

/** What these clients fetch and send at a time: with the defaults a task carries a third of this. */
const SPEED = {
  "consumer.max.poll.records": "5000",
  "consumer.max.partition.fetch.bytes": String(8 * MIB),
  "consumer.fetch.max.bytes": String(32 * MIB),
  "producer.override.batch.size": String(512 * 1024),
  "producer.override.linger.ms": "10",
  "producer.override.compression.type": "lz4",
};

/** No topic for itself, and no heartbeats that nobody has asked for. */
const OF_ITS_OWN_NOTHING = {
  "heartbeats.replication.enabled": "false",
  "emit.offset-syncs.enabled": "false",
};

/** Before 3.9: its own topic where it can be deleted, with as many replicas as the brokers think right. */
const OF_ITS_OWN_ON_TARGET = {
  "offset-syncs.topic.location": "target",
  "offset-syncs.topic.replication.factor": "-1",
};

/** The connector's configuration. */
export function connectorConfig(spec: ConnectorSpec): Readonly<Record<string, string>> {
  const { name, version, topics, tasks, source, target, secrets, maxBatchBytes } = spec;
  return {
    name,
    "connector.class": CONNECTOR_CLASS,
    "tasks.max": String(tasks),
    // Its offsets carry the alias, and so does the topic of its own, which has to be nobody else's.
    "source.cluster.alias": name,
    "target.cluster.alias": "target",
    ...clientSettings("source.cluster.", source, secrets.source),
    ...clientSettings("target.cluster.", target, secrets.target),
    "replication.policy.class": IDENTITY_POLICY,
    topics: topics.map(exactly).join(","),
    "topics.exclude": "",
    "refresh.topics.enabled": "false",
    "sync.topic.configs.enabled": "false",
    "sync.topic.acls.enabled": "false",
    ...(keepsToItself(version) ? OF_ITS_OWN_NOTHING : OF_ITS_OWN_ON_TARGET),
    "key.converter": BYTES,
    "value.converter": BYTES,
    "header.converter": BYTES,
    "exactly.once.support": "required",
    "consumer.isolation.level": "read_committed",
    "consumer.auto.offset.reset": "earliest",
    ...SPEED,
    "producer.override.max.request.size": String(maxBatchBytes),
    "producer.override.buffer.memory": String(Math.max(32 * MIB, 2 * maxBatchBytes)),
  };
}

/** A topic's name as a regular expression that matches it alone (names hold letters, digits, `.`, `_` and `-`). */
function exactly(topic: string): string {
  return topic.replaceAll(".", "[.]");
}

type Settings = Readonly<Record<string, string>>;

/** How a Java client reaches and enters a cluster, each setting with a prefix before its name. */
function clientSettings(
  prefix: string,
  cluster: ClusterConfig,
  secrets: Settings = {},
): Settings {
  const { bootstrapServers, tls, sasl } = cluster;
  const given = Object.entries(secrets).filter(([name]) => name.includes("."));
  const settings: Settings = {
    "bootstrap.servers": bootstrapServers.map(formatAddress).join(","),
    "security.protocol": `${sasl === undefined ? "" : "SASL_"}${
      tls !== undefined ? "SSL" : "PLAINTEXT"
    }`,
    ...tlsSettings(cluster, secrets),
    ...saslSettings(cluster, secrets),
    ...Object.fromEntries(given),
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`${prefix}${name}`, value]),
  );
}

function tlsSettings({ tls }: ClusterConfig, { key }: Settings): Settings {
  if (tls === undefined) return {};
  const { ca, cert, verifyHostname } = tls;
  return {
    ...(ca !== undefined && {
      "ssl.truststore.type": "PEM",
      "ssl.truststore.certificates": ca,
    }),
    ...(cert !== undefined && key !== undefined && {
      "ssl.keystore.type": "PEM",
      "ssl.keystore.certificate.chain": cert,
      "ssl.keystore.key": key,
    }),
    ...(!verifyHostname && { "ssl.endpoint.identification.algorithm": "" }),
  };
}

const LOGIN_MODULES = {
  "PLAIN": "plain.PlainLoginModule",
  "SCRAM-SHA-256": "scram.ScramLoginModule",
  "SCRAM-SHA-512": "scram.ScramLoginModule",
} as const;

function saslSettings({ sasl }: ClusterConfig, { password }: Settings): Settings {
  if (sasl === undefined || !("username" in sasl)) return {};
  const { mechanism, username } = sasl;
  const login = `org.apache.kafka.common.security.${LOGIN_MODULES[mechanism]}`;
  return {
    "sasl.mechanism": mechanism,
    ...(password !== undefined && {
      "sasl.jaas.config": `${login} required username=${quoted(username)} password="${password}";`,
    }),
  };
}

/** A value of a JAAS file. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
