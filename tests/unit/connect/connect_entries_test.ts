import assert from "node:assert/strict";
import type {
  ConnectorEntry,
  JournalEntry,
  MigrationEntry,
  PlanEntry,
} from "../../../lib/journal/journal_entry.ts";
import { continueJournal } from "../../../lib/journal/journal.ts";
import type { JournalState } from "../../../lib/journal/journal_state.ts";
import { ownRecords } from "../../../lib/preflight/check_journal.ts";
import type { ConnectCopyOptions } from "../../../lib/connect/connect_options.ts";
import { connectEntries } from "../../../lib/connect/connect_entries.ts";
import { cluster, group, plan } from "../plan/fixtures.ts";

const at = "2026-11-21T10:00:00.000Z";
const migration: MigrationEntry = {
  ...{ type: "migration", schemaVersion: 1, runId: "first", at, settings: { engine: "connect" } },
  ...{ sourceClusterId: "s", targetClusterId: "t", producerId: "-1", producerEpoch: -1 },
};

/** The entries of a run on topic `t`, in few words. */
function entriesOf(
  ends: readonly number[],
  commits: readonly number[],
  targetEnds: readonly number[],
  state?: JournalState,
  stored: ReadonlyMap<string, bigint> = new Map(),
) {
  const source = cluster({ t: ends.map((end) => [0, end]) }, [group("g", { t: commits })]);
  const options = {
    ...{ journal: { state }, migration, runId: "second", topicsCreated: [], plan: plan(source) },
    ...{
      sourceSnapshot: source,
      targetSnapshot: cluster({ t: targetEnds.map((end) => [0, end]) }),
    },
    ...{ connect: { url: "http://c:1/" }, now: () => new Date(at) },
  } as unknown as ConnectCopyOptions;
  const entries = connectEntries(options, stored);
  const planned = entries.find((entry): entry is PlanEntry => entry.type === "plan");
  const connector = entries.find((entry): entry is ConnectorEntry => entry.type === "connector");
  const inWords = (ranges: PlanEntry["partitions"] = []) =>
    ranges.map((each) =>
      `${each.partition}: ${each.startOffset}-${each.endOffset} behind ${each.targetEndOffset}`
    );
  return {
    ...{ entries, planned: inWords(planned?.partitions), idle: inWords(connector?.idle) },
    name: connector?.name,
  };
}

const first = () => entriesOf([50, 20], [10, 20], [0, 3]);
const stateAfter = (...more: readonly JournalEntry[]) =>
  continueJournal(migration, [...first().entries.slice(1), ...more]);

Deno.test("a plan's ranges are copied, and other partitions of their topics begin where they end", () => {
  const { planned, idle, name, entries } = first();
  assert.deepEqual(planned, ["0: 10-50 behind 0"]);
  assert.deepEqual(idle, ["1: 20-20 behind 3"]);
  assert.equal(name, "data-migrate-second");
  assert.equal(entries[0], migration);
});

Deno.test("what the connector of a killed run has begun on its own is counted from there", () => {
  // Partition 1 has got ten messages, of which the connector has copied six, before the run was killed.
  const { planned, idle } = entriesOf(
    [50, 30],
    [10, 20],
    [40, 10],
    stateAfter(),
    new Map([["t-1", 26n]]),
  );
  assert.deepEqual(planned, ["1: 20-30 behind 3"]);
  assert.deepEqual(idle, []);
  const target = cluster({ t: [[0, 40], [0, 10]] });
  assert.equal(ownRecords(stateAfter(), target)({ topic: "t", partition: 1 }), 7n);
});

Deno.test("what was settled of a run that failed elsewhere is not counted again", () => {
  const settled: readonly JournalEntry[] = [
    {
      ...{ type: "plan", runId: "first", at },
      partitions: [{
        ...{ topic: "t", partition: 1, submittedBy: "", startOffset: "20", endOffset: "20" },
        targetEndOffset: "3",
      }],
    },
    {
      ...{ type: "settled", topic: "t", partition: 1, status: "done", sourceOffset: "30" },
      ...{ records: "10", recordsRead: "10", batchesLeftOut: 0, endOffset: "30" },
      target: { startOffset: "3", endOffset: "14" },
    },
  ];
  const { idle, planned, name } = entriesOf(
    ...[[50, 30], [10, 30], [40, 14], stateAfter(...settled), new Map([["t-1", 30n]])] as const,
  );
  assert.deepEqual([planned, idle], [[], ["1: 30-30 behind 14"]]);
  assert.equal(name, "data-migrate-second");
});

Deno.test("a group that moved back behind what was begun ends the run", () => {
  assert.throws(
    () => entriesOf([50, 30], [10, 15], [40, 10], stateAfter(), new Map([["t-1", 26n]])),
    /Group g has moved back on topic: t, partition: 1/,
  );
});
