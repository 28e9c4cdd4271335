// The limit on one side of the copy, for all of its lanes together: they take turns, in the order they asked, each
// when what was sent before is paid. Without a limit nobody waits. It knows no broker and holds no memory: whoever
// waits here must hold none either.

import { createByteRate } from "./byte_rate.ts";

/** One side's limit. */
export interface Pace {
  /** The largest piece to ask for at once, in bytes, so that the limit is kept evenly; undefined without a limit. */
  readonly pieceBytes: number | undefined;
  /**
   * Calls `go` when it is its turn, at once without a limit, and when the signal has fired, so that nobody stays behind.
   *
   * @param go sends something, or nothing; returns how many bytes to count
   */
  ask(go: () => number): void;
  /** Counts bytes that turned out to be more, or fewer (negative), than `go` said. */
  correct(bytes: number): void;
}

/** What a timer takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A piece is worth so much of a second: over five of them, one more or less is 4 %. */
const PIECE_SECONDS = 0.2;

/** No limit. */
export const UNLIMITED: Pace = {
  pieceBytes: undefined,
  ask: (go) => void go(),
  correct() {},
};

/** Waits for a turn, which counts so many bytes. */
export function takeTurn(pace: Pace, bytes: number): Promise<void> {
  return new Promise((resolve) =>
    pace.ask(() => {
      resolve();
      return bytes;
    })
  );
}

/** A pace of so many bytes a second. */
export function createPace(bytesPerSecond: number | undefined, signal: AbortSignal): Pace {
  if (bytesPerSecond === undefined) return UNLIMITED;
  const rate = createByteRate(bytesPerSecond);
  const waiting: (() => number)[] = [];
  let timer: number | undefined;
  let admitting = false;

  /** Lets those go whose turn has come. */
  function admit(): void {
    // Whoever goes may ask again: that is for when its bytes are counted.
    if (admitting) return;
    admitting = true;
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const waitMs = signal.aborted ? 0 : rate.waitMs(performance.now());
      if (waitMs > 0) {
        timer = setTimeout(admit, Math.min(Math.ceil(waitMs), LONGEST_TIMER_MS));
        break;
      }
      rate.spend(waiting.shift()?.() ?? 0, performance.now());
    }
    admitting = false;
  }

  signal.addEventListener("abort", admit, { once: true });
  return {
    pieceBytes: Math.max(1, Math.round(bytesPerSecond * PIECE_SECONDS)),
    ask(go) {
      waiting.push(go);
      if (timer === undefined) admit();
    },
    correct(bytes) {
      rate.spend(bytes, performance.now());
      // Fewer bytes than counted: the next turn comes sooner.
      if (bytes < 0 && timer !== undefined) admit();
    },
  };
}
