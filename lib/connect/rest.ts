// Kafka Connect's REST API, as far as a migration needs it. What a cluster answers while it rebalances or a worker starts
// is asked again; what it refuses comes back as an error with its own first line. It follows no redirect and knows nothing
// of MirrorMaker.

import { innermostMessage } from "../model/error_message.ts";
import { escapeName } from "../model/escape_name.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { NextOffset, NextOffsets } from "./pure/source_offsets.ts";
import type { ConnectorStatus, ConnectState } from "./pure/watch.ts";

/** What kept a request from being answered, or what was answered instead; `message` is a sentence without a full stop. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  /** @param status 0 where there was no answer */
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

/** A Connect cluster, by one of its workers. */
export interface ConnectCluster {
  readonly url: string;
  /** Waits for a worker that is starting: until then it denies connectors that exist (KIP-1017; older ones don't tell). */
  ready(): Promise<void>;
  /** Which version it is, and which Kafka cluster keeps its state. */
  about(): Promise<{ readonly version: string; readonly kafkaClusterId: string }>;
  /** Classes of the connectors that it can run. */
  plugins(): Promise<readonly string[]>;
  /** What is wrong with a configuration: each setting's errors. */
  validate(config: ConnectorSettings): Promise<readonly SettingErrors[]>;
  /** Creates a connector that does not run, and waits until its status shows; does nothing where there is one of the name. */
  create(name: string, config: ConnectorSettings): Promise<void>;
  configure(name: string, config: ConnectorSettings): Promise<void>;
  /** Undefined where there is no such connector. */
  status(name: string): Promise<ConnectorStatus | undefined>;
  /** Next source offsets of a connector that calls the source by its own name. */
  offsets(name: string): Promise<NextOffsets>;
  /** Of a stopped connector. */
  storeOffsets(name: string, offsets: readonly NextOffset[]): Promise<void>;
  /** Of a stopped connector. */
  forgetOffsets(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** A connector's configuration. */
export type ConnectorSettings = Readonly<Record<string, string>>;

/** What Connect has against a setting. */
export interface SettingErrors {
  readonly setting: string;
  readonly errors: readonly string[];
}

const REQUEST_TIMEOUT_MS = 30_000;
/** Rebalances and starts of workers take less. */
const RETRY_FOR_MS = 60_000;
const LONGEST_REASON = 300;

/**
 * Talks to a Connect cluster.
 *
 * @param retryForMs how long answers that may change are asked for again
 */
export function openConnect(
  url: string,
  signal: AbortSignal,
  retryForMs = RETRY_FOR_MS,
): ConnectCluster {
  const base = url.replace(/\/+$/, "");
  const backoff = createBackoff({ ...CONTROL_BACKOFF, totalMs: retryForMs }, signal);

  async function once(method: string, path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        redirect: "manual",
        headers: { accept: "application/json", "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      const reason = firstLine(innermostMessage(error));
      throw new ConnectError(`Connect at ${base} does not answer: ${reason}`, 0);
    }
    const answer = parsed(text);
    if (response.ok && answer !== NOT_JSON) return answer;
    const { message } = Object(answer === NOT_JSON ? undefined : answer);
    const said = typeof message === "string"
      ? firstLine(message)
      : "nothing that Connect would say";
    throw new ConnectError(
      `Connect at ${base} answers ${response.status} to ${method} ${path}: ${said}`,
      response.status,
    );
  }

  /** Repeats a request while that may help: no answer, a rebalance (409), a worker that is not ready (500, 503). */
  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    let last: ConnectError | undefined;
    const { answer } = await backoff(async () => {
      try {
        return { answer: await once(method, path, body) };
      } catch (error) {
        if (!(error instanceof ConnectError) || !isPassing(error)) throw error;
        last = error;
        return undefined;
      }
    }, () => last);
    return answer;
  }

  const connector = (name: string) => `/connectors/${encodeURIComponent(name)}`;
  const isThere = (statuses: readonly number[]) => (error: unknown) => {
    if (error instanceof ConnectError && statuses.includes(error.status)) return undefined;
    throw error;
  };

  return {
    url: base,
    async ready() {
      await ask("GET", "/health").catch(isThere([404]));
    },
    async about() {
      const { version, kafka_cluster_id: kafkaClusterId } = Object(await ask("GET", "/"));
      if (typeof version === "string" && typeof kafkaClusterId === "string") {
        return { version, kafkaClusterId };
      }
      throw new ConnectError(`What answers at ${base} is not Kafka Connect`, 200);
    },
    async plugins() {
      return list(await ask("GET", "/connector-plugins")).flatMap((plugin) => {
        const { class: name } = Object(plugin);
        return typeof name === "string" ? [name] : [];
      });
    },
    async validate(config) {
      const name = String(config["connector.class"]).split(".").at(-1) ?? "";
      const { configs } = Object(
        await ask("PUT", `/connector-plugins/${name}/config/validate`, config),
      );
      return list(configs).flatMap((each): SettingErrors[] => {
        const { name: setting, errors } = Object(Object(each).value);
        const said = list(errors).flatMap((text) =>
          typeof text === "string" ? [firstLine(text)] : []
        );
        return said.length === 0 ? [] : [{ setting: String(setting), errors: said }];
      });
    },
    async create(name, config) {
      const wanted = { name, config, initial_state: "STOPPED" };
      let last: ConnectError | undefined;
      await backoff(async () => {
        if (await this.status(name) !== undefined) return true;
        try {
          // A name that exists is answered like a rebalance, and its status may come later than the name.
          await once("POST", "/connectors", wanted);
        } catch (error) {
          if (!(error instanceof ConnectError) || !isPassing(error)) throw error;
          last = error;
        }
        return undefined;
      }, () => last ?? new ConnectError(`Connect at ${base} does not show connector ${name}`, 0));
    },
    async configure(name, config) {
      await ask("PUT", `${connector(name)}/config`, config);
    },
    async status(name) {
      const answer = await ask("GET", `${connector(name)}/status`).catch(isThere([404]));
      if (answer === undefined) return undefined;
      const { connector: own, tasks } = Object(answer);
      return { connector: stateOf(own), tasks: list(tasks).map(stateOf) };
    },
    async offsets(name) {
      const { offsets } = Object(await ask("GET", `${connector(name)}/offsets`));
      return new Map(
        list(offsets).flatMap((each): [string, bigint][] => {
          const { partition: of, offset: at } = Object(each);
          const { cluster, topic, partition } = Object(of);
          const { offset } = Object(at);
          const known = cluster === name && typeof topic === "string" &&
            Number.isSafeInteger(partition) && Number.isSafeInteger(offset);
          return known ? [[formatTopicPartition({ topic, partition }), BigInt(offset) + 1n]] : [];
        }),
      );
    },
    async storeOffsets(name, offsets) {
      if (offsets.length === 0) return;
      await ask("PATCH", `${connector(name)}/offsets`, {
        offsets: offsets.map(({ topic, partition, nextOffset }) => ({
          partition: { cluster: name, topic, partition },
          offset: { offset: Number(nextOffset - 1n) },
        })),
      });
    },
    async forgetOffsets(name) {
      await ask("DELETE", `${connector(name)}/offsets`);
    },
    async resume(name) {
      await ask("PUT", `${connector(name)}/resume`);
    },
    async stop(name) {
      await ask("PUT", `${connector(name)}/stop`);
    },
    async restart(name) {
      await ask("POST", `${connector(name)}/restart?includeTasks=true&onlyFailed=true`);
    },
    async remove(name) {
      await ask("DELETE", connector(name)).catch(isThere([404]));
    },
  };
}

function isPassing({ status }: ConnectError): boolean {
  return status === 0 || status === 409 || status === 500 || status === 503;
}

const NOT_JSON = Symbol("not JSON");

/** An empty response is valid: Connect answers commands with one. */
function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function stateOf(value: unknown): ConnectState {
  const { state, worker_id: worker, trace } = Object(value);
  return {
    state: typeof state === "string" ? state : "",
    worker: typeof worker === "string" ? worker : "",
    ...(typeof trace === "string" && trace !== "" && { trace: firstAndLast(trace) }),
  };
}

function firstLine(text: string): string {
  return escapeName(text.split("\n", 1)[0] ?? "").slice(0, LONGEST_REASON);
}

/** What a stack trace begins with, which may say no more than where, and its innermost cause: why. */
function firstAndLast(trace: string): string {
  const [first = ""] = trace.split("\n", 1);
  const cause = [...trace.matchAll(/^Caused by: (.*)$/gm)].at(-1)?.[1];
  const said = [first, ...(cause === undefined ? [] : [cause])];
  return said.map((line) => firstLine(withoutPassword(line))).join(", caused by ");
}

/** Behind a quote that is not escaped, Java takes the rest of a password for a name, and says it. */
function withoutPassword(line: string): string {
  return line.includes("JAAS") ? line.replace(/'.*'/, "***") : line;
}
