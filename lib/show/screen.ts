// The screen: results go to stdout, everything else to stderr; with `--json` stdout is kept for the report. A reader
// that has gone away (`| head`) ends the output, not the run.

import { escapeName } from "../core/escape_name.ts";
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

/** Lines over streams; nothing that a peer may have slipped into one can steer a terminal. */
export function createScreen(streams: Streams, json: boolean): Screen {
  const line = (text: string) => `${escapeName(text.replace(/[\r\n]+/g, " "))}\n`;
  const notice = (text: string) => streams.stderr(line(text));
  return { result: json ? notice : (text) => streams.stdout(line(text)), notice };
}
