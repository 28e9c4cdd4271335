/** copy.ts between fakes: what has to be known before anything is sent. */

import assert from "node:assert/strict";
import { copyBetweenFakes } from "../../support/fake_clusters.ts";
import { buildBatch, testRecords } from "../../support/record_batch_builder.ts";

const partition = {
  log: { batches: [{ bytes: buildBatch(testRecords(0, 4)), last: 3n }] },
  startOffset: 0n,
  endOffset: 4n,
};
const nothing = () => {};

for (const sourceSilent of [false, true]) {
  const meanwhile = sourceSilent ? ", while the source answers no questions" : "";
  Deno.test(`nothing is sent to a topic re-created since the plan${meanwhile}`, async () => {
    const settings = { targetTopicId: "another", sourceSilent };
    const [outcome] = await copyBetweenFakes([partition], nothing, nothing, settings);
    assert.equal(outcome?.result.status, "failed");
    assert.match(
      outcome?.result.failure?.text ?? "",
      /^topic t was deleted and re-created on the target/,
    );
    assert.deepEqual(outcome?.records, []);
  });
}

Deno.test("what the source does not tell about its topics keeps nothing from being copied", async () => {
  const [outcome] = await copyBetweenFakes([partition], nothing, nothing, { sourceSilent: true });
  assert.equal(outcome?.result.status, "done");
  assert.equal(outcome?.records.length, 4);
});
