/** journal.ts, journal_rules.ts and journal_age.ts: what the entries of a state file add up to, and which can't follow one another. */

import assert from "node:assert/strict";
import { lostEntry } from "../../../lib/local_copy/journal_entries.ts";
import {
  continueJournal,
  identityDifferences,
  producerOn,
  unfinishedPartitions,
} from "../../../lib/journal/journal.ts";
import type { JournalState } from "../../../lib/journal/journal_state.ts";
import type {
  JournalEntry,
  MigrationEntry,
  PlanEntryPartition,
} from "../../../lib/journal/journal_entry.ts";
import { whatJournalLacks } from "../../../lib/journal/journal_age.ts";
import { encodeEntries, NO_LINES } from "../../../lib/journal/journal_lines.ts";
import { readJournal } from "../../../lib/journal/read_journal.ts";

const at = "2026-11-21T10:00:00.000Z";
const migration: MigrationEntry = {
  type: "migration",
  schemaVersion: 2,
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

function stateOf(...entries: readonly JournalEntry[]): JournalState {
  const { text } = encodeEntries([migration, ...entries], NO_LINES);
  const { state } = readJournal(new TextEncoder().encode(text), "state");
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
  const finished: JournalEntry = { type: "finished", runId: "r", at, exitStatus: 0 };
  const first = [
    planEntry(range(0, "0", "20")),
    progress(0, 20, 20),
    settled(0, 20, 20),
    finished,
  ];
  const more = planEntry(range(0, "20", "30"));
  assert.equal(stateOf(...first).finished?.exitStatus, 0);
  assert.equal(stateOf(...first, more).finished, undefined);
  assert.equal(stateOf(...first, more, finished, progress(0, 25, 25)).finished, undefined);
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
  const byConnector = { ...migration, settings: { engine: "connect" } };
  const begun = continueJournal(byConnector, [planEntry(range(0, "10", "20")), connector, {
    ...{ type: "reached", topic: "t", partition: 0, sourceOffset: "15" },
  }]);
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

Deno.test("a journal that is older than what is on the target is told by the last sequence", () => {
  const state = stateOf(
    planEntry(range(0, "0", "20"), range(1, "0", "5")),
    progress(0, 15, 12),
    progress(1, 5, 5),
    settled(1, 5, 5),
  );
  const lacks = (partition: number, lastSequence: number) =>
    whatJournalLacks(state, new Map([[`t-${partition}`, lastSequence]]));
  // What a killed run has sent without journaling it is no more than what is left of the range.
  assert.deepEqual([11, 14, 16].map((last) => lacks(0, last)), Array(3).fill(undefined));
  assert.deepEqual(lacks(0, 17), { key: "t-0", held: 18n, most: 17n });
  assert.equal(lacks(1, 4), undefined);
  assert.deepEqual(lacks(1, 5), { key: "t-1", held: 6n, most: 5n });
  // Less than the journal knows is told elsewhere.
  assert.equal(lacks(1, 3), undefined);
  assert.deepEqual(lacks(7, 0), { key: "t-7", held: 1n, most: 0n });
  assert.equal(whatJournalLacks(state, new Map()), undefined);
});

Deno.test("a fresh epoch stands beside what was copied, and outlives plans and ends", () => {
  const epoch = (producerEpoch: number, records: string): JournalEntry => ({
    ...{ type: "epoch", topic: "t", partition: 0, producerEpoch, records },
    ...{ targetOffset: "15", targetFirstOffset: "2" },
  });
  const state = stateOf(
    ...[planEntry(range(0, "10", "20")), progress(0, 15, 5), epoch(1, "6"), settled(0, 20, 10)],
    ...[planEntry(range(0, "20", "30")), epoch(2, "10")],
  );
  const partition = state.partitions.get("t-0");
  assert.ok(partition !== undefined);
  assert.deepEqual([partition.records, partition.sourceOffset], [10n, 20n]);
  const place = { targetOffset: 15n, targetFirstOffset: 2n };
  assert.deepEqual(producerOn(state, partition), {
    producerId: 4711n,
    epochs: [
      { producerEpoch: 0, records: 0n, targetOffset: 0n },
      { producerEpoch: 1, records: 6n, ...place },
      { producerEpoch: 2, records: 10n, ...place },
    ],
  });
  assert.equal(producerOn(state, state.partitions.get("t-1")).epochs.length, 1);
});
