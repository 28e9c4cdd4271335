/**
 * What the operator gets wrong: every mistake ends in a sentence and the right exit status, with nothing contacted and
 * nothing written. The clusters are addresses where somebody counts the connections: there must be none.
 */

import assert from "node:assert/strict";
import { makeMigrationDir } from "../support/migration_dir.ts";
import type { ProgramResult } from "../support/program.ts";
import { startRun } from "../support/slow_run.ts";

/** A port that must not be contacted. */
interface Tripwire extends Disposable {
  readonly address: string;
  readonly connections: number;
}

function startTripwire(): Tripwire {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    get connections() {
      return connections;
    },
    [Symbol.dispose]: () => listener.close(),
  };
}

const secret = "s3cr3t-v4lue";

const lines = (...texts: readonly string[]) => texts.join("\n") + "\n";

/** Configs that are wrong; ADDRESS is where nothing may arrive. */
const configs: readonly {
  readonly title: string;
  readonly content: string | Uint8Array;
  readonly says: readonly RegExp[];
}[] = [
  { title: "an empty file", content: "", says: [/^migration\.yaml:1:1: .*empty/m] },
  { title: "nothing but a comment", content: "# later\n", says: [/^migration\.yaml:1:1: /m] },
  { title: "a list", content: "- checkFlag: 0\n", says: [/^migration\.yaml:1:1: .*list/m] },
  { title: "a scalar", content: "hello\n", says: [/^migration\.yaml:1:1: .*expected/m] },
  {
    title: "bytes that are no text",
    content: crypto.getRandomValues(new Uint8Array(4096)).fill(0, 10, 20),
    says: [/^migration\.yaml(:1:1)?: /m],
  },
  {
    title: "an ELF program",
    content: new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0xff, 0xfe]),
    says: [/^migration\.yaml(:1:1)?: /m],
  },
  {
    title: "tabs for indentation",
    content: lines("checkFlag: 0", "source:", "\tbootstrapServers: ADDRESS", "target:"),
    says: [/^migration\.yaml:3:1: .*tab/im],
  },
  {
    title: "several problems at once, unknown keys with the nearest name",
    content: lines(
      "checkFlg: 0",
      "source: { bootstrap.servers: ADDRESS }",
      "target: { bootstrapServers: 'ADDRESS' }",
      "uncommitted: never",
    ),
    says: [
      /^migration\.yaml:1:1: .*checkFlg.*checkFlag/m,
      /^migration\.yaml:2:11: .*bootstrap\.servers.*bootstrapServers/m,
      /^migration\.yaml:4:14: .*expected earliest or skip/m,
    ],
  },
  {
    title: "a key twice",
    content: lines(
      "checkFlag: 0",
      "checkFlag: 1",
      "source: { bootstrapServers: 'ADDRESS' }",
      "target: { bootstrapServers: 'ADDRESS' }",
    ),
    says: [/^migration\.yaml:2:1: /m],
  },
  {
    title: "a password without quotes that YAML reads as a number",
    content: lines(
      "checkFlag: 0",
      "source:",
      "  bootstrapServers: 'ADDRESS'",
      "  sasl: { mechanism: PLAIN, username: me, password: 0123456789 }",
      "target: { bootstrapServers: 'ADDRESS' }",
    ),
    says: [/^migration\.yaml:4:\d+: .*single quotes/m],
  },
  {
    title: "a variable that is not set, beside a secret that must not be shown",
    content: lines(
      "checkFlag: 0",
      "source:",
      "  bootstrapServers: 'ADDRESS'",
      `  sasl: { mechanism: PLAIN, username: me, password: '${secret}', passwrd: 1 }`,
      "target:",
      "  bootstrapServers: 'ADDRESS'",
      "  sasl: { mechanism: PLAIN, username: me, password: '${NO_SUCH_VARIABLE}' }",
    ),
    says: [/^migration\.yaml:4:\d+: .*passwrd/m, /^migration\.yaml:7:\d+: .*NO_SUCH_VARIABLE/m],
  },
];

