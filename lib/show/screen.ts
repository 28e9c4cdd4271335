// The screen: results go to stdout, everything else to stderr; with `--json`, stdout is reserved for the report. When the
// reader of stdout goes away (`| head`), the output ends, but not the run.

import { errorMessage } from "../model/error_message.ts";
import { escapeName } from "../model/escape_name.ts";
import type { ExitStatus } from "../report/verdict.ts";
import type { LiveStreams } from "./live_streams.ts";
import type { Screen } from "./narrator.ts";
import type { Streams } from "./streams.ts";

/** The process's own streams. A write error ends the output, not the run. */
export interface ProcessStreams extends Streams {
  /** Reports an error that kept results from being written, since such a run is no success. @returns the exit status */
  end(status: ExitStatus): ExitStatus;
}

/** Opens the process's streams. */
export function processStreams(): ProcessStreams {
  const [stdout, stderr] = [writer(Deno.stdout), writer(Deno.stderr)];
  return {
    stdout: stdout.write,
    stderr: stderr.write,
    end(status) {
      const failure = stdout.failure();
      if (failure === undefined) return status;
      stderr.write(`data-migrate: Cannot write to standard output: ${failure}\n`);
      return status === 0 ? 1 : status;
    },
  };
}

function writer(stream: { writeSync(bytes: Uint8Array): number }) {
  const encoder = new TextEncoder();
  let ended = false;
  let failure: string | undefined;
  return {
    /** The write error, if any. A reader that has gone away wanted no more output: that is no error. */
    failure: () => failure,
    write(text: string): void {
      const bytes = encoder.encode(text);
      try {
        for (let written = 0; !ended && written < bytes.length;) {
          written += stream.writeSync(bytes.subarray(written));
        }
      } catch (error) {
        ended = true;
        if (!(error instanceof Deno.errors.BrokenPipe)) failure = errorMessage(error);
      }
    },
  };
}

/** How lines are written. */
export interface ScreenOptions {
  /** Whether stdout is reserved for the report. */
  readonly json: boolean;
  readonly color: boolean;
  /** Present where progress is redrawn in place. */
  readonly live?: LiveStreams["show"];
}

const SGR = { warning: "33", error: "31" } as const;

/** Writes lines to streams, without anything in a line that could control a terminal. */
export function createScreen(streams: Streams, { json, color, live }: ScreenOptions): Screen {
  const line = (text: string) => `${escapeName(text.replace(/[\r\n]+/g, " "))}\n`;
  const notice: Screen["notice"] = (text, level) => {
    const label = level === undefined ? "" : `${level}: `;
    const painted = level !== undefined && color ? `\x1b[${SGR[level]}m${label}\x1b[0m` : label;
    streams.stderr(painted + line(text));
  };
  return {
    result: json ? (text) => notice(text) : (text) => streams.stdout(line(text)),
    notice,
    ...(live && { live }),
  };
}
