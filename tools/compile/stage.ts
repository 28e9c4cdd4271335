/**
 * Lays out what a compilation reads: a copy of the sources with the build's identity in `lib/build_info.json`, and a
 * cache with the code and licences of the lock file's npm packages. It exists so that the same sources give the same
 * bytes on every machine: `deno compile` puts modification times into the binary, so all copies carry the same one;
 * and it reads every file of a package as a script, so that of a README it would put in an error that names this
 * machine's folders. Without type declarations and source maps the binary is also several megabytes smaller.
 */
import { basename, dirname, join } from "node:path";
import { binarySources } from "../version.ts";

/** What is written into `lib/build_info.json`; see lib/version.ts. */
export interface StagedIdentity {
  readonly commit: string;
  readonly base: string;
}

/** Where things are and go. Absolute paths. */
export interface Stage {
  readonly root: string;
  readonly folder: string;
  /** The DENO_DIR that holds the npm packages already. */
  readonly denoDir: string;
}

const epoch = new Date(0);

/**
 * Fills `stage.folder` with `source/` and `deno_dir/`, and returns both paths. Packages of the lock file that are
 * not in `stage.denoDir` are left out: only those the program imports are needed, and compiling reports them.
 */
export async function fillStage(
  stage: Stage,
  identity: StagedIdentity,
): Promise<{ readonly source: string; readonly denoDir: string }> {
  const source = join(stage.folder, "source");
  for (const name of binarySources) {
    await copyTree(join(stage.root, name), join(source, name), copyFile);
  }
  const info = join(source, "lib", "build_info.json");
  await Deno.writeTextFile(info, `${JSON.stringify(identity)}\n`);
  await Deno.utime(info, epoch, epoch);

  const denoDir = join(stage.folder, "deno_dir");
  const packages = lockedPackages(await Deno.readTextFile(join(source, "deno.lock")));
  const npm = join(stage.denoDir, "npm");
  for await (const registry of Deno.readDir(npm)) {
    if (!registry.isDirectory) continue;
    for (const name of packages) {
      const from = join(npm, registry.name, name);
      const to = join(denoDir, "npm", registry.name, name);
      if (await exists(from)) await copyTree(from, to, copyPackageFile);
    }
  }
  return { source, denoDir };
}

/**
 * The folders, `name/version` and `name/registry.json`, in which Deno's cache keeps the packages of a lock file.
 * Keys of its `npm` table are `name@version`, with `_peer@version` parts behind where peers were resolved.
 */
export function lockedPackages(lockText: string): readonly string[] {
  const lock = JSON.parse(lockText) as { readonly npm?: Readonly<Record<string, unknown>> };
  const paths = Object.keys(lock.npm ?? {}).flatMap((key) => {
    const at = key.indexOf("@", 1);
    const name = key.slice(0, at);
    const version = key.slice(at + 1).split("_")[0];
    return [`${name}/${version}`, `${name}/registry.json`];
  });
  return [...new Set(paths)];
}

type CopyFile = (from: string, to: string) => Promise<void>;

async function copyTree(from: string, to: string, copy: CopyFile): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await copy(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    await copyTree(join(from, entry.name), join(to, entry.name), copy);
  }
  await Deno.utime(to, epoch, epoch);
}

async function copyFile(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(from, to);
  await Deno.utime(to, epoch, epoch);
}

async function copyPackageFile(from: string, to: string): Promise<void> {
  if (/\.(?:js|cjs|mjs|json)$/.test(from)) return await copyFile(from, to);
  if (!/^(?:licen[cs]e|notice|copying)(?:\.\w+)?$/i.test(basename(from))) return;
  // The notice has to stay with the copies of the program; as JSON it is not read as a script.
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.writeTextFile(`${to}.json`, JSON.stringify(await Deno.readTextFile(from)));
  await Deno.utime(`${to}.json`, epoch, epoch);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
