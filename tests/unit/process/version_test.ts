import assert from "node:assert/strict";
import manifest from "../../../deno.json" with { type: "json" };
import { buildInfo, versionText } from "../../../lib/process/version.ts";

Deno.test("run from source, the version is that of deno.json and the rest says development", () => {
  assert.deepEqual(buildInfo, {
    version: manifest.version,
    commit: "development",
    deno: Deno.version.deno,
    base: "development",
  });
});

Deno.test("versionText() has the version alone on the first line, then commit, Deno, base and Kafka", () => {
  const text = versionText({ version: "1.2.3", commit: "abc-dirty", deno: "2.6.10", base: "1b13" });
  assert.equal(
    text,
    "data-migrate 1.2.3\ncommit abc-dirty\ndeno 2.6.10\nbase 1b13\ntried with Kafka 0.10.2.2, 0.11.0.3, 1.1.1, 2.3.1, 2.4.1, 2.8.2, 3.9.1, 4.1.0, 4.4.0",
  );
});
