/** accept_fetched.ts: what was merged outside a response is held as long as its batches are under way, and no longer. */

import assert from "node:assert/strict";
import { failure } from "../../../lib/model/failure.ts";
import { acceptFetched } from "../../../lib/copy/accept_fetched.ts";
import { mergeBelow } from "../../../lib/copy/merge_below.ts";
import { PartitionCopy } from "../../../lib/copy/partition_copy.ts";
import { createBufferPool } from "../../../lib/protocol/buffer_pool.ts";
import { layBatches } from "../../support/laid_batches.ts";
import { buildBatch, testRecords, utf8 } from "../../support/record_batch_builder.ts";

const BATCHES = 20;
const RECORDS = 200;
const FAR = mergeBelow(1_000, 1);

/** A partition, and a response with all of it in small batches that take more room as one. */
function fetchWhole() {
  const value = utf8("x".repeat(40));
  const batches = Array.from({ length: BATCHES }, (_, index) => {
    const records = testRecords(index * RECORDS, (index + 1) * RECORDS);
    return buildBatch(records.map((record) => ({ ...record, key: null, value })));
  });
  const laid = layBatches(batches);
  const pool = createBufferPool(1 << 24);
  const buffer = pool.acquire(laid.end);
  buffer.bytes.set(laid.bytes);
  const { bytes, view, release } = buffer;
  const endOffset = BigInt(BATCHES * RECORDS);
  const before = { records: 0n, targetOffset: 0n };
  const copy = new PartitionCopy({
    ...{ topic: "t", partition: 0, startOffset: 0n, endOffset },
    identity: { producerId: 1n, producerEpoch: 0 },
    ...{ before, stored: before },
    rules: { maxBatchBytes: 1_000_000, logAppendTime: false },
  });
  const frame = { bytes, view, start: 0, end: laid.end, buffer, release };
  const fetched = {
    ...{ topic: "t", partition: 0, errorCode: 0 },
    ...{ highWatermark: endOffset, lastStableOffset: endOffset, logStartOffset: 0n },
    ...{ abortedTransactions: [], recordsStart: 0, recordsEnd: laid.end },
  };
  const accept = () => acceptFetched(copy, frame, fetched, false, { pool, mergeBelow: () => FAR });
  return { pool, copy, frame, accept };
}

Deno.test("memory for a merged batch goes back to the pool when the batch is stored", () => {
  const { pool, copy, frame, accept } = fetchWhole();
  const ofResponse = pool.bytesInUse;
  assert.equal(accept().problem, undefined);
  frame.release();
  const size = copy.queue.oldest?.bytes.length ?? 0;
  assert.equal(copy.queue.oldest?.recordCount, BATCHES * RECORDS);
  assert.ok(size > frame.end && pool.bytesInUse >= size);
  assert.equal(pool.bytesInUse, ofResponse, "as much, but no longer the response's");
  copy.queue.send();
  copy.acknowledge(0n);
  assert.equal(copy.status, "done");
  assert.equal(pool.bytesInUse, 0);
});

Deno.test("a partition that takes nothing any more leaves no memory taken", () => {
  const { pool, copy, frame, accept } = fetchWhole();
  copy.fail(failure("TOPIC_GONE", "for a test"));
  accept();
  frame.release();
  assert.equal(pool.bytesInUse, 0);
});
