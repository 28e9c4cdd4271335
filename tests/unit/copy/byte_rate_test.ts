import assert from "node:assert/strict";
import fc from "fast-check";
import { createByteRate } from "../../../lib/copy/byte_rate.ts";

Deno.test("nothing waits before anything is spent, and what is spent is waited for", () => {
  const rate = createByteRate(1_000);
  assert.equal(rate.waitMs(5_000), 0);
  rate.spend(500, 5_000);
  // 250 ms of the time before count as unused.
  assert.equal(rate.waitMs(5_000), 250);
  assert.equal(rate.waitMs(5_150), 100);
  assert.equal(rate.waitMs(5_250), 0);
});

Deno.test("a piece larger than a second's worth passes whole and is paid for afterwards", () => {
  const rate = createByteRate(1_000);
  rate.spend(1_000_000, 0);
  assert.equal(rate.waitMs(0), 999_750);
});

Deno.test("bytes counted too much are taken back", () => {
  const rate = createByteRate(1_000);
  rate.spend(2_000, 1_000);
  rate.spend(-1_500, 1_050);
  assert.equal(rate.waitMs(1_050), 200);
});

Deno.test("time in which nothing was spent is not saved up", () => {
  const rate = createByteRate(1_000);
  rate.spend(100, 0);
  rate.spend(200, 3_600_000);
  rate.spend(200, 3_600_000);
  assert.equal(rate.waitMs(3_600_000), 150);
});

Deno.test("over any five seconds no more passes than the limit, its credit and one piece, whatever the lanes do", () => {
  const piece = fc.record({
    bytes: fc.integer({ min: 1, max: 200 }),
    idleMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 })),
    lateMs: fc.integer({ min: 0, max: 30 }),
    unused: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
    const rate = createByteRate(1_000);
    const sent: { readonly at: number; readonly bytes: number }[] = [];
    let now = 0;
    for (const { bytes, idleMs, lateMs, unused } of pieces) {
      now += idleMs;
      now += rate.waitMs(now) + lateMs;
      rate.spend(200, now);
      const actual = Math.ceil(bytes * (1 - unused));
      rate.spend(actual - 200, now);
      sent.push({ at: now, bytes: actual });
    }
    for (const { at } of sent) {
      const within = sent.filter((each) => each.at >= at && each.at < at + 5_000);
      const total = within.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.ok(total <= 5_000 + 250 + 200 + 1, `${total} bytes in the 5 s from ${at}`);
    }
  }));
});

Deno.test("someone who always has more to send gets the limit, though every timer is late", () => {
  const rate = createByteRate(1_000);
  let now = 0;
  let sent = 0;
  while (now < 60_000) {
    now += rate.waitMs(now) + 15;
    rate.spend(250, now);
    sent += 250;
  }
  assert.ok(Math.abs(sent - 60_000) <= 600, `${sent}`);
});
