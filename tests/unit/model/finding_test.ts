import assert from "node:assert/strict";
import {
  applyAccept,
  finding,
  FINDING_KINDS,
  type FindingCode,
  OVERRIDABLE_CODES,
} from "../../../lib/model/finding.ts";
import { formatPlace } from "../../../lib/findings/finding_place.ts";

const of = (code: FindingCode) => finding(code, {}, "Message", "Remedy");

Deno.test("applyAccept() makes recorded warnings of overridable errors whose code is named, and of nothing else", () => {
  const findings = [
    of("RETENTION_WOULD_DELETE"),
    of("COMPACTION_NEEDS_KEYS"),
    of("TARGET_NOT_EMPTY"),
    of("GROUP_ACTIVE"),
  ];
  const accept = ["RETENTION_WOULD_DELETE", "TARGET_NOT_EMPTY", "GROUP_ACTIVE", "UNKNOWN"];
  const [retention, ...rest] = applyAccept(findings, accept);
  assert.deepEqual(retention, { ...findings[0], severity: "warning", accepted: true });
  assert.deepEqual(rest, findings.slice(1));
});

Deno.test("FINDING_KINDS has only errors block, and only errors be overridden", () => {
  for (const [code, kind] of Object.entries(FINDING_KINDS)) {
    const stops = kind.effect === "blocks" || kind.effect === "proves-nothing";
    assert.equal(stops, kind.severity === "error", code);
    if (kind.overridable) assert.equal(kind.severity, "error", code);
  }
  assert.deepEqual(OVERRIDABLE_CODES, [
    "RETENTION_WOULD_DELETE",
    "TIMESTAMPS_REFUSED",
    "COMPACTION_NEEDS_KEYS",
    "OLD_MESSAGE_FORMAT",
    "TARGET_SHARE_GROUP",
  ]);
});

Deno.test("formatPlace() says where a finding belongs, in one line", () => {
  const numbers = [...Array(12).keys()];
  const table = [
    [{}, ""],
    [{ cluster: "target" }, "target cluster"],
    [{ cluster: "source", topic: "t" }, "source topic t"],
    [{ topic: "t", partitions: [3] }, "topic t, partition 3"],
    [
      { topic: "t", partitions: numbers },
      "topic t, partitions 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more",
    ],
    [{ groups: ["a\n"] }, "group a\\u000a"],
    [{ groups: ["a", "b", "c", "d", "e", "f"] }, "groups a, b, c, d, e and 1 more"],
  ] as const;
  for (const [place, text] of table) assert.equal(formatPlace(place), text);
});
