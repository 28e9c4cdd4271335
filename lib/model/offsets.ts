// Arithmetic on offsets, which are bigints: Math works on numbers only.

/** The larger of two offsets. */
export function maxOffset(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The smaller of two offsets. */
export function minOffset(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** A range of offsets; the end is exclusive. */
export interface OffsetSpan {
  readonly startOffset: bigint;
  readonly endOffset: bigint;
}

/** Adds a span and joins it with those that it touches or overlaps; the result is in order. */
export function addSpan(spans: readonly OffsetSpan[], added: OffsetSpan): readonly OffsetSpan[] {
  let { startOffset, endOffset } = added;
  const apart = spans.filter((span) => {
    if (span.endOffset < startOffset || span.startOffset > endOffset) return true;
    startOffset = minOffset(startOffset, span.startOffset);
    endOffset = maxOffset(endOffset, span.endOffset);
    return false;
  });
  return [...apart, { startOffset, endOffset }].sort((a, b) =>
    a.startOffset < b.startOffset ? -1 : 1
  );
}

/** The spans minus the offsets of some others; the result is in order. */
export function withoutSpans(
  spans: readonly OffsetSpan[],
  removed: readonly OffsetSpan[],
): readonly OffsetSpan[] {
  return removed.reduce<readonly OffsetSpan[]>(
    (left, { startOffset, endOffset }) =>
      left.flatMap((span) =>
        [
          { startOffset: span.startOffset, endOffset: minOffset(span.endOffset, startOffset) },
          { startOffset: maxOffset(span.startOffset, endOffset), endOffset: span.endOffset },
        ].filter((each) => each.startOffset < each.endOffset)
      ),
    spans,
  );
}
