/** kafka_error.ts: the table decides what is retried. */

import assert from "node:assert/strict";
import {
  formatKafkaError,
  isAuthorizationError,
  KAFKA_ERRORS,
  kafkaError,
} from "../../../lib/model/kafka_error.ts";

Deno.test("what passes by itself is retried, a moved leader looked for, the rest given up", () => {
  const cases = [
    [7, "REQUEST_TIMED_OUT", "retry"],
    [14, "COORDINATOR_LOAD_IN_PROGRESS", "retry"],
    [19, "NOT_ENOUGH_REPLICAS", "retry"],
    [20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "retry"],
    [88, "UNSTABLE_OFFSET_COMMIT", "retry"],
    [3, "UNKNOWN_TOPIC_OR_PARTITION", "refresh"],
    [5, "LEADER_NOT_AVAILABLE", "refresh"],
    [6, "NOT_LEADER_OR_FOLLOWER", "refresh"],
    [56, "KAFKA_STORAGE_ERROR", "refresh"],
    [74, "FENCED_LEADER_EPOCH", "refresh"],
    [75, "UNKNOWN_LEADER_EPOCH", "refresh"],
    [1, "OFFSET_OUT_OF_RANGE", "fatal"],
    [10, "MESSAGE_TOO_LARGE", "fatal"],
    [29, "TOPIC_AUTHORIZATION_FAILED", "fatal"],
    [45, "OUT_OF_ORDER_SEQUENCE_NUMBER", "fatal"],
    [47, "INVALID_PRODUCER_EPOCH", "fatal"],
    [87, "INVALID_RECORD", "fatal"],
    [9_999, "ERROR_9999", "fatal"],
  ] as const;
  for (const [code, name, action] of cases) {
    assert.deepEqual(kafkaError(code), { code, name, action });
    assert.equal(formatKafkaError(code), `${name} (${code})`);
  }
});

Deno.test("errors are asked for by name, and permissions told by code", () => {
  assert.equal(KAFKA_ERRORS.UNKNOWN_SERVER_ERROR, -1);
  assert.equal(KAFKA_ERRORS.NOT_CONTROLLER, 41);
  for (const [name, code] of Object.entries(KAFKA_ERRORS)) {
    assert.equal(kafkaError(code).name, name);
    assert.equal(isAuthorizationError(code), name.endsWith("_AUTHORIZATION_FAILED"), name);
  }
});
