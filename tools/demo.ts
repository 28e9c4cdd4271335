/**
 * `deno task demo`: the worked example on two real local Kafka brokers. Checks, migrates, shows the screen and the log,
 * and has an independent client compare both clusters; the exit status says whether everything arrived. With
 * `--binary PATH` the compiled program does it, alone in an empty folder; with `--from` and `--to` the brokers are of
 * other releases of Kafka. Refuses to touch any cluster but its own.
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { permissions } from "./compile.ts";
import { startKafka } from "../tests/support/kafka_cluster.ts";
import {
  isKafkaVersion,
  isSince,
  type KafkaVersion,
  kafkaVersions,
  OLDEST_TARGET,
} from "../tests/support/kafka_releases.ts";
import { type Judge, startJudge } from "../tests/support/librdkafka.ts";
import { guardedDirectory, type ProcessGuard } from "../tests/support/process_guard.ts";
import {
  exampleMessages,
  examplePartitions,
  exampleTopics,
  seedWorkedExample,
} from "../tests/support/worked_example.ts";

/** What the log has to say about the example, in the words operators know. */
const awaitedInLog: readonly RegExp[] = [
  /Prepare to migrate topic: test3, partition: 0, submitted offset: 187800\b.*messages: 76522\b/,
  /topic: test1\b.*3713\b.*messages have expired.*5226\b/,
  /topic: test1\b.*5226\b.*skip migrate\.\.\./,
];

const DEFAULT_VERSION: KafkaVersion = "4.1.0";

interface Program {
  readonly path: string;
  readonly args: readonly string[];
}

/** Runs the demo. @returns the exit status: 0 when every message arrived, byte for byte */
async function demo(args: readonly string[]): Promise<number> {
  const options = {
    binary: { type: "string" },
    from: { type: "string", default: DEFAULT_VERSION },
    to: { type: "string", default: DEFAULT_VERSION },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const { from, to } = values;
  const targets = kafkaVersions.filter((version) => isSince(version, OLDEST_TARGET));
  if (!isKafkaVersion(from)) return refuse(`--from ${from}`, kafkaVersions);
  if (!isKafkaVersion(to) || !targets.includes(to)) return refuse(`--to ${to}`, targets);
  const binary = values.binary === undefined ? undefined : typedPath(values.binary);
  if (binary !== undefined && !await isFile(binary)) {
    say(`There is no ${binary}: run the task compile first`);
    return 2;
  }
  say(`Brokers of Kafka ${from} and ${to} start; topics test1 to test4 are filled`);
  await using judge = await startJudge();
  const [sourceCluster, targetCluster] = await Promise.all(
    [from, to].map((version) => startKafka({ version })),
  );
  if (sourceCluster === undefined || targetCluster === undefined) throw new Error("No clusters");
  await using _source = sourceCluster;
  await using _target = targetCluster;
  const [source, target] = [sourceCluster.bootstrap, targetCluster.bootstrap];
  await seedWorkedExample(source, target, judge, {
    expiry: isSince(from, "0.11.0.3") ? "deletion" : "age",
    // Of the releases here, these are the ones since 2.1.
    zstd: isSince(from, "2.3.1") && isSince(to, "2.3.1"),
  });

  await using guard = await guardedDirectory("data-migrate-demo-");
  const program = await programIn(guard.directory, binary);
  const problems: string[] = [];

  await runProgram(guard, program, configText(0, source, target), problems);
  const early = await Promise.all(
    examplePartitions.map(({ topic, partition }) => judge.watermarks(target, topic, partition)),
  );
  if (early.some(({ highWatermark }) => highWatermark > 0n)) {
    problems.push("The check wrote to the target");
  }
  await runProgram(guard, program, configText(1, source, target), problems);
  problems.push(...await showLog(`${guard.directory}/migration.log`));
  const page = await Deno.readTextFile(`${guard.directory}/migration.report.html`).catch(() => "");
  if (!page.includes("Migrated and verified: 103,882 messages")) {
    problems.push("The page of the report doesn't say what was migrated");
  }

  say("What an independent client (librdkafka) reads on both sides");
  for (const { topic, partition, start, end } of examplePartitions) {
    const range = { topic, partition, start, end };
    const problem = await comparePartition(judge, source, target, range);
    if (problem !== undefined) problems.push(problem);
  }
  const total = exampleTopics.reduce((sum, topic) => sum + exampleMessages(topic), 0n);
  if (problems.length === 0) {
    say(`Demo passed: all ${total.toLocaleString("en")} messages arrived, byte for byte`);
    return 0;
  }
  say(`Demo failed:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  return 1;
}

/** @returns the exit status */
function refuse(what: string, possible: readonly KafkaVersion[]): number {
  say(`There is no demo ${what}; possible are ${possible.join(", ")}`);
  return 2;
}

/** The program as an operator has it: the binary alone in the folder, or the sources with the same permissions. */
async function programIn(directory: string, binary: string | undefined): Promise<Program> {
  if (binary === undefined) {
    const main = fileURLToPath(new URL("../main.ts", import.meta.url));
    const args = ["run", ...permissions, main, `${directory}/migration.yaml`];
    return { path: Deno.execPath(), args };
  }
  const path = `${directory}/data-migrate`;
  await Deno.copyFile(binary, path);
  await Deno.chmod(path, 0o755);
  return { path, args: [] };
}

/** A task runs in the folder of deno.json; paths are meant from where it was typed. */
const typedPath = (path: string): string => resolve(Deno.env.get("INIT_CWD") ?? ".", path);

const isFile = (path: string): Promise<boolean> =>
  Deno.stat(path).then((found) => found.isFile, () => false);

const configText = (checkFlag: 0 | 1, source: string, target: string): string =>
  `checkFlag: ${checkFlag}
source:
  bootstrapServers: ${source}
target:
  bootstrapServers: ${target}
`;

/** Runs the program over a config; its screen is ours. */
async function runProgram(
  guard: ProcessGuard,
  program: Program,
  config: string,
  problems: string[],
): Promise<void> {
  say(`data-migrate with this migration.yaml:\n\n${config.trimEnd()}`);
  await Deno.writeTextFile(`${guard.directory}/migration.yaml`, config);
  const { code } = await guard.launch(program.path, program.args).status;
  if (code !== 0) problems.push(`The program ended with exit status ${code} instead of 0`);
}

async function showLog(path: string): Promise<readonly string[]> {
  say("migration.log");
  const log = await Deno.readTextFile(path).catch(() => "");
  print(`${log}\n`);
  return awaitedInLog.filter((awaited) => !awaited.test(log))
    .map((awaited) => `The log doesn't say ${awaited.source}`);
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** @returns what differs; nothing when the target holds the source's range and no more */
async function comparePartition(
  judge: Judge,
  source: string,
  target: string,
  { topic, partition, start, end }: Range,
): Promise<string | undefined> {
  const [sent, arrived] = await Promise.all([
    judge.read(source, topic, partition, { start, end }),
    judge.read(target, topic, partition),
  ]);
  const expected = Number(end - start);
  const where = `${topic}, partition ${partition}`;
  const counts = `${arrived.count.toLocaleString("en")} of ${expected.toLocaleString("en")}`;
  const same = sent.digest === arrived.digest && sent.count === expected &&
    arrived.count === expected;
  print(`${where}: ${counts.padEnd(18)} ${same ? "the same" : "DIFFERENT"}  ${arrived.digest}\n`);
  return same ? undefined : `${where}: source and target differ (${counts} messages)`;
}

function say(text: string): void {
  print(`\n=== ${text}\n\n`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) Deno.exitCode = await demo(Deno.args);
