/** group_text.ts: what is said about a group's position, with what to do next where it was left. */

import assert from "node:assert/strict";
import { committedPosition } from "../../../lib/core/group_offsets.ts";
import { groupOffsetLine } from "../../../lib/show/group_text.ts";

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

const refused = committedPosition(
  { ...position, metadata: "" },
  undefined,
  "GROUP_AUTHORIZATION_FAILED (30)",
).reason;
const overtaken = committedPosition({ ...position, metadata: "" }, 7n, undefined).reason;

/** Reasons as they are worded where positions are judged, with how the line ends. */
const LEFT: readonly (readonly [reason: string | undefined, step: RegExp])[] = [
  ["The partition is not migrated", /\. Do what stands beside the partition, then run the same/],
  ["The partition is not verified", /\. Do what stands beside the partition, then run the same/],
  ["The partition does not exist on the target", /\. Add it there, then run the same command/],
  [refused, /AUTHORIZATION_FAILED \(30\)\. Grant what is missing \(README, Permissions\), then/],
  [
    "The target refused the commit: UNKNOWN_MEMBER_ID (25)",
    /\. Correct what the target's broker says/,
  ],
  [overtaken, /meanwhile\. Find out who commits for the group on the target, then run the same/],
  [
    "The source has lost messages since they were copied, so that the position can't be counted off any more",
    /\. Set it by hand, by time for one: kafka-consumer-groups\.sh --reset-offsets$/,
  ],
  ["The source no longer holds offset 5 of topic: t, partition: 0", /\. Set it by hand/],
  [
    "topic: t, partition: 0 could not be read back from the target: LEADER_NOT_AVAILABLE (5)",
    /\. When that is mended, run the same command again$/,
  ],
  [
    "The group is active on the target (Stable): stop its consumers there, then run the same command again",
    /active on the target \(Stable\): stop its consumers there, then run the same command again$/,
  ],
];

Deno.test("a position that was left is an error that ends with what to do next", () => {
  for (const [reason = "", step] of LEFT) {
    const { level, text } = groupOffsetLine({ ...position, status: "left", reason });
    assert.equal(level, "error");
    assert.ok(text.startsWith(`${place}, not carried over: ${reason}`), text);
    assert.match(text, step);
  }
});
