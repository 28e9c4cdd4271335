/**
 * A whole migration between clusters that do all that brokers do on a bad day, killed and continued at drawn moments,
 * judged in the end: what arrived is every message once, in order, but those that the journal says are lost, and all
 * else that the journal says is so, too. Everything follows from a seed, and time is virtual.
 */

import assert from "node:assert/strict";
import { continuePlan } from "../../lib/plan/continue_plan.ts";
import { continueJournal, unfinishedPartitions } from "../../lib/journal/journal.ts";
import type { JournalState } from "../../lib/journal/journal_state.ts";
import type { MigrationEntry } from "../../lib/journal/journal_entry.ts";
import { encodeEntries, NO_LINES } from "../../lib/journal/journal_lines.ts";
import { type ReadJournal, readJournal } from "../../lib/journal/read_journal.ts";
import { buildPlan, partitionsToCopy, type Plan } from "../../lib/plan/plan.ts";
import { EVERY_NAME } from "../../lib/plan/name_filter.ts";
import type { ClusterSnapshot, GroupSnapshot } from "../../lib/model/snapshot.ts";
import { formatTopicPartition } from "../../lib/model/topic_partition.ts";
import type { JournalFile } from "../../lib/files/journal_file.ts";
import { copyWithJournal } from "../../lib/local_copy/journaled_copy.ts";
import { type Random, randomOf } from "./fetch_fuzz.ts";
import {
  createUnrulyClusters,
  NO_SETTINGS,
  type Unruliness,
  UNRULY_TOPIC as topic,
  type UnrulyClusters,
} from "./unruly_clusters.ts";
import { judgeCopy, judgeFindings } from "./unruly_judge.ts";
import { drawLog, type UnrulyLog } from "./unruly_log.ts";
import { inVirtualTime } from "./virtual_time.ts";

const DAY_MS = 24 * 3_600_000;
/** A migration that never ends is not one. */
const MOST_RUNS = 30;
/** Then every leader knows where its log ends. */
const LEADERS_SETTLE_MS = 20_000;

const migration: MigrationEntry = {
  ...{ type: "migration", schemaVersion: 2, runId: "run", at: "2026-11-21T10:00:00.000Z" },
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
  // Drawn apart, so that what else a seed brings stays.
  const forgetting = randomOf(seed + 0x5eed);
  const forgets = forgetting.below(3) === 0 && forgetting;
  const behaviour: Unruliness = {
    random,
    troubles: below(3) === 0 ? below(10) : below(500),
    describesProducers: below(4) > 0 && forgets === false,
    ...(forgets !== false && { forgets }),
    expires: below(4) === 0,
    compacts: below(4) === 0,
    crowded: below(3) === 0,
    ...(below(3) === 0 && { maxMessageBytes: 250 + below(3_000) }),
  };
  const clusters = createUnrulyClusters(logs, BigInt(migration.producerId), behaviour);
  const groups = ["a", "b"].map((name) => drawGroup(name, logs, random));
  const lines: string[] = [];
  const kills = below(3) === 0 ? 0 : 1 + below(4);
  const grows = below(2) === 0 ? 0 : 1 + below(3);
  let plan: Plan;
  for (let run = 0;; run++) {
    if (run === MOST_RUNS) assert.fail(`still not done: ${failures(lines)}`);
    if (run > 0 && run <= grows) { for (const log of logs) log.grow(random); }
    const calm = behaviour.troubles === 0;
    if (forgets !== false && forgets.below(2) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      clusters.forget();
    }
    const killAfterMs = run < kills ? 20 + below(3_000) : undefined;
    plan = await runOnce(clusters, groups, lines, behaviour, killAfterMs);
    if (run < Math.max(kills, grows + 1)) continue;
    const open = lines.length === 0 ? [] : unfinishedPartitions(stateOf(lines));
    // Who cannot tell what the target holds, because it has expired, says so for good.
    const final = open.filter(({ failure }) =>
      behaviour.expires &&
      (failure?.code === "STORED_UNCLEAR" || failure?.code === "STORED_NOT_KNOWN_YET")
    );
    const through = partitionsToCopy(plan).length === final.length;
    if (open.length === final.length && through) break;
    if (calm) {
      const others = open.filter((each) => !final.includes(each));
      assert.deepEqual(others.map(({ failure }) => failure), []);
    }
  }
  const state = lines.length === 0 ? undefined : stateOf(lines);
  logs.forEach((log, partition) => {
    const journaled = state?.partitions.get(formatTopicPartition({ topic, partition }));
    const held = clusters.targetLogs[partition]!;
    if (journaled !== undefined) judgeCopy(log, held, journaled, kills > 0);
    else assert.deepEqual(held.records, []);
  });
  if (state === undefined) return;
  const { compacts, expires } = behaviour;
  const finished = { clusters, logs, state, plan, compacts };
  // As long as there is trouble not all may be found out, but nothing wrong.
  await judgeFindings({ ...finished, calm: false });
  behaviour.troubles = 0;
  await new Promise((resolve) => setTimeout(resolve, LEADERS_SETTLE_MS));
  await judgeFindings({ ...finished, calm: !expires && !compacts });
}

