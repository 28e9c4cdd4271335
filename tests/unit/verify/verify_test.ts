import assert from "node:assert/strict";
import { failure } from "../../../lib/model/failure.ts";
import type { PlannedPartition } from "../../../lib/plan/plan.ts";
import { type CountEvidence, verifyCount, verifyPartition } from "../../../lib/verify/verify.ts";
import { cluster, group, plan } from "../plan/fixtures.ts";

// t-0: 20..50, t-1: consumed, u-0: 0..5
const { partitions } = plan(cluster({ t: [[0, 50], [0, 9]], u: [[0, 5]] }, [
  group("g", { t: [20, 9], u: [0] }),
]));
const [planned, consumed] = partitions as [PlannedPartition, PlannedPartition, PlannedPartition];

const perfect: CountEvidence = {
  topic: "t",
  partition: 0,
  nextSourceOffset: 50n,
  recordsRead: 30n,
  batchesLeftOut: 0,
  recordsProduced: 30n,
  targetFirstOffset: 100n,
  targetLogStartOffset: 100n,
  targetHighWatermark: 130n,
};

/** The evidence with some of it changed; `undefined` takes a field away. */
function evidence(change: { readonly [K in keyof CountEvidence]?: CountEvidence[K] | undefined }) {
  const all = Object.entries({ ...perfect, ...change });
  return Object.fromEntries(all.filter(([, v]) => v !== undefined)) as unknown as CountEvidence;
}

Deno.test("verifyPartition() passes what was read, acknowledged and is still there", () => {
  const passes: readonly Parameters<typeof evidence>[0][] = [
    {},
    // Compacted or transactional: fewer records than offsets.
    { recordsRead: 12n, recordsProduced: 12n, targetHighWatermark: 112n },
    // Other writers before ours.
    { targetLogStartOffset: 3n },
    { targetLastSequence: 29 },
    { targetLastSequence: 9, epochRecords: 20n },
    // The last batch read reached beyond the planned end.
    { nextSourceOffset: 57n },
  ];
  for (const change of passes) {
    const result = verifyPartition(planned, evidence(change));
    assert.equal(result.status, "verified", result.reason);
    assert.equal(result.reason, undefined);
    assert.equal(result.plannedOffsets, 30n);
  }
});

Deno.test("verifyPartition() passes between and before the messages of others, and counts them", () => {
  const others: readonly [Parameters<typeof evidence>[0], string][] = [
    [{ targetNextOffset: 131n, targetHighWatermark: 131n }, "1 message"],
    [{ targetHighWatermark: 900n }, "770 messages"],
  ];
  for (const [change, count] of others) {
    const { status, reason } = verifyPartition(planned, evidence(change));
    assert.deepEqual(
      [status, reason],
      ["verified", `Others have written ${count} since the first of these`],
    );
  }
});

Deno.test("verifyPartition() counts others from the first plan on, where that is known", () => {
  const table: readonly [Parameters<typeof evidence>[0], bigint | undefined][] = [
    [{}, undefined],
    [{ targetHighWatermark: 133n }, 3n],
    // Two before our first record, one after our last.
    [{ targetPlannedOffset: 98n, targetHighWatermark: 131n }, 3n],
    [{ targetPlannedOffset: 98n }, 2n],
    // Markers lie among them, and nobody can tell.
    [{ targetPlannedOffset: 98n, marked: true }, undefined],
    // What is not complete tells nothing about others: what is ours is not known.
    [{ targetPlannedOffset: 98n, failed: failure("TARGET_REFUSED", "Cut off") }, undefined],
  ];
  for (const [change, others] of table) {
    assert.equal(verifyPartition(planned, evidence(change)).othersOnTarget, others);
  }
  const { reason } = verifyPartition(planned, evidence({ targetPlannedOffset: 98n }));
  assert.equal(reason, "Others have written 2 messages since the first plan");
});

