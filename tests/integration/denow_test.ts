/**
 * The launcher, in copies of its part of the tree, with a PATH that holds nothing but what a test puts there: stand-ins
 * for curl and pip hand out archives made of the Deno that runs the tests. No test touches the network.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { denoVersion } from "../../tools/compile/target.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const arch = Deno.build.arch;
const fetched = [`deno-${denoVersion}`, `deno-${denoVersion}/deno`];
const notFetched = [`deno-${denoVersion}`];
const needed = [
  ...["sh", "uname", "mktemp", "mkdir", "mv", "rm", "chmod", "cp"],
  ...["sha256sum", "dirname", "readlink", "tail", "sleep", "date", "du", "cksum"],
];

const curl = `#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
printf '%s\\n' "$1" >>"$CALLS"
sleep "\${DELAY:-0}"
cp "$RELEASE" "$out"
`;
const pip = `#!/bin/sh
printf 'pip %s\\n' "$*" >>"$CALLS"
while [ $# -gt 1 ]; do [ "$1" = --dest ] && out=$2; shift; done
cp "$WHEEL" "$out/deno-${denoVersion}-py3-none-manylinux_2_27_${arch}.whl"
`;

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  /** Program and arguments that are given the launcher; `sh` of the PATH by default. */
  readonly shell?: readonly string[];
  readonly launcher?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A directory with a copy of the launcher in `a tree`, the archives, and `bin`, which is the whole PATH. */
interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly tree: string;
  readonly command: (args: readonly string[], options?: RunOptions) => Deno.Command;
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Result>;
  /** Lays out an archive that holds `program` as the release or the wheel does. */
  readonly put: (archive: Archive, program: Uint8Array<ArrayBuffer>) => Promise<void>;
  /** A line for each time that a stand-in was called. */
  readonly called: () => Promise<readonly string[]>;
  /** What is in `.tools`, one level deep and, with a slash, two. */
  readonly tools: () => readonly string[];
}

type Archive = "release.zip" | "wheel.zip";

