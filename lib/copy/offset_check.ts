// Decides whether the offsets in a Fetch response can be believed. They lie outside every CRC, so they must fit what
// was asked for and each other: an offset with a flipped bit leaves a gap or an overlap. Compaction leaves gaps, too;
// where a wrong offset would change what is copied, it is believed only when a second response says the same.

import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { firstLegacyOffset } from "../batch/legacy_messages.ts";
import { baseOffset, batchMagic, lastOffset, nextBatchSize } from "../batch/record_batch.ts";

/** Where the fetched entries lie. */
export interface FetchedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly recordsStart: number;
  readonly recordsEnd: number;
}

/** A record batch, or a message of magic 0 or 1, in a response. */
export interface FetchedEntry {
  readonly position: number;
  readonly size: number;
  readonly magic: number;
  /** Source offset of its last record. */
  readonly last: bigint;
}

/** What the offsets have to fit. */
export interface ExpectedOffsets {
  readonly fromOffset: bigint;
  readonly untilOffset: bigint;
  /** The offset after the previous entry; undefined at the very first, which may begin before the offset asked for. */
  readonly dueOffset: bigint | undefined;
  /** An offset that the last response said and that nothing in it confirmed. */
  readonly unprovenOffset: bigint | undefined;
}

/**
 * Reads where the entry at a position ends and which offset is its last.
 *
 * @returns undefined where the response ends within it
 * @throws {CorruptBatchError} where its length or its offsets are impossible
 */
export function readEntry(
  fetched: FetchedBytes,
  position: number,
  { fromOffset, dueOffset }: ExpectedOffsets,
): FetchedEntry | undefined {
  const { view, recordsEnd } = fetched;
  const size = nextBatchSize(view, position, recordsEnd);
  if (size === 0) {
    if (position > fetched.recordsStart) return undefined;
    throw new CorruptBatchError(position, "its length is beyond the response");
  }
  const magic = batchMagic(view, position);
  const first = baseOffset(view, position);
  // A compressed message carries the offset of the last message in it.
  const last = magic === 2 ? lastOffset(view, position) : first;
  if (last < first || (dueOffset !== undefined && first < dueOffset)) {
    const follows = dueOffset === undefined ? "" : ` after ${dueOffset - 1n}`;
    throw new CorruptBatchError(position, `its offsets are ${first} to ${last}${follows}`);
  }
  if (last < fromOffset) {
    throw new CorruptBatchError(
      position,
      `its last offset is ${last}, ${fromOffset} was asked for`,
    );
  }
  return { position, size, magic, last };
}

/** What is known of an entry's first offset. */
export interface FirstOffset {
  /** Undefined where the first offset makes no difference. */
  readonly first: bigint | undefined;
  readonly believable: boolean;
}

/**
 * Finds an entry's first offset, and whether anything confirms its place in the log.
 *
 * @throws {CorruptBatchError} where the entry has to be decompressed for that and cannot be
 */
export function checkOffsets(
  fetched: FetchedBytes,
  entry: FetchedEntry,
  expected: ExpectedOffsets,
): FirstOffset {
  const { fromOffset, untilOffset, dueOffset, unprovenOffset } = expected;
  if (entry.magic === 2) {
    const first = baseOffset(fetched.view, entry.position);
    if (first === dueOffset || first === unprovenOffset) return { first, believable: true };
  }
  const next = nextEntry(fetched, entry);
  const atEdge = dueOffset === undefined || next === undefined || entry.last >= untilOffset;
  // Decompressing each compressed message twice would be slow, and one that is moved between its neighbours stays in
  // order.
  if (entry.magic !== 2 && !atEdge && entry.last + 1n < untilOffset) {
    return { first: undefined, believable: true };
  }
  const first = firstOffsetOf(fetched, entry);
  if (first === dueOffset || first === unprovenOffset) return { first, believable: true };
  // No flipped bit makes an entry begin and end exactly where the range does.
  if (first === fromOffset && entry.last + 1n === untilOffset) return { first, believable: true };
  const following = next && sound(() => firstOffsetOf(fetched, next));
  // Between two entries it makes no difference which of the missing offsets the entry takes.
  const between = dueOffset !== undefined && first > dueOffset && following !== undefined &&
    following < untilOffset;
  return { first, believable: between || following === entry.last + 1n };
}

/** The entry after another one, where it is whole and its offsets come after. */
function nextEntry(
  fetched: FetchedBytes,
  { position, size, last }: FetchedEntry,
): FetchedEntry | undefined {
  const next = position + size;
  if (next >= fetched.recordsEnd) return undefined;
  const expected = { fromOffset: 0n, untilOffset: 0n, unprovenOffset: undefined };
  return sound(() => readEntry(fetched, next, { ...expected, dueOffset: last + 1n }));
}

/** The value read; undefined where it is damaged, which confirms nothing. Damage is reported when it is reached. */
function sound<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CorruptBatchError) return undefined;
    throw error;
  }
}

function firstOffsetOf({ bytes, view }: FetchedBytes, entry: FetchedEntry): bigint {
  const { position, size, magic } = entry;
  return magic === 2
    ? baseOffset(view, position)
    : firstLegacyOffset(bytes, position, position + size);
}
