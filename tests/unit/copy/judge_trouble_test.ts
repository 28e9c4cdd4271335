/**
 * judge_trouble.ts: which trouble is damage to be fetched again, which is a message that the target will never take,
 * and which record and offset it names.
 */

import { failure } from "../../../lib/model/failure.ts";
import assert from "node:assert/strict";
import { judgeTrouble } from "../../../lib/copy/judge_trouble.ts";
import { PartitionCopy } from "../../../lib/copy/partition_copy.ts";
import { testCutBatch } from "../../support/cut_batch.ts";

const CORRUPT_MESSAGE = 2;
const MESSAGE_TOO_LARGE = 10;
const INVALID_RECORD = 87;

/** A partition with one batch of ten records, framed; the source offsets 40 to `nextOffset`. */
function withBatch(nextOffset = 50n): PartitionCopy {
  const batch = { ...testCutBatch(40, 50), nextOffset };
  const partition = new PartitionCopy({
    topic: "t",
    partition: 0,
    startOffset: 40n,
    endOffset: 100n,
    identity: { producerId: 7n, producerEpoch: 0 },
    before: { records: 0n, targetOffset: 0n },
    stored: { records: 0n, targetOffset: 0n },
    rules: { logAppendTime: false },
  });
  partition.accept({ batches: [batch], nextOffset, batchesLeftOut: 0 }, () => () => {});
  return partition;
}

const judge = (partition: PartitionCopy, code: number, more = {}) =>
  judgeTrouble(partition, { kind: "code", code, ...more }, "target", "target broker 1");

Deno.test("a batch that the target finds corrupt is read again where it left here corrupt", () => {
  const damaged = withBatch();
  const { oldest } = damaged.queue;
  assert.ok(oldest !== undefined);
  oldest.bytes[70] = (oldest.bytes[70] ?? 0) ^ 1;
  assert.deepEqual(judge(damaged, CORRUPT_MESSAGE), {
    kind: "refetch",
    offset: 40n,
    failure: {
      code: "BATCH_DAMAGED",
      text: "the batch at source offset 40 is damaged: its CRC-32C does not match its content",
    },
  });
  // What left here as it should was damaged on the way: the same bytes are sent again.
  assert.equal(judge(withBatch(), CORRUPT_MESSAGE).kind, "retry");
});

Deno.test("what the source answers says nothing of what is on its way to the target", () => {
  const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;
  const damaged = withBatch();
  const { oldest } = damaged.queue;
  assert.ok(oldest !== undefined);
  oldest.bytes[70] = (oldest.bytes[70] ?? 0) ^ 1;
  const bySource = (code: number) =>
    judgeTrouble(damaged, { kind: "code", code }, "source", "source broker 1");
  assert.equal(bySource(CORRUPT_MESSAGE).kind, "retry");
  const refused = bySource(OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.ok(refused.kind === "final");
  assert.equal(refused.failure.code, "SOURCE_REFUSED");
  assert.match(
    refused.failure.text,
    /^the source refused the request: OUT_OF_ORDER_SEQUENCE_NUMBER/,
  );
});

Deno.test("a target that has forgotten the producer id is told from one that knows another sequence", () => {
  const [OUT_OF_ORDER, INVALID_PRODUCER_EPOCH, UNKNOWN_PRODUCER_ID] = [45, 47, 59];
  for (const code of [OUT_OF_ORDER, INVALID_PRODUCER_EPOCH]) {
    const judged = judge(withBatch(), code);
    assert.ok(judged.kind === "reposition" && !judged.forgotten);
    assert.match(judged.failure.text, /^the target knows another sequence at source offset 40: /);
  }
  assert.deepEqual(judge(withBatch(), UNKNOWN_PRODUCER_ID), {
    kind: "reposition",
    forgotten: true,
    failure: failure(
      "SEQUENCE_UNKNOWN",
      "the target has forgotten the producer id at source offset 40: UNKNOWN_PRODUCER_ID (59)",
    ),
  });
});

Deno.test("a message that the target refuses is named by its offset, where that can be told", () => {
  const cases: readonly (readonly [nextOffset: bigint, index: number | undefined, string])[] = [
    [50n, 3, "the message at source offset 43"],
    [50n, undefined, "the batch at source offset 40"],
    [55n, 3, "message 4 of the batch at source offset 40"],
  ];
  for (const [nextOffset, recordIndex, named] of cases) {
    const more = { message: "Nope.", ...(recordIndex !== undefined && { recordIndex }) };
    assert.deepEqual(judge(withBatch(nextOffset), INVALID_RECORD, more), {
      kind: "final",
      failure: {
        code: "TARGET_REFUSED",
        text: `the target refused ${named}: INVALID_RECORD (87) (Nope)`,
      },
    });
  }
  const partition = withBatch();
  assert.deepEqual(judge(partition, MESSAGE_TOO_LARGE), {
    kind: "final",
    failure: {
      code: "BATCH_TOO_LARGE",
      text:
        `the target refused the batch at source offset 40 of ${partition.queue.oldest?.bytes.length} bytes: MESSAGE_TOO_LARGE (10)`,
    },
  });
});

Deno.test("bytes that arrive damaged a third time are named by their offset", () => {
  const partition = withBatch();
  const reason = "its length is beyond the response";
  const kinds = Array.from(
    { length: 3 },
    () => judgeTrouble(partition, { kind: "damaged", reason }, "source", "source broker 1"),
  );
  assert.deepEqual(kinds.map(({ kind }) => kind), ["retry", "retry", "final"]);
  const last = kinds[2];
  assert.ok(last?.kind === "final");
  assert.deepEqual(last.failure, {
    code: "BATCH_DAMAGED",
    text: `the batch at source offset 50 is damaged: ${reason}`,
  });
});

Deno.test("a log that ends before the planned end is waited for half a minute", () => {
  const trouble = { kind: "behind", readable: 60n } as const;
  assert.deepEqual(judgeTrouble(withBatch(), trouble, "source", "source broker 1"), {
    kind: "retry",
    refresh: true,
    code: "LOG_ENDS_EARLY",
    subject: "source partition t-0",
    state: "ends at offset 60, before the planned end 100",
    patienceMs: 30_000,
  });
});