async function makeBench(standIns: Readonly<Record<string, string>>): Promise<Bench> {
  const folder = await Deno.makeTempDir({ prefix: "denow-" });
  const [tree, bin, calls] = [join(folder, "a tree"), join(folder, "bin"), join(folder, "calls")];
  await Deno.mkdir(tree);
  await Deno.mkdir(bin);
  await Deno.writeTextFile(calls, "");
  await Deno.copyFile(join(root, "denow"), join(tree, "denow"));
  await Deno.writeTextFile(join(tree, "deno.json"), '{ "tasks": { "where": "pwd" } }');
  for (const name of needed) await Deno.symlink(await which(name) ?? name, join(bin, name));
  const unzip = await which("unzip");
  // Not by its name: a python3 found in the PATH may be a shim that needs more of the PATH than itself.
  if (unzip === undefined) await Deno.symlink(await pythonExecutable(), join(bin, "python3"));
  else await Deno.symlink(unzip, join(bin, "unzip"));
  for (const [name, text] of Object.entries(standIns)) {
    await Deno.writeTextFile(join(bin, name), text, { mode: 0o755 });
  }

  const command: Bench["command"] = (args, options = {}) => {
    const [shell = "sh", ...first] = options.shell ?? [join(bin, "sh")];
    return new Deno.Command(shell, {
      args: [...first, options.launcher ?? join(tree, "denow"), ...args],
      cwd: options.cwd ?? folder,
      clearEnv: true,
      env: {
        PATH: bin,
        CALLS: calls,
        RELEASE: join(folder, "release.zip"),
        WHEEL: join(folder, "wheel.zip"),
        NO_COLOR: "1",
        ...options.env,
      },
      stdout: "piped",
      stderr: "piped",
    });
  };
  return {
    folder,
    tree,
    command,
    run: async (args, options) => {
      const { code, stdout, stderr } = await command(args, options).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, stdout: text(stdout), stderr: text(stderr) };
    },
    put: async (archive, program) => {
      const wheelMember = `deno-${denoVersion}.data/scripts/deno`;
      const name = archive === "release.zip" ? "deno" : wheelMember;
      const [before, after] = aroundStored(name, program);
      const path = join(folder, archive);
      await Deno.writeFile(path, before);
      await Deno.writeFile(path, program, { append: true });
      await Deno.writeFile(path, after, { append: true });
    },
    called: async () => (await Deno.readTextFile(calls)).split("\n").slice(0, -1),
    tools: () => {
      const names = (path: string) => [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
      const top = join(tree, ".tools");
      return names(top).flatMap((name) => [
        name,
        ...names(join(top, name)).map((inner) => `${name}/${inner}`),
      ]);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function which(name: string): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(folder, name);
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return undefined;
}

async function pythonExecutable(): Promise<string> {
  const args = ["-c", "import sys; print(sys.executable)"];
  const { stdout } = await new Deno.Command("python3", { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** What stands before and after the content of the only, stored member of a zip archive. */
function aroundStored(name: string, content: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const nameBytes = new TextEncoder().encode(name);
  const common = new DataView(new ArrayBuffer(26));
  common.setUint16(0, 20, true);
  common.setUint16(8, 0x21, true);
  common.setUint32(10, crc32(content), true);
  common.setUint32(14, content.length, true);
  common.setUint32(18, content.length, true);
  common.setUint16(22, nameBytes.length, true);
  const local = new Uint8Array(30 + nameBytes.length);
  local.set([0x50, 0x4b, 3, 4]);
  local.set(new Uint8Array(common.buffer), 4);
  local.set(nameBytes, 30);
  const tail = new Uint8Array(46 + nameBytes.length + 22);
  tail.set([0x50, 0x4b, 1, 2, 20, 0]);
  tail.set(new Uint8Array(common.buffer), 6);
  tail.set(nameBytes, 46);
  const end = new DataView(tail.buffer, 46 + nameBytes.length);
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, 1, true);
  end.setUint16(10, 1, true);
  end.setUint32(12, 46 + nameBytes.length, true);
  end.setUint32(16, local.length + content.length, true);
  return [local, tail];
}

async function shells(): Promise<readonly (readonly string[])[]> {
  const found = [["sh"], ["dash"], ["busybox", "sh"]].map(async ([name = "sh", ...rest]) => {
    const path = await which(name);
    return path === undefined ? [] : [[path, ...rest]];
  });
  return (await Promise.all(found)).flat();
}

const program = await Deno.readFile(Deno.execPath());
const damaged = program.slice();
damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;

Deno.test("denow takes the official release first, under every POSIX shell there is", async () => {
  for (const shell of await shells()) {
    await using bench = await makeBench({ curl, pip });
    await bench.put("release.zip", program);
    const { code, stdout, stderr } = await bench.run(["--version"], { shell });
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(`deno ${denoVersion} `), stdout);
    const url = `https://github.com/denoland/deno/releases/download/v${denoVersion}/`;
    assert.deepEqual(await bench.called(), [`${url}deno-${arch}-unknown-linux-gnu.zip`]);
    assert.deepEqual(bench.tools(), fetched);
  }
});

Deno.test("denow takes the wheel where the official release cannot be had", async () => {
  await using bench = await makeBench({ curl: "#!/bin/sh\nexit 6\n", pip });
  await bench.put("wheel.zip", program);
  const { code, stdout, stderr } = await bench.run(["--version"]);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.startsWith(`deno ${denoVersion} `), stdout);
  assert.match(stderr, /official release cannot be had/);
  assert.equal((await bench.called()).length, 1);
  assert.deepEqual(bench.tools(), fetched);
});

Deno.test("denow never runs a program with another SHA-256, and leaves none behind", async () => {
  await using bench = await makeBench({ curl, pip3: pip });
  await bench.put("release.zip", damaged);
  await bench.put("wheel.zip", damaged);
  const { code, stdout, stderr } = await bench.run(["--version"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /refused the program from https:.*SHA-256 is [0-9a-f]{64}, expected/);
  assert.match(stderr, /refused the program from the PyPI package deno/);
  assert.match(stderr, /cannot fetch Deno/);
  assert.deepEqual(bench.tools(), notFetched);
});

Deno.test("denow says what to install where nothing can fetch", async () => {
  await using bench = await makeBench({});
  const { code, stderr } = await bench.run(["--version"]);
  assert.equal(code, 1);
  assert.match(stderr, /^denow: cannot fetch Deno .*: install curl, wget or pip/);
});

Deno.test("denow, once fetched, works offline, without a home, from anywhere, through links", async () => {
  await using bench = await makeBench({});
  await Deno.mkdir(join(bench.tree, `.tools/deno-${denoVersion}`), { recursive: true });
  await Deno.copyFile(Deno.execPath(), join(bench.tree, `.tools/deno-${denoVersion}/deno`));
  await Deno.mkdir(join(bench.folder, "links"));
  await Deno.symlink("../a tree/denow", join(bench.folder, "links/first"));
  await Deno.symlink(join(bench.folder, "links/first"), join(bench.folder, "second"));
  const env = { HOME: "/nonexistent" };
  const cwd = join(bench.folder, "links");
  const names = ["DENO_TLS_CA_STORE", "DENO_NO_UPDATE_CHECK", "DENO_DIR"];
  const code = `console.log([Deno.cwd(), ...${JSON.stringify(names)}.map(Deno.env.get)].join())`;
  for (const launcher of ["../a tree/denow", "first", join(bench.folder, "second")]) {
    const cache = join(bench.tree, ".tools/deno-cache");
    const evaluated = await bench.run(["eval", code], { launcher, cwd, env });
    assert.equal(evaluated.stdout, `${cwd},system,mozilla,1,${cache}\n`, evaluated.stderr);
    const task = await bench.run(["task", "where"], { launcher, cwd, env });
    assert.equal(task.stdout, `${bench.tree}\n`, task.stderr);
  }
  const own = { ...env, DENO_TLS_CA_STORE: "mozilla", DENO_DIR: join(bench.folder, "cache") };
  const evaluated = await bench.run(["eval", code], { env: own });
  assert.equal(evaluated.stdout, `${bench.folder},mozilla,1,${own.DENO_DIR}\n`, evaluated.stderr);
});

Deno.test("denow started twice at once runs a whole program both times", async () => {
  await using bench = await makeBench({ curl });
  await bench.put("release.zip", program);
  const options = { env: { DELAY: "0.3" } };
  const both = await Promise.all([1, 2].map(() => bench.run(["--version"], options)));
  for (const { code, stdout, stderr } of both) {
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(`deno ${denoVersion} `), stdout);
  }
  assert.equal((await bench.called()).length, 2);
  assert.deepEqual(bench.tools(), fetched);
});

Deno.test("denow leaves nothing half done when it is ended while fetching", async () => {
  await using bench = await makeBench({ curl });
  await bench.put("release.zip", program);
  const child = bench.command(["--version"], { env: { DELAY: "0.5" } }).spawn();
  while ((await bench.called()).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill("SIGTERM");
  const { code, stdout } = await child.output();
  assert.deepEqual([code, stdout.length], [143, 0]);
  assert.deepEqual(bench.tools(), notFetched);
});

Deno.test("denow says in one line each what it fetches, how far that is, and how long it took", async () => {
  await using bench = await makeBench({ curl });
  await bench.put("release.zip", program);
  const { code, stderr } = await bench.run(["--version"], { env: { DELAY: "6" } });
  assert.equal(code, 0, stderr);
  const lines = stderr.trimEnd().split("\n");
  // How many lines come in between depends on how busy the machine is.
  assert.ok(lines.length >= 3, stderr);
  assert.match(lines[0] ?? "", /^denow: fetching Deno \S+ \(about \d+ MB\), once$/);
  for (const line of lines.slice(1, -1)) {
    assert.match(line, /^denow: fetching Deno \S+: \d+ MB after \d+ s$/);
  }
  assert.match(lines.at(-1) ?? "", /^denow: fetching Deno \S+ took \d+ s$/);
  assert.equal((await bench.run(["--version"])).stderr, "");
});

Deno.test("denow fetches the packages of the lock file once, in one line, and anew when that has changed", async () => {
  await using bench = await makeBench({});
  await Deno.mkdir(join(bench.tree, `.tools/deno-${denoVersion}`), { recursive: true });
  await Deno.copyFile(Deno.execPath(), join(bench.tree, `.tools/deno-${denoVersion}/deno`));
  const lock = join(bench.tree, "deno.lock");
  for (const content of ['{ "version": "5" }', '{ "version": "5", "remote": {} }']) {
    await Deno.writeTextFile(lock, content);
    const first = await bench.run(["task", "where"]);
    assert.equal(first.stdout, `${bench.tree}\n`, first.stderr);
    assert.match(first.stderr, /^denow: fetching npm packages \(about \d+ MB\), once$/m);
    assert.match(first.stderr, /^denow: fetching npm packages took \d+ s$/m);
    const second = await bench.run(["task", "where"]);
    assert.equal(second.stdout, `${bench.tree}\n`, second.stderr);
    assert.doesNotMatch(second.stderr, /^denow: /m);
  }
  await Deno.writeTextFile(lock, "no lock file");
  const broken = await bench.run(["task", "where"]);
  assert.match(broken.stderr, /^denow: not all npm packages can be had from here:\n.*lock/m);
});
