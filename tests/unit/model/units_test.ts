import assert from "node:assert/strict";
import {
  countOf,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
} from "../../../lib/model/units.ts";

Deno.test("formatCount() separates thousands", () => {
  const table = [[0, "0"], [999, "999"], [1000, "1,000"], [76522n, "76,522"], [
    1n << 63n,
    "9,223,372,036,854,775,808",
  ], [-1234, "-1,234"]] as const;
  for (const [count, text] of table) assert.equal(formatCount(count), text);
});

Deno.test("countOf() knows one from many", () => {
  assert.equal(countOf(1n, "message"), "1 message");
  assert.equal(countOf(0, "message"), "0 messages");
  assert.equal(countOf(2, "entry", "entries"), "2 entries");
});

Deno.test("formatBytes() is decimal and never shows more than three digits", () => {
  const table = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1536, "1.54 kB"],
    [999_499, "999 kB"],
    [
      999_600,
      "1 MB",
    ],
    [50_000_000n, "50 MB"],
    [2_048_000_000, "2.05 GB"],
    [4e18, "4000 PB"],
  ] as const;
  for (const [bytes, text] of table) assert.equal(formatBytes(bytes), text);
});

Deno.test("formatDuration() uses two units at most", () => {
  const table = [
    [0, "0 ms"],
    [-5, "0 ms"],
    [850, "850 ms"],
    [999.6, "1 s"],
    [4210, "4.2 s"],
    [9949, "9.9 s"],
    [9960, "10 s"],
    [103_400, "103 s"],
    [120_000, "2 min"],
    [725_000, "12 min 5 s"],
    [3_599_600, "1 h"],
    [12_000_000, "3 h 20 min"],
    [187_200_000, "2 d 4 h"],
  ] as const;
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
});

Deno.test("formatRate() is bytes a second, and admits when there was no time to tell", () => {
  assert.equal(formatRate(104_600_000, 2000), "52.3 MB/s");
  assert.equal(formatRate(1000n, 0), "–");
});
