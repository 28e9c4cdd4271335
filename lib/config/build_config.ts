// Builds the configuration from a file without problems and the outside values that it names. Nothing is checked here: a file
// that lacks something was refused before.

import type { OutsideValues } from "./outside_values.ts";
import type {
  ClusterConfig,
  MigrationConfig,
  MigrationFile,
  SaslConfig,
  TlsConfig,
} from "./schema.ts";
import type { Secret } from "./secrets.ts";
import { pathKey } from "./yaml_source.ts";

type ClusterFile = MigrationFile["source"];

/**
 * Turns the file's content into the program's configuration.
 *
 * @param path the config file's path; relative paths in the file start in its folder
 */
export function buildConfig(
  file: MigrationFile,
  outside: OutsideValues,
  path: string,
): MigrationConfig {
  const { bytesPerSecond, giveUpAfter } = file.limits;
  return {
    checkFlag: file.checkFlag,
    source: buildCluster("source", file.source, outside, path),
    target: buildCluster("target", file.target, outside, path),
    topics: file.topics,
    groups: file.groups,
    uncommitted: file.uncommitted,
    createTopics: typeof file.createTopics === "object"
      ? withoutUndefined(file.createTopics)
      : file.createTopics && {},
    groupOffsets: file.groupOffsets,
    verify: file.verify,
    nonEmptyTarget: file.nonEmptyTarget,
    accept: file.accept,
    limits: withoutUndefined({ bytesPerSecond, giveUpAfterMs: giveUpAfter }),
    ...(file.ranges !== undefined && { ranges: file.ranges.map(withoutUndefined) }),
    engine: file.engine === "local" ? "local" : { connect: buildConnect(file.engine.connect) },
  };
}

function buildConnect(connect: Exclude<MigrationFile["engine"], "local">["connect"]) {
  const { url, tasks, secrets } = connect;
  return {
    ...withoutUndefined({ url, tasks }),
    ...(secrets !== undefined && { secrets: withoutUndefined(secrets) }),
  };
}

function buildCluster(
  name: string,
  file: ClusterFile,
  outside: OutsideValues,
  path: string,
): ClusterConfig {
  return {
    bootstrapServers: file.bootstrapServers,
    addresses: file.addresses ?? new Map(),
    ...(file.tls !== false && { tls: buildTls(name, file.tls, outside) }),
    ...(file.sasl !== undefined && { sasl: buildSasl(name, file.sasl, outside, path) }),
  };
}

function buildTls(
  cluster: string,
  file: Exclude<ClusterFile["tls"], false>,
  { texts, secrets }: OutsideValues,
): TlsConfig {
  const given = file === true ? {} : file;
  const at = (key: string) => pathKey([cluster, "tls", key]);
  return withoutUndefined({
    ca: texts.get(at("ca")),
    cert: texts.get(at("cert")),
    key: secrets.get(at("key")),
    serverName: given.serverName,
    verifyHostname: given.verifyHostname ?? true,
  });
}

function buildSasl(
  cluster: string,
  file: NonNullable<ClusterFile["sasl"]>,
  { secrets }: OutsideValues,
  path: string,
): SaslConfig {
  const secret = (...keys: readonly string[]): Secret => {
    const found = keys.map((key) => secrets.get(pathKey([cluster, "sasl", key]))).find(Boolean);
    if (found === undefined) throw new Error(`Cannot build ${cluster}.sasl: it has no secret`);
    return found;
  };
  const { mechanism } = file;
  if (mechanism !== "OAUTHBEARER") {
    return { mechanism, username: file.username, password: secret("password", "passwordFile") };
  }
  const { tokenFile, tokenEndpoint = "", clientId = "", scope, extensions } = file;
  if (tokenFile !== undefined) {
    return withoutUndefined({ mechanism, tokenFile: beside(path, tokenFile), extensions });
  }
  const clientSecret = secret("clientSecret");
  const endpoint = { tokenEndpoint, clientId, clientSecret, scope };
  return withoutUndefined({ mechanism, ...endpoint, extensions });
}

/** Resolves a path of the config, which is relative to the config's folder. */
function beside(configPath: string, path: string): string {
  return path.startsWith("/") ? path : configPath.slice(0, configPath.lastIndexOf("/") + 1) + path;
}

type Defined<T> =
  & { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** The object without the keys whose value is undefined: an optional key is absent or has a value. */
function withoutUndefined<T extends object>(object: T): Defined<T> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
