/**
 * tools/compile.ts, on a tree of its own whose main.ts tries what a binary must not be able to do: what the binary
 * may do, what is in it, and what it leaves behind. The base comes from this repository's cache.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { KAFKA_VERSIONS_TRIED } from "../../lib/process/version.ts";
import { findBase } from "../../tools/compile/base.ts";
import { denoVersion, type Target, targetOf, targets } from "../../tools/compile/target.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const main = `
import kafkajs from "kafkajs";
import { versionText } from "./lib/process/version.ts";
const tries: Readonly<Record<string, () => unknown>> = {
  net: () => Deno.listen({ port: 0, hostname: "127.0.0.1" }).close(),
  read: () => Deno.readTextFileSync(Deno.execPath().replace(/[^/]*$/, "in")),
  write: () => Deno.writeTextFileSync("out", ""),
  env: () => Deno.env.toObject(),
  run: () => new Deno.Command(Deno.execPath()).outputSync(),
  sys: () => Deno.hostname(),
  ffi: () => Deno.dlopen("libc.so.6", {}),
};
const allowed = Object.entries(tries).flatMap(([name, attempt]) => {
  try {
    attempt();
    return [name];
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? [] : [\`\${name}: \${error}\`];
  }
});
const said = [versionText(), typeof kafkajs.Kafka, ...allowed].join("\\n");
Deno.stdout.writeSync(new TextEncoder().encode(said));
`;

interface Tree extends AsyncDisposable {
  readonly folder: string;
  /** A directory with nothing in it. */
  readonly empty: (name: string) => Promise<string>;
  readonly compile: (target: Target, ...args: readonly string[]) => Promise<Output>;
}

interface Output {
  readonly code: number;
  readonly text: string;
}

async function makeTree(): Promise<Tree> {
  const folder = await Deno.makeTempDir({ prefix: "compile-test-" });
  const tree = join(folder, "tree");
  for (const name of ["lib/process", "tools/compile"]) {
    await Deno.mkdir(join(tree, name), { recursive: true });
  }
  const copied = [
    "deno.json",
    "deno.lock",
    "migration.yaml",
    "lib/process/version.ts",
    "lib/process/build_info.json",
  ];
  const tools = [
    "compile.ts",
    "version.ts",
    ...["archive", "base", "licenses", "stage", "target"].map((name) => `compile/${name}.ts`),
  ];
  for (const name of [...copied, ...tools.map((tool) => `tools/${tool}`)]) {
    await Deno.copyFile(join(root, name), join(tree, name));
  }
  await Deno.writeTextFile(join(tree, "main.ts"), main);
  await Deno.writeTextFile(join(tree, "lib/process/confined.ts"), "export {};\n");
  return {
    folder,
    empty: async (name) => {
      await Deno.mkdir(join(folder, name));
      return join(folder, name);
    },
    compile: async (target, ...args) => {
      const base = await findBase({
        target,
        cache: join(root, ".tools"),
        denortBin: Deno.env.get("DENORT_BIN"),
        officialOnly: false,
        say: () => undefined,
      });
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "tools/compile.ts", "--target", target.triple, ...args],
        cwd: tree,
        env: { DENORT_BIN: base.path, NO_COLOR: "1" },
      }).output();
      const decoder = new TextDecoder();
      return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** The newest glibc whose symbols a program asks for, as the minor version of glibc 2. */
function glibcMinor(program: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(program);
  return Math.max(...[...text.matchAll(/GLIBC_2\.(\d+)\0/g)].map((match) => Number(match[1])));
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  const command = new Deno.Command("git", { args: [...identity, ...args], cwd });
  return new TextDecoder().decode((await command.output()).stdout).trim();
}

