/** group_offsets.ts: which positions are committed, which stay as they are, and why. */

import assert from "node:assert/strict";
import { type Failure, failure } from "../../../lib/model/failure.ts";
import {
  committedPosition,
  forgottenPositions,
  type GroupOffset,
  judgePositions,
  type PositionToCommit,
  wantedPositions,
} from "../../../lib/plan/group_offsets.ts";
import type { GroupSnapshot } from "../../../lib/model/snapshot.ts";
import { cluster, filter, group, plan } from "./fixtures.ts";

const unreadable = failure(
  "GROUP_UNREADABLE",
  "its committed offsets could not be read: X (1)",
);
const broken = failure("BROKER_UNREACHABLE", "The commit failed: it broke");
const wanted = { group: "g", topic: "t", partition: 0, sourceOffset: 7n };

interface Facts {
  /** As they are just before; the group stands at 7 on the source and nowhere on the target unless told. */
  readonly source?: GroupSnapshot | null;
  readonly target?: GroupSnapshot;
  readonly unverified?: Failure;
  readonly translated?: bigint | Failure;
  readonly maxMetadataLength?: number;
}

function judge({ source, target, unverified, translated = 40n, ...limits }: Facts) {
  const onSource = source === undefined ? group("g", { t: [7] }) : source;
  return judgePositions([wanted], {
    onSource: new Map(onSource === null ? [] : [["g", onSource]]),
    onTarget: new Map(target === undefined ? [] : [["g", target]]),
    unverified: new Map(unverified === undefined ? [] : [["t-0", unverified]]),
    translate: () => translated,
    ...limits,
  });
}

Deno.test("every position that was committed is wanted, on no partition the filters leave out", () => {
  const source = cluster({ t: [[0, 10], [0, 10]], other: [[0, 5]] }, [
    group("a", { t: [3, null], other: [2] }),
    group("b", { t: [10, 9] }),
  ]);
  const found = wantedPositions(plan(source, { topics: filter(["t"]) }));
  assert.deepEqual(
    found.map(({ group, topic, partition, sourceOffset }) =>
      `${group} ${topic}-${partition} ${sourceOffset}`
    ),
    ["a t-0 3", "b t-0 10", "b t-1 9"],
  );
});

Deno.test("a position is committed with its metadata, also an offset of 0 and one that goes further", () => {
  const metadata = new Map([["t-0", "shard ✓"], ["t-1", "another"]]);
  const { commit, rest } = judge({ source: group("g", { t: [7] }, { metadata }), translated: 0n });
  assert.deepEqual(rest, []);
  assert.deepEqual(commit, [{ ...wanted, targetOffset: 0n, metadata: "shard ✓" }]);
  const moved = judge({ target: group("g", { t: [39] }) });
  assert.deepEqual(moved.commit, [{ ...wanted, targetOffset: 40n, before: 39n, metadata: "" }]);
});

Deno.test("a text that the target does not take, or that counts offsets, is left out, with the reason", () => {
  const table = [
    ["text", { metadata: "text" }],
    ["text!", { metadata: "", metadataLeftOut: "too long" }],
    [btoa("L\0"), { metadata: "", metadataLeftOut: "counts offsets" }],
  ] as const;
  for (const [text, expected] of table) {
    const source = group("g", { t: [7] }, { metadata: new Map([["t-0", text]]) });
    const [position] = judge({ source, maxMetadataLength: 4 }).commit;
    assert.ok(position !== undefined);
    assert.deepEqual(position, { ...wanted, targetOffset: 40n, ...expected });
    const left = "metadataLeftOut" in expected ? expected.metadataLeftOut : undefined;
    assert.equal(committedPosition(position, 40n, undefined).metadataLeftOut, left);
    assert.equal(committedPosition(position, 41n, undefined).metadataLeftOut, undefined);
  }
});

for (
  const { title, facts, status = "left", says } of [
    {
      title: "stands there already",
      facts: { target: group("g", { t: [40] }) },
      status: "further" as const,
    },
    {
      title: "stands further on, whatever else there is to say",
      facts: { target: group("g", { t: [41] }, { state: "Stable" }), source: null },
      status: "further" as const,
    },
    {
      title: "has moved on the source",
      facts: { source: group("g", { t: [8] }) },
      says: /^The group has moved on the source since the plan was made, to 8$/,
    },
    {
      title: "was deleted on the source",
      facts: { source: null },
      says: /^The group has moved on the source since the plan was made, to no offset$/,
    },
    {
      title: "could not be read again on the source",
      facts: {
        source: group("g", {}, { problem: unreadable }),
      },
      says: /^On the source its committed offsets could not be read: X \(1\)$/,
    },
    {
      title: "may stand further on, on a target that does not tell",
      facts: {
        target: group("g", {}, { problem: unreadable }),
      },
      says: /^On the target its committed offsets could not be read: X \(1\)$/,
    },
    {
      title: "is active on the target",
      facts: { target: group("g", {}, { state: "PreparingRebalance" }) },
      says: /^The group is active on the target \(PreparingRebalance\)$/,
    },
    {
      title: "has the name of a share group on the target",
      facts: { target: group("g", {}, { type: "Share" }) },
      says: /^On the target a share group has this name$/,
    },
    {
      title: "is on a partition that is not verified",
      facts: { unverified: failure("PARTITION_NOT_VERIFIED", "The partition is not verified") },
      says: /^The partition is not verified$/,
    },
    {
      title: "cannot be translated",
      facts: { translated: failure("POSITION_LOST", "The source no longer holds it") },
      says: /^The source no longer holds it$/,
    },
  ] satisfies readonly {
    readonly title: string;
    readonly facts: Facts;
    readonly status?: GroupOffset["status"];
    readonly says?: RegExp;
  }[]
) {
  Deno.test(`a position is not committed where the group ${title}`, () => {
    const { commit, rest: [found] } = judge(facts);
    assert.deepEqual([commit.length, found?.status], [0, status]);
    if (says === undefined) assert.equal(found?.reason, undefined);
    else assert.match(found?.reason ?? "", says);
    const stands = (facts as Facts).target?.committed.get("t")?.get(0);
    assert.deepEqual([found?.before, found?.after], [stands, stands]);
  });
}

Deno.test("what reads back decides what became of a commit, whatever the answer to it was", () => {
  const position: PositionToCommit = { ...wanted, targetOffset: 40n, before: 3n, metadata: "m" };
  const known = { ...wanted, targetOffset: 40n, before: 3n };
  assert.deepEqual(committedPosition(position, 40n, broken), {
    ...{ ...known, after: 40n, status: "committed" },
  });
  assert.deepEqual(committedPosition(position, undefined, broken), {
    ...{ ...known, status: "left", reason: broken.text, code: broken.code },
  });
  assert.deepEqual(committedPosition(position, 50n, undefined), {
    ...{ ...known, after: 50n, status: "left" },
    reason: "The target reads back 50: somebody else has committed meanwhile",
    code: "COMMITTED_BY_OTHERS",
  });
});

Deno.test("what was begun for a group that is not there any more is left, and said", () => {
  const known = plan(cluster({ t: [[0, 10]] }, [group("g", { t: [7] })]));
  assert.deepEqual(forgottenPositions(known), []);
  const partitions = known.partitions.map((each) => ({ ...each, groups: [] }));
  const [left, ...others] = forgottenPositions({ ...known, partitions });
  assert.deepEqual([left?.group, left?.sourceOffset, left?.status], ["g", 7n, "left"]);
  assert.match(
    left?.reason ?? "",
    /^No group has a committed offset here on the source any more$/,
  );
  assert.deepEqual(others, []);
});
