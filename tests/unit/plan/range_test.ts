import assert from "node:assert/strict";
import { planLines } from "../../../lib/plan/plan_text.ts";
import { planFindings } from "../../../lib/findings/plan_findings.ts";
import { rangeSettings } from "../../../lib/plan/range.ts";
import type { PartitionRange } from "../../../lib/plan/partition_range.ts";
import { buildRangePlan } from "../../../lib/plan/range_plan.ts";
import type { ClusterSnapshot } from "../../../lib/model/snapshot.ts";
import { cluster, filter, type Log } from "./fixtures.ts";

const NOON = Date.UTC(2022, 10, 3, 12);

function planned(
  source: ClusterSnapshot,
  ranges: readonly PartitionRange[],
  include: string[] = [],
) {
  return buildRangePlan({ source, topics: filter(include), ranges });
}

Deno.test("a range is cut down to what the log holds", () => {
  // start, end, [log start, high watermark, last stable] → start, end, reason, skip, expired, held back
  const table: readonly [
    start: PartitionRange["start"],
    end: number | undefined,
    log: Log,
    ...expected: readonly [number, number, string, string | undefined, number, number],
  ][] = [
    [10n, 20, [0, 50], 10, 20, "range", undefined, 0, 0],
    [10n, undefined, [0, 50], 10, 50, "range", undefined, 0, 0],
    ["earliest", 20, [7, 50], 7, 20, "range", undefined, 0, 0],
    ["earliest", 5, [7, 50], 5, 5, "range", "outside", 0, 0],
    ["earliest", undefined, [7, 7], 7, 7, "range", "empty", 0, 0],
    [10n, 20, [15, 50], 15, 20, "expired", undefined, 5, 0],
    [10n, 20, [30, 50], 20, 20, "expired", "expired", 10, 0],
    [10n, 90, [0, 50], 10, 50, "range", undefined, 0, 0],
    [60n, 90, [0, 50], 50, 50, "range", "outside", 0, 0],
    [50n, undefined, [0, 50], 50, 50, "range", "outside", 0, 0],
    [10n, 30, [0, 50, 40], 10, 30, "range", undefined, 0, 0],
    [10n, 45, [0, 50, 40], 10, 40, "range", undefined, 0, 5],
    [10n, undefined, [0, 50, 40], 10, 40, "range", undefined, 0, 10],
    [42n, 45, [0, 50, 40], 40, 40, "range", "open-transaction", 0, 3],
  ];
  for (const [start, end, log, ...expected] of table) {
    const range = {
      topic: "t",
      partition: 0,
      start,
      ...(end !== undefined && { end: BigInt(end) }),
    };
    const [found] = planned(cluster({ t: [log] }), [range]).partitions;
    assert.deepEqual(
      [
        Number(found?.startOffset),
        Number(found?.endOffset),
        found?.startReason,
        found?.skip,
        Number(found?.expiredMessages),
        Number(found?.openTransactionOffsets),
      ],
      expected,
      `${start} to ${end} of ${log}`,
    );
  }
});

Deno.test("a range that starts at a time starts at the first message as late", () => {
  const source = (timeOffset: bigint | undefined): ClusterSnapshot => {
    const { topics, ...rest } = cluster({ t: [[10, 50]] });
    const t = topics.get("t");
    if (t === undefined) throw new Error("There is no topic");
    const partitions = t.partitions.map((each) => ({
      ...each,
      ...(timeOffset !== undefined && { timeOffset }),
    }));
    return { ...rest, topics: new Map([["t", { ...t, partitions }]]) };
  };
  const range = { topic: "t", partition: 0, start: { timestampMs: NOON } };
  assert.deepEqual(
    [30n, undefined].map((offset) =>
      planned(source(offset), [range]).partitions.flatMap(planLines).map(({ text }) => text)
    ),
    [
      [
        "Prepare to migrate topic: t, partition: 0, submitted offset: none (range 2022-11-03T12:00:00.000Z to end of log), start offset: 30, end offset: 50, messages: 20",
      ],
      [
        "topic: t, partition: 0, submitted offset: none (range 2022-11-03T12:00:00.000Z to end of log), start offset: 50, end offset: 50, skip migrate... (the log holds nothing of the range)",
      ],
    ],
  );
  const late = planned(source(undefined), [range]);
  assert.deepEqual(
    planFindings(late, source(undefined), "earliest").map(({ code }) => code),
    ["RANGE_BEYOND_END"],
  );
});

