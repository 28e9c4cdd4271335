// The copy by a connector: its name is in the journal before it exists, it is watched until every planned partition is
// through, stopped, counted and removed. A run that ends early leaves it stopped, and the next one takes it up.

import type { ConnectEngineConfig, MigrationConfig } from "../config/migration_config.ts";
import { type ConnectCluster, ConnectError, openConnect } from "../connect/rest.ts";
import type { JournalEntry, MigrationEntry, PlanEntryPartition } from "../core/journal_entry.ts";
import { JOURNAL_SCHEMA_VERSION, type JournalIdentity } from "../core/journal_entry.ts";
import type { JournaledPartition, JournalState } from "../core/journal.ts";
import { unfinishedPartitions } from "../core/journal.ts";
import { maxOffset } from "../core/offsets.ts";
import { partitionsToCopy, type Plan } from "../core/plan.ts";
import { formatTopicPartition } from "../core/topic_partition.ts";
import { type BegunPartition, idlePartitions, type NextOffsets } from "../mirror/source_offsets.ts";
import { beginWatch, isDone, type Watch } from "../mirror/watch.ts";
import { ContinueError } from "./check_journal.ts";
import { connectorOf, haltConnector, primeConnector, removeConnector } from "./connector.ts";
import { type CopiedPartition, countCopy, failedEntry, settledEnds } from "./count_copies.ts";
import { planEntryPartition, skippedPartitions } from "./journal_entries.ts";
import type { JournaledCopyOptions } from "./journaled_copy.ts";
import { openReaders } from "./open_readers.ts";
import { optional } from "./optional.ts";
import type { CompareProgress } from "./verify_content.ts";
import { watchConnector } from "./watch_connector.ts";

/** What a copy by a connector works with. */
export interface ConnectCopyOptions extends Omit<JournaledCopyOptions, "limits"> {
  readonly config: MigrationConfig;
  readonly connect: ConnectEngineConfig;
  readonly onCounted: (progress: CompareProgress) => void;
}

/** Where stopping goes on after an interrupt, no longer. */
const STOP_WITHIN_MS = 10_000;
const COUNTED_AT_ONCE = 4;
const PROGRESS_INTERVAL_MS = 250;

/** A new migration's first entry; the connector's producers have ids of their own. */
export function beginConnectMigration(
  identity: JournalIdentity,
  run: { readonly runId: string; readonly now: () => Date },
): MigrationEntry {
  return {
    type: "migration",
    schemaVersion: JOURNAL_SCHEMA_VERSION,
    runId: run.runId,
    at: run.now().toISOString(),
    ...identity,
    producerId: "-1",
    producerEpoch: -1,
  };
}

/** Copies what the plan says; what came of it stands in the journal. @throws where the journal cannot be written */
export async function copyWithConnect(options: ConnectCopyOptions): Promise<void> {
  const { journal, log, signal } = options;
  const connect = openConnect(options.connect.url, signal);
  let failure: string | undefined;
  let watch: Watch | undefined;
  try {
    const stored = await takeUp(connect, journal.state, signal);
    journal.append(newEntries(options, stored));
    const { connector } = stateOf(options);
    log.info(`The connector's name on ${connect.url} is ${connector.name}`);
    const next = await prime(options, connect);
    if (typeof next === "string") failure = next;
    else {
      const pending = unfinishedPartitions(stateOf(options)).map(watched);
      watch = beginWatch(pending, next, performance.now());
      if (!isDone(watch)) {
        await connect.resume(connector.name);
        ({ watch, failure } = await watchConnector(options, watch));
      }
    }
  } catch (error) {
    // What an interrupt cuts short is stopped below.
    if (!signal.aborted) {
      if (!(error instanceof ConnectError)) throw error;
      failure = error.message;
    }
  }
  if (journal.state?.connector === undefined) {
    if (failure !== undefined) log.warning(failure);
    return;
  }
  await stopAndSettle(options, watch, failure);
}

/** Removes a connector that a finished migration has left because Connect could not be asked. */
export async function removeLeftover(
  options: Pick<ConnectCopyOptions, "journal" | "connect" | "log" | "signal" | "runId" | "now">,
): Promise<void> {
  const { journal, connect, log, signal } = options;
  const { connector } = journal.state ?? {};
  if (connector === undefined) return;
  try {
    await removeConnector(openConnect(connect.url, signal), connector.name, signal);
    journal.append([removedEntry(options, connector.name)]);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    log.warning(`Connector ${connector.name} is still there: ${error.message}`);
  }
}

type State = JournalState & Required<Pick<JournalState, "connector">>;

function stateOf({ journal: { state } }: Pick<ConnectCopyOptions, "journal">): State {
  if (state?.connector === undefined) throw new Error("Cannot copy: no connector is journaled");
  return { ...state, connector: state.connector };
}

