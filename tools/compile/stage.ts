/**
 * Lays out what a compilation reads: the program as few JavaScript files, without what nothing in it uses, which start in
 * three quarters of the time that its modules and packages take one by one. The same sources give the same bytes on every
 * machine: `deno compile` puts modification times into the binary, so all files carry the same one.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { binarySources } from "../version.ts";

/** What is written into `lib/process/build_info.json`; see lib/process/version.ts. */
export interface StagedIdentity {
  readonly commit: string;
  readonly base: string;
}

/** Where things are and go. Absolute paths. */
export interface Stage {
  readonly root: string;
  readonly folder: string;
  /** Runs the Deno that runs this. */
  readonly deno: (args: readonly string[], options: { readonly cwd: string }) => Promise<unknown>;
}

/** What is laid out: paths relative to `folder`. */
export interface Staged {
  readonly folder: string;
  readonly main: string;
  /** What no import leads to. */
  readonly included: readonly string[];
}

/** What a run begins with: the program, and its worker, which no import leads to. */
export const entryPoints: readonly string[] = ["main.ts", "lib/process/confined.ts"];

const epoch = new Date(0);

/**
 * Bundles the program below `stage.folder`.
 *
 * @param licenses the licences of the packages, which have to stay with the copies of the program
 */
export async function fillStage(
  stage: Stage,
  identity: StagedIdentity,
  licenses: string,
): Promise<Staged> {
  const source = join(stage.folder, "source");
  for (const name of binarySources) {
    await cp(join(stage.root, name), join(source, name), { recursive: true });
  }
  const info = join(source, "lib", "process", "build_info.json");
  await Deno.writeTextFile(info, `${JSON.stringify(identity)}\n`);
  // The packages that the program imports, as the lock file has them.
  await stage.deno([
    ...["install", "--quiet", "--frozen", "--node-modules-dir=auto"],
    ...["--unstable-npm-lazy-caching", "--entrypoint", ...entryPoints],
  ], { cwd: source });

  const folder = join(stage.folder, "bundle");
  // All of it lies in lib/: the worker and migration.yaml are found from there.
  await bundle(source, join(folder, "lib"));
  await cp(join(source, "migration.yaml"), join(folder, "migration.yaml"));
  await Deno.writeTextFile(join(folder, "lib", "confined.ts"), 'import "./confined.js";\n');
  // So that none of a folder above is taken.
  await Deno.writeTextFile(join(folder, "deno.json"), "{}\n");
  await Deno.writeTextFile(join(folder, "THIRD_PARTY_LICENSES"), licenses);
  await setTimes(folder);
  // What --init writes, and the worker.
  const included = ["migration.yaml", "lib/confined.ts", "THIRD_PARTY_LICENSES"];
  return { folder, main: "lib/main.js", included };
}

async function bundle(source: string, into: string): Promise<void> {
  try {
    await esbuild.build({
      absWorkingDir: source,
      entryPoints: [...entryPoints],
      entryNames: "[name]",
      outdir: into,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      // As Deno chooses among a package's files.
      conditions: ["deno"],
      target: "esnext",
      legalComments: "none",
      // Names stay, so that what is said of an unexpected failure can be understood.
      minifySyntax: true,
      minifyWhitespace: true,
      // CommonJS packages ask for Node's modules so.
      banner: {
        js:
          'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
      logLevel: "error",
    });
  } finally {
    await esbuild.stop();
  }
}

async function setTimes(path: string): Promise<void> {
  if ((await Deno.stat(path)).isDirectory) {
    for await (const { name } of Deno.readDir(path)) await setTimes(join(path, name));
  }
  await Deno.utime(path, epoch, epoch);
}
