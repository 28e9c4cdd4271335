import assert from "node:assert/strict";
import { packagesOf } from "../../../tools/compile/licenses.ts";

Deno.test("packagesOf() names what the modules lead to, dependencies too, nothing else", () => {
  const npmPackages = Object.fromEntries(
    ([["b", ["c@1.0.0"]], ["a", []], ["c", ["b@1.0.0"]], ["test-only", []]] as const).map(
      ([name, dependencies]) => [`${name}@1.0.0`, { name, version: "1.0.0", dependencies }],
    ),
  );
  const graph = (...packages: readonly string[]) => ({
    modules: [{}, ...packages.map((npmPackage) => ({ npmPackage }))],
    npmPackages,
  });
  const names = packagesOf([graph("b@1.0.0", "b@1.0.0"), graph("a@1.0.0")]).map(({ name }) => name);
  assert.deepEqual(names, ["a", "b", "c"]);
});
