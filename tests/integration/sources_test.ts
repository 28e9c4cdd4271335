/**
 * The sources as a program: `deno run` with main.ts from any directory and with the permissions that CONTRIBUTING names,
 * and what is said where Deno was started in another way. The binary has none of these questions.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { documentedCommands } from "../support/documented_commands.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Nothing listens there. */
const unreachable = {
  checkFlag: 0,
  source: { bootstrapServers: "127.0.0.1:1" },
  target: { bootstrapServers: "127.0.0.1:2" },
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `deno run` in the migration's directory. */
async function denoRun(migration: MigrationDir, options: readonly string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...options],
    cwd: migration.path,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What CONTRIBUTING says to type, without `./denow run` and main.ts. */
function documentedPermissions(): readonly string[] {
  const command = documentedCommands().find(({ text }) => /^\.\/denow run .*main\.ts$/.test(text));
  assert.ok(command !== undefined, "no document says how main.ts is run");
  return command.text.split(" ").slice(2, -1);
}

Deno.test("main.ts runs from any directory, with all permissions or with those that are documented", async () => {
  await using migration = await makeMigrationDir(unreachable);
  for (const permissions of [["--allow-all"], documentedPermissions()]) {
    const { code, stdout, stderr } = await denoRun(migration, [...permissions, main]);
    assert.equal(code, 3, stdout + stderr);
    assert.match(stdout, /^Blocked by 2 findings \(BROKER_UNREACHABLE\)/m);
    assert.doesNotMatch(stderr, /unstable|^\s+at /im);
  }
});

Deno.test("started without its deno.json or without its permissions, main.ts says what to do", async () => {
  await using migration = await makeMigrationDir(unreachable);
  const permissions = documentedPermissions();
  const cases = [
    [["--allow-all", "--no-config"], /has not read the deno\.json beside main\.ts\. Start/],
    [[], /too few permissions\. Start it with --allow-net, /],
    ...permissions.map((missing) =>
      [permissions.filter((each) => each !== missing), /too few permissions\./] as const
    ),
  ] as const;
  for (const [options, says] of cases) {
    const { code, stdout, stderr } = await denoRun(migration, [...options, main]);
    assert.deepEqual([code, stdout], [2, ""], options.join(" ") + stderr);
    assert.match(stderr, /^data-migrate: Cannot start: .+\n$/, options.join(" "));
    assert.match(stderr, says);
  }
  assert.deepEqual(migration.files(), ["migration.yaml"]);
});
