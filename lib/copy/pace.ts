// The throttle of one side of the copy, for all of its lanes together. They take turns in the order in which they
// asked; a turn comes when the bytes sent before are paid for at the configured rate (byte_rate.ts). Without a limit
// nobody waits. It knows no broker and holds no memory, and a lane that waits here must hold none either.

import { createByteRate } from "./byte_rate.ts";

/** The throttle of one side. */
export interface Pace {
  /** The largest piece to ask for at once, in bytes, so that the limit is kept evenly; undefined without a limit. */
  readonly pieceBytes: number | undefined;
  /**
   * Calls `go` when its turn comes: at once without a limit, and also when the signal fires, so that nobody waits
   * forever.
   *
   * @param go sends something, or nothing; returns how many bytes to count
   */
  ask(go: () => number): void;
  /** Counts bytes that turned out to be more, or fewer (negative), than `go` said. */
  correct(bytes: number): void;
}

/** The longest time that a timer accepts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One piece is what passes in this time: in five seconds 25 pieces pass, so that one more or less is 4 %. */
const PIECE_SECONDS = 0.2;

/** No limit. */
export const UNLIMITED: Pace = {
  pieceBytes: undefined,
  ask: (go) => void go(),
  correct() {},
};

/** Waits for a turn, and counts `bytes` for it. */
export function takeTurn(pace: Pace, bytes: number): Promise<void> {
  return new Promise((resolve) =>
    pace.ask(() => {
      resolve();
      return bytes;
    })
  );
}

/** Makes a throttle of so many bytes a second. */
export function createPace(bytesPerSecond: number | undefined, signal: AbortSignal): Pace {
  if (bytesPerSecond === undefined) return UNLIMITED;
  const rate = createByteRate(bytesPerSecond);
  const waiting: (() => number)[] = [];
  let timer: number | undefined;
  let admitting = false;

  /** Calls the waiting ones whose turn has come. */
  function admit(): void {
    // A caller may ask again from within its turn: that waits until this turn's bytes are counted.
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
      // There were fewer bytes than counted: the next turn comes sooner.
      if (bytes < 0 && timer !== undefined) admit();
    },
  };
}