Deno.test("a binary runs alone, may do only what the job needs, and leaves nothing behind", async () => {
  await using tree = await makeTree();
  const own = targetOf(Deno.build.target);
  const compiled = await tree.compile(own, "--output", join(tree.folder, "made", "data-migrate"));
  assert.equal(compiled.code, 0, compiled.text);
  assert.ok(compiled.text.includes(`base    ${own.baseSha256}`), compiled.text);
  assert.match(compiled.text, /size {4}\d+\.\d MB: base \d+\.\d MB \+ \d\.\d MB\n/);
  assert.doesNotMatch(compiled.text, /warning|cross-compiled/);
  const made = [...Deno.readDirSync(join(tree.folder, "made"))].map((entry) => entry.name).sort();
  assert.deepEqual(made, ["THIRD_PARTY_LICENSES", "data-migrate"]);
  const licenses = await Deno.readTextFile(join(tree.folder, "made", "THIRD_PARTY_LICENSES"));
  assert.match(licenses, /^Deno .* 2\.6\.10$[^]+^kafkajs 2\.2\.4$[^]+The MIT License/m);
  assert.doesNotMatch(licenses, /^(?:fast-check|zod|yaml) /m);

  const [cwd, temp] = [await tree.empty("alone"), await tree.empty("temp")];
  const binary = join(cwd, "data-migrate");
  await Deno.rename(join(tree.folder, "made", "data-migrate"), binary);
  await Deno.writeTextFile(join(cwd, "in"), "");
  await Deno.rename(join(tree.folder, "tree"), join(tree.folder, "gone"));
  // With a code cache the program looks for this file at once, and would wait here for what it never reads; it
  // would write it only in the course of a longer run.
  const codeCache = "deno-compile-data-migrate.cache";
  const fifo = await new Deno.Command("mkfifo", { args: [join(temp, codeCache)] }).output();
  assert.ok(fifo.success);
  for (let run = 0; run < 2; run++) {
    const { code, stdout, stderr } = await new Deno.Command(binary, {
      cwd,
      clearEnv: true,
      env: { TMPDIR: temp },
      signal: AbortSignal.timeout(20_000),
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.deepEqual(new TextDecoder().decode(stdout).split("\n"), [
      `data-migrate ${manifest.version}`,
      "commit unknown",
      `deno ${denoVersion}`,
      `base ${own.baseSha256}`,
      `tried with Kafka ${KAFKA_VERSIONS_TRIED.join(", ")}`,
      "function",
      ...["net", "read", "write", "env"],
    ]);
  }
  assert.deepEqual([...Deno.readDirSync(temp)].map((entry) => entry.name), [codeCache]);
  assert.deepEqual([...Deno.readDirSync(cwd)].map((entry) => entry.name).sort(), [
    "data-migrate",
    "in",
    "out",
  ]);

  const bytes = await Deno.readFile(binary);
  assert.ok(glibcMinor(bytes.subarray(0, own.baseSize)) <= 27);
  const payload = new TextDecoder("latin1").decode(bytes.subarray(own.baseSize));
  assert.ok(payload.includes("The MIT License"), "licence of an embedded package");
  assert.ok(payload.length < 2_000_000, "what the program does not import stays out");
  assert.ok(!payload.includes(tree.folder), "a path of the machine that compiled");
});

Deno.test("the same sources give the same bytes in another folder; others are named as such", async () => {
  await using first = await makeTree();
  await using second = await makeTree();
  const hashes: (string | undefined)[] = [];
  for (const tree of [first, second]) {
    const output = join(tree.folder, "a longer way", "data-migrate");
    const { text } = await tree.compile(targetOf(Deno.build.target), "--output", output);
    hashes.push(/sha256 {2}([0-9a-f]{64})/.exec(text)?.[1]);
  }
  assert.ok(hashes[0] !== undefined);
  assert.equal(hashes[1], hashes[0]);

  const repository = join(first.folder, "tree");
  await git(repository, "init", "-q");
  await git(repository, "add", ".");
  await git(repository, "commit", "-qm", "All");
  const commit = await git(repository, "rev-parse", "--short=12", "HEAD");
  const output = join(first.folder, "data-migrate");
  const clean = await first.compile(targetOf(Deno.build.target), "--output", output);
  assert.ok(clean.text.includes(`commit ${commit}\n`), clean.text);
  await Deno.writeTextFile(join(repository, "lib/new.ts"), "");
  const dirty = await first.compile(targetOf(Deno.build.target), "--output", output);
  assert.ok(dirty.text.includes(`commit ${commit}-dirty\n`), dirty.text);
  const { stdout } = await new Deno.Command(output, { cwd: first.folder }).output();
  assert.match(new TextDecoder().decode(stdout), new RegExp(`^commit ${commit}-dirty$`, "m"));

  const release = await first.compile(targetOf(Deno.build.target), "--release");
  assert.deepEqual([release.code, release.text], [
    2,
    `Cannot make a release of ${commit}-dirty: commit everything first\n`,
  ]);
});

Deno.test("a binary for another architecture is made, and said to be untested", async () => {
  await using tree = await makeTree();
  const target = targets.find((each) => each.triple !== Deno.build.target);
  assert.ok(target !== undefined);
  const { code, text } = await tree.compile(target);
  assert.equal(code, 0, text);
  assert.match(text, /note {4}cross-compiled: this binary has not been run/);
  const header = (await Deno.readFile(join(tree.folder, "tree/dist", target.output))).subarray(
    0,
    20,
  );
  // e_machine of the ELF header: 62 is x86-64, 183 AArch64.
  assert.equal(header[18], target.triple.startsWith("aarch64") ? 183 : 62);
});

Deno.test("a program that does not type-check is not compiled", async () => {
  await using tree = await makeTree();
  await Deno.writeTextFile(
    join(tree.folder, "tree/main.ts"),
    'const one: number = "1";\nvoid one;\n',
  );
  const { code, text } = await tree.compile(targetOf(Deno.build.target));
  assert.equal(code, 2);
  assert.match(text, /^Cannot compile: deno check says: .*TS2322/);
});
