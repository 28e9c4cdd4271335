/**
 * .ci/run with a stand-in for the launcher, which notes what it is asked for: what runs, in which order, what a newcomer's
 * commands find, and what is said at the end.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { documentedCommands } from "../support/documented_commands.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const denow = `#!/bin/sh
printf '%s|%s|%s\\n' "$*" "$(ls -A "$HOME" | head -n 1)" "$(ls -A "\${TMPDIR-/}" | head -n 1)" >>"$CALLS"
[ "$*" != "$FAILING" ] || exit 3
[ "$*" != "task test" ] || printf '%s\\n' \
  'running 1 test from ./tests/unit/a_test.ts' 'a: b ... ok (450ms)' '' 'ok | 1 passed | 0 failed (1s)' \
  './tests/integration/b_test.ts => b (c) ... ok (1m2s)' './tests/integration/b_test.ts => d ... ok (3s)' \
  '' 'ok | 2 passed (1 step) | 0 failed (1m5s)'
`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** What the launcher was asked for. */
  readonly calls: readonly string[];
  /** Of these, those that found an empty home and no temporary files. */
  readonly calledAsNewcomer: readonly string[];
}

async function runCi(failing: string): Promise<Ended> {
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  try {
    await Deno.mkdir(join(folder, ".ci"));
    for (const { name } of Deno.readDirSync(join(root, ".ci"))) {
      await Deno.copyFile(join(root, ".ci", name), join(folder, ".ci", name));
    }
    await Deno.copyFile(join(root, "README.md"), join(folder, "README.md"));
    await Deno.writeTextFile(join(folder, "denow"), denow, { mode: 0o755 });
    await Deno.writeTextFile(join(folder, "calls"), "");
    const { code, stdout, stderr } = await new Deno.Command(join(folder, ".ci/run"), {
      cwd: "/",
      env: { CALLS: join(folder, "calls"), FAILING: failing, HOME: folder },
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    const calls = (await Deno.readTextFile(join(folder, "calls"))).split("\n").slice(0, -1)
      .map((line) => line.split("|"));
    return {
      code,
      stdout: new TextDecoder().decode(stdout),
      calls: calls.map(([call = ""]) => call),
      calledAsNewcomer: calls.filter(([, home, temp]) => home === "" && temp === "")
        .map(([call = ""]) => call),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(".ci/run begins with what the README has a newcomer type, and names the slowest tests", async () => {
  const { code, stdout, calls, calledAsNewcomer } = await runCi("");
  assert.equal(code, 0, stdout);
  assert.deepEqual(calls, [
    "task demo",
    "fmt --check",
    "lint",
    "task check",
    "task demo --from 1.1.1 --to 4.4.0",
    "task test",
    "task audit",
    "task compile",
    "task demo --binary dist/data-migrate",
  ]);
  const newcomers = documentedCommands()
    .filter(({ where, heading }) => where.startsWith("README") && heading === "Try it")
    .map(({ text }) => text);
  assert.deepEqual(newcomers, [
    "./denow task demo",
    "./denow task demo --from 1.1.1 --to 4.4.0",
    "./denow task test",
  ]);
  assert.deepEqual(calledAsNewcomer.map((call) => `./denow ${call}`), newcomers);
  const slowest = [
    "  62.0 s  tests/integration/b_test.ts: b (c)",
    "   3.0 s  tests/integration/b_test.ts: d",
    "   0.5 s  tests/unit/a_test.ts: a: b",
  ];
  assert.ok(stdout.includes(`=== the slowest tests\n${slowest.join("\n")}\n\n`), stdout);
  assert.ok(stdout.endsWith("\n3 passed, 0 failed\n"), stdout);
});

Deno.test(".ci/run stops at the first step that fails", async () => {
  const { code, stdout, calls } = await runCi("task demo");
  assert.equal(code, 1);
  assert.deepEqual(calls, ["task demo"]);
  assert.match(stdout, /^=== newcomer-1 failed after \d+ s$/m);
});
