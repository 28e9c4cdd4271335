import assert from "node:assert/strict";
import { KAFKA_VERSIONS_TRIED } from "../../../lib/process/version.ts";
import { allParts, turnOf } from "../../integration/matrix/turn.ts";
import { kafkaVersions } from "../../support/kafka_releases.ts";

const text = (parts: readonly { readonly version: string; readonly role: string }[]) =>
  parts.map(({ version, role }) => `${version} ${role}`);

Deno.test("a commit has one part of the matrix, always the same, and every part has its commits", () => {
  const counts = new Map<string, number>();
  for (let index = 0; index < allParts.length * 20; index++) {
    const commit = `${(index * 7 + 3).toString(16).padStart(8, "0")}c0ffee`;
    const [part, ...others] = text(turnOf(undefined, commit).parts);
    assert.deepEqual(others, []);
    assert.deepEqual(text(turnOf("", commit).parts), [part]);
    counts.set(part ?? "", (counts.get(part ?? "") ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort(), text(allParts).sort());
  for (const count of counts.values()) assert.equal(count, 20);
});

Deno.test("turnOf() takes releases by name, all of them, and none that it does not know", () => {
  assert.deepEqual(turnOf("all", "01234567").parts, allParts);
  assert.deepEqual(text(turnOf("0.10.2.2, 2.8.2", undefined).parts), [
    "0.10.2.2 source",
    "2.8.2 target",
    "2.8.2 source",
  ]);
  assert.throws(() => turnOf("1.1.1,1.2.3", undefined), /no release 1\.2\.3: it has 0\.10\.2\.2, /);
  assert.equal(turnOf(undefined, undefined).parts.length, 1);
});

Deno.test("the program names the releases that it is tested with", () => {
  assert.deepEqual(KAFKA_VERSIONS_TRIED, kafkaVersions);
});
