import assert from "node:assert/strict";
import { failure } from "../../../lib/model/failure.ts";
import fc from "fast-check";
import { partitionsToCopy, type PlannedPartition, topicsRead } from "../../../lib/plan/plan.ts";
import { cluster, type Commits, filter, group, plan, workedExample } from "./fixtures.ts";

const problem = failure("NOT_AUTHORIZED", "Not authorized to access group");

const ranges = (partitions: readonly PlannedPartition[]) =>
  partitions.map((p) => `${p.topic}-${p.partition} ${p.startOffset}..${p.endOffset}`);

Deno.test("buildPlan() gives the worked example's numbers", () => {
  const { partitions, empty } = plan(workedExample());
  assert.equal(empty, undefined);
  assert.deepEqual(ranges(partitions), [
    "test1-0 5226..5226",
    "test2-0 400..1000",
    "test3-0 187800..264322",
    "test4-0 50..50",
  ]);
  const [test1, , test3] = partitions as [PlannedPartition, PlannedPartition, PlannedPartition];
  assert.equal(test1.submittedOffset, 3713n);
  assert.equal(test1.skip, "expired");
  assert.equal(test3.submittedOffset, 187800n);
  assert.equal(test3.submittedBy, "test123-group");
  assert.equal(test3.offsets, 76522n);
  assert.deepEqual(test3.withoutSmallest, { startOffset: 200000n, offsets: 64322n });
  assert.deepEqual(test3.groups, [
    { group: "test34-group", committed: 200000n, lag: 64322n },
    { group: "test123-group", committed: 187800n, lag: 76522n },
  ]);
});

Deno.test("buildPlan() takes the smallest committed offset over all groups, in whatever order they are listed", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 8 }),
    (commits) => {
      const groups = commits.map((offset, i) => group(`g${i}`, { t: [offset] }));
      const [only] = plan(cluster({ t: [[0, 1000]] }, groups)).partitions;
      const smallest = Math.min(...commits);
      assert.equal(only?.startOffset, BigInt(smallest));
      assert.equal(only?.submittedOffset, BigInt(smallest));
      assert.equal(only?.submittedBy, `g${commits.indexOf(smallest)}`);
      const others = commits.filter((_, i) => i !== commits.indexOf(smallest));
      const next = Math.min(...others);
      assert.deepEqual(
        only?.withoutSmallest,
        others.length === 0 || next === smallest
          ? undefined
          : { startOffset: BigInt(next), offsets: BigInt(1000 - next) },
      );
    },
  ));
});

Deno.test("buildPlan() names the first of several groups that stand at the same offset", () => {
  const groups = ["b", "a", "c"].map((name) => group(name, { t: [5] }));
  const [only] = plan(cluster({ t: [[0, 9]] }, groups)).partitions;
  assert.equal(only?.submittedBy, "a");
  assert.equal(only?.withoutSmallest, undefined);
});

