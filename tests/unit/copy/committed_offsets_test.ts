/**
 * Where committed source offsets come to lie on the target: committed_offsets.ts, offset_marks.ts and find_offsets.ts
 * together with the copy and its journal, against a model of both logs. Whatever the logs are like and whenever a run
 * is killed, a position is that of the first copied record at or after the offset, or it is said not to be known.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { countRecordsBefore, findRecords } from "../../../lib/compare/find_offsets.ts";
import type { LogBatch, SourceBatch } from "../../../lib/compare/log_batch.ts";
import { CommittedOffsets } from "../../../lib/copy/committed_offsets.ts";
import { cutBatches, recordsBefore } from "../../../lib/copy/cut.ts";
import type { Cut, CutBatch } from "../../../lib/copy/cut_types.ts";
import { digestRecords } from "../../../lib/copy/held_records.ts";
import { mergeBelow } from "../../../lib/copy/merge_below.ts";
import { mergeSmall } from "../../../lib/copy/merge_small.ts";
import { PartitionCopy } from "../../../lib/copy/partition_copy.ts";
import type { ProduceBatch } from "../../../lib/copy/produce_queue.ts";
import { continueJournal } from "../../../lib/journal/journal.ts";
import type { JournaledPartition, JournalState } from "../../../lib/journal/journal_state.ts";
import type { JournalEntry, MigrationEntry } from "../../../lib/journal/journal_entry.ts";
import { translateOffset } from "../../../lib/journal/offset_map.ts";
import { withoutSpans } from "../../../lib/model/offsets.ts";
import { positionEntries, progressEntry } from "../../../lib/local_copy/journal_entries.ts";
import { layBatches, takeUsed } from "../../support/laid_batches.ts";
import { buildBatch, readBatch, testRecord } from "../../support/record_batch_builder.ts";

const identity = { producerId: 4_711n, producerEpoch: 3 };
const rules = { logAppendTime: false };
const where = { topic: "t", partition: 0 };

/** A batch of the source: the offsets it has taken, and those of the records that are left. */
interface SourceLogBatch {
  readonly first: number;
  readonly last: number;
  readonly left: readonly number[];
}

/** What a batch of the source looks like: offsets that nothing is seen of before it, and which records are left. */
const sourceBatches = fc.array(
  fc.record({
    gap: fc.constantFrom(0, 0, 0, 0, 1, 4),
    records: fc.array(fc.boolean().map((gone) => !gone), { minLength: 1, maxLength: 5 }),
    dense: fc.constantFrom(true, true, false),
  }),
  { minLength: 2, maxLength: 9, size: "max" },
);

function sourceLog(
  spec: readonly { gap: number; records: readonly boolean[]; dense: boolean }[],
): SourceLogBatch[] {
  let first = 0;
  return spec.map(({ gap, records, dense }) => {
    first += gap;
    const last = first + records.length - 1;
    const left = records.flatMap((kept, index) => kept || dense ? [first + index] : []);
    const batch = { first, last, left };
    first = last + 1;
    return batch;
  });
}

/** The records of a range of the log as the copy gets them; so many batches a response at most. */
function cutFrom(
  log: readonly SourceLogBatch[],
  range: Parameters<typeof cutBatches>[1],
  batches = Infinity,
): Cut {
  const there = log.filter(({ left, last }) => left.length > 0 && BigInt(last) >= range.fromOffset);
  const sent = there.slice(0, batches).map(({ first, last, left }) =>
    buildBatch(left.map((offset) => testRecord(offset)), {
      baseOffset: BigInt(first),
      lastOffset: BigInt(last),
    })
  );
  const { bytes, view, end } = layBatches(sent);
  const fetched = { bytes, view, recordsStart: 0, recordsEnd: end, abortedTransactions: [] };
  const cut = cutBatches(fetched, range, rules);
  assert.equal(cut.problem, undefined);
  // Behind the last batch nothing comes: the end of the range is reached.
  const through = sent.length === there.length && cut.carried?.unprovenOffset === undefined;
  return through ? { ...cut, nextOffset: range.untilOffset } : cut;
}

