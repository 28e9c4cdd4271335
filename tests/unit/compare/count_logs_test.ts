import assert from "node:assert/strict";
import { countTarget } from "../../../lib/compare/count_logs.ts";
import type { LogBatch } from "../../../lib/compare/log_batch.ts";

/** Batches of records at these offsets. */
async function* log(...batches: readonly (readonly number[])[]): AsyncGenerator<LogBatch> {
  for (const offsets of batches) {
    const bytes = new Uint8Array();
    yield {
      ...{ bytes, view: new DataView(bytes.buffer), position: 0, size: 0 },
      recordCount: offsets.length,
      offsetOf: (index) => BigInt(offsets[index] ?? -1),
    };
  }
}

Deno.test("countTarget() counts records and finds them by their number, between markers", async () => {
  assert.deepEqual(
    await countTarget(log([10, 11], [], [13, 14, 15]), [0n, 1n, 2n, 4n, 5n], 17n),
    { records: 5n, firstOffset: 10n, offsets: [10n, 11n, 13n, 15n, 17n] },
  );
  assert.deepEqual(await countTarget(log(), [0n], 3n), { records: 0n, offsets: [3n] });
});
