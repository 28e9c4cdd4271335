import assert from "node:assert/strict";
import { targetOf, targets } from "../../../tools/compile/target.ts";

Deno.test("targetOf() names the known targets when asked for another", () => {
  assert.throws(() => targetOf("x86_64-apple-darwin"), (error: RangeError) => {
    assert.ok(error instanceof RangeError);
    for (const { triple } of targets) assert.ok(error.message.includes(triple));
    return true;
  });
});

Deno.test("every target has an output of its own and whole hashes", () => {
  assert.equal(new Set(targets.map((target) => target.output)).size, targets.length);
  for (const target of targets) {
    assert.equal(targetOf(target.triple), target);
    for (const hash of [target.baseSha256, target.wheelSha256]) {
      assert.match(hash, /^[0-9a-f]{64}$/);
    }
  }
});
