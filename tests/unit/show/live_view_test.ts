/** live_view.ts: the live view, frame by frame. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type LiveState, renderLive } from "../../../lib/show/live_view.ts";

const calm: LiveState = {
  offsetsDone: 410n,
  offsetsPlanned: 1_000n,
  records: 31_200n,
  bytes: 32_100_000,
  speed: { offsets: 2, records: 204_123.4, bytes: 2.1e8 },
  elapsedMs: 12_000,
  partitionsSettled: 3,
  partitions: 6,
  retries: 0,
  throttledMs: { source: 0, target: 0 },
  troubles: [],
  slowest: [{ topic: "test3", partition: 0, offsetsDone: 13_522n, offsetsPlanned: 76_522n }],
};
const { speed: _, ...unmeasured } = calm;
const longName = "a-topic-with-a-very-long-name-that-nobody-can-read-any-more-in-one-line";
const troubled: LiveState = {
  ...calm,
  retries: 7,
  throttledMs: { source: 12_000, target: 1_500 },
  troubles: [
    "target broker 2 (10.0.0.2:9092) unreachable (connection refused)",
    "source broker 1 (10.0.0.1:9092) unreachable (timed out)",
    "source partition test4-0 not available",
  ],
  slowest: [
    ...calm.slowest,
    { topic: longName, partition: 117, offsetsDone: 0n, offsetsPlanned: 1_000n },
  ],
};
const first: LiveState = {
  ...unmeasured,
  offsetsDone: 0n,
  records: 1n,
  bytes: 98,
  elapsedMs: 500,
  partitionsSettled: 0,
};
const last: LiveState = { ...calm, offsetsDone: 1_000n, partitionsSettled: 6, slowest: [] };

// deno-fmt-ignore
const FRAMES: readonly (readonly [LiveState, columns: number, rows: number, frame: readonly string[]])[] = [
  [calm, 80, 24, [
    " 41 % ██████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s, about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "Furthest from the end:",
    "  test3-0  ██░░░░░░░░░░░░░░  17 % 63,000 left",
  ]],
  [calm, 40, 24, [
    " 41 % ██████░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s",
    "about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "Furthest from the end:",
    "  test3-0   17 % 63,000 left",
  ]],
  [first, 80, 24, [
    "  0 % ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0 of 6 partitions",
    "– MB/s, – messages/s, – left",
    "1 message, 98 B in 500 ms",
    "Furthest from the end:",
    "  test3-0  ██░░░░░░░░░░░░░░  17 % 63,000 left",
  ]],
  [last, 80, 24, [
    "100 % ███████████████████████████████████████████████████████ 6 of 6 partitions",
    "210 MB/s, 204,123 messages/s",
    "31,200 messages, 32.1 MB in 12 s",
  ]],
  [troubled, 80, 24, [
    " 41 % ██████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s, about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "retries: 7, throttled by the source: 12 s, throttled by the target: 1.5 s",
    "Retrying: target broker 2 (10.0.0.2:9092) unreachable (connection refused)",
    "Retrying: source broker 1 (10.0.0.1:9092) unreachable (timed out) and 1 more",
    "Furthest from the end:",
    "  test3-0                                    ██░░░░░░░░░░░░░░  17 % 63,000 left",
    "  a-topic-with-a-very-l…more-in-one-line-117 ░░░░░░░░░░░░░░░░   0 %  1,000 left",
  ]],
  [troubled, 60, 24, [
    " 41 % ██████████████░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s, about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "retries: 7, throttled by the source: 12 s",
    "throttled by the target: 1.5 s",
    "Retrying: target broker 2 (10.0.0.2:9092) unreachable (con…",
    "Retrying: source broker 1 (10.0.0.1:9092) unrea… and 1 more",
    "Furthest from the end:",
    "  test3-0                                  17 % 63,000 left",
    "  a-topic-with-a-very…ore-in-one-line-117   0 %  1,000 left",
  ]],
  [troubled, 40, 24, [
    " 41 % ██████░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s",
    "about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "retries: 7",
    "throttled by the source: 12 s",
    "throttled by the target: 1.5 s",
    "Retrying: target broker 2 (10.0.0.2:90…",
    "Retrying: source broker 1 (… and 1 more",
    "Furthest from the end:",
    "  test3-0              17 % 63,000 left",
    "  a-topic-w…-line-117   0 %  1,000 left",
  ]],
  [troubled, 20, 24, [
    " 41 % █████░░░░░░░░",
    "210 MB/s",
    "204,123 messages/s",
    "about 4 min 55 s l…",
    "31,200 messages",
    "32.1 MB in 12 s",
    "retries: 7",
    "throttled by the s…",
    "throttled by the t…",
    "Retrying: target b…",
    "Retryin… and 1 more",
    "Furthest from the …",
    "  test3-0   17 % 6…",
    "  a-to…117   0 %  …",
  ]],
  [troubled, 80, 6, [
    " 41 % ██████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s, about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "retries: 7, throttled by the source: 12 s, throttled by the target: 1.5 s",
    "Retrying: target broker 2 (10.0.0.2:9092) unreachable (connection refused)",
  ]],
  [troubled, 80, 9, [
    " 41 % ██████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s, about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "retries: 7, throttled by the source: 12 s, throttled by the target: 1.5 s",
    "Retrying: target broker 2 (10.0.0.2:9092) unreachable (connection refused)",
    "Retrying: source broker 1 (10.0.0.1:9092) unreachable (timed out) and 1 more",
    "Furthest from the end:",
    "  test3-0  ██░░░░░░░░░░░░░░  17 % 63,000 left",
  ]],
  [troubled, 8, 6, [
    "41 %",
    "210 MB…",
    "204,12…",
    "about …",
    "31,200…",
  ]],
  [calm, 100, 40, [
    " 41 % ██████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
    "210 MB/s, 204,123 messages/s, about 4 min 55 s left",
    "31,200 messages, 32.1 MB in 12 s",
    "Furthest from the end:",
    "  test3-0  ██░░░░░░░░░░░░░░  17 % 63,000 left",
  ]],
  [calm, 80, 1, [
    " 41 % ██████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3 of 6 partitions",
  ]],
];

Deno.test("the live view is right at every size, frame by frame", () => {
  for (const [state, columns, rows, frame] of FRAMES) {
    assert.deepEqual(renderLive(state, { columns, rows }, false).split("\n"), frame);
  }
});

Deno.test("colours come on top of the same text", () => {
  const size = { columns: 40, rows: 24 };
  const colored = renderLive(troubled, size, true);
  // deno-lint-ignore no-control-regex
  assert.equal(colored.replaceAll(/\x1b\[\d+m/g, ""), renderLive(troubled, size, false));
  const lines = colored.split("\n");
  assert.equal(
    lines[0],
    " 41 % \x1b[32m██████\x1b[0m\x1b[2m░░░░░░░░░\x1b[0m 3 of 6 partitions",
  );
  assert.equal(lines[7], "\x1b[33mRetrying: target broker 2 (10.0.0.2:90…\x1b[0m");
});

Deno.test("no line is as wide as the screen, the last row stays free, nothing in a name steers a terminal", () => {
  const state = fc.record({
    done: fc.bigInt(0n, 2n ** 63n),
    planned: fc.bigInt(0n, 2n ** 63n),
    name: fc.string({ unit: "binary-ascii", maxLength: 60 }),
    slowest: fc.nat(9),
    troubles: fc.nat(4),
  });
  const size = fc.record({ columns: fc.integer({ min: 1, max: 250 }), rows: fc.nat(60) });
  fc.assert(fc.property(state, size, ({ done, planned, name, slowest, troubles }, at) => {
    const range = { topic: name, partition: 3, offsetsDone: done, offsetsPlanned: planned };
    const view = renderLive(
      {
        ...troubled,
        ...range,
        troubles: Array(troubles).fill(name),
        slowest: Array(slowest).fill(range),
      },
      at,
      false,
    );
    const lines = view.split("\n");
    assert.ok(lines.length <= Math.max(1, at.rows - 1));
    for (const line of lines) {
      assert.ok(line.length <= Math.max(1, at.columns - 1), JSON.stringify([line, at]));
      assert.doesNotMatch(line, /\p{Cc}/u);
    }
  }));
});
