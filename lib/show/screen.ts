// The screen: results go to stdout, everything else to stderr; with `--json` stdout is kept for the report. A reader
// that has gone away (`| head`) ends the output, not the run.

import { escapeName } from "../core/escape_name.ts";
import type { LiveStreams } from "./live_streams.ts";
import type { Screen } from "./narrator.ts";

/** Raw output; whole texts with their line breaks. */
export interface Streams {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** The process's own streams. */
export function processStreams(): Streams {
  return { stdout: writer(Deno.stdout), stderr: writer(Deno.stderr) };
}

function writer(stream: { writeSync(bytes: Uint8Array): number }): (text: string) => void {
  const encoder = new TextEncoder();
  let gone = false;
  return (text) => {
    const bytes = encoder.encode(text);
    try {
      for (let written = 0; !gone && written < bytes.length;) {
        written += stream.writeSync(bytes.subarray(written));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      gone = true;
    }
  };
}

/** How lines are written. */
export interface ScreenOptions {
  /** Whether stdout is kept for the report. */
  readonly json: boolean;
  readonly color: boolean;
  /** Present where progress is redrawn in place. */
  readonly live?: LiveStreams["show"];
}

const SGR = { warning: "33", error: "31" } as const;

/** Lines over streams; nothing that a peer may have slipped into one can steer a terminal. */
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
