/** target_group_findings.ts: what groups on the target keep from being carried over, before anything is copied. */

import assert from "node:assert/strict";
import { failure } from "../../../lib/model/failure.ts";
import type { Finding } from "../../../lib/model/finding.ts";
import { continuePlan } from "../../../lib/plan/continue_plan.ts";
import { continueJournal } from "../../../lib/journal/journal.ts";
import type { JournalState } from "../../../lib/journal/journal_state.ts";
import type { JournalEntry } from "../../../lib/journal/journal_entry.ts";
import type { GroupSnapshot } from "../../../lib/model/snapshot.ts";
import { targetGroupFindings } from "../../../lib/findings/target_group_findings.ts";
import { cluster, type Commits, group, type Log, plan } from "../plan/fixtures.ts";

interface Given {
  /** The source's logs, and what its groups have committed. */
  readonly source: readonly Log[];
  readonly committed: Readonly<Record<string, readonly (number | null)[]>>;
  readonly target: readonly Log[];
  readonly onTarget?: readonly GroupSnapshot[];
  readonly journal?: JournalState;
  readonly nonEmptyTarget?: "refuse" | "append";
  /** What groups have committed beside their offsets on partition 0. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly maxMetadataLength?: number;
}

function judge(given: Given): readonly Finding[] {
  const { source, committed, target, onTarget = [], journal, nonEmptyTarget = "refuse" } = given;
  const groups = Object.entries(committed).map(([name, offsets]) => {
    const text = given.metadata?.[name];
    const metadata = text === undefined ? {} : { metadata: new Map([["t-0", text]]) };
    return group(name, { t: offsets }, metadata);
  });
  return targetGroupFindings(continuePlan(plan(cluster({ t: source }, groups)), journal), {
    target: cluster({ t: target }, [], "target-id"),
    groups: onTarget,
    journal,
    nonEmptyTarget,
    sourceGroups: groups,
    ...("maxMetadataLength" in given && { maxMetadataLength: given.maxMetadataLength }),
  });
}

const at = "2026-11-21T10:00:00.000Z";
const partition = { topic: "t", partition: 0 };

/**
 * Source offsets 10 to 99 lie on the target from 5 on, as 90 messages or, where there were gaps, fewer. All were
 * acknowledged at the first of the stops.
 */
function migrated(records = 90, stops: readonly number[] = [100]): JournalState {
  const end = String(5 + records);
  const entries: readonly JournalEntry[] = [
    {
      ...{ type: "plan", runId: "r", at },
      partitions: [{
        ...{ ...partition, startOffset: "10", endOffset: "100", targetEndOffset: "5" },
        ...{ submittedBy: "a", submittedOffset: "10" },
      }],
    },
    ...stops.map((stop): JournalEntry => ({
      ...{ type: "progress", ...partition, sourceOffset: String(stop), records: String(records) },
      ...{ targetOffset: end, targetFirstOffset: "5" },
    })),
    {
      ...{ type: "settled", ...partition, status: "done", sourceOffset: "100" },
      ...{ records: String(records), recordsRead: String(records), batchesLeftOut: 0 },
    },
  ];
  return continueJournal({
    ...{ type: "migration", schemaVersion: 1, runId: "r", at, settings: {} },
    ...{ sourceClusterId: "s", targetClusterId: "t", producerId: "1", producerEpoch: 0 },
  }, entries);
}

const on = (name: string, offsets: Commits[string], more: Partial<GroupSnapshot> = {}) =>
  group(name, { t: offsets }, more);
const summary = (findings: readonly Finding[]) =>
  findings.map(({ code, where }) => [code, where.groups, where.partitions]);
const texts = (findings: readonly Finding[]) =>
  findings.map(({ message, remedy }) => `${message} | ${remedy}`).join("\n");

Deno.test("an empty target without these groups has nothing in the way", () => {
  const given = { source: [[0, 100], [0, 50]], committed: { a: [10, 50] } } as const;
  assert.deepEqual(judge({ ...given, target: [[0, 0], [0, 0]] }), []);
  const others = [on("other", [7, 7], { state: "Stable" })];
  assert.deepEqual(judge({ ...given, target: [[0, 0], [0, 0]], onTarget: others }), []);
});

Deno.test("groups with members on the target are active in every state but those without", () => {
  const given = { source: [[0, 100]], committed: { a: [10], b: [20] }, target: [[0, 0]] } as const;
  const states = ["Stable", "Reconciling", "PreparingRebalance", "Empty", "Dead", ""];
  for (const state of states) {
    const found = judge({ ...given, onTarget: [group("a", {}, { state })] });
    const active = !["Empty", "Dead", ""].includes(state);
    assert.deepEqual(
      summary(found),
      active ? [["TARGET_GROUP_ACTIVE", ["a"], undefined]] : [],
      state,
    );
  }
  const both = ["a", "b"].map((name) => group(name, {}, { state: "Stable" }));
  const [found] = judge({ ...given, onTarget: both });
  assert.equal(found?.severity, "warning");
  assert.match(found?.message ?? "", /^2 groups already consuming on the target: a, b$/);
});

Deno.test("a share group of the same name is an error that can be accepted, whether it has members or not", () => {
  const given = { source: [[0, 100]], committed: { a: [10], b: [20] }, target: [[0, 0]] } as const;
  for (const state of ["Stable", "Empty"]) {
    const onTarget = [
      group("b", {}, { type: "Share", state }),
      group("other", {}, { type: "share" }),
    ];
    const found = judge({ ...given, onTarget });
    assert.deepEqual(summary(found), [["TARGET_SHARE_GROUP", ["b"], undefined]]);
    assert.deepEqual([found[0]?.severity, found[0]?.overridable], ["error", true]);
    assert.match(texts(found), /kafka-share-groups\.sh .*10\.0\.0\.1:9092 --delete --group b;/);
  }
});

Deno.test("metadata texts that are too long, that count offsets, or that may name some, are told", () => {
  const given = { source: [[0, 5000]], target: [[0, 0]], maxMetadataLength: 20 } as const;
  const committed = { a: [10], b: [20], c: [1000], d: [30] };
  const metadata = { a: "a".repeat(21), b: btoa("L\0\x01"), c: "next 1002", d: "d".repeat(20) };
  const found = judge({ ...given, committed, metadata });
  assert.deepEqual(summary(found), [
    ["METADATA_TOO_LONG", ["a"], [0]],
    ["METADATA_COUNTS_OFFSETS", ["b"], [0]],
    ["METADATA_COUNTS_OFFSETS", ["c"], [0]],
  ]);
  const [tooLong = "", counting = "", naming = ""] = texts(found).split("\n");
  assert.match(tooLong, /^Group a has .* of up to 21 characters, the target takes 20 /);
  assert.match(counting, /without them, and the consumers do those messages again/);
  assert.match(naming, /carried over as they stand/);
  // What stands there already is not committed again.
  const done = { ...given, committed: { a: [10] }, metadata, journal: migrated() };
  assert.deepEqual(judge({ ...done, target: [[0, 95]], onTarget: [on("a", [5])] }), []);
});

Deno.test("where the target does not tell how long texts may be, those above the default are told", () => {
  const given = { source: [[0, 100]], committed: { a: [10] }, target: [[0, 0]] } as const;
  assert.deepEqual(judge({ ...given, metadata: { a: "a".repeat(4096) } }), []);
  const found = judge({ ...given, metadata: { a: "a".repeat(4097) } });
  assert.deepEqual(summary(found), [["METADATA_TOO_LONG", ["a"], [0]]]);
  assert.match(texts(found), /could not be read: where they are too long/);
});

Deno.test("an active group whose positions are all there already may be active", () => {
  const given = { source: [[0, 100]], target: [[0, 95]], journal: migrated() } as const;
  const onTarget = [on("a", [15], { state: "Stable" })];
  assert.deepEqual(judge({ ...given, committed: { a: [20] }, onTarget }), []);
  assert.deepEqual(summary(judge({ ...given, committed: { a: [21] }, onTarget })), [
    ["TARGET_GROUP_ACTIVE", ["a"], undefined],
  ]);
});

Deno.test("a group further on is told once no position of ours can come to lie as far", () => {
  const given = { source: [[0, 100]], committed: { a: [10], b: [40] }, target: [[0, 7]] } as const;
  const ahead = (offset: number, name = "b") =>
    summary(judge({ ...given, nonEmptyTarget: "append", onTarget: [on(name, [offset])] }))
      .filter(([code]) => code === "TARGET_GROUP_AHEAD");
  // The first message copied comes to lie at 7, the one b stopped at 30 messages later or before.
  assert.deepEqual(ahead(37), []);
  assert.deepEqual(ahead(38), [["TARGET_GROUP_AHEAD", ["b"], [0]]]);
  assert.deepEqual(ahead(7, "a"), []);
  assert.deepEqual(ahead(8, "a"), [["TARGET_GROUP_AHEAD", ["a"], [0]]]);
});

Deno.test("after a migration a group further on is told with both offsets and the way to reset it", () => {
  const found = judge({
    ...{ source: [[0, 100]], committed: { "a b": [30] }, target: [[0, 95]], journal: migrated() },
    onTarget: [on("a b", [26])],
  });
  assert.deepEqual(summary(found), [["TARGET_GROUP_AHEAD", ["a b"], [0]]]);
  assert.match(
    texts(found),
    /^Group a b stands further on .*partition 0 of topic t \(0: at 26, .* begins at 25 at the latest\) \| .* --bootstrap-server 10\.0\.0\.1:9092 --delete-offsets --group 'a b' --topic t:0$/,
  );
});

Deno.test("between points of a log with gaps, and behind what is copied, only the latest offset is known", () => {
  const ahead = (journal: JournalState, end: number, committed: number, before: number) =>
    judge({
      ...{ source: [[0, end]], committed: { a: [committed] }, target: [[0, 70]], journal },
      onTarget: [on("a", [before])],
    }).some(({ code }) => code === "TARGET_GROUP_AHEAD");
  // 60 of 90 offsets held messages: the position lies somewhere up to their end.
  assert.deepEqual([65, 66].map((before) => ahead(migrated(60), 100, 50, before)), [false, true]);
  // What the source has gained is written from the target's end, 70, on.
  assert.deepEqual([74, 75].map((before) => ahead(migrated(60), 120, 104, before)), [false, true]);
  assert.deepEqual([65, 66].map((before) => ahead(migrated(60), 100, 100, before)), [false, true]);
  // Nothing of what lay behind 80 was copied: the next message is the first that the source has gained.
  const emptyTail = migrated(60, [80, 100]);
  assert.deepEqual([70, 71].map((before) => ahead(emptyTail, 120, 90, before)), [false, true]);
});

Deno.test("where nothing was ever copied a position comes to lie at the target's end, as it was journaled", () => {
  const journal = continueJournal(migrated(), [{
    ...{ type: "plan", runId: "r", at, partitions: [] },
    skipped: [{ topic: "t", partition: 1, endOffset: "9", targetEndOffset: "3" }],
  }]);
  const found = judge({
    ...{ source: [[0, 100], [0, 9]], committed: { a: [10, 9] }, target: [[0, 95], [0, 20]] },
    ...{ journal, onTarget: [on("a", [5, 4])] },
  });
  assert.deepEqual(summary(found), [["TARGET_GROUP_AHEAD", ["a"], [1]]]);
});

Deno.test("nothing is told of a group that stands before what was migrated: it is left where it is", () => {
  const given = { target: [[0, 95]], journal: migrated(), nonEmptyTarget: "append" } as const;
  const onTarget = [on("a", [99], { state: "Stable" })];
  const committed = { a: [1] };
  assert.deepEqual(summary(judge({ ...given, source: [[2, 100]], committed, onTarget })), []);
  // What has expired is nothing it could miss.
  assert.deepEqual(
    summary(judge({ ...given, source: [[10, 100]], committed, onTarget })),
    [["TARGET_GROUP_AHEAD", ["a"], [0]]],
  );
});

Deno.test("messages of others before the new positions are counted, those a group has read left out", () => {
  const given: Given = {
    ...{ source: [[0, 100], [0, 9]], committed: { a: [10, 9], b: [20, 9] } },
    ...{ target: [[3, 40], [0, 12]], nonEmptyTarget: "append" },
  };
  const found = judge(given);
  assert.deepEqual(summary(found), [["POSITIONS_BEHIND_OTHERS", ["a", "b"], [0, 1]]]);
  assert.match(
    texts(found),
    /^Groups a, b will go on after 49 messages of others in partitions 0, 1 of topic t on the target/,
  );
  const onTarget = [on("a", [40, 10]), on("b", [40, 12])];
  assert.deepEqual(summary(judge({ ...given, onTarget })), [
    ["POSITIONS_BEHIND_OTHERS", ["a"], [1]],
  ]);
  // What must be empty, and is not, blocks anyway.
  assert.deepEqual(summary(judge({ ...given, nonEmptyTarget: "refuse" })), [
    ["POSITIONS_BEHIND_OTHERS", ["a", "b"], [1]],
  ]);
});

Deno.test("of a migration's own messages, and of others' behind its first, nothing is said", () => {
  const given: Given = {
    ...{ source: [[0, 100]], committed: { a: [30] }, target: [[0, 200]], journal: migrated() },
    nonEmptyTarget: "append",
  };
  assert.match(texts(judge(given)), /after 5 messages of others/);
  assert.deepEqual(judge({ ...given, onTarget: [on("a", [25])] }), []);
  assert.deepEqual(judge({ ...given, target: [[5, 200]] }), []);
});

Deno.test("a group of the plan that the target can't tell about blocks", () => {
  const problem = failure("GROUP_UNREADABLE", "its committed offsets could not be read");
  const [found, ...rest] = judge({
    ...{ source: [[0, 100]], committed: { a: [10] }, target: [[0, 0]] },
    onTarget: [group("a", {}, { problem }), group("other", {}, { problem })],
  });
  assert.deepEqual([found?.code, found?.severity, found?.where, rest], [
    ...["GROUP_UNREADABLE", "error"],
    { cluster: "target", groups: ["a"] },
    [],
  ]);
});
