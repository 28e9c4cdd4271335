// Arithmetic on offsets: what Math has for numbers only.

/** The larger of two. */
export function maxOffset(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The smaller of two. */
export function minOffset(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
