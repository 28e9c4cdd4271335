import assert from "node:assert/strict";
import { applyAccept } from "../../../lib/model/finding.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import { buildReport, reportToJson } from "../../../lib/report/report.ts";
import {
  checkIdentity,
  notComparedLine,
  readLastCheck,
  sinceLastCheck,
  sinceLastCheckLines,
} from "../../../lib/plan/since_last_check.ts";
import { cluster, group, plan as planOf } from "./fixtures.ts";

const clusters = { source: "source-id", target: "target-id" };
const ranges = [{ topic: "a", partition: 0, start: 5n, end: 2n ** 60n }];
const configuration = { topics: { include: ["a*"], exclude: [] }, uncommitted: "earliest", ranges };
const same = checkIdentity(clusters, "/elsewhere/migration.yaml", configuration);

function reportOf(plan: Plan, mode: "check" | "migrate" = "check"): string {
  return reportToJson(buildReport({
    runId: "run-1",
    mode,
    configPath: "migration.yaml",
    version: "0",
    startedAt: "2026-11-21T14:02:03.000Z",
    finishedAt: "2026-11-21T14:02:04.000Z",
    durationMs: 1,
    source: { clusterId: clusters.source, bootstrapServers: [] },
    target: { clusterId: clusters.target, bootstrapServers: [] },
    interrupted: false,
    findings: applyAccept([], []),
    configuration,
    plan,
  }));
}

const before = planOf(
  cluster({ a: [[0, 100]], b: [[0, 10]], huge: [[0, 2 ** 53]] }, [
    group("g", { a: [40], b: [5], huge: [0] }),
    group("old", { a: [50] }),
  ]),
);

Deno.test("an unchanged plan has nothing to tell, whatever the size of its offsets", () => {
  const since = sinceLastCheck(readLastCheck(reportOf(before)), before, same);
  assert.ok(since !== undefined);
  assert.deepEqual(sinceLastCheckLines(since), []);
  assert.equal(since.messagesBefore, since.messagesNow);
});

Deno.test("topics, partitions, messages and groups that have changed are told", () => {
  const now = planOf(
    cluster({ a: [[0, 130], [0, 4]], c: [[0, 7]], huge: [[0, 2 ** 53]] }, [
      group("g", { a: [60, 0], c: [0], huge: [0] }),
      group("new", { c: [3] }),
    ]),
  );
  const since = sinceLastCheck(readLastCheck(reportOf(before)), now, same);
  assert.ok(since !== undefined);
  assert.deepEqual(sinceLastCheckLines(since), [
    "Since the last check (2026-11-21T14:02:03.000Z): 1 new topic (c), 1 topic gone (b), 16 messages more, 1 group moved (g), 1 group new (new), 1 group gone (old)",
    "topic: a, since the last check, 14 messages more, partitions: 2 instead of 1",
    "group: g, since the last check moved, partitions: 4",
    "group: new, since the last check new, partitions: 1",
    "group: old, since the last check gone, partitions: 1",
  ]);
});

Deno.test("reports of migrations, of other clusters, and what is no report count as none", () => {
  const good = JSON.parse(reportOf(before));
  const texts = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    reportOf(before, "migrate"),
    JSON.stringify({ ...good, plan: undefined }),
    JSON.stringify({ ...good, plan: { partitions: [{ topic: 7 }] } }),
    JSON.stringify({ ...good, plan: { partitions: [{ topic: "a", offsets: "x", groups: [] }] } }),
    JSON.stringify({ ...good, source: {} }),
  ];
  for (const text of texts) assert.equal(readLastCheck(text), undefined, text.slice(0, 80));
  assert.equal(sinceLastCheck(undefined, before, same), undefined);
});

Deno.test("what was checked of other clusters, by another config or with other settings is not compared, and named", () => {
  const last = readLastCheck(reportOf(before));
  assert.ok(last !== undefined);
  const differs = [
    [
      checkIdentity({ ...clusters, source: "another" }, "migration.yaml", configuration),
      "the source cluster",
    ],
    [
      checkIdentity({ ...clusters, target: "another" }, "migration.yaml", configuration),
      "the target cluster",
    ],
    [checkIdentity(clusters, "/a/migration.yml", configuration), "the config (migration.yaml)"],
    [
      checkIdentity(clusters, "migration.yaml", { ...configuration, uncommitted: "skip" }),
      "uncommitted",
    ],
    [checkIdentity(clusters, "migration.yaml", { ...configuration, groups: {} }), "groups"],
    [
      checkIdentity(clusters, "migration.yaml", { ...configuration, ranges: [], topics: {} }),
      "topics, ranges",
    ],
  ] as const;
  for (const [now, what] of differs) {
    assert.equal(sinceLastCheck(last, before, now), undefined);
    assert.equal(
      notComparedLine(last, now),
      `Not compared with the last check (2026-11-21T14:02:03.000Z), which differs in ${what}`,
    );
  }
});
