import assert from "node:assert/strict";
import { lockedPackages } from "../../../tools/compile/stage.ts";

Deno.test("lockedPackages() finds scoped packages and leaves out the resolved peers", () => {
  const lock = {
    specifiers: { "npm:a@1": "1.0.0" },
    npm: {
      "a@1.0.0": {},
      "@scope/b@2.0.0-rc.1": {},
      "c@3.1.0_a@1.0.0": {},
      "a@1.1.0": {},
    },
  };
  assert.deepEqual(lockedPackages(JSON.stringify(lock)), [
    "a/1.0.0",
    "a/registry.json",
    "@scope/b/2.0.0-rc.1",
    "@scope/b/registry.json",
    "c/3.1.0",
    "c/registry.json",
    "a/1.1.0",
  ]);
});

Deno.test("lockedPackages() of a lock file without npm packages is empty", () => {
  assert.deepEqual(lockedPackages('{"version":"5"}'), []);
});
