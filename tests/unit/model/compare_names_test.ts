import assert from "node:assert/strict";
import fc from "fast-check";
import { groupLags, topicBacklogs } from "../../../lib/plan/lag.ts";
import { compareNames } from "../../../lib/model/compare_names.ts";
import { rangeSettings } from "../../../lib/plan/range.ts";
import { compareTopicPartitions } from "../../../lib/model/topic_partition.ts";
import { cluster, group, plan } from "../plan/fixtures.ts";

Deno.test("names come as people count", () => {
  const inOrder = [
    "",
    "0",
    "01",
    "1",
    "2",
    "10",
    "orders",
    "orders-2",
    "orders-10",
    "orders-10-a",
    "orders-10-b2",
    "orders-10-b10",
    "orders-123456789012345678901234567890",
    "orders-123456789012345678901234567891",
    "orders.1",
    "orders2",
    "orders10",
    "ordersX",
    "ä2",
    "ä10",
  ];
  assert.deepEqual(inOrder.toReversed().sort(compareNames), inOrder);
});

Deno.test("the order of names is total: only equal names are equal, whatever is compared with whatever", () => {
  const name = fc.string({
    unit: fc.constantFrom("0", "1", "2", "9", "a", "-", ".", "é"),
    maxLength: 8,
  });
  const sign = (a: string, b: string) => Math.sign(compareNames(a, b));
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      assert.equal(sign(a, b), -sign(b, a) + 0);
      assert.equal(sign(a, b) === 0, a === b);
      if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("ten thousand partitions are in order at once", () => {
  const partitions = Array.from({ length: 10_000 }, (_, index) => ({
    topic: `orders-of-the-eu-${(index * 7919) % 2_000}`,
    partition: index % 5,
  }));
  const started = performance.now();
  const sorted = partitions.toSorted(compareTopicPartitions);
  // It takes some 20 ms; a busy machine is given time.
  assert.ok(performance.now() - started < 2_000);
  assert.equal(sorted.at(0)?.topic, "orders-of-the-eu-0");
  assert.equal(sorted.at(-1)?.topic, "orders-of-the-eu-1999");
});

Deno.test("a plan, its backlog and its groups list orders-2 before orders-10", () => {
  const topics = { "orders-10": [[0, 5]], "orders-2": [[0, 5]], "orders-1": [[0, 5]] } as const;
  const commits = { "orders-10": [1], "orders-2": [1], "orders-1": [1] };
  const source = cluster(topics, [group("app-10", commits), group("app-9", commits)]);
  const planned = plan(source);
  const expected = ["orders-1", "orders-2", "orders-10"];
  assert.deepEqual(planned.partitions.map(({ topic }) => topic), expected);
  assert.deepEqual(topicBacklogs(planned, undefined).map(({ topic }) => topic), expected);
  assert.deepEqual(groupLags(planned).map(({ group }) => group), ["app-9", "app-10"]);
  const [first] = planned.partitions;
  assert.deepEqual(first?.groups.map(({ group }) => group), ["app-9", "app-10"]);
});

Deno.test("the order of ranges in a migration's settings is that of earlier versions, so that their journals go on", () => {
  const range = (topic: string) => ({ topic, partition: 0, start: "earliest" as const });
  const settings = rangeSettings([range("orders-2"), range("orders-10")]);
  assert.deepEqual(
    settings.map((each) => (each as { readonly topic: string }).topic),
    ["orders-10", "orders-2"],
  );
});
