// A limit in bytes a second, kept as debt: bytes that were spent have to be paid for, at the rate, before more may be
// spent. A piece is never split, so one that is larger than a second's worth passes whole and is paid for afterwards.
// No clock and no waiting: the caller says what time it is.

/** A limit and what has been spent under it. */
export interface ByteRate {
  /** Milliseconds until all that was spent is paid for; 0: more may be spent. */
  waitMs(nowMs: number): number;
  /** Counts bytes; negative ones take back what was counted too much. */
  spend(bytes: number, nowMs: number): void;
}

/** Time without spending is credited up to this much, since timers fire late and answers take their time. */
const CREDIT_MS = 250;

/** A limit under which nothing has been spent yet. */
export function createByteRate(bytesPerSecond: number): ByteRate {
  let paidAtMs = -Infinity;
  return {
    waitMs: (nowMs) => Math.max(0, paidAtMs - nowMs),
    spend(bytes, nowMs) {
      const from = bytes > 0 ? Math.max(paidAtMs, nowMs - CREDIT_MS) : paidAtMs;
      paidAtMs = from + bytes * 1000 / bytesPerSecond;
    },
  };
}
