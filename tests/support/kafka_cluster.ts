/**
 * Real Apache Kafka clusters on loopback for tests and the demo: `await using cluster = await startKafka()`. Random
 * ports, a temporary folder, ready when every broker knows every other one; each broker can be killed, frozen, restarted.
 * Refuses to leave a process or a file behind (process_guard.ts).
 */

import { type Certificates, makeCertificates, makePkcs12Stores } from "./certificates.ts";
import { freePorts } from "./free_ports.ts";
import { kafkaClassPath } from "./kafka_jars.ts";
import { type KafkaVersion, releaseOf } from "./kafka_releases.ts";
import { type KafkaBroker, makeBroker } from "./kafka_broker.ts";
import { type Java, javaIn } from "./kafka_java.ts";
import {
  addressOf,
  type ClusterLayout,
  type KafkaUser,
  type ListenerName,
  loginsFile,
  propertiesFile,
  serverProperties,
  zookeeperConfig,
} from "./kafka_properties.ts";
import { addScramUsers, formatStorage } from "./kafka_storage.ts";
import { ensureJava } from "./prerequisites.ts";
import { guardedDirectory, type ProcessGuard } from "./process_guard.ts";

/** What cluster is wanted; everything has a default. */
export interface KafkaOptions {
  /** "4.1.0" unless told; those before 3.9.1 bring their ZooKeeper along. */
  readonly version?: KafkaVersion;
  /** How many, 1 unless told; node ids count from 1. */
  readonly brokers?: number;
  /** Broker settings beyond ours, or in place of them. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Features beyond those of a new cluster, `share.version=1`; in KRaft mode only. */
  readonly features?: readonly string[];
  /** Listeners besides PLAINTEXT. */
  readonly listeners?: readonly ListenerName[];
  /** Who may log in on the SASL listeners; `mover` with `mover-secret` unless told. */
  readonly users?: readonly KafkaUser[];
  /** Subject alternative names of the brokers' certificate, 127.0.0.1 and localhost unless told. */
  readonly certificateNames?: readonly string[];
  /** A folder of classes that the brokers load besides the release's. */
  readonly classes?: string;
  /** Java heap of each broker, MiB. */
  readonly heapMb?: number;
  /** How long the start may take, ms; 60 s unless told. */
  readonly timeoutMs?: number;
}

/** A running cluster. */
export interface KafkaCluster extends AsyncDisposable {
  readonly version: KafkaVersion;
  /** The PLAINTEXT addresses of all brokers, `127.0.0.1:port,…`. */
  readonly bootstrap: string;
  /** The same for another listener. @throws Error when the cluster has no such listener */
  readonly bootstrapOf: (listener: ListenerName) => string;
  readonly brokers: readonly KafkaBroker[];
  readonly users: readonly KafkaUser[];
  /** Of its ZooKeeper, `127.0.0.1:port`; in KRaft mode there is none. */
  readonly zookeeper: string | undefined;
  /** Present when a listener speaks TLS. */
  readonly certificates: Certificates | undefined;
}

/** @throws Error when no listener of the cluster speaks TLS */
export function certificatesOf({ certificates }: KafkaCluster): Certificates {
  if (certificates === undefined) throw new Error("The cluster has no listener that speaks TLS");
  return certificates;
}

const defaultUser: KafkaUser = { username: "mover", password: "mover-secret" };

