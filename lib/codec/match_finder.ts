// Finds repetitions in up to 64 KiB, which is the half of compressing that lz4 and snappy have in common. It is greedy,
// has one hash table, and takes larger steps through content that does not repeat; it is not tuned for ratio.

/** How many bytes are searched at a time, so that offsets fit the 16 bits that both formats have for them. */
export const BLOCK_BYTES = 64 * 1024;

/** The shortest match that is worth writing in both formats. */
export const MIN_MATCH = 4;
/** The last match of an lz4 block begins at least this many bytes before the block's end. */
export const LAST_MATCH_START = 12;
/** The last bytes of an lz4 block are literals. */
export const LAST_LITERALS = 5;

const HASH_BITS = 13;

/** Called for each match: the literals from `literalStart` to `matchStart`, then `length` bytes from `offset` back. */
export type MatchVisitor = (
  literalStart: number,
  matchStart: number,
  offset: number,
  length: number,
) => void;

/** Makes the table of positions by hash, to be reused for the blocks of one input. */
export function makeHashTable(): Uint16Array {
  return new Uint16Array(1 << HASH_BITS);
}

/**
 * Visits the matches of the bytes from `start` to `end`, at most {@link BLOCK_BYTES}, in order; none reaches before
 * `start`.
 *
 * @returns where the literals after the last match begin
 */
export function findMatches(
  view: DataView,
  start: number,
  end: number,
  table: Uint16Array,
  visit: MatchVisitor,
): number {
  table.fill(0);
  const lastStart = end - LAST_MATCH_START;
  const matchEnd = end - LAST_LITERALS;
  let literalStart = start;
  // The table holds distances from the start: an empty slot is the first byte, compared like any other candidate.
  let position = start + 1;
  let misses = 0;
  while (position <= lastStart) {
    const word = view.getInt32(position, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = start + table[slot]!;
    table[slot] = position - start;
    if (view.getInt32(candidate, true) !== word) {
      position += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    const length = matchLength(view, candidate, position, matchEnd - position);
    visit(literalStart, position, position - candidate, length);
    position += length;
    literalStart = position;
  }
  return literalStart;
}

/** How many bytes, at most `most`, are the same at both positions; the first {@link MIN_MATCH} are known to be. */
function matchLength(view: DataView, candidate: number, position: number, most: number): number {
  let length = MIN_MATCH;
  for (; length + 4 <= most; length += 4) {
    const difference = view.getInt32(position + length, true) ^
      view.getInt32(candidate + length, true);
    // The lowest bit set in the difference is in the first byte that differs.
    if (difference !== 0) return length + ((31 - Math.clz32(difference & -difference)) >> 3);
  }
  while (length < most && view.getInt8(position + length) === view.getInt8(candidate + length)) {
    length++;
  }
  return length;
}
