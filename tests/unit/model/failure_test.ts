/** failure.ts and its table: each code says what it means and what to do, and a journal without codes is still read. */

import assert from "node:assert/strict";
import { recordedFailure, refusal, remedyOf } from "../../../lib/model/failure.ts";
import { FAILURE_KINDS, type FailureCode } from "../../../lib/model/failure_kinds.ts";
import { KAFKA_ERRORS } from "../../../lib/model/kafka_error.ts";

Deno.test("every code has a meaning and a remedy, both sentences without a full stop", () => {
  for (const [code, { meaning, remedy }] of Object.entries(FAILURE_KINDS)) {
    assert.match(code, /^[A-Z]+(?:_[A-Z]+)*$/);
    for (const text of [meaning, remedy]) {
      assert.match(text, /^[A-Z]/, code);
      assert.doesNotMatch(text, /\.$|\n|\|/, code);
    }
  }
});

/** Codes with the beginning of what to do. */
const STEPS: readonly (readonly [FailureCode, RegExp])[] = [
  ["BROKER_UNREACHABLE", /^When that is mended, run the same command again$/],
  ["PARTITION_UNAVAILABLE", /^When that is mended, run/],
  ["LOG_ENDS_EARLY", /^When that is mended, run/],
  ["BATCH_TOO_LARGE", /^Raise max\.message\.bytes of the topic on the target, then run/],
  ["RECORD_TOO_LARGE", /^Raise max\.message\.bytes of the topic on the target, then run/],
  ["NOT_AUTHORIZED", /^Grant what is missing/],
  ["TARGET_REFUSED", /^Correct what the target's broker says/],
  ["BATCH_DAMAGED", /^Where another replica/],
  ["CONTENT_TOO_LARGE", /^Copy these messages by other means/],
  ["SOURCE_TRUNCATED", /^To start over/],
  ["TARGET_TRUNCATED", /^To start over/],
  ["TOPIC_RECREATED", /^To start over/],
  ["TOPIC_GONE", /^To start over/],
  ["PARTITIONS_CHANGED", /^To start over/],
  ["STORED_UNCLEAR", /^To start over/],
  ["TOPIC_UNUSABLE", /^When that is mended/],
  ["TARGET_HOLDS_TWICE", /^Find out who else/],
  ["TARGET_HOLDS_MORE", /^Find out who else/],
  ["SEQUENCE_UNKNOWN", /^Find out who else/],
  ["MESSAGE_DIFFERS", /^Find out who else/],
  ["TARGET_DELETED", /^Raise retention\.ms and retention\.bytes of the topic on the target/],
  ["LOGIN_REFUSED", /^Correct sasl under source or target/],
  ["EXPIRED_UNREAD", /^Nothing brings them back/],
  ["COUNTS_DIFFER", /^To try the partition once/],
  ["READ_INCOMPLETE", /^To copy the rest, run the same command again, with --migrate/],
  ["STORED_NOT_KNOWN_YET", /^To find it out, run the same command again$/],
];

Deno.test("what to do follows from the code", () => {
  for (const [code, step] of STEPS) assert.match(remedyOf(code), step, code);
});

Deno.test("a failure of a journal keeps its code; one without, or with an unknown one, is tried again", () => {
  const text = "TOPIC_GONE: topic t no longer exists on the source";
  assert.deepEqual(recordedFailure(text, "TARGET_TRUNCATED"), { code: "TARGET_TRUNCATED", text });
  for (const code of [undefined, "", "OF_A_LATER_VERSION", "toString", "__proto__"]) {
    assert.deepEqual(recordedFailure(text, code), { code: "EARLIER_FAILURE", text });
  }
  assert.match(remedyOf(undefined), /^To try the partition once more, run the same command again$/);
});

Deno.test("an error of Kafka's is a failure by its code in Kafka's table", () => {
  const cases = [
    ["source", KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED, "NOT_AUTHORIZED"],
    ["target", KAFKA_ERRORS.GROUP_AUTHORIZATION_FAILED, "NOT_AUTHORIZED"],
    ["target", KAFKA_ERRORS.MESSAGE_TOO_LARGE, "BATCH_TOO_LARGE"],
    ["target", KAFKA_ERRORS.LEADER_NOT_AVAILABLE, "PARTITION_UNAVAILABLE"],
    ["target", KAFKA_ERRORS.INVALID_RECORD, "TARGET_REFUSED"],
    ["source", KAFKA_ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER, "SOURCE_REFUSED"],
    ["source", 9_999, "SOURCE_REFUSED"],
  ] as const;
  for (const [role, errorCode, code] of cases) assert.equal(refusal(role, errorCode), code);
});
