// Points that a copy's journal knows of both logs of a partition, and what they tell of the target offset that belongs
// to a source offset: that of the first copied record at or after it. Where every offset between two points was a record
// of ours on both sides, it is a sum; elsewhere somebody has to look, and it is said where from.

import { maxOffset, type OffsetSpan, withoutSpans } from "../model/offsets.ts";

/** Everything before `sourceOffset` is copied: `records` in all plans, the last of them before `targetOffset`. */
export interface OffsetMark {
  readonly sourceOffset: bigint;
  readonly records: bigint;
  readonly targetOffset: bigint;
}

/** So many marks of a partition are kept; beyond, every second one goes. */
const MOST_MARKS = 500;

/** The marks with one more behind them; those between which nothing is left open are joined. */
export function addMark(marks: readonly OffsetMark[], added: OffsetMark): readonly OffsetMark[] {
  const last = marks.at(-1);
  if (last !== undefined && added.sourceOffset <= last.sourceOffset) {
    return added.records === last.records ? marks : [...marks.slice(0, -1), added];
  }
  const before = marks.at(-2);
  const joined = before !== undefined && last !== undefined && isDense(before, last) &&
    isDense(last, added);
  const kept = joined ? marks.slice(0, -1) : marks;
  return [...kept.length < MOST_MARKS ? kept : thinned(kept), added];
}

/** The first mark stays: everything before it is not ours. */
function thinned(marks: readonly OffsetMark[]): readonly OffsetMark[] {
  return marks.filter((_, index) => index % 2 === 0);
}

/** Whether each offset from one mark to the other is a record of ours, on both sides. */
function isDense(from: OffsetMark, to: OffsetMark): boolean {
  const records = to.records - from.records;
  return to.sourceOffset - from.sourceOffset === records &&
    to.targetOffset - from.targetOffset === records;
}

/** What is known of the copy of one partition. */
export interface CopiedOffsets {
  /** In order. */
  readonly marks: readonly OffsetMark[];
  /** Target offsets journaled when their records were acknowledged, by source offset. */
  readonly positions: ReadonlyMap<bigint, bigint>;
  /** Source offset of the first range's start, and after the newest range's end. */
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  readonly records: bigint;
  /** Absent where nothing was copied. */
  readonly targetFirstOffset?: bigint;
  /** After our last record; the target's end when the plan was made where nothing was copied. */
  readonly targetOffset: bigint;
}

/**
 * Offsets at or behind a position, up to the end of what is copied, that the source may hold messages at and no plan has
 * comprised: a group that came, or went back, behind the start of what was planned would miss them. The first such span.
 *
 * @param ranges what all plans comprise, in order
 * @param logStartOffset the source's; what lies before it has expired
 */
export function neverPlanned(
  ranges: readonly OffsetSpan[],
  sourceOffset: bigint,
  logStartOffset: bigint,
): OffsetSpan | undefined {
  const endOffset = ranges.at(-1)?.endOffset ?? 0n;
  const startOffset = maxOffset(sourceOffset, logStartOffset);
  if (startOffset >= endOffset) return undefined;
  return withoutSpans([{ startOffset, endOffset }], ranges)[0];
}

/** A target offset, or between which marks somebody has to look for it. */
export type Translation =
  | { readonly targetOffset: bigint }
  | { readonly from: OffsetMark; readonly to: OffsetMark };

/** Translates a committed offset of the source. */
export function translateOffset(copied: CopiedOffsets, sourceOffset: bigint): Translation {
  const { marks, positions, targetFirstOffset, targetOffset } = copied;
  if (targetFirstOffset === undefined || sourceOffset >= copied.endOffset) return { targetOffset };
  // Expired, or before what was planned first: our first record.
  if (sourceOffset <= copied.startOffset) return { targetOffset: targetFirstOffset };
  const journaled = positions.get(sourceOffset);
  if (journaled !== undefined) return { targetOffset: journaled };
  const behind = firstBehind(marks, sourceOffset);
  const to = marks[behind] ?? {
    sourceOffset: copied.endOffset,
    records: copied.records,
    targetOffset,
  };
  const before = marks[behind - 1];
  if (before === undefined) return { targetOffset: targetFirstOffset };
  // Nothing of ours lies before our first record.
  const from = before.records > 0n || before.targetOffset >= targetFirstOffset
    ? before
    : { ...before, targetOffset: targetFirstOffset };
  // Nothing of ours lies between, or behind: the end of all.
  if (from.records === to.records && to.records === copied.records) return { targetOffset };
  if (isDense(from, to)) {
    return { targetOffset: from.targetOffset + (sourceOffset - from.sourceOffset) };
  }
  return { from, to };
}

/** The index of the first mark behind an offset; their number where there is none. */
function firstBehind(marks: readonly OffsetMark[], sourceOffset: bigint): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const mark = marks[middle];
    if (mark !== undefined && mark.sourceOffset > sourceOffset) high = middle;
    else low = middle + 1;
  }
  return low;
}