/** Stops the connector of an earlier run. @returns its next offsets */
async function takeUp(
  connect: ConnectCluster,
  state: JournalState | undefined,
  signal: AbortSignal,
): Promise<NextOffsets> {
  await connect.ready();
  const { connector } = state ?? {};
  if (connector === undefined) return new Map();
  if (!await haltConnector(connect, connector.name, signal)) {
    // Elsewhere it may still be running.
    if (connector.url !== connect.url) {
      throw new ContinueError(
        `Connector ${connector.name} of this migration is not on ${connect.url}, it was created on ${connector.url}. Set engine.connect.url back`,
      );
    }
    return new Map();
  }
  return await connect.offsets(connector.name);
}

/** What is put into the journal before the connector is created or changed. */
function newEntries(options: ConnectCopyOptions, stored: NextOffsets): readonly JournalEntry[] {
  const { journal, migration, plan, runId, sourceSnapshot, targetSnapshot, topicsCreated } =
    options;
  const { state } = journal;
  const at = options.now().toISOString();
  const idleBefore = new Map(
    (state?.connector?.idle ?? []).map((each) => [formatTopicPartition(each), each]),
  );
  const pending = state === undefined ? [] : unfinishedPartitions(state);
  const begun = new Set(pending.map(formatTopicPartition));
  const fresh = partitionsToCopy(plan)
    .filter((planned) => !begun.has(formatTopicPartition(planned)))
    .map((planned): PlanEntryPartition => {
      const entry = planEntryPartition(planned, sourceSnapshot, targetSnapshot);
      const idle = idleBefore.get(formatTopicPartition(planned));
      const next = stored.get(formatTopicPartition(planned));
      if (idle === undefined || next === undefined || next <= BigInt(idle.startOffset)) {
        return entry;
      }
      if (planned.startOffset < BigInt(idle.startOffset)) {
        throw new ContinueError(
          `The committed offset of group ${planned.submittedBy} has moved back on topic ${planned.topic}, partition ${planned.partition}, behind what the connector of an earlier run has copied. Exclude the group, finish the migration, then migrate it with another config`,
        );
      }
      // The connector has begun with it on its own, since the source was written to.
      return { ...entry, startOffset: idle.startOffset, targetEndOffset: idle.targetEndOffset };
    });
  const work = [...pending, ...fresh];
  const topics = [...new Set(work.map(({ topic }) => topic))].sort();
  const working = new Set(work.map(formatTopicPartition));
  const planned = new Map(plan.partitions.map((each) => [formatTopicPartition(each), each]));
  const idle = idlePartitions(
    topics,
    (each) => working.has(formatTopicPartition(each)),
    (each) =>
      state?.partitions.get(formatTopicPartition(each))?.endOffset ??
        planned.get(formatTopicPartition(each))?.endOffset,
    sourceSnapshot,
    targetSnapshot,
  ).map((each) => idleBefore.get(formatTopicPartition(each)) ?? each);
  const skipped = skippedPartitions(plan, state, targetSnapshot);
  const name = state?.connector?.name ?? `data-migrate-${runId}`;
  return [
    ...(state === undefined ? [migration] : []),
    ...(topicsCreated.length === 0
      ? []
      : [{ type: "created" as const, runId, at, topics: topicsCreated }]),
    {
      ...{ type: "plan" as const, runId, at, partitions: fresh },
      ...optional("skipped", skipped.length === 0 ? undefined : skipped),
    },
    { type: "connector", runId, at, name, url: options.connect.url.replace(/\/+$/, ""), idle },
  ];
}

/** Creates the connector, or changes the one that is there, and stores where each partition begins. */
async function prime(
  options: ConnectCopyOptions,
  connect: ConnectCluster,
): Promise<NextOffsets | string> {
  const { signal } = options;
  const state = stateOf(options);
  const pending = unfinishedPartitions(state);
  const topics = [...new Set(pending.map(({ topic }) => topic))].sort();
  const settings = connectorOf(state.connector.name, topics, pending.length, options);
  const begun: BegunPartition[] = [
    ...pending,
    ...state.connector.idle.map(({ topic, partition, startOffset }) => ({
      ...{ topic, partition, sourceOffset: BigInt(startOffset) },
    })),
  ];
  return await primeConnector(connect, state.connector.name, settings, begun, signal);
}

const watched = ({ topic, partition, sourceOffset, endOffset }: JournaledPartition) => ({
  ...{ topic, partition, startOffset: sourceOffset, endOffset },
});

