// Numbers and quantities as people read them, the same on the screen, in the log and on the report's page.
// Nothing here parses; sizes are decimal (MB = 10^6 bytes), as everywhere in the tool.

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** A whole number with commas: `76,522`. */
export function formatCount(count: bigint | number): string {
  const digits = BigInt(count).toString();
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A whole number with its noun: `1 message`, `76,522 messages`. The plural is the noun with an s unless given. */
export function countOf(count: bigint | number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${BigInt(count) === 1n ? noun : plural}`;
}

/** Bytes in decimal units with three significant digits at most: `999 B`, `1.5 kB`, `50 MB`, `2.05 GB`. */
export function formatBytes(bytes: bigint | number): string {
  let value = Number(bytes);
  let unit = 0;
  // From 999.5 on, a value would round up to a four-digit 1000 of the smaller unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${threeDigits(value)} ${BYTE_UNITS[unit]}`;
}

/** A duration in milliseconds: `850 ms`, `4.2 s`, `103 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < 1000) return `${ms} ms`;
  if (ms < 9950) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** Bytes a second over a span: `52.3 MB/s`; `–` where the span is too short for a rate. */
export function formatRate(bytes: bigint | number, durationMs: number): string {
  return durationMs > 0 ? `${formatBytes((Number(bytes) * 1000) / durationMs)}/s` : "–";
}

/** The sum of one quantity over several values. */
export function sum<T>(values: readonly T[], quantity: (value: T) => bigint): bigint {
  return values.reduce((total, value) => total + quantity(value), 0n);
}

function threeDigits(value: number): string {
  return String(value < 999.5 ? Number(value.toPrecision(3)) : Math.round(value));
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
