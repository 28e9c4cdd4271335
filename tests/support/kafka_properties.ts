/**
 * The configuration texts of a test cluster: server.properties for KRaft and for ZooKeeper mode, zoo.cfg. Pure: takes
 * ports and folders, returns text. Refuses to know how processes are started.
 */

import type { Certificates, Pkcs12Stores } from "./certificates.ts";
import { type KafkaVersion, releaseOf } from "./kafka_releases.ts";
import { propertiesText } from "./properties_text.ts";

/**
 * How clients may connect. Every broker has PLAINTEXT, which brokers use among themselves; MTLS demands a client
 * certificate; the SASL listeners offer PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, and OAUTHBEARER (unsigned tokens, see
 * token_endpoint.ts) where the cluster is in KRaft mode. FAR is plaintext and advertises another port than its own: a
 * proxy has to listen there, and no client gets around it.
 */
export type ListenerName = "PLAINTEXT" | "FAR" | "TLS" | "MTLS" | "SASL_PLAINTEXT" | "SASL_TLS";

const securityProtocols: Readonly<Record<ListenerName, string>> = {
  PLAINTEXT: "PLAINTEXT",
  FAR: "PLAINTEXT",
  TLS: "SSL",
  MTLS: "SSL",
  SASL_PLAINTEXT: "SASL_PLAINTEXT",
  SASL_TLS: "SASL_SSL",
};

/** A user of the SASL listeners. */
export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

/** Where one broker (in KRaft mode also controller) lives. */
export interface NodeLayout {
  readonly nodeId: number;
  /** One for each listener of the cluster. */
  readonly ports: Readonly<Partial<Record<ListenerName, number>>>;
  readonly controllerPort: number;
  /** What FAR is advertised with. */
  readonly farPort?: number;
  readonly logDir: string;
}

/** What all nodes of a cluster have in common. */
export interface ClusterLayout {
  readonly version: KafkaVersion;
  readonly nodes: readonly NodeLayout[];
  readonly users: readonly KafkaUser[];
  readonly certificates: Certificates | undefined;
  /** The certificates for brokers that read no PEM. */
  readonly pkcs12: Pkcs12Stores | undefined;
  /** ZooKeeper's client port; `undefined` in KRaft mode. */
  readonly zookeeperPort: number | undefined;
  /** Feature levels to format the storage with. */
  readonly features: readonly string[];
  /** Broker settings that win over ours. */
  readonly properties: Readonly<Record<string, string>>;
}

/** @returns where a node's server.properties belongs */
export const propertiesFile = (node: NodeLayout): string => `${node.logDir}.properties`;

/** @returns where a node's warnings and errors go */
export const logFileOf = (node: NodeLayout): string => `${node.logDir}.log`;

/** @returns `127.0.0.1:port` of a listener @throws Error when the node has no such listener */
export function addressOf(node: NodeLayout, listener: ListenerName): string {
  const port = node.ports[listener];
  if (port === undefined) {
    throw new Error(`Cannot connect to ${listener}: start the cluster with that listener`);
  }
  return `127.0.0.1:${port}`;
}

/** @returns server.properties of one node */
export function serverProperties(cluster: ClusterLayout, node: NodeLayout): string {
  return propertiesText({
    ...(cluster.zookeeperPort === undefined
      ? kraftProperties(cluster, node)
      : zookeeperProperties(cluster.zookeeperPort, node)),
    ...commonProperties(cluster, node),
    ...(cluster.certificates === undefined
      ? {}
      : tlsProperties(cluster.certificates, cluster.pkcs12)),
    ...saslProperties(cluster, node),
    ...cluster.properties,
  });
}

/** @returns zoo.cfg of the one ZooKeeper */
export function zookeeperConfig(port: number, dataDir: string): string {
  return propertiesText({
    dataDir,
    clientPort: `${port}`,
    clientPortAddress: "127.0.0.1",
    "admin.enableServer": "false",
    tickTime: "500",
  });
}

