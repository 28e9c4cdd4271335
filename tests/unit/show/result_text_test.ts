/** result_text.ts: results in words. */

import assert from "node:assert/strict";
import { finding } from "../../../lib/model/finding.ts";
import type { PartitionResult, TopicResult } from "../../../lib/verify/verify.ts";
import {
  findingLine,
  partitionResultLine,
  topicResultLine,
} from "../../../lib/show/result_text.ts";

Deno.test("a finding is code, what it is, where unless said already, and what to do", () => {
  const where = { cluster: "target", topic: "t" } as const;
  const cases = [
    [
      finding("TARGET_TOPIC_MISSING", where, "Topic t does not exist", "Create it"),
      "error",
      "TARGET_TOPIC_MISSING: Topic t does not exist (target cluster). Create it",
    ],
    [
      finding("MORE_PARTITIONS", where, "There are more on target topic t", "Nothing"),
      "warning",
      "MORE_PARTITIONS: There are more on target topic t. Nothing",
    ],
    [
      finding(
        "MESSAGES_EXPIRED",
        { cluster: "source", topic: "t", partitions: [0, 4] },
        "9 messages of partitions 0, 4 of topic t have expired on the source",
        "Nothing brings them back",
      ),
      "warning",
      "MESSAGES_EXPIRED: 9 messages of partitions 0, 4 of topic t have expired on the source. Nothing brings them back",
    ],
    [
      finding(
        "PARTITION_OFFLINE",
        { cluster: "source", topic: "t", partitions: [0] },
        "The offsets of topic t2 and topic tt are not known",
        "Wait",
      ),
      "error",
      "PARTITION_OFFLINE: The offsets of topic t2 and topic tt are not known (source topic t, partition 0). Wait",
    ],
    [
      finding("SAME_CLUSTER", {}, "Both are one", "Correct it"),
      "error",
      "SAME_CLUSTER: Both are one. Correct it",
    ],
    [
      {
        ...finding("RETENTION_WOULD_DELETE", {}, "Too old", "Raise it"),
        severity: "warning",
        accepted: true,
      },
      "warning",
      "RETENTION_WOULD_DELETE: Too old. Raise it (accepted)",
    ],
  ] as const;
  for (const [found, level, text] of cases) assert.deepEqual(findingLine(found), { level, text });
});

Deno.test("a partition's result is its counts and its status; what is not verified is an error", () => {
  const result = {
    topic: "t\u001b",
    partition: 3,
    status: "verified",
    plannedOffsets: 10n,
    recordsRead: 9n,
    recordsProduced: 9n,
    lost: [],
  } as unknown as PartitionResult;
  const counts = "topic: t\\u001b, partition: 3, messages read: 9, on the target: 9";
  assert.deepEqual(partitionResultLine(result), { level: "info", text: `${counts}, verified` });
  assert.deepEqual(partitionResultLine({ ...result, status: "failed", reason: "It broke" }), {
    level: "error",
    text: `${counts}, failed: It broke. To try the partition once more, run the same command again`,
  });
  const refused = { status: "failed", reason: "It broke", code: "BATCH_TOO_LARGE" } as const;
  assert.deepEqual(partitionResultLine({ ...result, ...refused }), {
    level: "error",
    text:
      `${counts}, failed: It broke. Raise max.message.bytes of the topic on the target, then run the same command again`,
  });
});

Deno.test("a topic's result counts partitions; failed and lost ones are errors", () => {
  const result = {
    ...{ topic: "t", partitions: 5, plannedOffsets: 20n, recordsRead: 20n, recordsProduced: 20n },
    ...{ verified: 3, skipped: 2, lost: 0, failed: 0 },
  } as unknown as TopicResult;
  const counts = "topic: t, messages read: 20, on the target: 20";
  assert.deepEqual(topicResultLine(result), {
    level: "info",
    text: `${counts}, partitions verified: 3 of 3`,
  });
  assert.deepEqual(topicResultLine({ ...result, verified: 1, lost: 1, failed: 1 }), {
    level: "error",
    text:
      `${counts}, partitions verified: 1 of 3, 1 failed, 1 with expired messages. What to do stands beside each partition`,
  });
});
