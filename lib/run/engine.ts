// Who copies: this program, or a connector on a Connect cluster. All other stages are the same for both.

import type { MigrationConfig } from "../config/migration_config.ts";
import type { Finding } from "../model/finding.ts";
import { isIdempotent, type MigrationEntry } from "../journal/journal_entry.ts";
import { recordThroughput, type Throughput } from "../report/throughput.ts";
import { beginConnectMigration, copyWithConnect } from "../connect/connect_copy.ts";
import { connectFindings } from "../connect/connect_preflight.ts";
import {
  beginMigration,
  copyWithJournal,
  type JournaledCopyOptions,
} from "../local_copy/journaled_copy.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import { removeLeftover, stopInterrupted } from "../connect/settle_copies.ts";
import type { EngineOptions } from "./engine_options.ts";

/** What a copy needs besides. */
export type Prepared = Pick<
  JournaledCopyOptions,
  "targetSnapshot" | "topicsCreated" | "migration"
>;

/** Who copies. */
export interface Engine {
  /** What stands in its way. */
  findings(): Promise<readonly Finding[]>;
  /** A new migration's first entry. @throws {ConnectionError | ProducerIdError} */
  begin(): Promise<MigrationEntry>;
  /** Copies the plan; what came of it stands in the journal. @returns how fast, where that is known */
  copy(prepared: Prepared): Promise<Throughput | undefined>;
  /** Removes what a finished copy has left. */
  tidy(): Promise<void>;
}

/** The engine of a config. */
export function engineOf(engine: MigrationConfig["engine"], options: EngineOptions): Engine {
  const { narrator, plan } = options;
  const started = performance.now();
  const sinceMs = () => performance.now() - started;
  if (engine === "local") return localEngine(options, sinceMs);
  const { connect } = engine;
  let countedSince: number | undefined;
  const own = {
    ...{ ...options, connect, log: narrator },
    onProgress: (progress: Parameters<typeof narrator.progress>[0]) =>
      narrator.progress(progress, plan, sinceMs()),
    onCounted(progress: Parameters<typeof narrator.counted>[0]) {
      countedSince ??= sinceMs();
      narrator.counted(progress, sinceMs() - countedSince);
    },
  };
  return {
    findings: () => connectFindings(connect, options),
    begin: () => Promise.resolve(beginConnectMigration(options.identity, options)),
    async copy(prepared) {
      await copyWithConnect({ ...own, ...prepared }).finally(narrator.copied);
      return undefined;
    },
    tidy: () => removeLeftover(own),
  };
}

/** What is to be done when a run is interrupted, wherever it was. */
export async function stopEngine({ config, journal, narrator }: PipelineOptions): Promise<void> {
  if (config.engine === "local") return;
  await stopInterrupted({ journal, log: narrator, connect: config.engine.connect });
}

const NOT_IDEMPOTENT =
  "The target gives this user no producer id (IdempotentWrite on the cluster is missing): every message arrives at least once and in order, but after a failure or an interruption some may arrive twice. To have each arrive once, grant IdempotentWrite on the target cluster";

function localEngine(options: EngineOptions, sinceMs: () => number): Engine {
  const { config, narrator, plan, signal } = options;
  return {
    findings: () => Promise.resolve([]),
    begin: () => beginMigration(options.target, options.identity, options, signal),
    async copy(prepared) {
      if (!isIdempotent(prepared.migration)) narrator.warning(NOT_IDEMPOTENT);
      const recorder = recordThroughput();
      await copyWithJournal({
        ...options,
        ...prepared,
        limits: config.limits,
        log: narrator,
        onProgress(progress) {
          const elapsedMs = sinceMs();
          narrator.progress(progress, plan, elapsedMs);
          const { bytesAcknowledged: bytes = 0, recordsAcknowledged: records } = progress;
          recorder.add({ elapsedMs: Math.round(elapsedMs), bytes, records });
        },
      }).finally(narrator.copied);
      return recorder.throughput;
    },
    tidy: () => Promise.resolve(),
  };
}