async function stopAndSettle(
  options: ConnectCopyOptions,
  watch: Watch | undefined,
  failure: string | undefined,
): Promise<void> {
  const { journal, log, signal } = options;
  const { connector } = stateOf(options);
  // Stopping is not cut short by what cuts the copy short, and does not last either.
  const stopSignal = signal.aborted ? AbortSignal.timeout(STOP_WITHIN_MS) : signal;
  const connect = openConnect(options.connect.url, stopSignal);
  let next: NextOffsets = new Map();
  try {
    if (await haltConnector(connect, connector.name, stopSignal)) {
      next = await connect.offsets(connector.name);
    }
  } catch (error) {
    if (!(error instanceof ConnectError) && !stopSignal.aborted) throw error;
    const reason = error instanceof ConnectError
      ? error.message
      : "Connect does not answer in time";
    log.warning(`Connector ${connector.name} may go on copying: ${reason}`);
    failure ??= reason;
  }
  const pending = unfinishedPartitions(stateOf(options));
  journal.append(reachedEntries(pending, next));
  if (signal.aborted) {
    log.info(`Connector ${connector.name} is kept, stopped; the same command goes on with it`);
    return;
  }
  const isThrough = (each: JournaledPartition) => watch?.done.has(formatTopicPartition(each));
  const reason = failure ?? "The connector did not copy all of it";
  const through = failure === undefined || next.size > 0 ? pending.filter(isThrough) : [];
  const done = new Set(through);
  const failed = pending.filter((each) => !done.has(each));
  journal.append(failed.map((each) => failedEntry(each, reason)));
  const copied = through.map((each) => copiedPartition(each, next, options.plan));
  await countAll(options, [...copied, ...overshot(options, next)]);
  if (unfinishedPartitions(stateOf(options)).length === 0) await removeLeftover(options);
  else log.warning(`Connector ${connector.name} is kept, stopped, since not all is through`);
}

function reachedEntries(
  partitions: readonly JournaledPartition[],
  next: NextOffsets,
): readonly JournalEntry[] {
  return partitions.flatMap(({ topic, partition, sourceOffset, reachedOffset = sourceOffset }) => {
    const reached = next.get(formatTopicPartition({ topic, partition }));
    if (reached === undefined || reached <= reachedOffset) return [];
    return [{ type: "reached", topic, partition, sourceOffset: String(reached) }];
  });
}

function copiedPartition(
  journaled: JournaledPartition,
  next: NextOffsets,
  plan: Plan,
): CopiedPartition {
  const { topic, partition, sourceOffset, endOffset } = journaled;
  const planned = plan.partitions.find((each) =>
    each.topic === topic && each.partition === partition
  );
  const committed = (planned?.groups ?? []).flatMap(({ committed }) =>
    committed !== undefined && committed >= sourceOffset ? [committed] : []
  );
  const actualEnd = maxOffset(endOffset, next.get(formatTopicPartition(journaled)) ?? 0n);
  return {
    ...journaled,
    actualEnd,
    committed: [...new Set(committed)].filter((offset) => offset <= actualEnd)
      .sort((a, b) => a < b ? -1 : 1),
  };
}

/** Partitions without anything planned that got messages while the connector ran; they are in the journal from now on. */
function overshot(options: ConnectCopyOptions, next: NextOffsets): readonly CopiedPartition[] {
  const { journal, plan, runId, now } = options;
  const moved = stateOf(options).connector.idle.filter((each) =>
    (next.get(formatTopicPartition(each)) ?? 0n) > BigInt(each.startOffset)
  );
  if (moved.length === 0) return [];
  journal.append([{
    ...{ type: "plan", runId, at: now().toISOString(), partitions: moved },
  }]);
  const { partitions } = stateOf(options);
  return moved.flatMap((each) => {
    const journaled = partitions.get(formatTopicPartition(each));
    return journaled === undefined ? [] : [copiedPartition(journaled, next, plan)];
  });
}

/** Counts what was copied, several partitions at a time, and settles them. */
async function countAll(
  options: ConnectCopyOptions,
  copied: readonly CopiedPartition[],
): Promise<void> {
  const { journal, log, signal, source, target } = options;
  if (copied.length === 0) return;
  const topics = [...new Set(copied.map(({ topic }) => topic))];
  const keys = new Set(copied.map(formatTopicPartition));
  const ends = await settledEnds(target, topics, (key) => keys.has(key), signal);
  const readers = openReaders(source, target, copied, {
    ...{ bytesPerSecond: undefined, byConnector: true, signal },
  });
  let recordsRead = 0n;
  let settled = 0;
  const records = copied.reduce((sum, each) => sum + each.actualEnd - each.sourceOffset, 0n);
  const report = () =>
    options.onCounted({
      ...{ recordsRead, records, partitionsCompared: settled, partitions: copied.length },
    });
  const showing = setInterval(report, PROGRESS_INTERVAL_MS);
  try {
    const queue = copied.values();
    await Promise.all(Array.from({ length: COUNTED_AT_ONCE }, async () => {
      for (const each of queue) {
        const { topic, partition, endOffset, actualEnd } = each;
        const end = ends.get(formatTopicPartition(each)) ?? 0n;
        journal.append(await countCopy(readers, each, end, (read) => recordsRead += BigInt(read)));
        settled++;
        if (actualEnd === endOffset) continue;
        log.info(
          `topic: ${topic}, partition: ${partition}, the source was written to meanwhile, planned end offset: ${endOffset}, actual end offset: ${actualEnd}`,
        );
      }
    }));
  } finally {
    clearInterval(showing);
    readers.close();
  }
}

function removedEntry(
  { runId, now }: Pick<ConnectCopyOptions, "runId" | "now">,
  name: string,
): JournalEntry {
  return { type: "removed", runId, at: now().toISOString(), name };
}
