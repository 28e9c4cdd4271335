/** schema.ts: what the published schema says of a report; real ones are held against it in tests/integration. */

import assert from "node:assert/strict";
import { reportJsonSchema, reportSchema } from "../../../lib/report/schema.ts";
import { buildReport, reportToJson } from "../../../lib/report/report.ts";
import { plan, workedExample } from "../plan/fixtures.ts";

const report = () =>
  JSON.parse(reportToJson(buildReport({
    runId: "20221103-150208-1a2b",
    mode: "check",
    configPath: "migration.yaml",
    version: "0.1.0",
    startedAt: "2022-11-03T15:02:08.123Z",
    finishedAt: "2022-11-03T15:02:09.123Z",
    durationMs: 1000,
    source: { clusterId: "source-id", bootstrapServers: ["10.0.0.1:9092"] },
    target: { bootstrapServers: ["10.0.1.1:9092"] },
    interrupted: false,
    findings: [],
    plan: plan(workedExample()),
    configuration: { checkFlag: 0 },
  })));

Deno.test("a report satisfies its schema, and nothing of it is unknown there", () => {
  assert.deepEqual(reportSchema.parse(report()), report());
});

Deno.test("offsets beyond 2^53 are strings of digits in the schema too, and nothing else", () => {
  const large = report();
  large.plan.partitions[0].endOffset = "9223372036854775807";
  assert.ok(reportSchema.safeParse(large).success);
  for (const wrong of ["12a", "", 1.5, null]) {
    large.plan.partitions[0].endOffset = wrong;
    assert.ok(!reportSchema.safeParse(large).success, String(wrong));
  }
});

Deno.test("the published schema has the version, requires what is always there, and lets fields be added", () => {
  const schema = reportJsonSchema() as {
    readonly properties: Readonly<Record<string, { readonly const?: unknown }>>;
    readonly required: readonly string[];
  };
  assert.equal(schema.properties["schemaVersion"]?.const, 1);
  const always = [
    ...["schemaVersion", "verdict", "runId", "mode", "configPath", "version", "startedAt"],
    ...["finishedAt", "durationMs", "source", "target", "interrupted", "findings"],
  ];
  assert.deepEqual(schema.required, always);
  assert.doesNotMatch(JSON.stringify(schema), /"additionalProperties":false/);
});
