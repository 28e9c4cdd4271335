/**
 * Speed limits, ours (`limits.bytesPerSecond`) and the brokers' (quotas): what they slow down arrives whole, nothing is
 * given up because it has to wait, and a signal is heard meanwhile. How evenly ours is kept is for the bench to show.
 */

import assert from "node:assert/strict";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { alterQuota, shortQuotaWindows } from "../support/quotas.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { startRun } from "../support/slow_run.ts";

const quotas = { properties: shortQuotaWindows };
const clusters = sharedClusters({ source: quotas, target: quotas });
const STATE = "migration.state.jsonl";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

clusters.test("a limit is kept by all connections together, and everything arrives", async () => {
  await using backlog = await makeSlowBacklog(clusters, {
    partitions: 6,
    messages: 4_500,
    valueBytes: 1_000,
    committed: 0,
    codec: "none",
    delayMs: 0,
    through: ["source", "target"],
  });
  const limits = { bytesPerSecond: "5MB" };
  await using migration = await makeMigrationDir(backlog.config({ limits }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  // Over 20 MB at 5 MB/s; generously below, as the test is not about time.
  const { durationMs } = migration.report();
  assert.ok(durationMs > 3_000, `it took ${durationMs} ms only`);
  const { source } = backlog;
  assert.ok(source.forwarded("toClient") > 20e6, "less was read");
  await backlog.assertArrived();
});

clusters.test("partitions that wait for a low limit are not given up, and a signal is heard", async () => {
  await using backlog = await makeSlowBacklog(clusters, { partitions: 30, messages: 300 });
  const limits = { bytesPerSecond: "20kB", giveUpAfter: "1s" };
  await using migration = await makeMigrationDir(backlog.config({ limits }));
  const run = startRun({ cwd: migration.path });
  await backlog.inMidCopy(run, 30_000);
  await pause(5_000);
  const sent = performance.now();
  run.kill("SIGINT");
  const { status, output } = await run.ended;
  assert.ok(performance.now() - sent < 3_000, "it took too long");
  assert.equal(status, 130, output);
  assert.ok(!migration.text(STATE).includes('"failed"'), migration.text(STATE));
  assert.ok(backlog.sent() < 1_000_000, `${backlog.sent()} bytes are too many`);
  // Another limit may be set at any time.
  migration.configure(backlog.config({ limits: { bytesPerSecond: "100MB", giveUpAfter: "10s" } }));
  const { status: completed, output: after } = await migration.run();
  assert.equal(completed, 0, after);
  await backlog.assertArrived();
});

clusters.test("a batch larger than what the limit allows in a while comes whole", async () => {
  await using backlog = await makeSlowBacklog(clusters, {
    partitions: 2,
    messages: 60,
    valueBytes: 9_000,
    batchBytes: 200_000,
    codec: "none",
    committed: 0,
    sourceConfigs: { "max.message.bytes": "300000" },
    targetConfigs: { "max.message.bytes": "300000" },
  });
  const limits = { bytesPerSecond: "300kB" };
  await using migration = await makeMigrationDir(backlog.config({ limits }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("quotas of the brokers on client.id data-migrate are honoured", async () => {
  for (const side of ["source", "target"] as const) {
    await using backlog = await makeSlowBacklog(clusters, {
      partitions: 3,
      messages: 2_000,
      valueBytes: 1_000,
      committed: 0,
      codec: "none",
      delayMs: 0,
    });
    await using migration = await makeMigrationDir(
      backlog.config({ limits: { giveUpAfter: "2s" } }),
    );
    const quota = `${side === "source" ? "consumer" : "producer"}_byte_rate`;
    await alterQuota(clusters[side], ["--add-config", `${quota}=1000000`], "data-migrate");
    try {
      const { status, output } = await migration.run();
      assert.equal(status, 0, output);
      assert.ok(!output.includes("unreachable"), output);
      const { durationMs } = migration.report();
      assert.ok(durationMs > 3_000, `${side}: it took ${durationMs} ms, nothing was throttled`);
    } finally {
      await alterQuota(clusters[side], ["--delete-config", quota], "data-migrate");
    }
    await backlog.assertArrived();
  }
});
