/** progress_text.ts and meter.ts: how far, how fast, how long still. */

import assert from "node:assert/strict";
import { addSample, type Sample, speedOf, timeLeftMs } from "../../../lib/show/meter.ts";
import { type ProgressFigures, progressLine } from "../../../lib/show/progress_text.ts";

const figures: ProgressFigures = {
  offsetsDone: 410n,
  offsetsPlanned: 1_000n,
  records: 31_200n,
  bytes: 32_100_000,
  speed: { offsets: 200, records: 15_612.4, bytes: 16_050_000 },
  elapsedMs: 2_000,
  partitionsSettled: 3,
  partitions: 6,
  retries: 0,
  throttledMs: { source: 0, target: 0 },
};

Deno.test("a progress line tells the share of offsets, the speed, what is left and what held it up", () => {
  const { speed, ...early } = figures;
  const counts = "31,200 messages, 32.1 MB, 16.1 MB/s, 15,612 messages/s, 3 of 6 partitions";
  const unknown = "31,200 messages, 32.1 MB, – MB/s, – messages/s, 3 of 6 partitions";
  assert.ok(speed);
  const cases: readonly (readonly [ProgressFigures, string])[] = [
    [figures, `copied 41 %, ${counts}, about 3 s left`],
    [early, `copied 41 %, ${unknown}, – left`],
    // Nothing has moved for a while.
    [{ ...figures, speed: { ...speed, offsets: 0 } }, `copied 41 %, ${counts}, – left`],
    [{ ...figures, offsetsDone: 0n }, `copied 0 %, ${counts}, about 5 s left`],
    [{ ...figures, offsetsDone: 1_000n }, `copied 100 %, ${counts}`],
    // Not all, however close.
    [{ ...figures, offsetsDone: 999n }, `copied 99 %, ${counts}, about 1 s left`],
    [{ ...figures, offsetsDone: 0n, offsetsPlanned: 0n }, `copied 100 %, ${counts}`],
    [
      { ...figures, retries: 1_200, throttledMs: { source: 90_000, target: 1_500 } },
      `copied 41 %, ${counts}, about 3 s left, retries: 1,200, throttled by the source: 90 s, throttled by the target: 1.5 s`,
    ],
  ];
  for (const [given, line] of cases) assert.equal(progressLine(given), line);
});

/** What a copy measures that does so many offsets in each second. */
function measured(perSecond: readonly number[]): readonly Sample[] {
  let samples: readonly Sample[] = [];
  let done = 0;
  for (let quarter = 0; quarter <= perSecond.length * 4; quarter++) {
    const sample = { atMs: 7_000 + quarter * 250, offsets: BigInt(done), bytes: done * 100 };
    samples = addSample(samples, { ...sample, records: BigInt(done / 2) });
    done += (perSecond[Math.floor(quarter / 4)] ?? 0) / 4;
  }
  return samples;
}

Deno.test("the speed is that of the last 15 seconds, and unknown in the first three", () => {
  const seconds = (count: number, perSecond: number) => Array<number>(count).fill(perSecond);
  const cases: readonly (readonly [number[], number | undefined])[] = [
    [[], undefined],
    [seconds(2, 80), undefined],
    [seconds(3, 80), 80],
    [seconds(100, 80), 80],
    // An hour of waiting is forgotten, and so is an hour of haste.
    [[...seconds(60, 0), ...seconds(15, 800)], 800],
    [[...seconds(60, 800), ...seconds(15, 0)], 0],
    [[...seconds(60, 0), ...seconds(5, 240)], 80],
  ];
  for (const [perSecond, offsets] of cases) {
    const speed = speedOf(measured(perSecond));
    assert.equal(speed?.offsets, offsets);
    assert.equal(speed?.bytes, offsets === undefined ? undefined : offsets * 100);
    assert.equal(speed?.records, offsets === undefined ? undefined : offsets / 2);
  }
  assert.equal(speedOf([]), undefined);
  assert.ok(measured(seconds(1_000, 8)).length <= 31, "samples pile up");
});

Deno.test("the time left is unknown without a speed, and follows it", () => {
  assert.equal(timeLeftMs(100n, undefined), undefined);
  assert.equal(timeLeftMs(100n, { offsets: 0, records: 0, bytes: 0 }), undefined);
  assert.equal(timeLeftMs(100n, { offsets: 50, records: 0, bytes: 0 }), 2_000);
});
