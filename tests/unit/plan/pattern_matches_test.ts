import assert from "node:assert/strict";
import { matchPatterns, patternFindings, patternLine } from "../../../lib/plan/pattern_matches.ts";
import { cluster, filter, group } from "./fixtures.ts";

Deno.test("every pattern is told with what it matched, internal topics left aside", () => {
  const source = cluster({ test2: [[0, 1]], test1: [[0, 1]], __consumer_offsets: [[0, 1]] }, [
    group("g\n1", {}),
  ]);
  const matches = matchPatterns(source, {
    topics: filter(["*", "/test[1]/"], ["orders-*"]),
    groups: filter([], ["g*"]),
  });
  assert.deepEqual(matches.map(patternLine), [
    "topics.include * matches 2: test1, test2",
    "topics.include /test[1]/ matches 1: test1",
    "topics.exclude orders-* matches nothing",
    "groups.exclude g* matches 1: g\\u000a1",
  ]);
  assert.deepEqual(
    patternFindings(matches).map(({ code, severity, message }) => [
      code,
      severity,
      message,
    ]),
    [
      [
        "PATTERN_MATCHED_NOTHING",
        "warning",
        "Patterns that match nothing on the source: topics.exclude orders-*",
      ],
    ],
  );
  assert.deepEqual(patternFindings(matches.slice(0, 2)), []);
});

Deno.test("of many names the first twenty are told", () => {
  const names = Array.from({ length: 1_500 }, (_, index) => `t${index + 1_000}`);
  const source = cluster(Object.fromEntries(names.map((name) => [name, []])));
  const [all] = matchPatterns(source, { topics: filter(["t*"]), groups: filter([]) });
  assert.match(
    all === undefined ? "" : patternLine(all),
    /^topics.include t\* matches 1,500: t1000, .*, t1019 and 1480 more$/,
  );
});
