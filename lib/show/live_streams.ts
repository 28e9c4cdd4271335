// Streams with a live view below the text written so far: new text is written above the view, in one write where possible,
// and the view is drawn again below it. log-update does the drawing. The cursor is never hidden, so that the terminal stays
// usable however the program ends.

import { createLogUpdate } from "log-update";
import { type LiveState, renderLive } from "./live_view.ts";
import type { Streams } from "./streams.ts";
import type { TerminalSize, TerminalTraits } from "./terminal.ts";

/** Streams that can show a view. */
export interface LiveStreams extends Streams {
  /** Shows the view, or removes it. */
  show(state: LiveState | undefined): void;
}

/** The number of lines kept, to be written again when a resize has garbled the screen. */
const MOST_KEPT = 200;
const HOME_AND_CLEAR = "\x1b[H\x1b[2J";

/** Wraps streams whose stderr is a terminal; `size` is called at each drawing. */
export function createLiveStreams(
  streams: Streams,
  { color, results }: Pick<TerminalTraits, "color" | "results">,
  size: () => TerminalSize,
): LiveStreams {
  let shown: LiveState | undefined;
  let drawn = size();
  let widest = 0;
  let pending = "";
  let kept: string[] = [];
  const terminal = {
    isTTY: true,
    get columns() {
      return drawn.columns;
    },
    get rows() {
      return drawn.rows;
    },
    write: (text: string) => {
      pending += text;
      return true;
    },
  };
  const draw = createLogUpdate(terminal as unknown as NodeJS.WritableStream, { showCursor: true });

  function flush(): void {
    if (pending !== "") streams.stderr(pending);
    pending = "";
  }

  function redraw(): void {
    if (shown === undefined) return;
    const now = size();
    const garbled = now.columns < drawn.columns && widest > now.columns;
    drawn = now;
    const view = renderLive(shown, now, color);
    if (garbled) {
      // A program cannot ask whether the terminal has wrapped the view's lines, so it does not know how many rows to erase, and
      // writes the screen anew. Most terminals move what is cleared into their scrollback.
      draw.done();
      pending += HOME_AND_CLEAR + lastLines(now.rows - view.split("\n").length - 1);
    }
    widest = Math.max(...renderLive(shown, now, false).split("\n").map((line) => line.length));
    draw(view);
    flush();
  }

  /** The last of the kept lines that fit into so many rows. */
  function lastLines(rows: number): string {
    let free = rows;
    let from = kept.length;
    while (from > 0) {
      free -= Math.max(1, Math.ceil((kept[from - 1]?.length ?? 0) / drawn.columns));
      if (free < 0) break;
      from--;
    }
    return kept.slice(from).map((line) => `${line}\n`).join("");
  }

  function keep(text: string): void {
    kept = [...kept, ...text.replace(/\n$/, "").split("\n")].slice(-MOST_KEPT);
  }

  return {
    stdout(text) {
      if (results) keep(text);
      if (shown !== undefined && results) {
        draw.clear();
        flush();
      }
      streams.stdout(text);
      if (results) redraw();
    },
    stderr(text) {
      keep(text);
      if (shown !== undefined) draw.clear();
      pending += text;
      if (shown === undefined) flush();
      else redraw();
    },
    show(state) {
      if (state === undefined && shown !== undefined) {
        draw.clear();
        flush();
      }
      shown = state;
      redraw();
    },
  };
}
