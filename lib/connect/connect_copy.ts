// The copy by a connector: its name is in the journal before it exists, the run watches it until every planned partition
// is complete, then stops it, counts what it copied and removes it. A run that ends early leaves the connector stopped, and
// the next run continues with it.

import { type ConnectCluster, ConnectError, openConnect } from "./rest.ts";
import { type Failure, failure } from "../model/failure.ts";
import type { JournalIdentity, MigrationEntry } from "../journal/journal_entry.ts";
import { unfinishedPartitions } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { topicsOf } from "../model/topic_partition.ts";
import type { BegunPartition, NextOffsets } from "./pure/source_offsets.ts";
import { beginWatch, isDone, type Watch } from "./pure/watch.ts";
import { ContinueError } from "../preflight/check_journal.ts";
import { connectEntries } from "./connect_entries.ts";
import { connectorOf, haltConnector, primeConnector } from "./connector.ts";
import { migrationEntry } from "../local_copy/journal_entries.ts";
import { settleCopies, stateOf } from "./settle_copies.ts";
import { watchConnector } from "./watch_connector.ts";
import type { ConnectCopyOptions } from "./connect_options.ts";

/** A new migration's first entry; the connector's producers have ids of their own. */
export function beginConnectMigration(
  identity: JournalIdentity,
  run: { readonly runId: string; readonly now: () => Date },
): MigrationEntry {
  return migrationEntry(identity, run, { producerId: -1n, producerEpoch: -1 });
}

/** Copies what the plan says; what came of it stands in the journal. Who interrupts it has to stop the connector. @throws where the journal cannot be written */
export async function copyWithConnect(options: ConnectCopyOptions): Promise<void> {
  const { journal, log, signal } = options;
  const connect = openConnect(options.connect.url, signal);
  let failed: Failure | undefined;
  let watch: Watch | undefined;
  try {
    const stored = await takeUp(connect, journal.state, signal);
    journal.append(connectEntries(options, stored));
    const { connector } = stateOf(options);
    log.info(`The connector's name on ${connect.url} is ${connector.name}`);
    const next = await prime(options, connect);
    if ("code" in next) failed = next;
    else {
      const pending = unfinishedPartitions(stateOf(options)).map(watched);
      watch = beginWatch(pending, next, performance.now());
      if (!isDone(watch)) {
        await connect.resume(connector.name);
        ({ watch, failure: failed } = await watchConnector(options, watch));
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ConnectError)) throw error;
    failed = failure("CONNECT_FAILED", error.message);
  }
  if (journal.state?.connector !== undefined) await settleCopies(options, watch, failed);
  else if (failed !== undefined) log.warning(failed.text);
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
    // On another Connect cluster the connector may still be running.
    if (connector.url !== connect.url) {
      throw new ContinueError(
        `Connector ${connector.name} of this migration is not on ${connect.url}, it was created on ${connector.url}. Set engine.connect.url back`,
      );
    }
    return new Map();
  }
  return await connect.offsets(connector.name);
}

/** Creates the connector, or changes the one that is there, and stores where each partition begins. */
async function prime(
  options: ConnectCopyOptions,
  connect: ConnectCluster,
): Promise<NextOffsets | Failure> {
  const { signal } = options;
  const state = stateOf(options);
  const pending = unfinishedPartitions(state);
  const topics = topicsOf(pending).toSorted();
  const { name } = state.connector;
  const { version } = await connect.about();
  const settings = connectorOf(name, topics, pending.length, version, options);
  const begun: BegunPartition[] = [
    ...pending,
    ...state.connector.idle.map(({ topic, partition, startOffset }) => ({
      ...{ topic, partition, sourceOffset: BigInt(startOffset) },
    })),
  ];
  return await primeConnector(connect, name, settings, begun, signal);
}

const watched = ({ topic, partition, sourceOffset, endOffset }: JournaledPartition) => ({
  ...{ topic, partition, startOffset: sourceOffset, endOffset },
});
