/** find_position.ts against a broker that is made up. */

import assert from "node:assert/strict";
import { findPosition } from "../../../lib/copy/find_position.ts";
import { fakeBroker } from "../../support/fake_reader.ts";

Deno.test("a broker that throttles the look for a position is waited for", async () => {
  const throttled = { throttleTimeMs: 2, empty: true };
  const broker = fakeBroker([throttled, throttled, { throttleTimeMs: 2 }]);
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
