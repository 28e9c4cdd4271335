// Finds repetitions in up to 64 KiB: the half of lz4 and snappy compression that is the same for both. Greedy, one
// hash table, faster steps through content that does not repeat; not tuned for ratio.

/** What is searched at a time: offsets then fit the 16 bits both formats give them. */
export const BLOCK_BYTES = 64 * 1024;

/** Both formats' shortest match worth writing. */
export const MIN_MATCH = 4;
/** The last match of an lz4 block begins at least this many bytes before the block's end. */
const LAST_MATCH_START = 12;
/** The last bytes of an lz4 block are literals. */
const LAST_LITERALS = 5;

const HASH_BITS = 13;

/** Called for each match: the literals from `literalStart` to `matchStart`, then `length` bytes from `offset` back. */
export type MatchVisitor = (
  literalStart: number,
  matchStart: number,
  offset: number,
  length: number,
) => void;

/** Positions by hash, to be reused for the blocks of one input. */
export function makeHashTable(): Uint16Array {
  return new Uint16Array(1 << HASH_BITS);
}

/**
 * Visits the matches of `bytes[start, end)`, at most {@link BLOCK_BYTES}, in order; none reaches before `start`.
 *
 * @returns where the literals after the last match begin
 */
export function findMatches(
  bytes: Uint8Array,
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
    const word = wordAt(bytes, position);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = start + table[slot]!;
    table[slot] = position - start;
    if (wordAt(bytes, candidate) !== word) {
      position += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    let length = MIN_MATCH;
    while (position + length < matchEnd && bytes[position + length] === bytes[candidate + length]) {
      length++;
    }
    visit(literalStart, position, position - candidate, length);
    position += length;
    literalStart = position;
  }
  return literalStart;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
