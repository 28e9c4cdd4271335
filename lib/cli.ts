// The edge of the program: arguments, files, streams and signals are wired to the pipeline here, and every way a run
// can end becomes an exit status. Nothing here knows Kafka.

import { formatProblems } from "./config/config_problem.ts";
import { loadConfig } from "./config/load_config.ts";
import type { MigrationConfig } from "./config/migration_config.ts";
import { jsonSchema } from "./config/schema.ts";
import { JournalError } from "./core/journal_entry.ts";
import { reportToJson } from "./core/report.ts";
import type { ExitStatus } from "./core/verdict.ts";
import { type CliOptions, HELP, parseCliOptions } from "./cli_options.ts";
import { decryptKey } from "./wire/private_key.ts";
import { trustSystemRoots } from "./wire/system_roots.ts";
import { ContinueError } from "./run/check_journal.ts";
import {
  JournalLockedError,
  JournalWriteError,
  openJournalFile,
  readJournalFile,
} from "./run/journal_file.ts";
import { runPipeline } from "./run/pipeline.ts";
import { type RunFiles, runFiles, writeReport } from "./run_files.ts";
import { openLog } from "./show/log.ts";
import { createNarrator } from "./show/narrator.ts";
import { createScreen, type Streams } from "./show/screen.ts";
import { buildInfo, versionText } from "./version.ts";

const EXAMPLE_CONFIG = new URL("../migration.yaml", import.meta.url);

/** Runs the program. @returns the exit status; the caller exits with it */
export async function main(args: readonly string[], streams: Streams): Promise<ExitStatus> {
  const options = parseCliOptions(args);
  if (typeof options === "string") {
    streams.stderr(`data-migrate: ${options}. Try --help\n`);
    return 2;
  }
  switch (options.action) {
    case "help":
      streams.stdout(HELP);
      return 0;
    case "version":
      streams.stdout(`${versionText()}\n`);
      return 0;
    case "schema":
      streams.stdout(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
      return 0;
    case "init":
      return init(options.config ?? "migration.yaml", streams);
    case "verify":
    case "run":
      return await run(options, streams);
  }
}

function init(path: string, streams: Streams): ExitStatus {
  try {
    Deno.writeTextFileSync(path, Deno.readTextFileSync(EXAMPLE_CONFIG), {
      createNew: true,
      mode: 0o600,
    });
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists
      ? "it exists already and is left as it is"
      : messageOf(error);
    streams.stderr(`data-migrate: Cannot write ${path}: ${reason}\n`);
    return 2;
  }
  streams.stdout(`Wrote ${path}: edit it, then run data-migrate to check\n`);
  return 0;
}

async function run(options: CliOptions, streams: Streams): Promise<ExitStatus> {
  const path = options.config ?? findConfig();
  const files = runFiles(path);
  trustSystemRoots();
  const config = readConfig(files, streams);
  if (config === undefined) return 2;
  try {
    return await runWithFiles(options, config, files, streams);
  } catch (error) {
    if (
      error instanceof ContinueError || error instanceof JournalError ||
      error instanceof RunFileError
    ) {
      streams.stderr(`data-migrate: ${error.message}\n`);
      return 2;
    }
    if (error instanceof JournalLockedError) {
      streams.stderr(`data-migrate: ${error.message}\n`);
      return 3;
    }
    if (error instanceof JournalWriteError || error instanceof LogWriteError) {
      streams.stderr(`data-migrate: ${error.message}\n`);
      return 1;
    }
    streams.stderr(
      `data-migrate: Unexpected failure: ${
        messageOf(error)
      }. What was done is kept in ${files.state}; the log is ${files.log}\n`,
    );
    return 1;
  }
}

/** The log or the state file cannot be opened: nothing has been contacted yet. Exit status 2. */
class RunFileError extends Error {
  override readonly name = "RunFileError";
}

/** The log could not be written any more; the run ended where it stood. Exit status 1. */
class LogWriteError extends Error {
  override readonly name = "LogWriteError";
}

async function opening<File>(path: string, open: () => File | Promise<File>): Promise<File> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof JournalError || error instanceof JournalLockedError) throw error;
    throw new RunFileError(
      `Cannot write ${path}: ${
        messageOf(error)
      }. Log, report and state file lie beside the config: make that directory writable`,
    );
  }
}

