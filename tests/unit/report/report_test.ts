import assert from "node:assert/strict";
import {
  buildReport,
  planTotals,
  reportToJson,
  type RunFacts,
} from "../../../lib/report/report.ts";
import { cluster, group, plan, workedExample } from "../plan/fixtures.ts";

const facts: RunFacts = {
  runId: "20221103-150208-1a2b",
  mode: "check",
  configPath: "migration.yaml",
  version: "0.1.0",
  startedAt: "2022-11-03T15:02:08.123Z",
  finishedAt: "2022-11-03T15:02:09.123Z",
  durationMs: 1000,
  source: { clusterId: "source-id", bootstrapServers: ["10.0.0.1:9092"] },
  target: { clusterId: "target-id", bootstrapServers: ["10.0.1.1:9092"] },
  interrupted: false,
  findings: [],
};

Deno.test("buildReport() adds verdict and totals to what the run was", () => {
  const report = buildReport({ ...facts, plan: plan(workedExample()) });
  assert.equal(report.schemaVersion, 1);
  assert.equal(report.verdict.exitStatus, 0);
  assert.equal(
    report.verdict.sentence,
    "Checked: 77,122 messages in 2 partitions of 2 topics would be migrated",
  );
  assert.deepEqual(report.planTotals, {
    topics: 4,
    partitions: 4,
    partitionsToCopy: 2,
    offsets: 77122n,
    expiredMessages: 1513n,
    uncommittedOffsets: 0n,
    openTransactionOffsets: 0n,
  });
  assert.equal(buildReport(facts).planTotals, undefined);
});

Deno.test("planTotals() keeps what open transactions hold apart from what is copied", () => {
  const source = cluster({ t: [[0, 50, 40], [5, 9]] }, [group("g", { t: [10, null] })]);
  const totals = planTotals(plan(source));
  assert.equal(totals.offsets, 34n);
  assert.equal(totals.uncommittedOffsets, 4n);
  assert.equal(totals.openTransactionOffsets, 10n);
});

Deno.test("reportToJson() writes offsets as numbers while they are exact, and as digits beyond", () => {
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  const source = cluster({ t: [[0, 1]] }, [group("g", { t: [0] })]);
  const [small] = plan(source).partitions;
  assert.ok(small);
  const partitions = [{ ...small, endOffset: largest, offsets: largest + 1n }];
  const json = reportToJson(buildReport({ ...facts, plan: { ...plan(source), partitions } }));
  assert.ok(json.endsWith("}\n"));
  const [row] = JSON.parse(json).plan.partitions;
  assert.equal(row.startOffset, 0);
  assert.equal(row.endOffset, Number.MAX_SAFE_INTEGER);
  assert.equal(row.offsets, "9007199254740992");
  assert.deepEqual(row.groups, [{ group: "g", committed: 0, lag: 1 }]);
});