Deno.test("verifyPartition() fails whatever is not complete or not proved, with the reason", () => {
  const zero = { recordsRead: 0n, recordsProduced: 0n, targetFirstOffset: undefined };
  const fails: readonly [Parameters<typeof evidence>[0], RegExp][] = [
    [{ failed: failure("TOPIC_GONE", "Topic was deleted") }, /^Topic was deleted$/],
    [{ nextSourceOffset: 49n }, /^Only 29 of 30 offsets were read$/],
    [{ recordsProduced: 29n }, /^30 messages read from the source, 29 acknowledged/],
    [{ recordsProduced: 31n }, /^30 messages read from the source, 31 acknowledged/],
    [{ recordsRead: 31n, recordsProduced: 31n }, /^More messages were read \(31\)/],
    [{ targetLastSequence: 28 }, /^The last sequence of this migration is 28 on the target, after/],
    [{ targetLastSequence: 30 }, /after 30 messages it would be 29: it does not hold/],
    [{ targetLastSequence: 29, epochRecords: 20n }, /after 30 messages it would be 9: it does not/],
    [
      { wrongOnTarget: failure("TARGET_HOLDS_TWICE", "The target holds messages twice") },
      /^The target holds messages twice$/,
    ],
    [{ targetFirstOffset: undefined }, /not known where/],
    [{ targetLogStartOffset: undefined }, /could not be asked/],
    [{ targetHighWatermark: undefined }, /could not be asked/],
    [{ targetLogStartOffset: 101n }, /already deleted some .* starts at 101, .* written at 100/],
    [{ targetHighWatermark: 129n }, /up to offset 129 and its log ends at 129/],
    [{ targetNextOffset: 150n }, /up to offset 149 and its log ends at 130/],
    [{ targetNextOffset: 129n }, /30 messages between offsets 100 and 128/],
    [zero, /^Nothing was read of 30 offsets, which proves nothing$/],
  ];
  for (const [change, reason] of fails) {
    const result = verifyPartition(planned, evidence(change));
    assert.equal(result.status, "failed");
    assert.match(result.reason ?? "", reason);
  }
  assert.equal(verifyPartition(planned, undefined).status, "failed");
});

Deno.test("verifyPartition() passes a range without records only where batches explain it", () => {
  const zero = { recordsRead: 0n, recordsProduced: 0n, targetFirstOffset: undefined } as const;
  const explained = verifyPartition(planned, evidence({ ...zero, batchesLeftOut: 1 }));
  assert.equal(explained.status, "verified");
  assert.match(explained.reason ?? "", /holds no messages/);
  const unread = evidence({ ...zero, batchesLeftOut: 1, nextSourceOffset: 49n });
  assert.equal(verifyPartition(planned, unread).status, "failed");
});

Deno.test("verifyPartition() calls an expired range lost, and failed where more went wrong", () => {
  const lost = [{ startOffset: 25n, endOffset: 30n }];
  const rest = { lost, recordsRead: 25n, recordsProduced: 25n };
  const result = verifyPartition(planned, evidence(rest));
  assert.equal(result.status, "lost");
  assert.equal(result.reason, "Offsets 25 to 29 expired on the source before they were read");
  const worse = verifyPartition(
    planned,
    evidence({ ...rest, failed: failure("TARGET_REFUSED", "Disk full") }),
  );
  assert.equal(worse.status, "failed");
  assert.match(worse.reason ?? "", /Offsets 25 to 29 .*; Disk full/);
  // What is lost is lost: what to do is about the rest.
  assert.deepEqual([result.code, worse.code], ["EXPIRED_UNREAD", "TARGET_REFUSED"]);
  const all = { lost: [{ startOffset: 20n, endOffset: 50n }], targetFirstOffset: undefined };
  const nothing = evidence({ ...all, recordsRead: 0n, recordsProduced: 0n });
  assert.equal(verifyPartition(planned, nothing).status, "lost");
});

Deno.test("verifyPartition() skips what was not planned, and fails it where it was written all the same", () => {
  assert.equal(verifyPartition(consumed, undefined).status, "skipped");
  const written = evidence({ partition: 1, recordsRead: 1n, recordsProduced: 1n });
  assert.equal(verifyPartition(consumed, written).status, "failed");
});

Deno.test("verifyCount() gives every planned partition a result and adds them up by topic", () => {
  const other = evidence({
    topic: "u",
    nextSourceOffset: 5n,
    recordsRead: 5n,
    recordsProduced: 4n,
  });
  const stray = evidence({ topic: "stray" });
  const result = verifyCount(partitions, [other, stray, perfect]);
  assert.deepEqual(result.partitions.map((p) => `${p.topic}-${p.partition} ${p.status}`), [
    "t-0 verified",
    "t-1 skipped",
    "u-0 failed",
  ]);
  const none = { verified: 0, skipped: 0, lost: 0, failed: 0 };
  const t = { partitions: 2, plannedOffsets: 30n, recordsRead: 30n, recordsProduced: 30n };
  const u = { partitions: 1, plannedOffsets: 5n, recordsRead: 5n, recordsProduced: 4n };
  assert.deepEqual(result.topics, [
    { ...none, topic: "t", ...t, verified: 1, skipped: 1 },
    { ...none, topic: "u", ...u, failed: 1 },
  ]);
  const all = { partitions: 3, plannedOffsets: 35n, recordsRead: 35n, recordsProduced: 34n };
  assert.deepEqual(result.totals, { ...none, ...all, verified: 1, skipped: 1, failed: 1 });
});
