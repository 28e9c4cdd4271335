// The offset map of a partition: marks, which are points that the journal knows in both logs, and the translation of a
// source offset to the target offset of the first copied record at or after it. Where the marks show that every offset
// between them is one of our records in both logs, the translation is an addition; elsewhere the target's log has to be
// searched, and the result says between which marks.

import { maxOffset, type OffsetSpan, withoutSpans } from "../model/offsets.ts";

/** Everything before `sourceOffset` is copied: `records` records in all plans, the last of them before `targetOffset`. */
export interface OffsetMark {
  readonly sourceOffset: bigint;
  readonly records: bigint;
  readonly targetOffset: bigint;
}

/** A partition keeps at most this many marks; beyond, every second one is dropped. */
const MOST_MARKS = 500;

/** Adds a mark after the others; marks with an unambiguous translation between them are joined. */
export function addMark(marks: readonly OffsetMark[], added: OffsetMark): readonly OffsetMark[] {
  const last = marks.at(-1);
  if (last !== undefined && added.sourceOffset <= last.sourceOffset) {
    return added.records === last.records ? marks : [...marks.slice(0, -1), added];
  }
  const before = marks.at(-2);
  const joined = before !== undefined && last !== undefined && isContiguous(before, last) &&
    isContiguous(last, added);
  const kept = joined ? marks.slice(0, -1) : marks;
  return [...kept.length < MOST_MARKS ? kept : thinned(kept), added];
}

/** Drops every second mark but keeps the first: records before it are not ours. */
function thinned(marks: readonly OffsetMark[]): readonly OffsetMark[] {
  return marks.filter((_, index) => index % 2 === 0);
}

/** Whether every offset between two marks is a record of ours, in both logs. */
function isContiguous(from: OffsetMark, to: OffsetMark): boolean {
  const records = to.records - from.records;
  return to.sourceOffset - from.sourceOffset === records &&
    to.targetOffset - from.targetOffset === records;
}

/** What the journal knows about the copy of one partition. */
export interface CopiedOffsets {
  /** The marks, in order. */
  readonly marks: readonly OffsetMark[];
  /** Target offsets journaled when their records were acknowledged, by source offset. */
  readonly positions: ReadonlyMap<bigint, bigint>;
  /** Source offset where the first range starts; `endOffset` is the end of the newest range. */
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  readonly records: bigint;
  /** Target offset of our first record; absent where nothing was copied. */
  readonly targetFirstOffset?: bigint;
  /** Target offset after our last record; where nothing was copied, the target's end when the plan was made. */
  readonly targetOffset: bigint;
}

/**
 * The first span of offsets, at or after a position and before the end of what is copied, that no plan covers although the
 * source may hold messages there. A group that appeared, or went back, before the start of the planned range would miss
 * them.
 *
 * @param ranges the ranges of all plans, in order
 * @param logStartOffset the source's log start offset; messages before it have expired
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

/** A target offset, or the two marks between which the target's log has to be searched for it. */
export type Translation =
  | { readonly targetOffset: bigint }
  | { readonly from: OffsetMark; readonly to: OffsetMark };

/** Translates an offset committed on the source. */
export function translateOffset(copied: CopiedOffsets, sourceOffset: bigint): Translation {
  const { marks, positions, targetFirstOffset, targetOffset } = copied;
  if (targetFirstOffset === undefined || sourceOffset >= copied.endOffset) return { targetOffset };
  // The position has expired or is before the first planned offset: continue at our first record.
  if (sourceOffset <= copied.startOffset) return { targetOffset: targetFirstOffset };
  const journaled = positions.get(sourceOffset);
  if (journaled !== undefined) return { targetOffset: journaled };
  const next = firstAfter(marks, sourceOffset);
  const to = marks[next] ?? {
    sourceOffset: copied.endOffset,
    records: copied.records,
    targetOffset,
  };
  const before = marks[next - 1];
  if (before === undefined) return { targetOffset: targetFirstOffset };
  // None of our records lies before the first one, so a search need not begin before it.
  const from = before.records > 0n || before.targetOffset >= targetFirstOffset
    ? before
    : { ...before, targetOffset: targetFirstOffset };
  // No record of ours follows: the position is the end of the copy.
  if (from.records === to.records && to.records === copied.records) return { targetOffset };
  if (isContiguous(from, to)) {
    return { targetOffset: from.targetOffset + (sourceOffset - from.sourceOffset) };
  }
  return { from, to };
}

/** The index of the first mark after an offset; the number of marks where there is none. */
function firstAfter(marks: readonly OffsetMark[], sourceOffset: bigint): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const mark = marks[middle];
    if (mark !== undefined && mark.sourceOffset > sourceOffset) high = middle;
    else low = middle + 1;
  }
  return low;
}
