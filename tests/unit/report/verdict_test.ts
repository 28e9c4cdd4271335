import assert from "node:assert/strict";
import { applyAccept, finding, type FindingCode } from "../../../lib/model/finding.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import { judge, type VerdictInput } from "../../../lib/report/verdict.ts";
import { type CountEvidence, verifyCount } from "../../../lib/verify/verify.ts";
import { cluster, group, type Log, plan } from "../plan/fixtures.ts";

const planOf = (log: Log, committed: number): Plan =>
  plan(cluster({ t: [log] }, [group("g", { t: [committed] })]));
const backlog = planOf([0, 5], 0);
const consumed = planOf([0, 5], 5);
const expired = planOf([5226, 5226], 3713);
const halfOpen = planOf([0, 5, 3], 0);
const allOpen = planOf([0, 5, 3], 3);
const empty = plan(cluster({}));
const beyondEnd = planOf([0, 5], 9);

const copied = (made: Plan, change: Partial<CountEvidence> = {}) =>
  verifyCount(made.partitions, [{
    topic: "t",
    partition: 0,
    nextSourceOffset: 5n,
    recordsRead: made.partitions[0]?.offsets ?? 0n,
    batchesLeftOut: 0,
    recordsProduced: made.partitions[0]?.offsets ?? 0n,
    targetFirstOffset: 0n,
    targetLogStartOffset: 0n,
    targetHighWatermark: 5n,
    ...change,
  }]);
const ofOthers = plan(cluster({ other: [[0, 5], [0, 5]] }, [group("g", { other: [0, 0] })]));
const elsewhere = verifyCount(
  ofOthers.partitions,
  ofOthers.partitions.map(({ topic, partition }) => ({
    ...{ topic, partition, nextSourceOffset: 5n, recordsRead: 5n, recordsProduced: 5n },
    ...{ batchesLeftOut: 0, targetFirstOffset: 0n, targetLogStartOffset: 0n },
    targetHighWatermark: 5n,
  })),
);
const found = (...codes: FindingCode[]) => codes.map((code) => finding(code, {}, "Found", "Fix"));
const lost = { lost: [{ startOffset: 0n, endOffset: 1n }], recordsRead: 4n, recordsProduced: 4n };

