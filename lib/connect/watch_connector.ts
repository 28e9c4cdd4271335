// A running connector, polled every second until each planned partition is complete: its offsets, its status, and,
// where it stops before the end of a partition's range, whether any record is left there to copy.

import { type ConnectCluster, ConnectError, openConnect } from "./rest.ts";
import { readCommitted } from "../compare/read_logs.ts";
import { ReadError } from "../compare/partition_reader.ts";
import type { CopyProgress } from "../copy/copy_task.ts";
import { type Failure, failure } from "../model/failure.ts";
import { unfinishedPartitions } from "../journal/journal.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { sum } from "../model/units.ts";
import { delay } from "../waiting/delay.ts";
import type { NextOffsets } from "./pure/source_offsets.ts";
import { type ConnectorStatus, isDone, react, type Reaction, type Watch } from "./pure/watch.ts";
import type { ConnectCopyOptions } from "./connect_options.ts";
import { openReaders, type Readers } from "../verification/open_readers.ts";

const POLL_MS = 1_000;
const RETRY_FOR_MS = 2_000;
/** A worker that starts denies its connectors for some seconds. */
const GONE_LOOKS = 15;

/** How watching ended. */
export interface Watched {
  readonly watch: Watch;
  /** Why not everything is complete. */
  readonly failure: Failure | undefined;
}

/** Watches until every end is reached, nothing moves any more, or the signal fires. */
export async function watchConnector(options: ConnectCopyOptions, begun: Watch): Promise<Watched> {
  const { journal, log, signal } = options;
  const { state } = journal;
  if (state?.connector === undefined) throw new Error("Cannot watch: no connector is journaled");
  const { name } = state.connector;
  const connect = openConnect(options.connect.url, signal, RETRY_FOR_MS);
  const starts = begun.next;
  const nothingBehind = new Map<string, bigint>();
  const looked = new Map<string, bigint>();
  let readers: Readers | undefined;
  let watch = begun;
  let trouble: string | undefined;
  let gone = 0;
  let pauseMs = POLL_MS;
  try {
    for (;;) {
      await delay(pauseMs, signal);
      const lookedAt = performance.now();
      const { offsets, status, problem } = await look(connect, name);
      // Thousands of partitions take their time to be told.
      pauseMs = Math.max(POLL_MS, performance.now() - lookedAt);
      if (problem !== trouble) {
        log.warning(problem ?? `Connect at ${connect.url} answers again`);
        trouble = problem;
      }
      gone = problem === undefined && status === undefined ? gone + 1 : 0;
      if (gone >= GONE_LOOKS) {
        const text = `Connector ${name} is gone from ${connect.url}`;
        return { watch, failure: failure("CONNECTOR_GONE", text) };
      }
      const reaction = react(watch, {
        ...(offsets !== undefined && { offsets }),
        ...(status !== undefined && { status }),
        ...{ nothingBehind, atMs: performance.now() },
      }, { name, giveUpAfterMs: options.config.limits.giveUpAfterMs });
      ({ watch } = reaction);
      options.onProgress(progressOf(watch, starts, trouble));
      for (const warning of reaction.warnings) log.warning(warning);
      if (isDone(watch)) return { watch, failure: undefined };
      if (reaction.giveUp !== undefined) return { watch, failure: reaction.giveUp };
      if (reaction.restart) await connect.restart(name).catch(ignoreConnectError);
      readers ??= openReaders(options.source, options.target, unfinishedPartitions(state), {
        ...{ bytesPerSecond: undefined, byConnector: true, signal },
      });
      await lookBehind(readers, reaction.look, looked, nothingBehind);
    }
  } finally {
    readers?.close();
  }
}

async function look(
  connect: ConnectCluster,
  name: string,
): Promise<{ offsets?: NextOffsets; status?: ConnectorStatus; problem?: string }> {
  try {
    const status = await connect.status(name);
    if (status === undefined) return {};
    return { status, offsets: await connect.offsets(name) };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { problem: error.message };
  }
}

/** Markers, aborted and compacted records at the end of a range are never copied: only a reader tells that it is one. */
async function lookBehind(
  { source }: Readers,
  standing: Reaction["look"],
  looked: Map<string, bigint>,
  nothingBehind: Map<string, bigint>,
): Promise<void> {
  for (const each of standing) {
    const key = formatTopicPartition(each);
    const { nextOffset: startOffset, endOffset } = each;
    if (looked.get(key) === startOffset) continue;
    try {
      const left = readCommitted(source, each, [{ startOffset, endOffset }]);
      let found = false;
      for await (const { recordCount } of left) {
        found = recordCount > 0;
        if (found) break;
      }
      looked.set(key, startOffset);
      if (!found) nothingBehind.set(key, startOffset);
    } catch (error) {
      // A partition that cannot be read now is read again later.
      if (!(error instanceof ReadError)) throw error;
    }
  }
}

function ignoreConnectError(error: unknown): void {
  if (!(error instanceof ConnectError)) throw error;
}

const MOST_SHOWN = 5;

function progressOf(
  { partitions, next, done }: Watch,
  starts: NextOffsets,
  trouble: string | undefined,
): CopyProgress {
  const standings = partitions.map(({ topic, partition, startOffset, endOffset }) => {
    const key = formatTopicPartition({ topic, partition });
    const start = maxOffset(starts.get(key) ?? startOffset, startOffset);
    const reached = done.has(key) ? endOffset : minOffset(next.get(key) ?? start, endOffset);
    const planned = maxOffset(endOffset - start, 0n);
    return {
      ...{ topic, partition, offsetsPlanned: planned },
      offsetsDone: minOffset(maxOffset(reached - start, 0n), planned),
    };
  });
  const left = (each: typeof standings[number]) => each.offsetsPlanned - each.offsetsDone;
  const offsetsDone = sum(standings, (each) => each.offsetsDone);
  return {
    offsetsDone,
    recordsAcknowledged: offsetsDone,
    partitionsSettled: done.size,
    retries: 0,
    troubles: trouble === undefined ? [] : [trouble],
    throttledMs: { source: 0, target: 0 },
    slowest: standings.filter((each) => left(each) > 0)
      .sort((a, b) => left(a) > left(b) ? -1 : 1).slice(0, MOST_SHOWN),
  };
}
