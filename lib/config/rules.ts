// Rules between keys of `migration.yaml`: which keys need each other, and which exclude each other. They look at the content
// as it is written, so that they are checked whatever else is wrong with it.

import { formatPath, type LocatedProblem, valueAt } from "./located_problem.ts";
import { isInternalTopicName } from "../plan/name_filter.ts";
import { pathKey } from "./yaml_source.ts";

type Path = readonly PropertyKey[];

/**
 * Checks the rules between keys.
 *
 * @param meant paths, as map keys, that a misspelt key was probably meant for: they do not count as missing.
 */
export function checkRules(
  content: unknown,
  meant: ReadonlySet<string>,
): readonly LocatedProblem[] {
  const has = (path: Path): boolean =>
    valueAt(content, path) !== undefined || meant.has(pathKey(path));
  return [
    ...["source", "target"].flatMap((cluster) => [
      ...saslRules([cluster, "sasl"], content, has),
      ...tlsRules([cluster, "tls"], has),
    ]),
    ...rangeRules(content, has),
    ...connectRules(content, has),
  ];
}

type Has = (path: Path) => boolean;

function saslRules(sasl: Path, content: unknown, has: Has): readonly LocatedProblem[] {
  const mechanism = valueAt(content, [...sasl, "mechanism"]);
  if (mechanism === "OAUTHBEARER") return tokenRules(sasl, has);
  if (!["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].includes(String(mechanism))) return [];
  return exactlyOne(sasl, "password", "passwordFile", has);
}

function tokenRules(sasl: Path, has: Has): readonly LocatedProblem[] {
  if (has([...sasl, "tokenFile"]) || !has([...sasl, "tokenEndpoint"])) {
    return exactlyOne(sasl, "tokenFile", "tokenEndpoint", has);
  }
  return ["clientId", "clientSecret"]
    .flatMap((key) => together(sasl, "tokenEndpoint", key, has));
}

function tlsRules(tls: Path, has: Has): readonly LocatedProblem[] {
  return [
    ...together(tls, "cert", "key", has),
    ...together(tls, "key", "cert", has),
    ...together(tls, "passphrase", "key", has),
  ];
}

function exactlyOne(parent: Path, a: string, b: string, has: Has): readonly LocatedProblem[] {
  const first = has([...parent, a]);
  if (first !== has([...parent, b])) return [];
  const words = first ? `both ${a} and ${b}` : `neither ${a} nor ${b}`;
  const message = `${formatPath(parent)} has ${words}, expected one of them`;
  return [{ path: [...parent, first ? b : a], at: first ? "key" : "parent", message }];
}

function together(parent: Path, given: string, needed: string, has: Has) {
  if (!has([...parent, given]) || has([...parent, needed])) return [];
  const message = `${formatPath(parent)} has ${given} without ${needed}, expected both`;
  return [{ path: [...parent, given], at: "key", message } satisfies LocatedProblem];
}

function rangeRules(content: unknown, has: Has): readonly LocatedProblem[] {
  const ranges = valueAt(content, ["ranges"]);
  if (!Array.isArray(ranges)) return [];
  const problems: LocatedProblem[] = [];
  if (has(["groups"])) {
    const message = "ranges and groups exclude each other, expected one of them";
    problems.push({ path: ["ranges"], at: "key", message });
  }
  if (valueAt(content, ["groupOffsets"]) === "commit") {
    const message =
      "ranges and groupOffsets: commit exclude each other, expected one of them (ranges ask no group)";
    problems.push({ path: ["ranges"], at: "key", message });
  }
  const seen = new Set<string>();
  for (const index of ranges.keys()) {
    const path = ["ranges", index];
    const [topic, partition, start, end] = ["topic", "partition", "start", "end"]
      .map((key) => valueAt(content, [...path, key]));
    if (isInteger(start) && isInteger(end) && end <= start) {
      const message = `${formatPath(path)} holds nothing, expected end beyond start`;
      problems.push({ path: [...path, "end"], at: "value", message });
    }
    if (typeof topic === "string" && isInternalTopicName(topic)) {
      const message = `${formatPath(path)} is of an internal topic, which is never migrated`;
      problems.push({ path: [...path, "topic"], at: "value", message });
    }
    const name = pathKey([String(topic), String(partition)]);
    if (topic !== undefined && partition !== undefined && seen.has(name)) {
      const message = `${formatPath(path)} is a second range of its partition, expected one`;
      problems.push({ path, at: "value", message });
    }
    seen.add(name);
  }
  return problems;
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

const CONNECT: Path = ["engine", "connect"];

/** Settings that Connect's workers cannot be given, or that they lack: workers log in themselves, with Java clients. */
function connectRules(content: unknown, has: Has): readonly LocatedProblem[] {
  if (!has(CONNECT)) return [];
  const refuse = (path: Path, why: string): readonly LocatedProblem[] => {
    const message = `${formatPath(path)} is not supported with engine.connect: ${why}`;
    return has(path) ? [{ path, at: "key", message }] : [];
  };
  const isOauth = (cluster: string) =>
    valueAt(content, [cluster, "sasl", "mechanism"]) === "OAUTHBEARER";
  const clusters = ["source", "target"];
  const missing = clusters.flatMap((cluster) => {
    const lacks = (...names: readonly string[]) =>
      !names.some((name) => has([...CONNECT, "secrets", cluster, name]));
    return [
      ...(has([cluster, "sasl"]) && !isOauth(cluster) && lacks("password", "sasl.jaas.config")
        ? [`${cluster}.password`]
        : []),
      ...(has([cluster, "tls", "key"]) && lacks("key", "ssl.keystore.location")
        ? [`${cluster}.key`]
        : []),
    ];
  });
  const [first] = missing;
  const ranges = valueAt(content, ["ranges"]);
  return [
    ...(Array.isArray(ranges) ? [...ranges.keys()] : []).flatMap((index) =>
      refuse(["ranges", index, "end"], "a connector copies up to the end of the log")
    ),
    ...refuse(["limits", "bytesPerSecond"], "set a quota on the brokers instead"),
    ...clusters.flatMap((cluster) => [
      ...(isOauth(cluster)
        ? refuse([cluster, "sasl", "mechanism"], "OAUTHBEARER, expected PLAIN or SCRAM")
        : []),
      ...refuse(
        [cluster, "tls", "serverName"],
        "Java clients expect the host that a broker advertises",
      ),
    ]),
    ...(first === undefined ? [] : [
      {
        path: [...CONNECT, "secrets"],
        at: "parent",
        message: `engine.connect.secrets lacks ${
          missing.join(" and ")
        }, expected config provider references such as '\${file:/etc/connect/secrets:${first}}': no secret is posted to Connect, its workers read their own`,
      } satisfies LocatedProblem,
    ]),
  ];
}