Deno.test("the lines of ranges say what was asked for, and what of it has expired", () => {
  const ranges = [
    { topic: "t", partition: 0, start: 10n, end: 40n },
    { topic: "t", partition: 1, start: 10n, end: 40n },
  ];
  const plan = planned(cluster({ t: [[15, 50], [60, 70]] }), ranges);
  assert.deepEqual(plan.partitions.flatMap(planLines).map(({ text }) => text), [
    "topic: t, partition: 0, submitted offset: none (range 10 to 40), 5 messages have expired, log start offset: 15",
    "Prepare to migrate topic: t, partition: 0, submitted offset: none (range 10 to 40), start offset: 15, end offset: 40, messages: 25",
    "topic: t, partition: 1, submitted offset: none (range 10 to 40), 30 messages have expired, log start offset: 60",
    "topic: t, partition: 1, submitted offset: none (range 10 to 40), start offset: 40, end offset: 40, skip migrate... (all messages of the range have expired)",
  ]);
});

Deno.test("what ranges name and nobody has, what the filter leaves out and what lies beyond the end is named", () => {
  const source = cluster({ a: [[0, 50], null], b: [[0, 50]] });
  const ranges: readonly PartitionRange[] = [
    { topic: "gone", partition: 0, start: "earliest" },
    { topic: "b", partition: 0, start: "earliest" },
    { topic: "a", partition: 7, start: "earliest" },
    { topic: "a", partition: 1, start: "earliest" },
    { topic: "a", partition: 0, start: 20n, end: 90n },
  ];
  const plan = planned(source, ranges, ["a", "gone"]);
  assert.deepEqual(plan.partitions.map(({ topic, partition }) => `${topic}-${partition}`), ["a-0"]);
  assert.deepEqual(
    planFindings(plan, source, "earliest").map(({ code, severity, message }) =>
      `${severity} ${code}: ${message}`
    ),
    [
      "error RANGE_PARTITION_MISSING: ranges name partition 7 of topic a, which the source does not have",
      "error RANGE_PARTITION_MISSING: ranges name partition 0 of topic gone, which the source does not have",
      "warning RANGE_BEYOND_END: The log ends before the range does for partition 0 of topic a (partition 0: range 20 to 90, end 50)",
      "warning RANGE_FILTERED_OUT: 1 range left out by topics.include and topics.exclude: b",
      "error PARTITION_OFFLINE: The offsets of partition 1 of topic a are not known: Leader not available",
    ],
  );
  const nothing = planned(source, ranges, ["x"]);
  assert.deepEqual(
    planFindings(nothing, source, "earliest").map(({ code }) => code),
    ["RANGE_FILTERED_OUT", "FILTER_MATCHED_NOTHING"],
  );
});

Deno.test("the same ranges in another order are the same settings", () => {
  const ranges: readonly PartitionRange[] = [
    { topic: "b", partition: 0, start: { timestampMs: NOON } },
    { topic: "a", partition: 10, start: "earliest" },
    { topic: "a", partition: 2, start: 2n ** 60n, end: 2n ** 61n },
  ];
  assert.equal(
    JSON.stringify(rangeSettings(ranges)),
    '[{"topic":"a","partition":2,"start":"1152921504606846976","end":"2305843009213693952"},' +
      '{"topic":"a","partition":10,"start":"earliest"},' +
      '{"topic":"b","partition":0,"start":"2022-11-03T12:00:00.000Z"}]',
  );
  assert.deepEqual(rangeSettings(ranges.toReversed()), rangeSettings(ranges));
});
