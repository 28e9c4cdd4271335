// The end of a connector's copy: the run stops the connector, counts what it has copied, journals the partitions as
// finished, and removes the connector when nothing is left to do. After an interrupt the run only stops it.

import { ConnectError, openConnect } from "./rest.ts";
import { isPeerError } from "../wire/peer_error.ts";
import { type Failure, failure } from "../model/failure.ts";
import type { JournalEntry } from "../journal/journal_entry.ts";
import { unfinishedPartitions } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { maxOffset } from "../model/offsets.ts";
import type { Plan } from "../plan/plan.ts";
import { formatTopicPartition, topicsOf } from "../model/topic_partition.ts";
import { deleteTopic } from "../kafka/delete_topic.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";
import { keepsToItself } from "./pure/connect_version.ts";
import { offsetSyncsTopic } from "./pure/connector_config.ts";
import type { NextOffsets } from "./pure/source_offsets.ts";
import type { Watch } from "./pure/watch.ts";
import type { ConnectCopyOptions } from "./connect_options.ts";
import { haltConnector, removeConnector } from "./connector.ts";
import { type CopiedPartition, countCopy, failedEntry, settledEnds } from "./count_copies.ts";
import { openReaders } from "../verification/open_readers.ts";

/** After an interrupt, the run tries to stop the connector no longer than this. */
const STOP_WITHIN_MS = 10_000;
const COUNTED_AT_ONCE = 4;
const PROGRESS_INTERVAL_MS = 250;

const NO_END = failure(
  "PARTITION_UNAVAILABLE",
  "The target could not be asked where the partition ends",
);

type StopOptions = Pick<ConnectCopyOptions, "journal" | "connect" | "log">;

type State = JournalState & Required<Pick<JournalState, "connector">>;

/** A journal that holds a connector. */
export function stateOf({ journal: { state } }: Pick<ConnectCopyOptions, "journal">): State {
  if (state?.connector === undefined) throw new Error("Cannot copy: no connector is journaled");
  return { ...state, connector: state.connector };
}

/** Stops the connector of a run that is interrupted, and keeps in the journal how far it is. */
export async function stopInterrupted(options: StopOptions): Promise<void> {
  const { journal, log } = options;
  if (journal.state?.connector === undefined) return;
  const { name } = journal.state.connector;
  const { problem } = await halt(options, AbortSignal.timeout(STOP_WITHIN_MS));
  if (problem === undefined) {
    log.info(`Connector ${name} is kept, stopped; the same command goes on with it`);
  } else log.warning(`Connector ${name} may go on copying: ${problem.text}`);
}

/** Stops the connector and journals how far it is. @returns its next offsets, or what kept it from being asked */
async function halt(
  options: StopOptions,
  signal: AbortSignal,
): Promise<{ readonly next: NextOffsets; readonly problem?: Failure }> {
  const { connector } = stateOf(options);
  const connect = openConnect(options.connect.url, signal);
  try {
    const isThere = await haltConnector(connect, connector.name, signal);
    const next = isThere ? await connect.offsets(connector.name) : new Map();
    options.journal.append(reachedEntries(unfinishedPartitions(stateOf(options)), next));
    return { next };
  } catch (error) {
    if (!(error instanceof ConnectError) && !signal.aborted) throw error;
    const text = error instanceof ConnectError ? error.message : "It did not stop in time";
    return { next: new Map(), problem: failure("CONNECT_FAILED", text) };
  }
}

/** Counts and journals what a connector has copied. @param failed why it did not finish */
export async function settleCopies(
  options: ConnectCopyOptions,
  watch: Watch | undefined,
  failed: Failure | undefined,
): Promise<void> {
  const { journal, log, plan, signal } = options;
  const { connector } = stateOf(options);
  if (failed === undefined) {
    log.info(
      `Connector ${connector.name} is through: it is stopped, both sides are counted, then it is removed`,
    );
  }
  const { next, problem } = await halt(options, signal);
  if (signal.aborted) return;
  if (problem !== undefined) {
    log.warning(`Connector ${connector.name} may go on copying: ${problem.text}`);
  }
  const pending = unfinishedPartitions(stateOf(options));
  const through = new Set(
    problem === undefined
      ? pending.filter((each) => watch?.done.has(formatTopicPartition(each)))
      : [],
  );
  const why = failed ?? problem ??
    failure("CONNECTOR_INCOMPLETE", "The connector did not copy all of it");
  journal.append(
    pending.filter((each) => !through.has(each)).map((each) => failedEntry(each, why)),
  );
  const copied = [...through].map((each) => copiedPartition(each, next, plan));
  await countAll(options, [...copied, ...overshot(options, next)]);
  if (unfinishedPartitions(stateOf(options)).length === 0) await removeLeftover(options);
  else log.warning(`Connector ${connector.name} is kept, stopped, since not all is through`);
}

/** Removes a connector that a finished migration has left because Connect could not be asked. */
export async function removeLeftover(
  options: Pick<
    ConnectCopyOptions,
    "journal" | "connect" | "log" | "signal" | "runId" | "now" | "target"
  >,
): Promise<void> {
  const { journal, connect, log, signal } = options;
  const { connector } = journal.state ?? {};
  if (connector === undefined) return;
  try {
    const cluster = openConnect(connect.url, signal);
    const { version } = await cluster.about();
    await removeConnector(cluster, connector.name, signal);
    if (!keepsToItself(version)) await removeOffsetSyncs(options, connector.name);
    journal.append([{
      ...{ type: "removed", runId: options.runId, at: options.now().toISOString() },
      name: connector.name,
    }]);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    log.warning(`Connector ${connector.name} is still there: ${error.message}`);
  }
}

/** Deletes the topic that MirrorMaker 2 has written for itself; reports why where it cannot be deleted. */
async function removeOffsetSyncs(
  { log, signal, target }: Pick<ConnectCopyOptions, "log" | "signal" | "target">,
  connector: string,
): Promise<void> {
  const topic = offsetSyncsTopic(connector);
  let problem: string | undefined;
  try {
    problem = await deleteTopic(target, topic, signal);
  } catch (error) {
    if (!isPeerError(error)) throw error;
    problem = error.message;
  }
  if (problem !== undefined) {
    log.warning(
      `MirrorMaker 2's topic ${topic} is left on the target, delete it there: ${problem}`,
    );
  }
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

/** Counts what was copied, several partitions at a time, and journals how each ended. */
async function countAll(
  options: ConnectCopyOptions,
  copied: readonly CopiedPartition[],
): Promise<void> {
  const { journal, log, signal, source, target } = options;
  if (copied.length === 0) return;
  const topics = topicsOf(copied);
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
    await forEachAtOnce(copied, COUNTED_AT_ONCE, async (each) => {
      const { topic, partition, endOffset, actualEnd } = each;
      const end = ends.get(formatTopicPartition(each));
      journal.append(
        end === undefined
          ? [failedEntry(each, NO_END)]
          : await countCopy(readers, each, end, (read) => recordsRead += BigInt(read)),
      );
      settled++;
      if (actualEnd === endOffset) return;
      log.info(
        `topic: ${topic}, partition: ${partition}, the source was written to meanwhile, planned end offset: ${endOffset}, actual end offset: ${actualEnd}`,
      );
    });
  } finally {
    clearInterval(showing);
    readers.close();
  }
}
