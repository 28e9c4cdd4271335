// One run of a config, from its files to its exit status: log, journal, signals and pipeline are wired together here,
// and every way the run can end becomes a status. It runs confined (confine.ts): no other program, no variable, no
// file but the config's own.

import type { MigrationConfig } from "./config/migration_config.ts";
import { errorMessage } from "./model/error_message.ts";
import type { Finding } from "./model/finding.ts";
import { JournalError } from "./journal/journal_entry.ts";
import { reportToJson } from "./report/report.ts";
import type { ExitStatus } from "./report/verdict.ts";
import type { CliOptions } from "./cli_options.ts";
import { ContinueError } from "./preflight/check_journal.ts";
import { openedEntry } from "./local_copy/journal_entries.ts";
import { JournalWriteError, openJournalFile, readJournalFile } from "./files/journal_file.ts";
import { JournalLockedError } from "./files/open_locked.ts";
import { renderPage } from "./page/page.ts";
import { optional } from "./model/optional.ts";
import { runPipeline } from "./run/pipeline.ts";
import { readIfThere, refuseOddFile, type RunFiles, writeReport } from "./files/run_files.ts";
import { openLog } from "./show/log.ts";
import type { LiveStreams } from "./show/live_streams.ts";
import { createNarrator } from "./show/narrator.ts";
import { createScreen } from "./show/screen.ts";
import type { Streams } from "./show/streams.ts";
import { terminalSize, type TerminalTraits } from "./show/terminal.ts";
import { buildInfo } from "./process/version.ts";

/** What is run. */
export interface RunRequest {
  readonly options: CliOptions;
  readonly config: MigrationConfig;
  readonly files: RunFiles;
  /** The config's path from the root, to be shown. */
  readonly configPath: string;
  /** What the config itself gives cause to say. */
  readonly findings: readonly Finding[];
  readonly terminal: TerminalTraits;
}

/** Runs a config. @returns the exit status */
export async function runConfig(request: RunRequest, streams: Streams): Promise<ExitStatus> {
  const { files } = request;
  try {
    return await runWithFiles(request, streams);
  } catch (error) {
    const { status, text } = failureOf(error, files);
    streams.stderr(`data-migrate: ${text}\n`);
    return status;
  }
}

/** What a run that could not go on ends with, and what to do about it; the log and the screen say the same. */
function failureOf(
  error: unknown,
  files: RunFiles,
): { readonly status: ExitStatus; readonly text: string } {
  const text = errorMessage(error);
  if (
    error instanceof ContinueError || error instanceof JournalError ||
    error instanceof RunFileError
  ) return { status: 2, text };
  if (error instanceof JournalLockedError) return { status: 3, text };
  if (error instanceof JournalWriteError || error instanceof LogWriteError) {
    return { status: 1, text };
  }
  return {
    status: 1,
    text:
      `Unexpected failure: ${text}. What was done is kept in ${files.state}, the log is ${files.log}: run the same command again to continue`,
  };
}

/** The log or the state file cannot be opened: nothing has been contacted yet. Exit status 2. */
class RunFileError extends Error {
  override readonly name = "RunFileError";
}

/** The log could not be written any more; the run stopped there. Exit status 1. */
class LogWriteError extends Error {
  override readonly name = "LogWriteError";
}

async function opening<File>(path: string, open: () => File | Promise<File>): Promise<File> {
  try {
    refuseOddFile(path);
    return await open();
  } catch (error) {
    if (error instanceof JournalError || error instanceof JournalLockedError) throw error;
    // What a shell hands on as `<(…)` has a name among the devices, where a run may write nothing.
    const [reason, remedy] = error instanceof Deno.errors.NotCapable
      ? ["no files belong there", "give the config as a file in a directory"]
      : [errorMessage(error), "make that directory writable"];
    throw new RunFileError(
      `Cannot write ${path}: ${reason}. Log, report and state file lie beside the config: ${remedy}`,
    );
  }
}

async function runWithFiles(
  { options, config, files, configPath, findings, terminal }: RunRequest,
  processStreams: Streams,
): Promise<ExitStatus> {
  const mode = options.action === "verify"
    ? "verify"
    : options.mode ?? (config.checkFlag === 1 ? "migrate" : "check");
  const now = () => new Date();
  const runId = newRunId(now());
  const log = await opening(files.log, () => openLog(files.log, options.verbose));
  const journal = await opening(
    files.state,
    () =>
      mode === "migrate"
        ? openJournalFile(files.state, openedEntry({ runId, now }))
        : readJournalFile(files.state),
  ).catch((error) => {
    log.error(failureOf(error, files).text);
    log.close();
    throw error;
  });
  const interrupt = listenForSignals();
  const live = terminal.live && options.progress && !options.quiet
    ? await liveStreams(processStreams, terminal)
    : undefined;
  const streams = live ?? processStreams;
  try {
    if (mode === "verify" && journal.state === undefined) {
      throw new ContinueError(
        `There is no migration to verify: ${files.state} does not exist. Migrate first, with --migrate`,
      );
    }
    const screen = createScreen(streams, {
      json: options.json,
      color: terminal.color,
      ...(live && { live: live.show }),
    });
    const narrator = createNarrator(log, screen, options, buildInfo, () => performance.now());
    narrator.started({ runId, configPath, mode, at: now() });
    const report = await runPipeline({
      config,
      mode,
      runId,
      configPath,
      version: buildInfo.version,
      findings,
      ...optional("lastReport", readIfThere(files.report)),
      journal,
      narrator,
      now,
      signal: AbortSignal.any([interrupt.signal, log.failed]),
    }).catch((error) => {
      log.error(failureOf(error, files).text);
      throw error;
    });
    if (log.failed.aborted) {
      throw new LogWriteError(
        `Cannot write ${files.log}: ${
          errorMessage(log.failed.reason)
        }. Nothing is migrated unrecorded: make room, then run the same command again`,
      );
    }
    const json = reportToJson(report);
    const unwritten = whyUnwritten(files, { json, html: renderPage(report) });
    narrator.finished(report);
    if (options.json) streams.stdout(json);
    const { exitStatus } = report.verdict;
    if (unwritten === undefined) return exitStatus;
    log.error(unwritten);
    streams.stderr(`data-migrate: ${unwritten}\n`);
    return exitStatus === 0 ? 1 : exitStatus;
  } finally {
    live?.show(undefined);
    interrupt.stop();
    journal.close();
    log.close();
  }
}

/** Writes the report. @returns what kept it from being written: what was done stands all the same */
function whyUnwritten(
  files: RunFiles,
  content: { readonly json: string; readonly html: string },
): string | undefined {
  try {
    writeReport(files, content);
    return undefined;
  } catch (error) {
    return `Cannot write the report: ${
      errorMessage(error)
    }. What was done stands, and is told in ${files.log}; run the same command again for a report`;
  }
}

/** Loaded where there is a terminal: what draws on it takes a twentieth of the start. */
async function liveStreams(streams: Streams, terminal: TerminalTraits): Promise<LiveStreams> {
  const { createLiveStreams } = await import("./show/live_streams.ts");
  return createLiveStreams(streams, terminal, terminalSize);
}

/** `20221103T150208-4f3a`: when the run began (UTC) and something random. */
function newRunId(at: Date): string {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+Z/g, "");
  return `${time}-${crypto.randomUUID().slice(0, 4)}`;
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
