/** log.ts: lines as Python's logging module writes them. */

import assert from "node:assert/strict";
import { formatLocalTime, formatLogLine, formatUtcOffset } from "../../../lib/show/log.ts";

Deno.test("a line is time, level and text, on one line whatever the text holds", () => {
  const at = new Date(2022, 10, 3, 15, 2, 8, 123);
  assert.equal(
    formatLogLine(at.getTime(), "INFO", "skip migrate..."),
    "2022-11-03 15:02:08,123 - INFO - skip migrate...\n",
  );
  assert.equal(
    formatLogLine(at.getTime(), "WARNING", "a\r\nb\n\nc - INFO - d"),
    "2022-11-03 15:02:08,123 - WARNING - a b c - INFO - d\n",
  );
});

Deno.test("times are local and padded", () => {
  assert.equal(formatLocalTime(new Date(2026, 0, 2, 3, 4, 5, 6)), "2026-01-02 03:04:05,006");
});

Deno.test("the offset from UTC has a sign, hours and minutes", () => {
  const at = (minutesBehind: number) =>
    formatUtcOffset({ getTimezoneOffset: () => minutesBehind } as Date);
  const cases = [[0, "UTC+00:00"], [-480, "UTC+08:00"], [210, "UTC-03:30"], [-345, "UTC+05:45"]];
  for (const [minutes, expected] of cases) assert.equal(at(Number(minutes)), expected);
});
