/** find_position.ts against a broker that is made up. */

import assert from "node:assert/strict";
import { findPosition } from "../../../lib/copy/find_position.ts";
import { fakeBroker } from "../../support/fake_reader.ts";
import { buildBatch, testRecords } from "../../support/record_batch_builder.ts";

Deno.test("a broker that throttles the look for a position is waited for", async () => {
  const throttled = { throttleTimeMs: 2, empty: true };
  const broker = fakeBroker([throttled, throttled, { throttleTimeMs: 2, highWatermark: 6n }]);
  const from = { records: 4n, targetOffset: 6n, targetFirstOffset: 2n };
  const found = await findPosition(
    broker,
    { topic: "t", partition: 0 },
    { producerId: 77n, producerEpoch: 0 },
    from,
    undefined,
    new AbortController().signal,
  );
  assert.deepEqual(found, from);
});

Deno.test("a leader that does not know yet how far its log is replicated, or cannot read it, does not cut the look short", async () => {
  const identity = { producerId: 77n, producerEpoch: 0 };
  const ours = (from: number, until: number) =>
    buildBatch(testRecords(from, until), {
      ...{ baseOffset: BigInt(from), producerId: 77n, producerEpoch: 0, baseSequence: from },
    });
  const [first, second] = [ours(0, 3), ours(3, 6)];
  const asked = { topic: "t", partition: 0 };
  const broker = fakeBroker([
    { highWatermark: 6n, batches: [first] },
    // Just elected (KIP-207).
    { highWatermark: 0n },
    // Tiered storage that cannot be read in time is answered as if there were nothing (KIP-405).
    { highWatermark: 6n },
    { highWatermark: 6n, batches: [second] },
  ]);
  const from = { records: 0n, targetOffset: 0n };
  const { signal } = new AbortController();
  const found = await findPosition(broker, asked, identity, from, undefined, signal);
  assert.equal(found.records, 6n);
});
