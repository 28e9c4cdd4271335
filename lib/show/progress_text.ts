// The progress of a copy in words: the plain line for logs and pipes, and the phrases of the live view, so that both say
// the same. Pure.

import { formatBytes, formatCount, formatDuration } from "../model/units.ts";
import { type Speed, timeLeftMs } from "./meter.ts";

/** The figures to show. */
export interface ProgressFigures {
  readonly offsetsDone: bigint;
  readonly offsetsPlanned: bigint;
  readonly records: bigint;
  /** Absent where the number of bytes is not known. */
  readonly bytes?: number;
  /** Absent in the first seconds. */
  readonly speed?: Speed;
  readonly elapsedMs: number;
  readonly partitionsSettled: number;
  readonly partitions: number;
  /** How many requests were retried. */
  readonly retries: number;
  /** How long the brokers of each side have throttled us, in milliseconds. */
  readonly throttledMs: { readonly source: number; readonly target: number };
}

/** Percentage done, 0 to 100; 100 only when everything is done. */
export function shareOf(
  { offsetsDone, offsetsPlanned }: Pick<ProgressFigures, "offsetsDone" | "offsetsPlanned">,
): number {
  if (offsetsDone >= offsetsPlanned) return 100;
  return Math.max(0, Number(offsetsDone * 1000n / offsetsPlanned) / 10);
}

/** `210 MB/s` (where bytes are known) and `204,123 messages/s`, or a dash for each. */
export function speedText(
  { speed, bytes }: Pick<ProgressFigures, "speed" | "bytes">,
): readonly string[] {
  const records = speed === undefined ? "–" : formatCount(Math.round(speed.records));
  const inBytes = speed === undefined ? "– MB" : formatBytes(speed.bytes);
  return [...(bytes === undefined ? [] : [`${inBytes}/s`]), `${records} messages/s`];
}

/** `about 4 s left`; `– left` while there is no estimate; nothing at the end. */
export function timeLeftText(
  { offsetsDone, offsetsPlanned, speed }: Pick<
    ProgressFigures,
    "offsetsDone" | "offsetsPlanned" | "speed"
  >,
): string | undefined {
  if (offsetsDone >= offsetsPlanned) return undefined;
  const left = timeLeftMs(offsetsPlanned - offsetsDone, speed);
  return left === undefined ? "– left" : `about ${formatDuration(Math.max(left, 1000))} left`;
}

/** Phrases about retries and throttling; none where there were neither. */
export function progressNotes(
  { retries, throttledMs: { source, target } }: Pick<ProgressFigures, "retries" | "throttledMs">,
): readonly string[] {
  return [
    retries > 0 && `retries: ${formatCount(retries)}`,
    source > 0 && `throttled by the source: ${formatDuration(source)}`,
    target > 0 && `throttled by the target: ${formatDuration(target)}`,
  ].filter((note) => note !== false);
}

/** `copied 41 %, 31,200 messages, 32.1 MB, 210 MB/s, 204,123 messages/s, 3 of 6 partitions, about 4 s left`. */
export function progressLine(figures: ProgressFigures): string {
  const left = timeLeftText(figures);
  return [
    `copied ${Math.floor(shareOf(figures))} %`,
    `${formatCount(figures.records)} messages`,
    ...(figures.bytes === undefined ? [] : [formatBytes(figures.bytes)]),
    ...speedText(figures),
    `${figures.partitionsSettled} of ${figures.partitions} partitions`,
    ...(left === undefined ? [] : [left]),
    ...progressNotes(figures),
  ].join(", ");
}