/**
 * Starts a cluster and waits until it is ready.
 * @throws Error with the end of the broker's log when it doesn't start
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const version = options.version ?? "4.1.0";
  await ensureJava();
  const released = await kafkaClassPath(version);
  const classPath = options.classes === undefined ? released : `${options.classes}:${released}`;
  for (let triesLeft = 2;; triesLeft--) {
    const guard = await guardedDirectory("data-migrate-kafka-");
    try {
      return await startUnderGuard(guard, version, classPath, options);
    } catch (error) {
      await guard[Symbol.asyncDispose]();
      // Somebody else took one of the ports between the look and the use.
      const portTaken = error instanceof Error && /BindException|in use/.test(error.message);
      if (!portTaken || triesLeft === 0) throw error;
    }
  }
}

async function startUnderGuard(
  guard: ProcessGuard,
  version: KafkaVersion,
  classPath: string,
  options: KafkaOptions,
): Promise<KafkaCluster> {
  const listeners = [...new Set<ListenerName>(["PLAINTEXT", ...options.listeners ?? []])];
  const { mode, keystores } = releaseOf(version);
  const secured = listeners.some((name) => name.includes("TLS"));
  const certificates = secured
    ? await makeCertificates(guard.directory, options.certificateNames)
    : undefined;
  const layout: ClusterLayout = {
    ...layoutNodes(guard.directory, options.brokers ?? 1, listeners, mode === "zookeeper"),
    version,
    users: options.users ?? [defaultUser],
    certificates,
    pkcs12: secured && keystores === "PKCS12" ? await makePkcs12Stores(guard.directory) : undefined,
    properties: options.properties ?? {},
    features: options.features ?? [],
  };
  const loginsPath = `${guard.directory}/logins.conf`;
  await Deno.writeTextFile(loginsPath, loginsFile(layout.users));
  const java = javaIn(guard, classPath, options.heapMb ?? 384, [
    // ZooKeeper 3.4 looks for a Log4j that newer releases don't bring.
    "-Dzookeeper.jmx.log4j.disable=true",
    ...(releaseOf(version).logins === "file"
      ? [`-Djava.security.auth.login.config=${loginsPath}`, "-Dzookeeper.sasl.client=false"]
      : []),
  ]);
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);

  for (const node of layout.nodes) {
    await Deno.mkdir(node.logDir);
    await Deno.writeTextFile(propertiesFile(node), serverProperties(layout, node));
  }
  if (layout.zookeeperPort === undefined) {
    await formatStorage(layout, java);
  } else {
    await startZookeeper(guard.directory, layout.zookeeperPort, java);
    await addScramUsers(layout, layout.zookeeperPort, java);
  }

  const addresses = layout.nodes.map((node) => addressOf(node, "PLAINTEXT"));
  const brokers = layout.nodes.map((node) => makeBroker(node, java));
  await Promise.all(brokers.map(({ start }) => start(addresses, deadline)));

  const bootstrapOf = (listener: ListenerName): string =>
    layout.nodes.map((node) => addressOf(node, listener)).join(",");
  return {
    version,
    bootstrap: bootstrapOf("PLAINTEXT"),
    bootstrapOf,
    brokers: brokers.map(({ broker }) => broker),
    users: layout.users,
    zookeeper: layout.zookeeperPort === undefined ? undefined : `127.0.0.1:${layout.zookeeperPort}`,
    certificates: layout.certificates,
    [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose](),
  };
}

function layoutNodes(
  directory: string,
  brokers: number,
  listeners: readonly ListenerName[],
  withZookeeper: boolean,
): Pick<ClusterLayout, "nodes" | "zookeeperPort"> {
  const ports = [...freePorts(1 + brokers * (2 + listeners.length))];
  const nextPort = (): number => {
    const port = ports.pop();
    if (port === undefined) throw new Error("Cannot lay out the cluster: too few ports reserved");
    return port;
  };
  const nodes = Array.from({ length: brokers }, (_, index) => ({
    nodeId: index + 1,
    logDir: `${directory}/broker-${index + 1}`,
    controllerPort: nextPort(),
    ports: Object.fromEntries(listeners.map((name) => [name, nextPort()])),
    ...(listeners.includes("FAR") && { farPort: nextPort() }),
  }));
  return { nodes, zookeeperPort: withZookeeper ? nextPort() : undefined };
}

async function startZookeeper(directory: string, port: number, java: Java): Promise<void> {
  const config = `${directory}/zoo.cfg`;
  await Deno.writeTextFile(config, zookeeperConfig(port, `${directory}/zookeeper`));
  java(
    "org.apache.zookeeper.server.quorum.QuorumPeerMain",
    [config],
    `${directory}/zookeeper.log`,
  );
}
