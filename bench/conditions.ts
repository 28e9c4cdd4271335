// What figures depend on: the machine, how busy it was, and the versions of what ran. It measures nothing.

import { cpus, loadavg, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { tryCommand } from "../tests/support/run_command.ts";

/** As lines of text. */
export interface Conditions {
  readonly machine: string;
  /** Of the working tree. */
  readonly commit: string;
  /** Of the start, UTC. */
  readonly date: string;
}

const here = fileURLToPath(new URL(".", import.meta.url));

/** Those before anything runs. */
export async function conditions(): Promise<Conditions> {
  const [processor] = cpus();
  const [load = 0] = loadavg();
  return {
    machine: `${cpus().length} × ${processor?.model ?? "processor unknown"}, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, ` +
      `shared with both brokers; load ${load.toFixed(1)} before the start`,
    commit: firstLine(await said("git", "describe", "--always", "--dirty")),
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
  };
}

/**
 * The versions of what has run, as lines of text: asked afterwards, since peers are installed when it is their turn.
 *
 * @param binary the data-migrate that is measured
 */
export async function versions(binary: string): Promise<readonly string[]> {
  const file = (path: string) => Deno.readTextFile(`${here}/${path}`);
  const pinned = [
    ...(await file("go/go.mod")).matchAll(/^\t(?:\S+\/)?(franz-go)\s+v(\S+)/gm),
    ...(await file("peers/requirements.txt")).matchAll(/^(\S+?)==(\S+)/gm),
    ...(await file("peers/kafkajs/package.json")).matchAll(/"(\S+)": "(\d\S+)"/g),
  ].map(([, name, version]) => `${name} ${version}`);
  return [
    firstLine(await said(binary, "--version")),
    "Kafka and MirrorMaker 2 4.1.0",
    ...pinned,
    kcatVersion(await said("kcat", "-V")),
    firstLine(await said("go", "version")),
    `node ${firstLine(await said("node", "--version"))}`,
    firstLine(await said("python3", "--version")),
    firstLine(await said("java", "-version")),
  ];
}

async function said(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await tryCommand(program, args, { cwd: here });
  return `${stdout}\n${stderr}`.trim();
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function kcatVersion(text: string): string {
  const [, version, librdkafka] = /Version (\S+).*librdkafka (\S+)/.exec(text) ?? [];
  return version === undefined ? "no kcat" : `kcat ${version} (librdkafka ${librdkafka})`;
}