Deno.test("judge() gives every way a run can end its exit status", () => {
  const blocked = found("TARGET_TOPIC_MISSING");
  const warned = found("GROUP_ACTIVE", "MESSAGES_EXPIRED", "UNCOMMITTED_COUNTED");
  const accepted = applyAccept(found("RETENTION_WOULD_DELETE"), ["RETENTION_WOULD_DELETE"]);
  const nothing = found("NO_COMMITTED_OFFSETS");
  const filtered = found("FILTER_MATCHED_NOTHING");
  const open = found("OPEN_TRANSACTION");
  const check = { mode: "check", interrupted: false, findings: [] } as const;
  const migrate = { ...check, mode: "migrate" } as const;
  const table: readonly [VerdictInput, number, string, RegExp][] = [
    [{ ...check, plan: backlog }, 0, "checked", /^Checked: 5 messages in 1 partition of 1 topic/],
    [{ ...check, plan: backlog, findings: warned }, 0, "checked", /5 messages/],
    [{ ...check, plan: backlog, findings: accepted }, 0, "checked", /5 messages/],
    [{ ...check, plan: halfOpen, findings: open }, 0, "checked", /3 messages/],
    [{ ...check, plan: allOpen, findings: open }, 0, "checked", /open transaction/],
    [{ ...check, plan: consumed }, 0, "nothing to migrate", /consumed or has expired/],
    [{ ...check, plan: expired, findings: warned }, 0, "nothing to migrate", /expired/],
    [{ ...check, plan: empty, findings: nothing }, 1, "nothing to migrate", /^Found$/],
    [{ ...check, plan: empty, findings: filtered }, 1, "nothing to migrate", /^Found$/],
    [
      { ...check, plan: backlog, findings: [...blocked, ...warned] },
      3,
      "blocked",
      /^Blocked by 1 finding \(TARGET_TOPIC_MISSING\)/,
    ],
    [
      { ...check, plan: backlog, findings: found("RETENTION_WOULD_DELETE") },
      3,
      "blocked",
      /RETENTION/,
    ],
    [
      { ...check, findings: found("BROKER_UNREACHABLE", "BROKER_UNREACHABLE") },
      3,
      "blocked",
      /2 findings \(BROKER_UNREACHABLE\)/,
    ],
    [{ ...check, plan: empty, findings: [...nothing, ...blocked] }, 3, "blocked", /TARGET/],
    [check, 1, "incomplete", /before there was a plan/],
    [{ ...check, plan: empty }, 1, "incomplete", /before there was a plan/],

    [
      { ...migrate, plan: backlog, results: copied(backlog) },
      0,
      "done",
      /^Migrated and verified: 5 messages in 1 partition$/,
    ],
    [{ ...migrate, plan: backlog, findings: warned, results: copied(backlog) }, 0, "done", /5/],
    [{ ...migrate, plan: backlog, findings: accepted, results: copied(backlog) }, 0, "done", /5/],
    [{ ...migrate, plan: backlog }, 1, "incomplete", /nothing was copied/],
    [{ ...migrate, plan: backlog, results: verifyCount([], []) }, 1, "incomplete", /no result/],
    [
      { ...migrate, plan: backlog, results: copied(backlog, { recordsProduced: 4n }) },
      1,
      "incomplete",
      /1 partition failed/,
    ],
    [
      { ...migrate, plan: backlog, results: copied(backlog, lost) },
      1,
      "incomplete",
      /1 partition lost/,
    ],
    [
      { ...migrate, plan: halfOpen, findings: open, results: copied(halfOpen) },
      1,
      "incomplete",
      /open transactions hold back 2 offsets/,
    ],
    [{ ...migrate, plan: halfOpen, results: copied(halfOpen) }, 1, "incomplete", /2 offsets/],
    [{ ...migrate, plan: allOpen, findings: open }, 1, "incomplete", /2 offsets/],
    [{ ...migrate, plan: consumed }, 0, "nothing to migrate", /Nothing to migrate/],
    [
      { ...migrate, plan: consumed, results: verifyCount(consumed.partitions, []) },
      0,
      "nothing to migrate",
      /Nothing to migrate/,
    ],
    [{ ...migrate, plan: expired, findings: warned }, 0, "nothing to migrate", /expired/],
    [{ ...migrate, plan: empty, findings: nothing }, 1, "nothing to migrate", /^Found$/],
    [{ ...migrate, plan: backlog, findings: blocked }, 3, "blocked", /nothing was written/],
    [
      { ...migrate, plan: backlog, interrupted: true, results: copied(backlog) },
      130,
      "interrupted",
      /same command continues/,
    ],
    [{ ...migrate, findings: blocked, interrupted: true }, 130, "interrupted", /continues/],
    [
      // The results of other partitions, however many, are not those of what was to be copied.
      { ...migrate, plan: backlog, results: elsewhere },
      1,
      "incomplete",
      /some partitions have no result/,
    ],
    [
      { ...check, plan: beyondEnd },
      0,
      "nothing to migrate",
      /committed beyond the end of its log$/,
    ],
    [
      { ...migrate, mode: "verify", results: copied(backlog) },
      0,
      "done",
      /^Verified: 5 messages in 1 partition$/,
    ],
    [
      {
        ...migrate,
        mode: "verify",
        results: copied(backlog),
        findings: found("SOURCE_NOT_ASKED"),
      },
      0,
      "done",
      /^Verified: 5 messages in 1 partition of the target; the source was not asked$/,
    ],
    [
      { ...migrate, mode: "verify", results: verifyCount(consumed.partitions, []) },
      1,
      "incomplete",
      /Nothing was verified/,
    ],
    [
      { ...migrate, mode: "verify", results: verifyCount([], []) },
      1,
      "incomplete",
      /Nothing was verified/,
    ],
  ];
  for (const [input, exitStatus, outcome, sentence] of table) {
    const verdict = judge(input);
    assert.equal(verdict.exitStatus, exitStatus, verdict.sentence);
    assert.equal(verdict.outcome, outcome, verdict.sentence);
    assert.match(verdict.sentence, sentence);
  }
});
