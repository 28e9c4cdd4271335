/**
 * What a cluster's storage has to hold before its first start, by Kafka's own tools: a format in KRaft mode, and who may
 * log in with SCRAM, in ZooKeeper where there is one. Refuses to start brokers.
 */

import { type Java, lastWords } from "./kafka_java.ts";
import { type ClusterLayout, logFileOf, propertiesFile } from "./kafka_properties.ts";

/**
 * Formats the first node's storage and the others' after its model: one start of Java.
 * @throws Error with the tool's last words
 */
export async function formatStorage(layout: ClusterLayout, java: Java): Promise<void> {
  const [first, ...others] = layout.nodes;
  if (first === undefined) throw new Error("Cannot start a cluster without brokers: ask for one");
  const credentials = hasSasl(layout)
    ? layout.users.flatMap(({ username, password }) =>
      ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
        "--add-scram",
        `${mechanism}=[name=${username},password=${password}]`,
      ])
    )
    : [];
  const features = layout.features.flatMap((feature) => ["--feature", feature]);
  const arguments_ = [
    "format",
    "-t",
    randomUuid(),
    "-c",
    propertiesFile(first),
    ...credentials,
    ...features,
  ];
  const { success } = await java("kafka.tools.StorageTool", arguments_, logFileOf(first)).status;
  if (!success) {
    throw new Error(`Cannot format the storage: ${await lastWords(logFileOf(first))}`);
  }
  const model = await Deno.readTextFile(`${first.logDir}/meta.properties`);
  for (const node of others) {
    const text = model
      .replace(/^node\.id=.*$/m, `node.id=${node.nodeId}`)
      .replace(/^directory\.id=.*$/m, `directory.id=${randomUuid()}`);
    await copyFolder(first.logDir, node.logDir);
    await Deno.writeTextFile(`${node.logDir}/meta.properties`, text);
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const copy = isDirectory ? copyFolder : Deno.copyFile;
    await copy(`${from}/${name}`, `${to}/${name}`);
  }
}

/**
 * Writes the credentials of SCRAM users into a ZooKeeper that has just been started.
 * @throws Error with the tool's last words
 */
export async function addScramUsers(
  layout: ClusterLayout,
  zookeeperPort: number,
  java: Java,
): Promise<void> {
  if (!hasSasl(layout)) return;
  const logFile = `${layout.nodes[0]?.logDir}.users.log`;
  await Promise.all(layout.users.map(async ({ username, password }) => {
    const mechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
    const { success } = await java("kafka.admin.ConfigCommand", [
      ...["--zookeeper", `127.0.0.1:${zookeeperPort}`, "--alter"],
      ...["--entity-type", "users", "--entity-name", username],
      ...["--add-config", mechanisms.map((name) => `${name}=[password=${password}]`).join(",")],
    ], logFile).status;
    if (!success) throw new Error(`Cannot add ${username}: ${await lastWords(logFile)}`);
  }));
}

/** SCRAM credentials take thousands of hash rounds each: only where somebody can log in with them. */
const hasSasl = (layout: ClusterLayout): boolean =>
  layout.nodes.some((node) => Object.keys(node.ports).some((name) => name.startsWith("SASL_")));

/** Kafka's form of a UUID: base64url without padding, never a leading dash (its tools take that for an option). */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true }).replace(/^-/, "A");
}
