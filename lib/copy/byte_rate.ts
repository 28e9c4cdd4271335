// A limit in bytes a second as debt: what is spent has to be paid at the rate before anything more is spent. It never
// splits what is spent, so one piece larger than a second's worth passes whole and is paid for afterwards. No clock
// and no waiting: whoever asks says what time it is.

/** A limit and what has been spent under it. */
export interface ByteRate {
  /** Milliseconds until everything spent is paid; 0: more may be spent. */
  waitMs(nowMs: number): number;
  /** Counts bytes; negative ones take back what was counted too much. */
  spend(bytes: number, nowMs: number): void;
}

/** So much of the time in which nothing was spent is made up for later: timers are late, answers take their time. */
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
