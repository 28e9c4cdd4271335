/**
 * One broker as a process that can be started, killed, frozen and started again. Refuses to know how its storage and
 * its configuration came to be.
 */

import { type Java, lastWords } from "./kafka_java.ts";
import { knownBrokers } from "./kafka_metadata.ts";
import {
  addressOf,
  type ListenerName,
  logFileOf,
  type NodeLayout,
  propertiesFile,
} from "./kafka_properties.ts";

/** One broker of a running cluster. */
export interface KafkaBroker {
  readonly nodeId: number;
  /** `127.0.0.1:port` of its PLAINTEXT listener. */
  readonly address: string;
  /** Of any of its listeners. @throws Error when the cluster has no such listener */
  readonly addressOf: (listener: ListenerName) => string;
  /** Where a proxy to its FAR listener has to listen, `127.0.0.1:port`; the cluster may have no such listener. */
  readonly farAddress: string | undefined;
  /** Where its partitions' logs lie. */
  readonly logDir: string;
  /** The file with its warnings and errors. */
  readonly logFile: string;
  /** Its process id; the last one when it is down. */
  readonly pid: number;
  /** Sends a signal, SIGKILL unless told, and waits for the end where the signal means one. */
  readonly kill: (signal?: Deno.Signal) => Promise<void>;
  /** Starts it again after `kill`, on the same ports and logs, and waits until it is ready. */
  readonly restart: () => Promise<void>;
}

/** A broker with the first start that only its cluster may do. */
export interface StartableBroker {
  readonly broker: KafkaBroker;
  /**
   * Starts it and waits until it answers and knows the brokers at these PLAINTEXT addresses.
   * @param deadline ms since the epoch
   */
  readonly start: (awaited: readonly string[], deadline: number) => Promise<void>;
}

/** @param java starts the release's programs */
export function makeBroker(node: NodeLayout, java: Java): StartableBroker {
  let process: Deno.ChildProcess | undefined;
  let exited: Deno.CommandStatus | undefined;

  const running = (): Deno.ChildProcess => {
    if (process === undefined) throw new Error("Cannot reach the broker: it was never started");
    return process;
  };
  const launch = (): void => {
    exited = undefined;
    const launched = java("kafka.Kafka", [propertiesFile(node)], logFileOf(node));
    process = launched;
    launched.status.then((status) => {
      if (process === launched) exited = status;
    });
  };
  const start = async (awaited: readonly string[], deadline: number): Promise<void> => {
    launch();
    const address = addressOf(node, "PLAINTEXT");
    while (!await knowsAll(address, awaited)) {
      if (exited !== undefined) {
        const words = await lastWords(logFileOf(node));
        // ZooKeeper still remembers the session of the process that was killed.
        const retry = /NodeExistsException|already registered/.test(words);
        if (!retry) throw new Error(`Broker ${node.nodeId} exited while starting: ${words}`);
        launch();
      }
      if (Date.now() > deadline) {
        const words = await lastWords(logFileOf(node));
        throw new Error(`Broker ${node.nodeId} is not ready in time: ${words}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const broker: KafkaBroker = {
    nodeId: node.nodeId,
    address: addressOf(node, "PLAINTEXT"),
    addressOf: (listener) => addressOf(node, listener),
    farAddress: node.farPort === undefined ? undefined : `127.0.0.1:${node.farPort}`,
    logDir: node.logDir,
    logFile: logFileOf(node),
    get pid() {
      return running().pid;
    },
    kill: async (signal = "SIGKILL") => {
      if (exited !== undefined) return;
      running().kill(signal);
      if (signal === "SIGKILL" || signal === "SIGTERM") exited = await running().status;
    },
    restart: async () => {
      if (exited === undefined) throw new Error("Cannot restart a running broker: kill it first");
      // Others may be down on purpose: a broker that knows itself has registered and serves again.
      await start([addressOf(node, "PLAINTEXT")], Date.now() + 60_000);
    },
  };
  return { broker, start };
}

async function knowsAll(address: string, awaited: readonly string[]): Promise<boolean> {
  try {
    const known = new Set((await knownBrokers(address)).map((broker) => broker.address));
    return awaited.every((wanted) => known.has(wanted));
  } catch {
    return false;
  }
}