/** A broker's partition that stores each sequence once. */
function startTarget() {
  /** Source offsets of our records by target offset; undefined for those of others. */
  const log: (number | undefined)[] = [];
  const digests: string[] = [];
  const batches: { readonly bytes: Uint8Array; readonly first: number; readonly number: number }[] =
    [];
  let records = 0;
  return {
    log,
    digests,
    batches,
    get records() {
      return records;
    },
    store(bytes: Uint8Array): bigint {
      const batch = readBatch(bytes);
      const known = batches.find(({ number }) => number === batch.baseSequence);
      if (known !== undefined) return BigInt(known.first);
      assert.equal(batch.baseSequence, records, "sent out of order");
      batches.push({ bytes: bytes.slice(), first: log.length, number: records });
      digests.push(...digestRecords(bytes, 0, true));
      for (const { value } of batch.records) {
        log.push(Number(new TextDecoder().decode(value ?? undefined).slice("value of ".length)));
      }
      records += batch.recordCount;
      return BigInt(log.length - batch.recordCount);
    },
    foreign: () => void log.push(undefined),
  };
}

const migration: MigrationEntry = {
  ...{ type: "migration", schemaVersion: 1, runId: "r", at: "", settings: {} },
  ...{ sourceClusterId: "s", targetClusterId: "t", producerId: "4711", producerEpoch: 3 },
};

const events = [
  ...["fetch", "fetch", "send", "send", "send", "answer", "answer"] as const,
  ...["journal", "fail", "crash", "crash", "foreign", "reposition"] as const,
];
type Event = typeof events[number] | "compact" | "expire";

const scenario = (others: readonly Event[]) =>
  fc.record({
    batches: sourceBatches,
    start: fc.nat({ max: 6 }),
    /** Where plans end, beside the log's end. */
    cuts: fc.array(fc.nat({ max: 40 }), { maxLength: 2 }),
    committed: fc.array(fc.nat({ max: 30 }), { maxLength: 12 }),
    events: fc.array(
      fc.tuple(fc.constantFrom<Event>(...events, ...others), fc.nat({ max: 9 })),
      { maxLength: 60, size: "max" },
    ),
  });

interface Scenario {
  readonly batches: Parameters<typeof sourceLog>[0];
  readonly start: number;
  readonly cuts: readonly number[];
  readonly committed: readonly number[];
  readonly events: readonly (readonly [Event, number])[];
}

