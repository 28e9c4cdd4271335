/** journal.ts and journal_entry.ts: what a state file adds up to, torn, damaged or whole. */

import assert from "node:assert/strict";
import { lostEntry } from "../../../lib/run/journal_entries.ts";
import {
  continueJournal,
  identityDifferences,
  type JournalState,
  readJournal,
  unfinishedPartitions,
} from "../../../lib/core/journal.ts";
import {
  encodeJournalEntry,
  type JournalEntry,
  JournalError,
  type MigrationEntry,
  type PlanEntryPartition,
} from "../../../lib/core/journal_entry.ts";

const at = "2026-11-21T10:00:00.000Z";
const migration: MigrationEntry = {
  type: "migration",
  schemaVersion: 1,
  runId: "first",
  at,
  sourceClusterId: "source-id",
  targetClusterId: "target-id",
  settings: { uncommitted: "earliest" },
  producerId: "4711",
  producerEpoch: 0,
};
const range = (partition: number, startOffset: string, endOffset: string): PlanEntryPartition => ({
  ...{ topic: "t", partition, startOffset, endOffset },
  ...{ submittedBy: "g", submittedOffset: startOffset, targetEndOffset: "0" },
  ...{ sourceTopicId: "aa", targetTopicId: "bb" },
});
const planEntry = (...partitions: readonly PlanEntryPartition[]): JournalEntry => ({
  ...{ type: "plan", runId: "first", at, partitions },
});
const progress = (partition: number, offset: number, records: number): JournalEntry => ({
  ...{ type: "progress", topic: "t", partition, sourceOffset: String(offset) },
  ...{ records: String(records), targetOffset: String(records), targetFirstOffset: "0" },
});
const settled = (
  partition: number,
  offset: number,
  records: number,
  reason?: string,
): JournalEntry => ({
  ...{ type: "settled", topic: "t", partition, status: reason === undefined ? "done" : "failed" },
  ...{ sourceOffset: String(offset), records: String(records), recordsRead: String(records) },
  ...{ batchesLeftOut: 2, ...(reason !== undefined && { reason }) },
});

const textOf = (entries: readonly JournalEntry[]) => entries.map(encodeJournalEntry).join("");

function stateOf(...entries: readonly JournalEntry[]): JournalState {
  const state = readJournal(textOf([migration, ...entries]), "state");
  assert.ok(state !== undefined);
  return state;
}

Deno.test("a plan, progress and an end add up", () => {
  const planned = stateOf(planEntry(range(0, "10", "20"), range(1, "0", "5")));
  const first = planned.partitions.get("t-0");
  assert.deepEqual(
    [first?.status, first?.sourceOffset, first?.endOffset, first?.records, first?.targetOffset],
    ["planned", 10n, 20n, 0n, 0n],
  );
  const moved = continueJournal(planned, [progress(0, 15, 5), progress(0, 18, 8)]);
  assert.deepEqual(moved.partitions.get("t-0"), {
    ...first,
    sourceOffset: 18n,
    records: 8n,
    recordsRead: 8n,
    targetOffset: 8n,
    targetFirstOffset: 0n,
    marks: [
      { sourceOffset: 10n, records: 0n, targetOffset: 0n },
      { sourceOffset: 18n, records: 8n, targetOffset: 8n },
    ],
  });
  assert.deepEqual(moved.partitions.get("t-1"), planned.partitions.get("t-1"));
  const done = continueJournal(moved, [settled(0, 20, 10)]);
  assert.deepEqual(
    unfinishedPartitions(done).map(({ partition }) => partition),
    [1],
  );
  assert.equal(done.partitions.get("t-0")?.batchesLeftOut, 2);
  const failed = continueJournal(done, [settled(1, 2, 2, "it broke")]);
  // A journal of 0.1.0 names no code.
  const earlier = { code: "EARLIER_FAILURE", text: "it broke" };
  assert.deepEqual(failed.partitions.get("t-1")?.failure, earlier);
  const coded = { ...settled(1, 2, 2, "it broke"), code: "TOPIC_GONE" } as const;
  assert.deepEqual(continueJournal(failed, [coded]).partitions.get("t-1")?.failure, {
    ...{ code: "TOPIC_GONE", text: "it broke" },
  });
  assert.equal(unfinishedPartitions(failed).length, 1);
});

