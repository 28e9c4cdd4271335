/**
 * Quotas of source brokers before 2.0, which keep the answer to a Fetch back for as long as the quota asks, in place of
 * asking to wait: such silence is no trouble, and a broker that is really silent is still found out.
 */

import assert from "node:assert/strict";
import { assertCopied, makeBacklog } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { alterQuota, shortQuotaWindows } from "../support/quotas.ts";

const clusters = sharedClusters({
  source: { version: "1.1.1", properties: shortQuotaWindows },
});

clusters.test("answers that a quota of an old broker keeps back for longer than a broker may be silent are waited for", async () => {
  // The answer to the first Fetch is kept back for a quarter of a minute.
  const backlog = await makeBacklog(clusters, {
    messages: [1_400],
    committed: { readers: [0] },
    contents: { valueBytes: 1_000, compressible: false },
  });
  await alterQuota(clusters.source, ["--add-config", "consumer_byte_rate=60000"], "data-migrate");
  try {
    await using migration = await makeMigrationDir(backlog.config());
    const { status, output } = await migration.run();
    assert.equal(status, 0, output);
    assert.doesNotMatch(output, /unreachable|no answer/);
    assert.match(output, /throttled by the source: \d+ s/);
    await assertCopied(clusters, backlog.topic, 0, { start: 0 });
  } finally {
    await alterQuota(clusters.source, ["--delete-config", "consumer_byte_rate"], "data-migrate");
  }
});
