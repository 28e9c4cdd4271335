/**
 * A real Kafka Connect cluster with MirrorMaker 2 on loopback: `await using connect = await startConnect({ bootstrap })`.
 * Its jars are fetched by Maven on first use. Each worker can be killed and started again. Refuses to leave a process or
 * a file behind (process_guard.ts).
 */

import { fileURLToPath } from "node:url";
import { freePorts } from "./free_ports.ts";
import { javaIn, lastWords } from "./kafka_java.ts";
import { guardedDirectory } from "./process_guard.ts";
import { mavenJars } from "./maven.ts";
import { propertiesText } from "./properties_text.ts";

/** The releases that tests run. */
export const CONNECT_VERSIONS_TRIED = ["3.7.2", "4.1.0"] as const;

/** What Connect cluster is wanted. */
export interface ConnectOptions {
  /** The Kafka cluster that keeps its state: the target of the migration, as a rule. */
  readonly bootstrap: string;
  /** "4.1.0" unless told. */
  readonly version?: string;
  /** How many, 2 unless told. */
  readonly workers?: number;
  /** Java heap of each worker, MiB; 384 unless told. */
  readonly heapMb?: number;
  /** Worker settings beyond ours, or in place of them. */
  readonly properties?: Readonly<Record<string, string>>;
  /** What the workers' `file` config provider may read. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** One worker. */
export interface ConnectWorker {
  /** Of its REST API. */
  readonly url: string;
  readonly logFile: string;
  readonly pid: number;
  /** Sends SIGKILL and waits for the end. */
  readonly kill: () => Promise<void>;
  /** Starts it again after `kill`, on the same port, and waits until it answers. */
  readonly restart: () => Promise<void>;
}

/** A running Connect cluster. */
export interface ConnectCluster extends AsyncDisposable {
  readonly workers: readonly ConnectWorker[];
  /** Of the first worker's REST API. */
  readonly url: string;
  /** What that answers to GET. */
  readonly get: (path: string) => Promise<unknown>;
  /** What stands for one of the `secrets` in a connector's configuration. */
  readonly reference: (name: string) => string;
}

/**
 * Fetches Connect with MirrorMaker 2 unless it is there.
 * @returns the class path to give to `java -cp`
 */
export async function connectClassPath(version: string): Promise<string> {
  return await mavenJars({
    name: `connect-${version}`,
    pom: fileURLToPath(new URL("../kafka/connect.pom.xml", import.meta.url)),
    options: [`-Dkafka.version=${version}`],
    title: `Kafka Connect ${version} with Maven`,
    size: "about 33 MB, and 20 MB of Maven's own where it has none yet",
  });
}

/**
 * Starts the workers and waits until each answers.
 * @throws Error with the end of a worker's log when it doesn't start
 */
export async function startConnect(options: ConnectOptions): Promise<ConnectCluster> {
  const classPath = await connectClassPath(options.version ?? "4.1.0");
  const guard = await guardedDirectory("data-migrate-connect-");
  try {
    const { directory } = guard;
    const java = javaIn(guard, classPath, options.heapMb ?? 384);
    const secretsFile = `${directory}/secrets.properties`;
    await Deno.writeTextFile(secretsFile, propertiesText(options.secrets ?? {}));
    const group = `connect-${crypto.randomUUID().slice(0, 8)}`;
    const workers = await Promise.all(
      freePorts(options.workers ?? 2).map(async (port, index): Promise<ConnectWorker> => {
        const url = `http://127.0.0.1:${port}`;
        const [file, logFile] = ["properties", "log"].map((end) =>
          `${directory}/worker-${index + 1}.${end}`
        ) as [string, string];
        await Deno.writeTextFile(file, workerProperties(group, url, options));
        let process: Deno.ChildProcess;
        const launch = () =>
          java("org.apache.kafka.connect.cli.ConnectDistributed", [file], logFile);
        const start = async () => {
          process = await startWorker(launch, url, logFile);
        };
        await start();
        return {
          url,
          logFile,
          get pid() {
            return process.pid;
          },
          async kill() {
            process.kill("SIGKILL");
            await process.status;
          },
          restart: start,
        };
      }),
    );
    const url = workers[0]?.url ?? "";
    return {
      workers,
      url,
      get: async (path) => await (await fetch(`${url}${path}`)).json(),
      reference: (name) => `\${file:${secretsFile}:${name}}`,
      [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose](),
    };
  } catch (error) {
    await guard[Symbol.asyncDispose]();
    throw error;
  }
}

/** What stands for the content of a file that the workers can read in a connector's configuration. */
export function fileReference(path: string): string {
  return path.replace(/(.*)\/(.*)/, "${directory:$1:$2}");
}

function workerProperties(
  group: string,
  url: string,
  { bootstrap, properties = {} }: ConnectOptions,
): string {
  const converter = "org.apache.kafka.connect.converters.ByteArrayConverter";
  const providers = "org.apache.kafka.common.config.provider";
  const storages = ["offset", "status", "config"].flatMap((name) => [
    [`${name}.storage.topic`, `${group}-${name}`],
    [`${name}.storage.replication.factor`, "1"],
    ...(name === "config" ? [] : [[`${name}.storage.partitions`, "1"]]),
  ]);
  const settings = {
    "bootstrap.servers": bootstrap,
    "group.id": group,
    "key.converter": converter,
    "value.converter": converter,
    ...Object.fromEntries(storages),
    listeners: url,
    "exactly.once.source.support": "enabled",
    "config.providers": "file,directory",
    "config.providers.file.class": `${providers}.FileConfigProvider`,
    "config.providers.directory.class": `${providers}.DirectoryConfigProvider`,
    // A worker that was killed is missed soon, and its tasks go on elsewhere at once.
    "session.timeout.ms": "6000",
    "heartbeat.interval.ms": "1000",
    "scheduled.rebalance.max.delay.ms": "0",
    ...properties,
  };
  return propertiesText(settings);
}

const READY_WITHIN_MS = 180_000;

/**
 * Starts a worker and waits until it answers. One that ends is started again: it gives up when its broker is silent for a
 * minute, as may happen where much else begins on the machine.
 */
async function startWorker(
  launch: () => Deno.ChildProcess,
  url: string,
  logFile: string,
): Promise<Deno.ChildProcess> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    const process = launch();
    let ended = false;
    process.status.then(() => ended = true);
    while (!ended && Date.now() < deadline) {
      if (await answers(url)) return process;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`The Connect worker is not ready in time: ${await lastWords(logFile)}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    // Before 3.9 there is no `/health` (KIP-1017): what lists connectors has at least begun.
    for (const path of ["/health", "/connectors"]) {
      const { ok, status, body } = await fetch(`${url}${path}`);
      await body?.cancel();
      if (ok) return true;
      if (status !== 404) return false;
    }
  } catch {
    // It does not listen yet.
  }
  return false;
}