/** Plays a migration of one partition to its end. @returns what both logs and the journal are then */
function play({ batches, start, cuts, committed, events }: Scenario) {
  let source = sourceLog(batches);
  const target = startTarget();
  const logEnd = (source.at(-1)?.last ?? -1) + 1;
  const begin = Math.min(start, logEnd);
  let logStart = begin;
  let state: JournalState = continueJournal(migration, []);
  const pending = events.values();
  let compacted = false;

  for (const end of [...cuts, logEnd].sort((a, b) => a - b)) {
    const from = Number(state.partitions.get("t-0")?.endOffset ?? begin);
    if (end <= from || end > logEnd) continue;
    state = continueJournal(state, [{
      ...{ type: "plan", runId: "r", at: "" },
      partitions: [{
        ...where,
        ...{ submittedBy: "g", startOffset: `${from}`, endOffset: `${end}` },
        targetEndOffset: `${target.log.length}`,
      }],
    }]);
    runPlan(end);
  }
  return { source, target, logEnd, begin, logStart, compacted, partition: journaled() };

  function journaled(): JournaledPartition | undefined {
    return state.partitions.get("t-0");
  }

  function runPlan(end: number): void {
    let copy = startCopy();
    let inFlight: ProduceBatch[] = [];
    let changed: JournalEntry | undefined;
    let positions: JournalEntry[] = [];
    const write = (torn?: number) => {
      const entries = [...positions, ...changed === undefined ? [] : [changed]];
      state = continueJournal(state, entries.slice(0, torn));
      positions = [];
      changed = undefined;
    };
    const happen = (event: Event, how: number): void => {
      switch (event) {
        case "fetch": {
          if (!copy.fetchable) return;
          if (copy.nextFetchOffset < BigInt(logStart)) {
            if (!copy.queue.empty) return;
            const before = copy.lost;
            copy.lose(BigInt(logStart));
            if (copy.targetFirstOffset !== undefined) changed = progressOf(copy);
            write();
            for (const { startOffset, endOffset } of withoutSpans(copy.lost, before)) {
              const span = { startOffset: `${startOffset}`, endOffset: `${endOffset}` };
              state = continueJournal(state, [{ type: "lost", ...where, ...span }]);
            }
            return;
          }
          const cutOnce = (carried = copy.carried) =>
            cutFrom(source, {
              fromOffset: copy.nextFetchOffset,
              untilOffset: BigInt(end),
              ...(carried !== undefined && { carried }),
            }, 1 + how % 4);
          const first = cutOnce();
          // What nothing bears out counts the second time.
          const again = first.nextOffset === copy.nextFetchOffset;
          const cut = again ? cutOnce(first.carried) : first;
          return copy.accept(
            how > 4
              ? mergeSmall(cut, rules, {
                below: mergeBelow(0, 1).opened,
                checkEach: false,
                take: takeUsed,
              })
              : cut,
            () => () => undefined,
          );
        }
        case "send":
          if (copy.queue.sendable) inFlight.push(copy.queue.send());
          return;
        case "answer": {
          const batch = inFlight.shift();
          if (batch === undefined) return;
          const acknowledgement = copy.acknowledge(target.store(batch.bytes));
          assert.ok(acknowledgement !== undefined, copy.failure?.text);
          changed = progressOf(copy);
          positions.push(...positionEntries(where, acknowledgement));
          return;
        }
        case "journal":
          return write();
        case "fail":
        case "reposition":
          for (const [index, batch] of inFlight.entries()) {
            if (index < how) target.store(batch.bytes);
            copy.queue.sendFailed();
          }
          inFlight = [];
          if (event === "reposition") copy.reposition(stored(copy));
          if (copy.queue.readyToResend) copy.queue.resend();
          return;
        case "crash":
          for (const batch of inFlight.slice(0, how)) target.store(batch.bytes);
          inFlight = [];
          write(how % 3);
          copy = startCopy();
          return;
        case "foreign":
          return target.foreign();
        case "compact":
          compacted = true;
          // The last batch stays.
          source = source.map((batch, index) => ({
            ...batch,
            left: batch.left.filter((offset) =>
              index === source.length - 1 || (offset * 7 + how) % 4 > 0
            ),
          }));
          return happen("crash", how);
        case "expire":
          logStart = Math.min(logEnd, Math.max(logStart, Number(copy.sourceOffset) + how - 4));
          return;
      }
    };
    function startCopy(): PartitionCopy {
      const known = journaled();
      assert.ok(known !== undefined);
      const { sourceOffset, endOffset, records, targetOffset, targetFirstOffset } = known;
      const before = {
        ...{ records, targetOffset },
        ...(targetFirstOffset !== undefined && { targetFirstOffset }),
      };
      return new PartitionCopy({
        ...where,
        ...{ startOffset: sourceOffset, endOffset, identity, before, rules },
        stored: stored({ recordsAcknowledged: records }) ?? before,
        ...(compacted && { compare: { timestamps: true } }),
        committed: [...new Set(committed)].sort((a, b) => a - b).map(BigInt)
          .filter((offset) => offset >= sourceOffset && offset < endOffset),
      });
    }
    for (let next; copy.status === "copying" && !(next = pending.next()).done;) {
      happen(...next.value);
    }
    for (let steps = 0; copy.status !== "done"; steps++) {
      if (steps > 2_000) throw new Error("The copy gets nowhere");
      // What cannot be told apart any more fails the partition: the next run tries again.
      if (copy.status === "failed") fc.pre(false);
      for (const event of ["fetch", "send", "answer"] as const) happen(event, 1);
    }
    if (copy.targetFirstOffset !== undefined) changed = progressOf(copy);
    write();
    state = continueJournal(state, [{
      ...{ type: "settled", ...where, status: "done", batchesLeftOut: 0 },
      sourceOffset: `${copy.sourceOffset}`,
      records: `${copy.recordsAcknowledged}`,
      recordsRead: `${copy.recordsRead}`,
    }]);

    /** As the leader and the target's log tell it. */
    function stored({ recordsAcknowledged }: { readonly recordsAcknowledged: bigint }) {
      const ours = target.log.flatMap((each, offset) => each === undefined ? [] : [offset]);
      const last = ours.at(-1);
      return {
        records: BigInt(target.records),
        targetOffset: BigInt(last === undefined ? 0 : last + 1),
        ...(ours[0] !== undefined && { targetFirstOffset: BigInt(ours[0]) }),
        held: compacted ? target.digests.slice(Number(recordsAcknowledged)) : [],
      };
    }
  }
}

function progressOf(copy: PartitionCopy): JournalEntry {
  const { sourceOffset, recordsRead, recordsAcknowledged, targetFirstOffset } = copy;
  return progressEntry({
    ...where,
    ...{ sourceOffset, recordsRead, recordsAcknowledged },
    ...(targetFirstOffset !== undefined && { targetFirstOffset }),
    targetOffset: copy.targetNextOffset,
  });
}

