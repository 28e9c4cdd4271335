// The live view of a copy: takes state and size, returns text. Every line is shorter than the screen is wide, so that no
// terminal wraps it, and the view leaves the last row to the cursor. Pure; live_streams.ts draws it.

import { escapeName } from "../model/escape_name.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { countOf, formatBytes, formatCount, formatDuration } from "../model/units.ts";
import { progressNotes, shareOf, speedText, timeLeftText } from "./progress_text.ts";
import type { ProgressFigures } from "./progress_text.ts";
import type { TerminalSize } from "./terminal.ts";

/** What the view shows. */
export interface LiveState extends ProgressFigures {
  /** Brokers and other things that do not answer at the moment, as phrases. */
  readonly troubles: readonly string[];
  /** The partitions with the most left to copy, most first. */
  readonly slowest: readonly PartitionStanding[];
}

/** How far the copy of a partition is. */
export interface PartitionStanding extends TopicPartition {
  readonly offsetsDone: bigint;
  readonly offsetsPlanned: bigint;
}

const MOST_TROUBLES = 2;
const MOST_PARTITIONS = 5;
const SHORTEST_BAR = 8;
const PARTITION_BAR = 16;

type Style = "none" | "bar" | "rest" | "trouble";
const SGR: Readonly<Record<Exclude<Style, "none">, string>> = {
  bar: "32",
  rest: "2",
  trouble: "33",
};
type Paint = (text: string, style: Style) => string;

/** Renders the view as lines joined by line breaks; escape sequences are used for colour only. */
export function renderLive(state: LiveState, size: TerminalSize, color: boolean): string {
  const width = Math.max(1, size.columns - 1);
  const rows = Math.max(1, size.rows - 1);
  const paint: Paint = (text, style) =>
    color && style !== "none" && text !== "" ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text;
  const { elapsedMs, records, bytes } = state;
  const left = timeLeftText(state);
  const lines = [
    overall(state, width, paint),
    ...flow([...speedText(state), ...(left === undefined ? [] : [left])], width),
    ...flow(
      [
        countOf(records, "message"),
        `${bytes === undefined ? "" : `${formatBytes(bytes)} `}in ${formatDuration(elapsedMs)}`,
      ],
      width,
    ),
    ...flow(progressNotes(state), width),
    ...troubleLines(state.troubles, width).map((line) => paint(line, "trouble")),
  ];
  const room = Math.min(MOST_PARTITIONS, rows - lines.length - 1);
  if (state.slowest.length > 0 && room > 0) {
    lines.push(cut("Furthest from the end:", width));
    lines.push(...partitionLines(state.slowest.slice(0, room), width, paint));
  }
  return lines.slice(0, rows).join("\n");
}

/** ` 41 % ████████░░░░░░░░░░░░ 3 of 6 partitions`, shortened where there is no room. */
function overall(state: LiveState, width: number, paint: Paint): string {
  const percent = percentText(shareOf(state));
  const finished = ` ${state.partitionsSettled} of ${state.partitions} partitions`;
  for (const after of [finished, ""]) {
    const room = width - percent.length - 1 - after.length;
    if (room >= SHORTEST_BAR) return `${percent} ${bar(shareOf(state), room, paint)}${after}`;
  }
  return cut(percent.trimStart(), width);
}

function partitionLines(
  partitions: readonly PartitionStanding[],
  width: number,
  paint: Paint,
): readonly string[] {
  const rows = partitions.map((each) => ({
    name: escapeName(formatTopicPartition(each)),
    share: shareOf(each),
    left: ` ${formatCount(each.offsetsPlanned - each.offsetsDone)} left`,
  }));
  const leftWidth = Math.max(...rows.map(({ left }) => left.length));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const barWidth = width >= 70 ? PARTITION_BAR + 1 : 0;
  const names = Math.max(8, Math.min(nameWidth, width - 2 - 1 - 5 - barWidth - leftWidth));
  return rows.map(({ name, share, left }) => {
    const drawn = barWidth === 0 ? "" : `${bar(share, PARTITION_BAR, paint)} `;
    const line = `  ${cutMiddle(name, names).padEnd(names)} ${drawn}${percentText(share)}${
      left.padStart(leftWidth)
    }`;
    return barWidth === 0 ? cut(line, width) : line;
  });
}

function troubleLines(troubles: readonly string[], width: number): readonly string[] {
  const more = troubles.length - MOST_TROUBLES;
  return troubles.slice(0, MOST_TROUBLES).map((trouble, index) => {
    const others = more > 0 && index === MOST_TROUBLES - 1 ? ` and ${more} more` : "";
    return cut(cut(`Retrying: ${escapeName(trouble)}`, width - others.length) + others, width);
  });
}

function bar(share: number, width: number, paint: Paint): string {
  const full = Math.floor((width * share) / 100);
  return paint("█".repeat(full), "bar") + paint("░".repeat(width - full), "rest");
}

/** Shows less than 100 before the end. */
function percentText(share: number): string {
  return `${Math.floor(share)} %`.padStart(5);
}

/** Joins phrases into as few lines as possible. */
function flow(phrases: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const phrase of phrases) {
    const last = lines.at(-1);
    const joined = last === undefined ? phrase : `${last}, ${phrase}`;
    if (last !== undefined && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(cut(phrase, width));
  }
  return lines;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Cuts out the middle, because a partition's name is recognised by its end as much as by its beginning. */
function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - end)}…${text.slice(text.length - end)}`;
}