function commonProperties(cluster: ClusterLayout, node: NodeLayout): Record<string, string> {
  const replicas = `${Math.min(3, cluster.nodes.length)}`;
  const listeners = listenersOf(node).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  const advertised = listenersOf(node).map(([name, port]) =>
    `${name}://127.0.0.1:${name === "FAR" ? node.farPort : port}`
  );
  return {
    "listeners": [
      ...listeners,
      ...(cluster.zookeeperPort === undefined
        ? [`CONTROLLER://127.0.0.1:${node.controllerPort}`]
        : []),
    ].join(","),
    "advertised.listeners": advertised.join(","),
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": [
      "CONTROLLER:PLAINTEXT",
      ...listenersOf(node).map(([name]) => `${name}:${securityProtocols[name]}`),
    ].join(","),
    "log.dirs": node.logDir,
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "group.initial.rebalance.delay.ms": "0",
    "log.retention.check.interval.ms": "1000",
    // Retention and compaction begin 30 s after the start by default (2.8.2 can't be told otherwise).
    "log.initial.task.delay.ms": "500",
    "log.cleaner.backoff.ms": "500",
  };
}

function kraftProperties(cluster: ClusterLayout, node: NodeLayout): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": `${node.nodeId}`,
    "controller.quorum.voters": cluster.nodes
      .map((voter) => `${voter.nodeId}@127.0.0.1:${voter.controllerPort}`).join(","),
    "controller.listener.names": "CONTROLLER",
    // A broker that was killed may register again only when its old session has run out (9 s by default).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
  };
}

function zookeeperProperties(port: number, node: NodeLayout): Record<string, string> {
  return {
    "broker.id": `${node.nodeId}`,
    "zookeeper.connect": `127.0.0.1:${port}`,
    // A broker that was killed can register again only when its old session has run out.
    "zookeeper.session.timeout.ms": "4000",
  };
}

function tlsProperties(
  { serverKeystore, ca }: Certificates,
  pkcs12: Pkcs12Stores | undefined,
): Record<string, string> {
  return {
    ...(pkcs12 === undefined
      ? {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": serverKeystore,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": ca,
      }
      : {
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": pkcs12.serverKeystore,
        "ssl.keystore.password": pkcs12.password,
        "ssl.key.password": pkcs12.password,
        "ssl.truststore.type": "PKCS12",
        "ssl.truststore.location": pkcs12.truststore,
        "ssl.truststore.password": pkcs12.password,
      }),
    "listener.name.mtls.ssl.client.auth": "required",
  };
}

const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";

function plain(users: readonly KafkaUser[]): string {
  const known = users
    .map(({ username, password }) => `${quoted(`user_${username}`)}=${quoted(password)}`);
  return `org.apache.kafka.common.security.plain.PlainLoginModule required ${known.join(" ")};`;
}

/** @returns the JAAS file for brokers that know no `sasl.jaas.config`: who may log in, on any listener */
export const loginsFile = (users: readonly KafkaUser[]): string =>
  `KafkaServer {\n  ${plain(users)}\n  ${scram}\n};\n`;

function saslProperties(cluster: ClusterLayout, node: NodeLayout): Record<string, string> {
  const bearer =
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";';
  const modules: readonly (readonly [string, string])[] = [
    ["PLAIN", plain(cluster.users)],
    ...[["SCRAM-SHA-256", scram], ["SCRAM-SHA-512", scram]] as const,
    ...(cluster.zookeeperPort === undefined ? [["OAUTHBEARER", bearer]] as const : []),
  ];
  const saslListeners = listenersOf(node).filter(([name]) => name.startsWith("SASL_"));
  if (saslListeners.length === 0) return {};
  if (releaseOf(cluster.version).logins === "file") {
    return { "sasl.enabled.mechanisms": modules.map(([mechanism]) => mechanism).join(",") };
  }
  return Object.fromEntries(
    saslListeners.flatMap(([name]) => {
      const prefix = `listener.name.${name.toLowerCase()}`;
      return [
        [`${prefix}.sasl.enabled.mechanisms`, modules.map(([mechanism]) => mechanism).join(",")],
        ...modules.map(([mechanism, module]) => [
          `${prefix}.${mechanism.toLowerCase()}.sasl.jaas.config`,
          module,
        ]),
      ];
    }),
  );
}

function listenersOf(node: NodeLayout): readonly (readonly [ListenerName, number])[] {
  return Object.entries(node.ports) as unknown as readonly (readonly [ListenerName, number])[];
}

/** A string of the JAAS grammar, which java.io.StreamTokenizer reads. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
