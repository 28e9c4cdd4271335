import assert from "node:assert/strict";
import * as fc from "fast-check";
import { recordThroughput } from "../../../lib/report/throughput.ts";

const at = (elapsedMs: number) => ({ elapsedMs, bytes: elapsedMs * 2, records: BigInt(elapsedMs) });

Deno.test("recordThroughput() keeps every sample of a short run, from nothing on", () => {
  const recorder = recordThroughput(250, 600);
  assert.deepEqual(recorder.throughput, { intervalMs: 250, samples: [at(0)] });
  for (const ms of [250, 500, 610]) recorder.add(at(ms));
  assert.deepEqual(recorder.throughput.samples, [0, 250, 500, 610].map(at));
});

Deno.test("recordThroughput() never keeps more than its limit, whatever the duration, and always the latest", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 3_000 }),
    fc.integer({ min: 4, max: 40 }),
    (steps, limit) => {
      const recorder = recordThroughput(250, limit);
      let elapsedMs = 0;
      for (const step of steps) recorder.add(at(elapsedMs += step));
      const { samples, intervalMs } = recorder.throughput;
      assert.ok(samples.length <= limit);
      assert.deepEqual(samples[0], at(0));
      assert.deepEqual(samples.at(-1), at(elapsedMs));
      samples.slice(1, -1).forEach((sample, index) => {
        assert.ok(sample.elapsedMs - (samples[index]?.elapsedMs ?? 0) >= intervalMs);
        assert.deepEqual(sample, at(sample.elapsedMs));
      });
    },
  ));
});

Deno.test("recordThroughput() uses at least a third of its room for a long run", () => {
  const recorder = recordThroughput();
  for (let ms = 250; ms <= 20 * 3_600_000; ms += 250) recorder.add(at(ms));
  const { samples } = recorder.throughput;
  assert.ok(samples.length > 200 && samples.length <= 600, String(samples.length));
});