Deno.test("a further plan keeps the counts and the first start, and forgets the failure", () => {
  const state = stateOf(
    planEntry(range(0, "10", "20")),
    settled(0, 15, 5, "it broke"),
    planEntry(range(0, "15", "30")),
  );
  const partition = state.partitions.get("t-0");
  assert.deepEqual(
    [partition?.status, partition?.startOffset, partition?.sourceOffset, partition?.endOffset],
    ["planned", 10n, 15n, 30n],
  );
  assert.deepEqual([partition?.records, partition?.failure], [5n, undefined]);
});

Deno.test("lost ranges are kept, and what lies behind them goes on", () => {
  const lost = (startOffset: number, endOffset: number): JournalEntry => ({
    ...{ type: "lost", topic: "t", partition: 0 },
    ...{ startOffset: String(startOffset), endOffset: String(endOffset) },
  });
  const state = stateOf(planEntry(range(0, "0", "20")), progress(0, 5, 5), lost(5, 9), lost(9, 11));
  const partition = state.partitions.get("t-0");
  assert.deepEqual(partition?.lost, [{ startOffset: 5n, endOffset: 11n }]);
  assert.equal(partition?.sourceOffset, 11n);
  // Nothing in front of it had to be sent, or it would have been journaled before.
  const ahead = stateOf(planEntry(range(0, "0", "20")), lost(5, 9)).partitions.get("t-0");
  assert.equal(ahead?.sourceOffset, 9n);
});

Deno.test("what is lost is told in one line with what is acknowledged before it", () => {
  const position = {
    ...{ topic: "t", partition: 0, sourceOffset: 11n, recordsAcknowledged: 5n },
    ...{ targetOffset: 25n, targetFirstOffset: 20n },
  };
  const entry = lostEntry(position, { startOffset: 5n, endOffset: 11n });
  const state = stateOf(planEntry(range(0, "0", "20")), entry).partitions.get("t-0");
  assert.deepEqual(
    [state?.sourceOffset, state?.records, state?.targetOffset, state?.targetFirstOffset],
    [11n, 5n, 25n, 20n],
  );
  assert.deepEqual(state?.lost, [{ startOffset: 5n, endOffset: 11n }]);
  const { targetFirstOffset: _, ...before } = position;
  assert.equal("acknowledged" in lostEntry(before, { startOffset: 5n, endOffset: 11n }), false);
});

Deno.test("a torn last line is ignored, wherever it was torn", () => {
  const whole = textOf([migration, planEntry(range(0, "10", "20"))]);
  const last = encodeJournalEntry(progress(0, 15, 5));
  const before = readJournal(whole, "state");
  for (let size = 0; size < last.length; size++) {
    assert.deepEqual(readJournal(whole + last.slice(0, size), "state"), before);
  }
  assert.equal(readJournal(whole + last, "state")?.partitions.get("t-0")?.sourceOffset, 15n);
  assert.equal(readJournal("", "state"), undefined);
  assert.equal(readJournal('{"type":"migr', "state"), undefined);
});

Deno.test("any other damage is refused and named", () => {
  const entry = encodeJournalEntry(migration);
  const cases = [
    [`${entry}garbage\n`, "state:2: the journal is damaged here; restore the file from a copy"],
    [`${entry}\n${entry}`, "state:2: the journal is damaged here; restore the file from a copy"],
    ["[1]\n", "state:1: the journal is damaged here; restore the file from a copy"],
    ["null\n", "state:1: the journal is damaged here; restore the file from a copy"],
    [
      textOf([planEntry()]),
      "state:1: the journal does not begin with its migration entry; restore the file from a copy",
    ],
    [
      encodeJournalEntry({ ...migration, schemaVersion: 2 }),
      "state:1: the journal has version 2, this program reads version 1; continue with the program that wrote it",
    ],
  ] as const;
  for (const [text, message] of cases) {
    assert.throws(
      () => readJournal(text, "state"),
      (error) => error instanceof JournalError && error.message === message,
      text,
    );
  }
});

Deno.test("progress of a partition that was never planned changes nothing", () => {
  assert.equal(stateOf(progress(5, 1, 1)).partitions.size, 0);
});

Deno.test("what differs between a journal and a run is told by name", () => {
  const same = { ...migration };
  assert.deepEqual(identityDifferences(migration, same), []);
  assert.deepEqual(
    identityDifferences(migration, {
      sourceClusterId: "other",
      targetClusterId: "other",
      settings: { uncommitted: "skip", topics: [] },
    }),
    [
      "the source cluster",
      "the target cluster",
      "topics (was undefined, is [])",
      'uncommitted (was "earliest", is "skip")',
    ],
  );
});

