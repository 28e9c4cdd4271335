import assert from "node:assert/strict";
import { parseDurationMs, parseSizeBytes } from "../../../lib/config/quantities.ts";

Deno.test("parseDurationMs() reads a number with its unit and nothing else", () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ["500ms", 500],
    ["90s", 90_000],
    ["10m", 600_000],
    ["1.5h", 5_400_000],
    ["10 m", 600_000],
    ["10", undefined],
    ["10M", undefined],
    ["1h30m", undefined],
    ["-1s", undefined],
    ["1d", undefined],
    ["toString", undefined],
    ["1constructor", undefined],
    ["", undefined],
  ];
  for (const [text, ms] of table) assert.equal(parseDurationMs(text), ms, text);
});

Deno.test("parseSizeBytes() tells decimal from binary units", () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ["4096B", 4096],
    ["1kB", 1000],
    ["50MB", 50_000_000],
    ["1MiB", 1_048_576],
    ["0.5GiB", 536_870_912],
    ["50mb", undefined],
    ["50Mb", undefined],
    ["50MB/s", undefined],
    ["50", undefined],
  ];
  for (const [text, bytes] of table) assert.equal(parseSizeBytes(text), bytes, text);
});
