import assert from "node:assert/strict";
import { targetWrittenFindings } from "../../../lib/findings/target_written_findings.ts";
import { type CountEvidence, verifyCount } from "../../../lib/verify/verify.ts";

const ranges = [["orders-2", 0], ["orders-2", 3], ["orders-10", 0]] as const;

function results(highWatermarks: readonly bigint[]) {
  const planned = ranges.map(([topic, partition]) => ({
    ...{ topic, partition, startOffset: 0n, endOffset: 5n, offsets: 5n },
  }));
  const evidence = planned.map(({ topic, partition }, index): CountEvidence => ({
    ...{ topic, partition, nextSourceOffset: 5n, recordsRead: 5n, recordsProduced: 5n },
    ...{ batchesLeftOut: 0, targetPlannedOffset: 0n, targetFirstOffset: 0n },
    ...{ targetLogStartOffset: 0n, targetHighWatermark: highWatermarks[index] ?? 5n },
  }));
  return verifyCount(planned, evidence);
}

Deno.test("messages of others are told topic by topic, with how many and where", () => {
  assert.deepEqual(targetWrittenFindings(results([]), true), []);
  const found = targetWrittenFindings(results([6n, 1005n, 7n]), true);
  assert.deepEqual(found.map(({ code, severity, where }) => [code, severity, where]), [
    [
      "TARGET_WRITTEN_BY_OTHERS",
      "warning",
      { cluster: "target", topic: "orders-2", partitions: [0, 3] },
    ],
    [
      "TARGET_WRITTEN_BY_OTHERS",
      "warning",
      { cluster: "target", topic: "orders-10", partitions: [0] },
    ],
  ]);
  assert.deepEqual(found.map(({ message }) => message), [
    "Others have written 1,001 messages to partitions 0, 3 of topic orders-2 since this migration was planned",
    "Others have written 2 messages to partition 0 of topic orders-10 since this migration was planned",
  ]);
});

Deno.test("where messages may arrive twice, others are not blamed for all of them", () => {
  const [found] = targetWrittenFindings(results([7n]), false);
  assert.match(found?.message ?? "", /^2 messages more than were copied .* or some arrived twice$/);
});
