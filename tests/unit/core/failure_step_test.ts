/** failure_step.ts: each way a partition can fail says what to do about it. */

import assert from "node:assert/strict";
import { failureStep } from "../../../lib/core/failure_step.ts";

/** Reasons as copy and verification word them, with the beginning of what to do. */
const TABLE: readonly (readonly [reason: string, step: RegExp])[] = [
  ["target broker 2 (10.0.0.2:9092) unreachable (connection refused) for 600 s", /^When that is/],
  ["source partition t-0 not available (LEADER_NOT_AVAILABLE (5)) for 12 min 5 s", /^When that is/],
  [
    "source partition t-0 ends at offset 5, before the planned end 9 for 31 s",
    /^When that is mended, run/,
  ],
  [
    "the target refused the batch at source offset 40 of 99 bytes: MESSAGE_TOO_LARGE (10)",
    /^Raise max\.message\.bytes/,
  ],
  [
    "the target refused the request: TOPIC_AUTHORIZATION_FAILED (29)",
    /^Grant what is missing/,
  ],
  ["the target refused the message at source offset 4: INVALID_RECORD (87)", /^Correct what the/],
  ["the batch at source offset 5 is damaged: its CRC-32C does not match", /^Where another replica/],
  ["the batch at source offset 5 cannot be opened: its header lies", /^Where another replica/],
  [
    "the batch at source offset 5 cannot be opened: its zstd content opens to more than 268435456 bytes",
    /^Copy these messages by other means/,
  ],
  ["the source's log no longer reaches offset 6: it was truncated or re-created", /^To start over/],
  ["the target gave offset 12 after 12: it was truncated or re-created", /^To start over/],
  ["topic t was deleted and re-created on the target since the plan was made", /^To start over/],
  ["topic t no longer exists on the source", /^To start over/],
  [
    "the partitions of topic t were changed on the source since the plan was made: 4 instead of 3",
    /^To start over/,
  ],
  ["topic t cannot be used on the target: TOPIC_AUTHORIZATION_FAILED", /^Grant what is missing/],
  ["topic t cannot be used on the target: INVALID_TOPIC_EXCEPTION", /^When that is mended/],
  ["the target holds messages of this migration twice, at offset 9 the second time", /^Find out/],
  ["the target holds 3 more messages of this migration than the range", /^Find out who else/],
  [
    "the target knows another sequence at source offset 4: OUT_OF_ORDER_SEQUENCE_NUMBER (45)",
    /^Find out who else/,
  ],
  [
    "messages before source offset 9 have expired, and it cannot be told which of those behind it the target holds",
    /^Find out who else/,
  ],
  ["The last sequence of this migration is 28 on the target, after 30 messages", /^Find out who/],
  ["The message at source offset 1 and the one at target offset 1 differ in their value", /^Find/],
  ["Broker 10.0.0.1:9092: the certificate is not trusted", /^Correct source or target/],
  ["Offsets 5 to 8 expired on the source before they were read", /^Nothing brings them back/],
  ["30 messages read from the source, 29 acknowledged by the target", /^To try the partition once/],
  [
    "Only 29 of 30 offsets were read",
    /^To copy the rest, run the same command again, with --migrate/,
  ],
  ["it is not known how far an earlier run got: the target cannot be read: X (1)", /^When that is/],
];

Deno.test("each reason a partition failed for says what to do next", () => {
  for (const [reason, step] of TABLE) {
    assert.match(failureStep(reason), step, reason);
    assert.doesNotMatch(failureStep(reason), /\.$/);
  }
});

Deno.test("what says it itself gets nothing more", () => {
  const reasons = [
    "The target has already deleted some of the messages: its log starts at 9, the first message was written at 5; raise retention.ms and retention.bytes of the topic",
    "The record at offset 3 needs a batch of 99 bytes, the target takes 9: raise max.message.bytes of the target topic",
    "messages from source offset 5 on have expired before it was known which of them the target holds; the same command finds out",
  ];
  for (const reason of reasons) assert.equal(failureStep(reason), "");
});