/** One run, killed after a while where `killAfterMs` says so. @returns its plan */
async function runOnce(
  clusters: UnrulyClusters,
  groups: readonly GroupSnapshot[],
  lines: string[],
  { random, compacts }: Unruliness,
  killAfterMs: number | undefined,
): Promise<Plan> {
  const killed = new AbortController();
  if (killAfterMs !== undefined) setTimeout(() => killed.abort(), killAfterMs);
  const compacted = random.below(2) === 0 ? undefined : compacts;
  const sourceSnapshot = withSettings({ ...clusters.snapshot("source"), groups }, compacted);
  const [filter, uncommitted] = [EVERY_NAME, "earliest"] as const;
  const journal = journalOf(lines, killed.signal);
  const plan = continuePlan(
    buildPlan({ source: sourceSnapshot, topics: filter, groups: filter, uncommitted }),
    journal.state,
  );
  const unfinished = journal.state === undefined ? [] : unfinishedPartitions(journal.state);
  if (partitionsToCopy(plan).length + unfinished.length === 0) return plan;
  const { source, target } = clusters;
  const log = { warning() {}, info() {}, debug() {} };
  await copyWithJournal({
    ...{ source, target, sourceSnapshot, plan, journal, log },
    ...{ runId: "run", topicsCreated: [], now: () => new Date(0) },
    targetSnapshot: clusters.snapshot("target"),
    migration: journal.state?.migration ?? migration,
    limits: {
      giveUpAfterMs: 600_000,
      ...(random.below(4) === 0 && { bytesPerSecond: 20_000 + random.below(1_000_000) }),
    },
    onProgress() {},
    signal: killed.signal,
  }).catch((error) => {
    if (!killed.signal.aborted) throw error;
  });
  return plan;
}

/** Where it is not known whether a topic is compacted, its messages are compared. */
function withSettings(
  snapshot: ClusterSnapshot,
  compacted: boolean | undefined,
): ClusterSnapshot {
  if (compacted === undefined) return snapshot;
  const settings = { ...NO_SETTINGS, compacted };
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
  let { state, tail } = lines.length === 0 ? { state: undefined, tail: NO_LINES } : read(lines);
  return {
    get state() {
      return state;
    },
    append(entries) {
      if (dead.aborted) return;
      const encoded = encodeEntries(entries, tail);
      tail = encoded.tail;
      lines.push(encoded.text);
      const [entry] = entries;
      if (state !== undefined) state = continueJournal(state, entries);
      else if (entry?.type === "migration") state = continueJournal(entry, entries.slice(1));
    },
    close() {},
  };
}

function stateOf(lines: readonly string[]): JournalState {
  return read(lines).state ?? assert.fail("there is no journal");
}

function read(lines: readonly string[]): ReadJournal {
  return readJournal(new TextEncoder().encode(lines.join("")), "journal");
}

function failures(lines: readonly string[]): string {
  return [...stateOf(lines).partitions.values()].map(({ failure }) => failure?.text).join("; ");
}