function assertSentence({ status, output }: ProgramResult, expected: number): void {
  assert.equal(status, expected, output);
  assert.doesNotMatch(output, /\bat (file|async|ext):|\[object|Uncaught|\bundefined\b/);
  assert.ok(!output.includes(secret), output);
}

for (const { title, content, says } of configs) {
  Deno.test(`a config with ${title} is refused before anything is contacted`, async () => {
    using tripwire = startTripwire();
    const written = typeof content === "string"
      ? content.replaceAll("ADDRESS", tripwire.address)
      : content;
    await using migration = await makeMigrationDir(written);
    const result = await migration.run(["--migrate"]);
    assertSentence(result, 2);
    assert.equal(result.stdout, "");
    for (const expected of says) assert.match(result.stderr, expected);
    assert.deepEqual(migration.files(), ["migration.yaml"]);
    assert.equal(tripwire.connections, 0);
  });
}

Deno.test("a missing config is named, and how to get one", async () => {
  await using migration = await makeMigrationDir("");
  await Deno.remove(`${migration.path}/migration.yaml`);
  for (const args of [[], ["elsewhere/my.yaml"], ["."]]) {
    const result = await migration.run(args);
    assertSentence(result, 2);
    assert.match(result.stderr, new RegExp(`^data-migrate: Cannot read ${args[0] ?? "migration"}`));
    assert.match(
      result.stderr,
      /data-migrate --init writes one\n$|Name a file that you may read\n$/,
    );
  }
  assert.deepEqual(migration.files(), []);
});

Deno.test("arguments that make no sense end with status 2 and a hint", async () => {
  await using migration = await makeMigrationDir("");
  const wrong = [
    ["--migrat"],
    ["--check", "--migrate"],
    ["--quiet", "--verbose"],
    ["one.yaml", "two.yaml"],
    ["--json=yes"],
    ["--init", "--schema"],
    ["--verify", "--check"],
  ];
  for (const args of wrong) {
    const result = await migration.run(args);
    assertSentence(result, 2);
    assert.equal(result.stdout, "", args.join(" "));
    assert.match(result.stderr, /^data-migrate: .+\n$/, args.join(" "));
  }
});

Deno.test("help, version and schema work without a config, --init writes one and leaves one", async () => {
  await using migration = await makeMigrationDir("kept");
  for (const [arg, says] of [["--help", /^Usage: /m], ["--version", /^data-migrate \d/]] as const) {
    const { status, stdout, stderr } = await migration.run([arg]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, says);
  }
  const schema = await migration.run(["--schema"]);
  assert.equal(schema.status, 0, schema.stderr);
  assert.ok("properties" in JSON.parse(schema.stdout));

  const existing = await migration.run(["--init"]);
  assertSentence(existing, 2);
  assert.equal(migration.text("migration.yaml"), "kept");
  await Deno.remove(`${migration.path}/migration.yaml`);
  const init = await migration.run(["--init"]);
  assert.equal(init.status, 0, init.output);
  assert.match(migration.text("migration.yaml"), /^checkFlag: 0\b/m);
  const modeline = /^# yaml-language-server: \$schema=migration\.schema\.json$/m;
  assert.match(migration.text("migration.yaml"), modeline);
  assert.deepEqual(migration.files(), ["migration.yaml"]);
});

Deno.test("a log or state file that can't be written is refused before anything is contacted", async () => {
  using tripwire = startTripwire();
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    source: { bootstrapServers: tripwire.address },
    target: { bootstrapServers: tripwire.address },
  });
  for (const name of ["migration.log", "migration.state.jsonl"]) {
    await withoutWritePermission(`${migration.path}/${name}`, async () => {
      const result = await migration.run();
      assertSentence(result, 2);
      const says = `^data-migrate: Cannot write \\./${name}: .*make that directory writable\n$`;
      assert.match(result.stderr, new RegExp(says));
    });
  }
  assert.ok(!migration.files().includes("migration.report.json"));
  assert.equal(tripwire.connections, 0);
});

/** Nothing listens there. */
const unreachable = {
  checkFlag: 0,
  source: { bootstrapServers: "127.0.0.1:1" },
  target: { bootstrapServers: "127.0.0.1:2" },
};

