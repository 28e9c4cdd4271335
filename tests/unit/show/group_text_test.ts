/** group_text.ts: what is said about a group's position, with what to do next where it was left. */

import assert from "node:assert/strict";
import { type Failure, failure } from "../../../lib/model/failure.ts";
import { committedPosition } from "../../../lib/plan/group_offsets.ts";
import { carriedLines, groupOffsetLine } from "../../../lib/show/group_text.ts";

const position = { group: "g", topic: "t", partition: 0, sourceOffset: 5n, targetOffset: 2n };
const place = "group: g, topic: t, partition: 0, committed offset: 5, on the target: 2";

Deno.test("a position that was committed, or stands further on, is no error", () => {
  assert.deepEqual(groupOffsetLine({ ...position, status: "committed", before: 1n, after: 2n }), {
    level: "info",
    text: `${place}, committed, was 1`,
  });
  assert.deepEqual(groupOffsetLine({ ...position, status: "further", before: 4n, after: 4n }), {
    level: "info",
    text: `${place}, stands at 4 there already`,
  });
});

Deno.test("a position that was committed without its text says why, and its group how many were", () => {
  const told = { ...position, status: "committed", after: 2n } as const;
  const without = (["too long", "counts offsets"] as const).map((metadataLeftOut) => ({
    ...told,
    metadataLeftOut,
  }));
  assert.deepEqual(without.map((each) => groupOffsetLine(each).text), [
    `${place}, committed, without its metadata text, which is longer than the target takes`,
    `${place}, committed, without its metadata text, which counts offsets of the source`,
  ]);
  assert.deepEqual(carriedLines([told, ...without]), [
    "group: g, positions committed: 3 of 3 partitions, 2 without their metadata text",
  ]);
});

const overtaken = committedPosition({ ...position, metadata: "" }, 7n, undefined);

/** Failures as they are made where positions are judged, with how the line ends. */
const LEFT: readonly (readonly [Failure | undefined, step: RegExp])[] = [
  [
    failure("PARTITION_NOT_VERIFIED", "The partition is not migrated"),
    /migrated\. Do what stands beside the partition, then run the same command again$/,
  ],
  [
    failure("PARTITION_MISSING", "The partition does not exist on the target"),
    /target\. Add it there, then run the same command again$/,
  ],
  [
    failure("NOT_AUTHORIZED", "The target refused the commit: GROUP_AUTHORIZATION_FAILED (30)"),
    /AUTHORIZATION_FAILED \(30\)\. Grant what is missing \(docs\/permissions\.md\), then/,
  ],
  [
    failure("TARGET_REFUSED", "The target refused the commit: UNKNOWN_MEMBER_ID (25)"),
    /\. Correct what the target's broker says/,
  ],
  [
    overtaken.code && failure(overtaken.code, overtaken.reason ?? ""),
    /meanwhile\. Find out who commits for the group on the target, then run the same/,
  ],
  [
    failure("POSITION_LOST", "The source no longer holds offset 5 of topic: t, partition: 0"),
    /\. Set it by hand, by time for one: kafka-consumer-groups\.sh --reset-offsets$/,
  ],
  [
    failure("PARTITION_UNAVAILABLE", "topic: t, partition: 0 could not be read back: X (5)"),
    /\. When that is mended, run the same command again$/,
  ],
  [
    failure("TARGET_GROUP_ACTIVE", "The group is active on the target (Stable)"),
    /active on the target \(Stable\)\. Stop its consumers there, then run the same command again$/,
  ],
];

Deno.test("a position that was left is an error that ends with what to do next", () => {
  for (const [failed, step] of LEFT) {
    assert.ok(failed !== undefined);
    const { text: reason, code } = failed;
    const { level, text } = groupOffsetLine({ ...position, status: "left", reason, code });
    assert.equal(level, "error");
    assert.ok(text.startsWith(`${place}, not carried over: ${reason}`), text);
    assert.match(text, step);
  }
});
