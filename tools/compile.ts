/**
 * `deno task compile`: writes dist/data-migrate, one executable that needs nothing else, and beside it the licences of
 * what is in it. Options: `--target TRIPLE`
 * (see compile/target.ts), `--output PATH`, and `--release`, which takes only the official runtime base and only
 * committed sources. It gives the binary no permission that the job can do without: no `run`, no `ffi`, no `sys`.
 */
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Base, findBase, sha256 } from "./compile/base.ts";
import { type ModuleGraph, packagesOf, thirdPartyLicenses } from "./compile/licenses.ts";
import { entryPoints, fillStage } from "./compile/stage.ts";
import { denoVersion, type Target, targetOf } from "./compile/target.ts";
import { sourceCommit } from "./version.ts";

/**
 * What the binary may do while it reads its config. What that says narrows it down: the run itself is done by a worker
 * that may do less (lib/process/confine.ts).
 */
export const permissions: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  // The YAML library prints its tokens, passwords among them, when these are set.
  "--ignore-env=LOG_TOKENS,LOG_STREAM",
];

/** What gives a worker less than its parent has; where the sources are run, deno.json says so. */
const workerOptions = "--unstable-worker-options";

/**
 * Young objects may fill 4 MiB before V8 looks for garbage, less than it takes by itself. What they hold is memory for
 * batches, which is only freed then: with more, copies of many partitions or of merged batches take 40 MiB more. V8 works
 * on one thread: copies are short and have little garbage, so that what helpers compile and find costs more processor
 * time than it saves (a tenth of a copy's).
 */
const v8Flags = "--v8-flags=--max-semi-space-size=4,--single-threaded";

const growthBudget = 15_000_000;
const root = fileURLToPath(new URL("..", import.meta.url));

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Runs the Deno that runs this, and returns its output. Throws an Error that holds what it printed to stderr. */
async function deno(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], ...options });
  const { success, stdout, stderr } = await command.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot compile: deno ${args[0]} says: ${new TextDecoder().decode(stderr)}`);
}

async function compile(target: Target, base: Base, commit: string, output: string): Promise<void> {
  await deno(["check", "--quiet", "main.ts"], { cwd: root });
  const info = JSON.parse(await deno(["info", "--json"], { cwd: root })) as { denoDir: string };
  const licenses = await licensesOf(info.denoDir);
  await Deno.mkdir(dirname(output), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: dirname(output), prefix: "compile-" });
  try {
    const identity = { commit, base: base.sha256 };
    const stage = await fillStage({ root, folder, deno }, identity, licenses);
    const made = join(folder, target.output);
    // Without a code cache the binary writes nothing into /tmp.
    await deno([
      ...["compile", "--quiet", "--no-check", "--no-code-cache"],
      ...["--target", target.triple, "--output", made],
      ...stage.included.flatMap((path) => ["--include", path]),
      ...permissions,
      workerOptions,
      v8Flags,
      stage.main,
    ], { cwd: stage.folder, env: { DENORT_BIN: base.path } });
    await Deno.rename(made, output);
    await Deno.writeTextFile(join(dirname(output), "THIRD_PARTY_LICENSES"), licenses);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function licensesOf(denoDir: string): Promise<string> {
  const graphs = await Promise.all(
    entryPoints.map(async (entry) =>
      JSON.parse(await deno(["info", "--json", entry], { cwd: root })) as ModuleGraph
    ),
  );
  return await thirdPartyLicenses(packagesOf(graphs), denoDir, denoVersion);
}

async function report(target: Target, base: Base, commit: string, output: string): Promise<void> {
  const bytes = await Deno.readFile(output);
  const growth = bytes.length - base.size;
  const mb = (size: number) => `${(size / 1e6).toFixed(1)} MB`;
  say(`binary  ${relative(Deno.cwd(), output)} for ${target.triple}, commit ${commit}`);
  say(`sha256  ${sha256(bytes)}`);
  say(`base    ${base.sha256} (denort ${denoVersion} from ${base.origin})`);
  say(`size    ${mb(bytes.length)}: base ${mb(base.size)} + ${mb(growth)}`);
  if (growth > growthBudget) {
    say(
      `warning: ${mb(growth)} over the base, budget ${
        mb(growthBudget)
      }: look for a package to leave out`,
    );
  }
  if (target.triple !== Deno.build.target) {
    say(`note    cross-compiled: this binary has not been run, let alone tested`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", default: Deno.build.target },
      output: { type: "string" },
      release: { type: "boolean", default: false },
    },
  });
  if (Deno.version.deno !== denoVersion) {
    throw new Error(
      `Cannot compile with Deno ${Deno.version.deno}: use ./denow, which brings ${denoVersion}`,
    );
  }
  const target = targetOf(values.target);
  const output = resolve(values.output ?? join(root, "dist", target.output));
  const commit = await sourceCommit(root);
  if (values.release && !/^[0-9a-f]+$/.test(commit)) {
    throw new Error(`Cannot make a release of ${commit}: commit everything first`);
  }
  const base = await findBase({
    target,
    cache: join(root, ".tools"),
    denortBin: Deno.env.get("DENORT_BIN"),
    officialOnly: values.release,
    say,
  });
  await compile(target, base, commit, output);
  await report(target, base, commit, output);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    Deno.stderr.writeSync(
      new TextEncoder().encode(`${error instanceof Error ? error.message : error}\n`),
    );
    Deno.exitCode = 2;
  }
}