Deno.test("two configs that would share log, report and state are refused, the one in the way named", async () => {
  using tripwire = startTripwire();
  const content = {
    checkFlag: 0,
    source: { bootstrapServers: tripwire.address },
    target: { bootstrapServers: tripwire.address },
  };
  await using migration = await makeMigrationDir(content);
  const at = (name: string) => `${migration.path}/${name}`;
  const refused = async (args: readonly string[], other: string) => {
    const result = await migration.run(args);
    assertSentence(result, 2);
    assert.match(
      result.stderr,
      new RegExp(`\\./${other} lies beside .*Rename or remove one of them`),
    );
  };
  Deno.copyFileSync(at("migration.yaml"), at("migration.yml"));
  for (const mode of [[], ["--migrate"], ["--verify"]]) {
    await refused(mode, "migration\\.yml");
    await refused(["migration.yml", ...mode], "migration\\.yaml");
  }
  await refused(["migration.yml", "--init"], "migration\\.yaml");
  assert.deepEqual(migration.files(), ["migration.yaml", "migration.yml"]);
  assert.equal(tripwire.connections, 0);

  // Of two names of one file nothing is in the way, nor is a program of the name, nor a directory.
  Deno.removeSync(at("migration.yml"));
  Deno.symlinkSync("migration.yaml", at("migration.yml"));
  Deno.writeTextFileSync(at("migration"), "#!/bin/sh\n");
  Deno.mkdirSync(at("migration.YML"));
  migration.configure(unreachable);
  assert.equal((await migration.run()).status, 3);

  // A config without an extension is one where the report says so.
  Deno.removeSync(at("migration.yml"));
  Deno.copyFileSync(at("migration.yaml"), at("migration"));
  Deno.removeSync(at("migration.report.json"));
  Deno.removeSync(at("migration.yaml"));
  assert.equal((await migration.run(["migration"])).status, 3);
  migration.configure(unreachable);
  await refused([], "migration");
});

Deno.test("a config that a shell hands on as a pipe is refused, with what to do instead", async () => {
  await using migration = await makeMigrationDir(unreachable);
  const under = ["bash", "-c", 'exec "$@" <(cat migration.yaml)', "bash"];
  const result = await startRun({ cwd: migration.path, under }).ended;
  assertSentence(result, 2);
  assert.match(
    result.stderr,
    /^data-migrate: Cannot write \/dev\/fd\/\d+\.log: .* give the config as a file/m,
  );
});

Deno.test("results that standard output does not take are no success, and no mishap either", async () => {
  await using migration = await makeMigrationDir(unreachable);
  const under = ["sh", "-c", 'exec "$@" > /dev/full', "sh"];
  for (const [args, status] of [[["--help"], 1], [[], 3], [["--json"], 3]] as const) {
    const result = await startRun({ cwd: migration.path, under, args }).ended;
    assertSentence(result, status);
    assert.match(result.stderr, /^data-migrate: Cannot write to standard output: No space left/m);
  }
  assert.equal(migration.report().verdict.exitStatus, 3);
});

Deno.test("a report that can't be written takes neither verdict nor log away", async () => {
  await using migration = await makeMigrationDir(unreachable);
  for (const name of ["migration.report.json", "migration.report.html"]) {
    await withoutWritePermission(`${migration.path}/${name}`, async () => {
      const result = await migration.run();
      assertSentence(result, 3);
      assert.match(result.stdout, /^Blocked by 2 findings/m);
      assert.match(result.stderr, /^data-migrate: Cannot write the report: Is a directory/m);
      assert.match(migration.text("migration.log"), /- ERROR - Cannot write the report: /);
    });
    assert.ok(!migration.files().some((file) => file.endsWith(".tmp")));
  }
});

/** Root may write anywhere: a folder in the place of the file keeps it from being opened for everyone. */
async function withoutWritePermission(path: string, run: () => Promise<void>): Promise<void> {
  await Deno.mkdir(path);
  try {
    await run();
  } finally {
    await Deno.remove(path);
  }
}
