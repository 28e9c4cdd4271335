// Durations and sizes as `migration.yaml` writes them: a number and a unit. Ambiguous units are refused (`m` for megabytes,
// `mb`, a duration without a unit).

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** SI units are powers of ten, IEC units are powers of two. */
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Parses `500ms`, `90s`, `10m`, `2h` into milliseconds; undefined where the text is no duration. */
export function parseDurationMs(text: string): number | undefined {
  return parseQuantity(text, MILLISECONDS);
}

/** Parses `50MB` (10^6), `1MiB` (2^20), `4096B` into bytes; undefined where the text is no size. */
export function parseSizeBytes(text: string): number | undefined {
  return parseQuantity(text, BYTES);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit] = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]+)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  return Math.round(Number(number) * (units[unit] ?? NaN));
}
