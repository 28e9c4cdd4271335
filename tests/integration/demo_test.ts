/**
 * The demo when something is wrong: a program that fails is named at once, and nothing is compared afterwards as if it
 * had run. That it passes with the sources and with the binary is what .ci/run sees.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const demo = fileURLToPath(new URL("../../tools/demo.ts", import.meta.url));

async function runDemo(...args: readonly string[]): Promise<{ code: number; stdout: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", demo, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.doesNotMatch(decoder.decode(stderr), /^\s+at /m);
  return { code, stdout: decoder.decode(stdout) };
}

Deno.test("a demo whose program fails says so at the end, and compares nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  try {
    const binary = `${folder}/data-migrate`;
    await Deno.writeTextFile(binary, "#!/bin/sh\necho Something is missing\nexit 70\n", {
      mode: 0o755,
    });
    const { code, stdout } = await runDemo("--binary", binary);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^Something is missing$/m);
    const last = "=== Demo failed: data-migrate ended with exit status 70 instead of 0;" +
      " what it said stands above, and nothing was compared\n";
    assert.ok(stdout.trimEnd().endsWith(last.trimEnd()), stdout);
    assert.doesNotMatch(stdout, /DIFFERENT|migration\.log/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a demo of a binary that is not there says what to do", async () => {
  const { code, stdout } = await runDemo("--binary", "/nowhere/data-migrate");
  assert.equal(code, 2);
  assert.match(stdout, /There is no \/nowhere\/data-migrate: run \.\/denow task compile first/);
});
