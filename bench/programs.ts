// The programs the bench runs: data-migrate, compiled anew where its sources are younger; Go programs, built when they
// have changed; the peers, installed on first use into .tools. It runs none of them.

import { fileURLToPath } from "node:url";
import { installOnce } from "../tests/support/install_once.ts";
import {
  ensureGo,
  ensureKcat,
  ensureNode,
  ensurePythonVenv,
} from "../tests/support/prerequisites.ts";
import { runCommand } from "../tests/support/run_command.ts";
import { binarySources } from "../tools/version.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const goFolder = fileURLToPath(new URL("./go", import.meta.url));
const peersFolder = fileURLToPath(new URL("./peers", import.meta.url));

/** Paths of the Go programs; what each is for stands at the beginning of its source. */
export interface GoPrograms {
  readonly admin: string;
  readonly ceilings: string;
  readonly copy: string;
  readonly fill: string;
  readonly link: string;
  readonly measure: string;
  readonly plan: string;
}

/** Builds the Go programs unless they are there. @throws Error where Go is missing or something doesn't build */
export async function goPrograms(): Promise<GoPrograms> {
  const files = (await filesBelow(goFolder)).toSorted();
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const folder = await installOnce("bench-go", texts.join("\n"), async (directory) => {
    await ensureGo();
    await runCommand("go", ["build", "-trimpath", "-o", `${directory}/`, "./..."], {
      cwd: goFolder,
    });
  });
  const program = (name: string): string => `${folder}/${name}`;
  return {
    admin: program("admin"),
    ceilings: program("ceilings"),
    copy: program("copy"),
    fill: program("fill"),
    link: program("link"),
    measure: program("measure"),
    plan: program("plan"),
  };
}

/** Compiles data-migrate where dist/data-migrate is missing or older than a source of it. @returns its path */
export async function dataMigrate(say: (line: string) => void): Promise<string> {
  const binary = `${root}dist/data-migrate`;
  const built = await modifiedAt(binary);
  const changed = await Promise.all(binarySources.map((name) => newest(`${root}${name}`)));
  if (built !== undefined && Math.max(...changed) <= built) return binary;
  say("Compiling data-migrate, whose sources are younger than dist/data-migrate");
  await runCommand(Deno.execPath(), ["run", "-A", `${root}tools/compile.ts`]);
  return binary;
}

/** Installs the Python packages of peers/requirements.txt. @returns a command that runs a script of `peers/` */
export async function pythonPeer(script: string): Promise<readonly string[]> {
  const requirements = `${peersFolder}/requirements.txt`;
  const recipe = await Deno.readTextFile(requirements);
  const folder = await installOnce("bench-python", recipe, async (directory) => {
    await ensurePythonVenv();
    await runCommand("python3", ["-m", "venv", directory]);
    await runCommand(`${directory}/bin/python`, [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
      ...["--only-binary=:all:", "-r", requirements],
    ]);
  });
  return [`${folder}/bin/python`, "-B", `${peersFolder}/${script}`];
}

/** Installs kafkajs with its codecs. @returns a command that runs the peer */
export async function kafkajsPeer(): Promise<readonly string[]> {
  const source = `${peersFolder}/kafkajs`;
  const files = ["package.json", "copy.js"];
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(`${source}/${file}`)));
  const folder = await installOnce("bench-kafkajs", texts.join("\n"), async (directory) => {
    await ensureNode();
    // The program lies beside its packages.
    for (const file of files) await Deno.copyFile(`${source}/${file}`, `${directory}/${file}`);
    await runCommand("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund"], {
      cwd: directory,
    });
  });
  return ["node", `${folder}/copy.js`];
}

/** Installs kcat. @returns a command that runs the peer */
export async function kcatPeer(): Promise<readonly string[]> {
  await ensureKcat();
  return ["sh", `${peersFolder}/kcat_copy.sh`];
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).mtime?.getTime();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** When the youngest file at or below a path was changed. Folders count: a file removed changes its folder. */
async function newest(path: string): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(path);
  let latest = mtime?.getTime() ?? Infinity;
  if (!isDirectory) return latest;
  for await (const { name } of Deno.readDir(path)) {
    latest = Math.max(latest, await newest(`${path}/${name}`));
  }
  return latest;
}

async function filesBelow(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    const each = `${path}/${name}`;
    if (isDirectory) found.push(...await filesBelow(each));
    else found.push(each);
  }
  return found;
}
