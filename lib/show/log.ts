// The text log beside the config, one line an event, in the format of Python's logging module:
// `2022-11-03 15:02:08,123 - INFO - text` (local time). Appended to, never rotated.

import { escapeName } from "../model/escape_name.ts";
import { liesAt } from "../files/run_files.ts";
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";

/** Where events are written. Texts are whole sentences or phrases without secrets. */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
}

/** A log that is written to a file. */
export interface LogFile extends Log {
  /** Fires, with the error as its reason, when something could not be written: a run must not go on unrecorded. */
  readonly failed: AbortSignal;
  close(): void;
}

const LEVELS: Readonly<Record<LogRecord["level"], string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warning: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

/**
 * Opens the log for appending; a new file is readable by its owner only.
 *
 * @param verbose whether debug events are written too
 * @throws when the file cannot be opened
 */
export function openLog(path: string, verbose: boolean): LogFile {
  const file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  if (!liesAt(file, path)) {
    file.close();
    throw new Error("something else was put there while it was opened");
  }
  const encoder = new TextEncoder();
  const failure = new AbortController();
  configureSync({
    reset: true,
    sinks: {
      file: (record) => {
        const level = LEVELS[record.level];
        const bytes = encoder.encode(
          formatLogLine(record.timestamp, level, record.message.join("")),
        );
        try {
          for (let written = 0; written < bytes.length;) {
            written += file.writeSync(bytes.subarray(written));
          }
        } catch (error) {
          failure.abort(error);
        }
      },
    },
    loggers: [
      { category: "data-migrate", sinks: ["file"], lowestLevel: verbose ? "debug" : "info" },
      { category: ["logtape", "meta"], sinks: ["file"], lowestLevel: "error" },
    ],
  });
  const logger = getLogger("data-migrate");
  // Texts are passed as a property: LogTape's own template syntax would interpret braces in a topic's name.
  return {
    debug: (text) => logger.debug("{text}", { text }),
    info: (text) => logger.info("{text}", { text }),
    warning: (text) => logger.warning("{text}", { text }),
    error: (text) => logger.error("{text}", { text }),
    failed: failure.signal,
    close() {
      resetSync();
      file.close();
    },
  };
}

/**
 * One line with its line break; line breaks in the text become spaces. Names are escaped where they are put into a text; what
 * a peer may have slipped in otherwise (a host's name, a broker's error text) is escaped here.
 */
export function formatLogLine(timestampMs: number, level: string, text: string): string {
  return `${formatLocalTime(new Date(timestampMs))} - ${level} - ${
    escapeName(text.replace(/[\r\n]+/g, " "))
  }\n`;
}

/** `2022-11-03 15:02:08,123`, local time. */
export function formatLocalTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${day} ${clock},${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** `UTC+08:00`: the offset of local time from UTC at that time. */
export function formatUtcOffset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const two = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, "0");
  return `UTC${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