async function runWithFiles(
  options: CliOptions,
  config: MigrationConfig,
  files: RunFiles,
  streams: Streams,
): Promise<ExitStatus> {
  const mode = options.action === "verify"
    ? "verify"
    : options.mode ?? (config.checkFlag === 1 ? "migrate" : "check");
  const now = () => new Date();
  const runId = newRunId(now());
  const log = await opening(files.log, () => openLog(files.log, options.verbose));
  const journal = await opening(
    files.state,
    () => mode === "migrate" ? openJournalFile(files.state) : readJournalFile(files.state),
  ).catch((error) => {
    log.error(messageOf(error));
    log.close();
    throw error;
  });
  const interrupt = listenForSignals();
  try {
    if (mode === "verify" && journal.state === undefined) {
      throw new ContinueError(`There is no migration to verify: ${files.state} does not exist`);
    }
    const screen = createScreen(streams, options.json);
    const narrator = createNarrator(log, screen, options, buildInfo, () => performance.now());
    const configPath = absolutePath(files.config);
    narrator.started({ runId, configPath, mode, at: now() });
    const report = await runPipeline({
      config,
      mode,
      runId,
      configPath,
      version: buildInfo.version,
      journal,
      narrator,
      now,
      signal: AbortSignal.any([interrupt.signal, log.failed]),
    }).catch((error) => {
      log.error(messageOf(error));
      throw error;
    });
    if (log.failed.aborted) {
      throw new LogWriteError(
        `Cannot write ${files.log}: ${
          messageOf(log.failed.reason)
        }. Nothing is migrated unrecorded: make room, then run the same command again`,
      );
    }
    const json = reportToJson(report);
    writeReport(files.report, json);
    narrator.finished(report);
    if (options.json) streams.stdout(json);
    return report.verdict.exitStatus;
  } finally {
    interrupt.stop();
    journal.close();
    log.close();
  }
}

/** `migration.yaml` here, else beside the binary; where there is none, the one here is named in the error. */
function findConfig(): string {
  const name = "migration.yaml";
  const beside = `${Deno.execPath().replace(/\/[^/]*$/, "")}/${name}`;
  return !exists(name) && exists(beside) ? beside : name;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function readConfig(files: RunFiles, streams: Streams): MigrationConfig | undefined {
  let text: Uint8Array;
  try {
    text = Deno.readFileSync(files.config);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file; data-migrate --init writes one"
      : messageOf(error);
    streams.stderr(`data-migrate: Cannot read ${files.config}: ${reason}\n`);
    return undefined;
  }
  const loaded = loadConfig(text, {
    file: files.config,
    env: (name) => Deno.env.get(name),
    readFile: (path) =>
      Deno.readFileSync(path.startsWith("/") ? path : `${files.directory}/${path}`),
    decryptKey,
  });
  if (loaded.ok) return loaded.config;
  streams.stderr(`${formatProblems(loaded.problems, text)}\n`);
  return undefined;
}

/** `20221103T150208-4f3a`: when the run began (UTC) and something random. */
function newRunId(at: Date): string {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+Z/g, "");
  return `${time}-${crypto.randomUUID().slice(0, 4)}`;
}

function absolutePath(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns the first signal into an abort; further ones have their usual effect and end the process at once. */
function listenForSignals(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const stop = () => SIGNALS.forEach((name) => Deno.removeSignalListener(name, onSignal));
  const onSignal = () => {
    stop();
    controller.abort();
  };
  SIGNALS.forEach((name) => Deno.addSignalListener(name, onSignal));
  return {
    signal: controller.signal,
    stop() {
      if (!controller.signal.aborted) stop();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
