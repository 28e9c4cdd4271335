/**
 * What README, CONTRIBUTING and docs tell people to type: each command is run by a test or by .ci/run, or a list says why
 * not; the list is tests/documented_commands.json. Those that no other test runs are run here, as they stand.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { compiledBinary } from "../support/compiled_binary.ts";
import { commandsIn, documentedCommands } from "../support/documented_commands.ts";
import list from "../documented_commands.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));
const documented = documentedCommands();

/** What a shell printed to both streams. Has to succeed. */
async function shell(script: string, cwd: string, path?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-euc", script],
    cwd,
    env: {
      NO_COLOR: "1",
      ...(path !== undefined && { PATH: `${path}:${Deno.env.get("PATH")}` }),
    },
  }).output();
  const decoder = new TextDecoder();
  const printed = decoder.decode(stdout) + decoder.decode(stderr);
  assert.ok(success, `${script}: ${printed}`);
  return printed;
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every command of the documents is in the list, and every command of the list in a document", () => {
  const listed = list.map(({ command }) => command);
  assert.deepEqual(listed, [...new Set(listed)], "a command is listed twice");
  const unlisted = documented.filter(({ text }) => !listed.includes(text));
  assert.deepEqual(unlisted, [], "add them to tests/documented_commands.json");
  const texts = documented.map(({ text }) => text);
  const gone = listed.filter((command) => !texts.includes(command));
  assert.deepEqual(gone, [], "no document has them any more");
});

Deno.test("what the list says runs a command is there, or a reason is given", async () => {
  const newcomers = await shell(".ci/newcomer_commands", root);
  for (const { command, ranBy, notRun } of list) {
    if (ranBy === undefined) {
      assert.match(notRun ?? "", /^[A-Z].{20,}/, `${command}: neither who runs it nor why not`);
      continue;
    }
    assert.equal(notRun, undefined, command);
    const [file = "", what = ""] = ranBy;
    if (what === "newcomer") {
      assert.ok(newcomers.split("\n").includes(command), command);
    } else {
      const text = await Deno.readTextFile(root + file);
      const said = file === ".ci/run" ? `\n${what}\n` : `"${what}"`;
      assert.ok(text.includes(said), `${command}: ${file} has no ${what}`);
    }
  }
});

Deno.test("commands are found in fenced blocks of shell, behind prompts, and in inline code", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["```sh\nls -l   # a comment\n\n# another\nprintf '#%s' a\n```\n", ["ls -l", "printf '#%s' a"]],
    ["```bash\none \\\n  --two   # both\nthree\n```\n", ["one --two", "three"]],
    ["```console\n$ ls\n```\n", ["ls"]],
    ["```\n$ ls\n./denow lint\nmessages: 7\n```\n", ["ls", "./denow lint"]],
    ["```yaml\nls: 1\n```\n", []],
    ["Run `./denow task x --y`, or `.ci/run`, not `ls` or `./denow`.\n", [
      "./denow task x --y",
      ".ci/run",
    ]],
    ["- a list:\n\n  ```sh\n  ls\n  ```\n", ["ls"]],
  ];
  for (const [markdown, expected] of cases) {
    const found = commandsIn("a.md", `# Heading\n${markdown}`);
    assert.deepEqual(found.map(({ text }) => text), expected, markdown);
    for (const { heading } of found) assert.equal(heading, "Heading");
  }
});

Deno.test("the README's way to another host works as it stands", async () => {
  const script = documented
    .filter(({ where, heading, text }) =>
      where.startsWith("README") && heading === "Install" && text !== "./denow task compile"
    )
    .map(({ text }) => text);
  assert.equal(script.length, 5, script.join("\n"));
  await inFolder(async (folder) => {
    for (const name of ["bin", "dist", "migration"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.copyFile(await compiledBinary(), `${folder}/dist/data-migrate`);
    // The other host is a folder here; programs arrive there without their permission to be run.
    const scp = '#!/bin/sh\nfor to; do :; done\ncp "$1" "$2" "${to#jumphost:}"\n' +
      'chmod -x "${to#jumphost:}data-migrate"\n';
    await Deno.writeTextFile(`${folder}/bin/scp`, scp, { mode: 0o755 });
    const printed = await shell(script.join("\n"), folder, `${folder}/bin`);
    assert.match(printed, /^data-migrate: OK\nWrote migration\.yaml: edit source and target/);
    assert.match(await Deno.readTextFile(`${folder}/migration/migration.yaml`), /^checkFlag: 0\b/m);
  });
});

Deno.test("both schemas come out of the binary", async () => {
  const binary = await compiledBinary();
  const commands = documented.filter(({ text }) => text.startsWith("./data-migrate --schema"));
  assert.equal(commands.length, 2);
  for (const { text } of commands) {
    const schema = JSON.parse(await shell(text, binary.replace(/\/[^/]*$/, "")));
    assert.ok("properties" in schema || "oneOf" in schema || "$ref" in schema, text);
  }
});

Deno.test("the commands of the documents that take seconds work as they stand", async () => {
  const title = "the commands of the documents that take seconds work as they stand";
  for (const { command, ranBy } of list) {
    if (ranBy?.[1] !== title) continue;
    // Fuzzing takes a minute unless told.
    const short = command.includes(" fuzz") ? `${command} --seconds 1` : command;
    const printed = await shell(short, root);
    assert.match(
      printed,
      command.includes(" fuzz") ? /^[1-9]\d* seeds, 0 wrong$/m : /\| 0 failed/m,
    );
  }
});
