/**
 * A whole migration between clusters that do all that brokers do on a bad day, killed and continued at drawn moments,
 * judged in the end: what arrived is every message once, in order, but those that the journal says are lost, and all
 * else that the journal says is so, too. Everything follows from a seed, and time is virtual.
 */

import assert from "node:assert/strict";
import { continuePlan } from "../../lib/core/continue_plan.ts";
import { continueJournal, type JournalState, readJournal } from "../../lib/core/journal.ts";
import { encodeJournalEntry, type MigrationEntry } from "../../lib/core/journal_entry.ts";
import type { OffsetSpan } from "../../lib/core/offsets.ts";
import { buildPlan } from "../../lib/core/plan.ts";
import { EVERY_NAME } from "../../lib/core/name_filter.ts";
import type { ClusterSnapshot, GroupSnapshot } from "../../lib/core/snapshot.ts";
import { formatTopicPartition } from "../../lib/core/topic_partition.ts";
import type { JournalFile } from "../../lib/run/journal_file.ts";
import { copyWithJournal } from "../../lib/run/journaled_copy.ts";
import { type Random, randomOf } from "./fetch_fuzz.ts";
import { contentsOf, type TestRecord } from "./record_batch_builder.ts";
import {
  createUnrulyClusters,
  type TargetLog,
  type Unruliness,
  UNRULY_TOPIC as topic,
  type UnrulyClusters,
} from "./unruly_clusters.ts";
import { drawLog, type UnrulyLog } from "./unruly_log.ts";
import { inVirtualTime } from "./virtual_time.ts";

const DAY_MS = 24 * 3_600_000;
/** A migration that never ends is not one. */
const MOST_RUNS = 30;

const migration: MigrationEntry = {
  ...{ type: "migration", schemaVersion: 1, runId: "run", at: "2026-11-21T10:00:00.000Z" },
  ...{ sourceClusterId: "source", targetClusterId: "target", settings: {} },
  ...{ producerId: "77", producerEpoch: 0 },
};

/** Migrates and judges. @throws where something is lost, comes twice or never ends; the seed makes it come again */
export async function migrateUnruly(seed: number): Promise<void> {
  await inVirtualTime(seed, DAY_MS, () => migrate(seed));
}

async function migrate(seed: number): Promise<void> {
  const random = randomOf(seed);
  const { below } = random;
  const logs = Array.from({ length: 1 + below(6) }, () => drawLog(random));
  const behaviour: Unruliness = {
    random,
    troubles: below(3) === 0 ? below(10) : below(500),
    describesProducers: below(4) > 0,
    expires: below(4) === 0,
    crowded: below(3) === 0,
  };
  const clusters = createUnrulyClusters(logs, BigInt(migration.producerId), behaviour);
  const groups = ["a", "b"].map((name) => drawGroup(name, logs, random));
  const lines: string[] = [];
  const kills = below(3) === 0 ? 0 : 1 + below(4);
  for (let run = 0;; run++) {
    if (run === MOST_RUNS) assert.fail(`still not done: ${failures(lines)}`);
    const calm = behaviour.troubles === 0;
    await runOnce(clusters, groups, lines, behaviour, run < kills ? 20 + below(3_000) : undefined);
    const { partitions } = stateOf(lines);
    const open = [...partitions.values()].filter(({ status }) => status !== "done");
    // Who cannot tell what the target holds, because it has expired, says so for good.
    const final = ({ failure = "" }) => behaviour.expires && /have expired/.test(failure);
    if (run >= kills && open.every(final)) break;
    if (run >= kills && calm) {
      assert.deepEqual(open.filter((each) => !final(each)).map(({ failure }) => failure), []);
    }
  }
  const { partitions } = stateOf(lines);
  logs.forEach((log, partition) => {
    const journaled = partitions.get(formatTopicPartition({ topic, partition }));
    if (journaled === undefined) {
      return assert.deepEqual(clusters.targetLogs[partition]?.records, []);
    }
    judge(log, clusters.targetLogs[partition]!, journaled);
  });
}

/** One run, killed after a while where `killAfterMs` says so. */
async function runOnce(
  clusters: UnrulyClusters,
  groups: readonly GroupSnapshot[],
  lines: string[],
  { random }: Unruliness,
  killAfterMs: number | undefined,
): Promise<void> {
  const killed = new AbortController();
  if (killAfterMs !== undefined) setTimeout(() => killed.abort(), killAfterMs);
  const compacted = random.below(2) === 0 ? undefined : false;
  const sourceSnapshot = withSettings({ ...clusters.snapshot("source"), groups }, compacted);
  const [filter, uncommitted] = [EVERY_NAME, "earliest"] as const;
  const journal = journalOf(lines, killed.signal);
  const plan = continuePlan(
    buildPlan({ source: sourceSnapshot, topics: filter, groups: filter, uncommitted }),
    journal.state,
  );
  const { source, target } = clusters;
  const log = { warning() {}, info() {}, debug() {} };
  await copyWithJournal({
    ...{ source, target, sourceSnapshot, plan, journal, log },
    ...{ runId: "run", topicsCreated: [], now: () => new Date(0) },
    targetSnapshot: clusters.snapshot("target"),
    migration: journal.state?.migration ?? migration,
    limits: { giveUpAfterMs: 600_000 },
    onProgress() {},
    signal: killed.signal,
  }).catch((error) => {
    if (!killed.signal.aborted) throw error;
  });
}