/** What a look at both logs tells, as translate_positions.ts has it; undefined where the source has lost something. */
async function lookUp(
  { source, target, logStart, partition }: ReturnType<typeof play>,
  { from, to }: Exclude<ReturnType<typeof translateOffset>, { readonly targetOffset: bigint }>,
  offsets: readonly bigint[],
): Promise<readonly bigint[] | undefined> {
  assert.ok(partition !== undefined);
  const spans = withoutSpans(partition.ranges, [
    ...partition.lost,
    { startOffset: -1n, endOffset: from.sourceOffset },
    { startOffset: to.sourceOffset, endOffset: 1_000n },
  ]);
  if (spans.some(({ startOffset }) => startOffset < BigInt(logStart))) return undefined;
  async function* read(): AsyncGenerator<SourceBatch> {
    for (const { startOffset, endOffset } of spans) {
      let next = { fromOffset: startOffset, untilOffset: endOffset } as const;
      while (next.fromOffset < endOffset) {
        const { batches, nextOffset, carried } = cutFrom(source, next);
        for (const batch of batches) yield await Promise.resolve(sourceBatch(batch));
        next = { ...next, fromOffset: nextOffset, ...(carried && { carried }) };
      }
    }
  }
  async function* readTarget(): AsyncGenerator<LogBatch> {
    for (const { bytes, first, number } of target.batches) {
      const view = new DataView(bytes.buffer);
      const recordCount = view.getInt32(57);
      if (BigInt(first + recordCount) <= from.targetOffset) continue;
      yield await Promise.resolve({
        ...{ bytes, view, position: 0, size: bytes.length, recordCount },
        firstNumber: BigInt(number),
        offsetOf: (_index: number, delta: number) => BigInt(first + delta),
      });
    }
  }
  const counts = await countRecordsBefore(read(), offsets);
  if (counts.total !== to.records - from.records) return undefined;
  const numbers = counts.before.map((before) => from.records + before);
  return await findRecords(readTarget(), numbers, partition.targetOffset);
}

function sourceBatch(batch: CutBatch): SourceBatch {
  return {
    ...batch,
    recordsBefore: (offset) => recordsBefore(batch, offset),
    offsetOf: () => -1n,
  };
}

/** Whether consumers that begin there read exactly the copied records at or after the source offset. */
function assertPosition(log: readonly (number | undefined)[], offset: number, found: bigint) {
  const first = log.findIndex((each) => each !== undefined && each >= offset);
  const text = `${offset} became ${found}: ${log.map((each) => each ?? "-").join(" ")}`;
  if (first >= 0) assert.equal(found, BigInt(first), text);
  else {
    const last = log.findLastIndex((each) => each !== undefined);
    assert.ok(found > BigInt(last) && found <= BigInt(log.length), text);
  }
}

async function assertPositions(played: ReturnType<typeof play>): Promise<void> {
  const { target, partition, logEnd, compacted, logStart, begin } = played;
  if (partition === undefined) return;
  // What a partition has lost leaves its positions alone; compaction on top may leave nothing to tell them by.
  if (compacted && partition.lost.length > 0) return;
  for (const [offset, targetOffset] of partition.positions) {
    assertPosition(target.log, Number(offset), targetOffset);
  }
  for (let offset = 0; offset <= logEnd + 2; offset++) {
    const translation = translateOffset(partition, BigInt(offset));
    const [found] = "targetOffset" in translation
      ? [translation.targetOffset]
      : await lookUp(played, translation, [BigInt(offset)]) ?? [];
    if (found !== undefined) assertPosition(target.log, offset, found);
    else assert.ok(compacted || logStart > begin, `${offset} is not known`);
  }
}

Deno.test("a committed offset becomes that of the first copied record at or after it, whatever is killed when", async () => {
  await fc.assert(
    fc.asyncProperty(scenario([]), async (each) => await assertPositions(play(each))),
    { numRuns: 300 },
  );
});

Deno.test("where the source is compacted or expires meanwhile, a position is right or said not to be known", async () => {
  await fc.assert(
    fc.asyncProperty(
      scenario(["compact", "expire", "crash"]),
      async (each) => await assertPositions(play(each)),
    ),
    { numRuns: 300 },
  );
});

Deno.test("what the target holds already answers the offsets before it, the rest of its batch those behind", () => {
  const log = sourceLog([{ gap: 0, records: [true, false, true, true], dense: false }]);
  const range = { fromOffset: 0n, untilOffset: 6n };
  const { carried } = cutFrom(log, range);
  assert.ok(carried !== undefined);
  const [batch] = cutFrom(log, { ...range, carried }).batches;
  assert.ok(batch !== undefined);
  const offsets = new CommittedOffsets([0n, 1n, 2n, 3n, 4n]);
  offsets.pass(batch, 1);
  assert.deepEqual(offsets.take(batch), [
    { sourceOffset: 1n, index: 1 },
    { sourceOffset: 2n, index: 1 },
    { sourceOffset: 3n, index: 2 },
  ]);
});