Deno.test("a run that has moved anything since the last one ended has not come to its end", () => {
  const finished: JournalEntry = { type: "finished", runId: "r", at: "", exitStatus: 0 };
  const first = [planEntry(range(0, "0", "20")), progress(0, 20, 20), finished];
  assert.equal(stateOf(...first).finished?.exitStatus, 0);
  assert.equal(stateOf(...first, planEntry(range(0, "20", "30"))).finished, undefined);
  assert.equal(stateOf(...first, progress(0, 25, 25)).finished, undefined);
});

Deno.test("a partition that a later run completes has not failed any more", () => {
  const settled = (status: "done" | "failed", reason?: string): JournalEntry => ({
    ...{ type: "settled", topic: "t", partition: 0, status, sourceOffset: "20", records: "20" },
    ...{ recordsRead: "20", batchesLeftOut: 0, ...(reason !== undefined && { reason }) },
  });
  const failed = [planEntry(range(0, "0", "20")), settled("failed", "away")];
  assert.equal(stateOf(...failed).partitions.get("t-0")?.failure?.text, "away");
  const done = stateOf(...failed, settled("done")).partitions.get("t-0");
  assert.deepEqual([done?.status, done?.failure], ["done", undefined]);
});

Deno.test("positions add up, however many groups stand on a partition", () => {
  const position = (sourceOffset: number, targetOffset: number): JournalEntry => ({
    ...{ type: "position", topic: "t", partition: 0 },
    ...{ sourceOffset: `${sourceOffset}`, targetOffset: `${targetOffset}` },
  });
  const count = 30_000;
  const entries = Array.from({ length: count }, (_, offset) => [
    position(offset, offset + 5),
    ...offset % 100 === 0 ? [progress(0, offset, offset)] : [],
  ]).flat();
  const before = stateOf(planEntry(range(0, "0", `${count}`)), position(7, 1), position(count, 9));
  const started = performance.now();
  const after = continueJournal(before, entries).partitions.get("t-0")?.positions;
  // Were they copied for each, it would take a minute.
  assert.ok(performance.now() - started < 5_000);
  assert.deepEqual([after?.size, after?.get(7n), after?.get(BigInt(count))], [count + 1, 12n, 9n]);
  // What was read before stays as it was.
  assert.deepEqual(before.partitions.get("t-0")?.positions.get(7n), 1n);
});

Deno.test("a connector's copy ends where it ended, which may lie behind the plan, and is counted from where it began", () => {
  const connector: JournalEntry = {
    ...{ type: "connector", runId: "first", at, name: "data-migrate-first", url: "http://c:1" },
    idle: [range(1, "7", "7")],
  };
  const begun = stateOf(planEntry(range(0, "10", "20")), connector, {
    ...{ type: "reached", topic: "t", partition: 0, sourceOffset: "15" },
  });
  assert.equal(begun.connector?.name, "data-migrate-first");
  const [pending] = unfinishedPartitions(begun);
  assert.deepEqual([pending?.sourceOffset, pending?.reachedOffset], [10n, 15n]);

  const done = continueJournal(begun, [
    progress(0, 24, 14),
    {
      ...settled(0, 24, 14) as JournalEntry & { readonly type: "settled" },
      ...{ endOffset: "24", target: { startOffset: "0", endOffset: "16" } },
    },
    { type: "removed", runId: "first", at, name: "data-migrate-first" },
  ]);
  assert.equal(done.connector, undefined);
  const partition = done.partitions.get("t-0");
  assert.deepEqual(
    [partition?.status, partition?.endOffset, partition?.ranges, partition?.targetSpans],
    [
      "done",
      24n,
      [{ startOffset: 10n, endOffset: 24n }],
      [{ startOffset: 0n, endOffset: 16n }],
    ],
  );
  // What is planned next begins anew, behind what others may have written meanwhile.
  const next = continueJournal(done, [
    planEntry({ ...range(0, "24", "30"), targetEndOffset: "20" }),
  ]).partitions.get("t-0");
  assert.deepEqual(
    [next?.sourceOffset, next?.reachedOffset, next?.plannedTargetOffset, next?.targetSpans?.length],
    [24n, undefined, 20n, 1],
  );
});