/** Where it is not known whether a topic is compacted, its messages are compared. */
function withSettings(
  snapshot: ClusterSnapshot,
  compacted: false | undefined,
): ClusterSnapshot {
  if (compacted === undefined) return snapshot;
  const settings = { compacted, logAppendTime: false, values: new Map(), own: new Set<string>() };
  const topics = [...snapshot.topics].map(([name, each]) => [name, { ...each, settings }] as const);
  return { ...snapshot, topics: new Map(topics) };
}

function drawGroup(
  group: string,
  logs: readonly UnrulyLog[],
  { below }: Random,
): GroupSnapshot {
  const committed = logs.flatMap(({ endOffset }, partition) =>
    below(6) === 0 ? [] : [[partition, BigInt(below(Number(endOffset) + 2))] as const]
  );
  return {
    group,
    type: "classic",
    state: "Empty",
    committed: new Map([[topic, new Map(committed)]]),
  };
}

/** A journal in memory; nothing is written any more once the process is dead. */
function journalOf(lines: string[], dead: AbortSignal): JournalFile {
  let state = lines.length === 0 ? undefined : stateOf(lines);
  return {
    get state() {
      return state;
    },
    append(entries) {
      if (dead.aborted) return;
      lines.push(...entries.map(encodeJournalEntry));
      const [entry] = entries;
      if (state !== undefined) state = continueJournal(state, entries);
      else if (entry?.type === "migration") state = continueJournal(entry, entries.slice(1));
    },
    close() {},
  };
}

function stateOf(lines: readonly string[]): JournalState {
  return readJournal(lines.join(""), "journal") ?? assert.fail("there is no journal");
}

function failures(lines: readonly string[]): string {
  return [...stateOf(lines).partitions.values()].map(({ failure }) => failure).join("; ");
}

type Journaled = JournalState["partitions"] extends ReadonlyMap<string, infer Each> ? Each : never;

function judge(log: UnrulyLog, target: TargetLog, journaled: Journaled): void {
  const { startOffset, endOffset, lost, status, records } = journaled;
  const planned = log.records.filter(({ offset }) => offset >= startOffset && offset < endOffset);
  const ours = target.batches.filter((batch) => batch.ours);
  const held = ours.flatMap((batch) => batch.records);
  const arrived = new Set(held.map(valueOf));
  // What expired between two runs may have been copied: where offsets have gaps, it cannot be told up to which.
  const dense = BigInt(planned.length) === endOffset - startOffset;
  const wanted = planned.filter((record) =>
    !lost.some((span) => isWithin(record.offset, span)) || (!dense && arrived.has(valueOf(record)))
  );
  const expected = status === "done" ? wanted : wanted.slice(0, held.length);
  assert.deepEqual(held.map(valueOf), expected.map(valueOf));
  assert.deepEqual(contentsOf(held), contentsOf(expected));
  for (const span of lost) assert.ok(span.endOffset <= log.logStartOffset, "it was still there");
  const offsets = ours.flatMap(({ first, records }) => records.map((_, at) => first + BigInt(at)));
  const endOfOurs = (count: bigint) => (offsets[Number(count) - 1] ?? -1n) + 1n;
  if (status === "done") {
    assert.equal(records, BigInt(held.length));
    assert.equal(journaled.recordsRead, records);
    assert.equal(journaled.targetFirstOffset, offsets[0]);
    if (records > 0n) assert.equal(journaled.targetOffset, endOfOurs(records));
  }
  const before = (offset: bigint) => wanted.filter((each) => each.offset < offset).length;
  for (const { sourceOffset, targetOffset, ...mark } of journaled.marks) {
    assert.equal(mark.records, BigInt(before(sourceOffset)));
    if (mark.records > 0n) assert.equal(targetOffset, endOfOurs(mark.records));
  }
  for (const [sourceOffset, targetOffset] of journaled.positions) {
    assert.equal(targetOffset, offsets[before(sourceOffset)]);
  }
}

/** `value of 152`: it tells the source offset. */
function valueOf({ value }: TestRecord): string {
  return new TextDecoder().decode(value ?? new Uint8Array(0));
}

function isWithin(offset: TestRecord["offset"], { startOffset, endOffset }: OffsetSpan): boolean {
  return offset >= startOffset && offset < endOffset;
}