Deno.test("buildPlan() counts an uncommitted partition of a topic the group reads as the log start, or skips it", () => {
  const source = cluster({ t: [[3, 10], [4, 10], [5, 10], [6, 6]] }, [
    group("late", { t: [8, null, null, null] }),
    group("other", { t: [9, 7, null, null] }),
  ]);
  const earliest = plan(source, { uncommitted: "earliest" });
  assert.deepEqual(ranges(earliest.partitions), [
    "t-0 8..10",
    "t-1 4..10",
    "t-2 5..10",
    "t-3 6..6",
  ]);
  assert.deepEqual(earliest.partitions.map((p) => p.uncommittedOffsets), [0n, 3n, 5n, 0n]);
  assert.deepEqual(earliest.partitions.map((p) => p.submittedOffset), [
    8n,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(earliest.partitions.map((p) => p.skip), [
    undefined,
    undefined,
    undefined,
    "empty",
  ]);
  assert.deepEqual(earliest.partitions[1]?.groups, [
    { group: "late", lag: 6n },
    { group: "other", committed: 7n, lag: 3n },
  ]);

  const skip = plan(source, { uncommitted: "skip" });
  assert.deepEqual(ranges(skip.partitions), ["t-0 8..10", "t-1 7..10"]);
  assert.deepEqual(skip.partitions.map((p) => p.uncommittedOffsets), [0n, 0n]);
});

Deno.test("buildPlan() never counts a group on a topic it has committed nothing on", () => {
  const source = cluster({ t: [[0, 10]], u: [[0, 10]] }, [
    group("a", { t: [4] }),
    group("b", { u: [6] }),
    group("none", { t: [-1], u: [] }),
  ]);
  assert.deepEqual(ranges(plan(source).partitions), ["t-0 4..10", "u-0 6..10"]);
});

Deno.test("buildPlan() takes a negative offset for none, and never gives a negative lag", () => {
  const source = cluster({ t: [[2, 10], [2, 10], [2, 10]] }, [group("g", { t: [4, -1, 12] })]);
  const { partitions } = plan(source);
  assert.deepEqual(partitions.map((p) => p.startReason), ["committed", "uncommitted", "committed"]);
  assert.deepEqual(partitions.map((p) => p.groups[0]?.lag), [6n, 8n, 0n]);
  assert.deepEqual(ranges(plan(source, { uncommitted: "skip" }).partitions), [
    "t-0 4..10",
    "t-2 10..10",
  ]);
});

Deno.test("buildPlan() prefers a commit at the log start to no commit as the one that sets the start", () => {
  const source = cluster({ t: [[5, 10], [0, 3]] }, [
    group("a", { t: [null, 1] }),
    group("b", { t: [5, 1] }),
  ]);
  const [first] = plan(source).partitions;
  assert.equal(first?.submittedBy, "b");
  assert.equal(first?.submittedOffset, 5n);
  assert.equal(first?.uncommittedOffsets, 0n);
});

Deno.test("buildPlan() leaves out what the filters exclude, and exclude wins over include", () => {
  const source = workedExample();
  const test3 = (include: string[], exclude: string[]) =>
    plan(source, { groups: filter(include, exclude) }).partitions.find((p) => p.topic === "test3");
  assert.equal(test3([], [])?.startOffset, 187800n);
  assert.equal(test3([], ["test123-*"])?.startOffset, 200000n);
  assert.equal(test3(["*"], ["test123-*"])?.startOffset, 200000n);
  assert.equal(test3(["test123-*"], [])?.withoutSmallest, undefined);
  assert.deepEqual(
    ranges(plan(source, { topics: filter(["test[23]"], ["test2"]) }).partitions),
    ["test3-0 187800..264322"],
  );
});

Deno.test("buildPlan() counts groups of every type but share groups, which it names", () => {
  const types = ["classic", "consumer", "streams", "connect", ""];
  const groups = types.map((type, i) => group(`g${i}`, { [`t${i}`]: [1] }, { type }));
  const share = group("s", { t0: [0] }, { type: "Share" });
  const topics = Object.fromEntries(types.map((_, i) => [`t${i}`, [[0, 5] as const]]));
  const made = plan(cluster(topics, [...groups, share]));
  assert.deepEqual(ranges(made.partitions), types.map((_, i) => `t${i}-0 1..5`));
  assert.deepEqual(made.shareGroups, ["s"]);
});

Deno.test("buildPlan() keeps what it can't plan: offline partitions, unreadable groups, missing topics, internal ones", () => {
  const source = cluster({ t: [[0, 5], null], __offsets: [[0, 5]] }, [
    group("b", { t: [1, 2, 3], gone: [7, 8], __offsets: [0] }),
    group("a", { gone: [null, 3] }),
    group("closed", {}, { problem }),
  ]);
  const made = plan(source);
  assert.deepEqual(ranges(made.partitions), ["t-0 1..5"]);
  assert.deepEqual(made.unknownPartitions, [
    { topic: "t", partition: 1, problem: "Leader not available" },
  ]);
  assert.deepEqual(made.droppedOffsets, [
    { topic: "gone", topicExists: false, partitions: [0, 1], groups: ["a", "b"] },
    { topic: "t", topicExists: true, partitions: [2], groups: ["b"] },
  ]);
  assert.deepEqual(made.internalTopics, ["__offsets"]);
  assert.deepEqual(made.unreadableGroups, [
    { group: "closed", problem: "Not authorized to access group" },
  ]);
  assert.equal(made.empty, undefined);
});

Deno.test("buildPlan() says why a plan is empty", () => {
  const topics = { t: [[0, 5] as const] };
  const one = (commits: Commits) => cluster(topics, [group("g", commits)]);
  const table = [
    [plan(cluster(topics)), "no-groups"],
    [plan(one({})), "no-committed-offsets"],
    [plan(one({ t: [-1] })), "no-committed-offsets"],
    [plan(cluster(topics, [group("s", { t: [1] }, { type: "share" })])), "no-committed-offsets"],
    [plan(one({ t: [1] }), { groups: filter(["other"]) }), "groups-filter"],
    [plan(one({ t: [1] }), { topics: filter(["other"]) }), "topics-filter"],
    [plan(one({ gone: [1] })), "missing-topics"],
    [plan(one({ __t: [1] })), "missing-topics"],
    [plan(one({ t: [5] })), undefined],
    [plan(cluster(topics, [group("g", {}, { problem })])), undefined],
  ] as const;
  for (const [made, reason] of table) assert.equal(made.empty, reason);
});

Deno.test("partitionsToCopy() leaves out what is skipped", () => {
  assert.deepEqual(
    partitionsToCopy(plan(workedExample())).map(({ topic }) => topic),
    ["test2", "test3"],
  );
});

Deno.test("topicsRead() tells all topics of a plan, and none of groups or topics that are filtered out", () => {
  const groups = [
    group("a", { t: [1], other: [null, 3], gone: [7], __offsets: [0], never: [null] }),
    group("b", { u: [1], t: [1] }),
    group("s", { shared: [0] }, { type: "Share" }),
    group("closed", { v: [1] }, { problem }),
  ];
  const topics = filter([], ["other"]);
  const read = (names: string[]) =>
    [...topicsRead(groups, { topics, groups: filter(names) })].sort();
  assert.deepEqual(read([]), ["gone", "t", "u"]);
  assert.deepEqual(read(["a"]), ["gone", "t"]);
  assert.deepEqual(read(["b"]), ["t", "u"]);
  assert.deepEqual(read(["s"]), []);
});
