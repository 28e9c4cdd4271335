// Finds the sequences of an lz4 frame (lz4_Block_format.md) without decompressing it: where the literals and the match
// of each begin, in the frame and in the content. That is enough to look up single bytes of the content, and to rewrite
// the frame with some of them changed (lz4_rewrite.ts).

import { type Viewed, viewed } from "../codec/copy_back.ts";
import {
  BLOCK_CHECKSUM,
  CONTENT_CHECKSUM,
  FRAME_MAGIC,
  INDEPENDENT_BLOCKS,
  readFrameHeader,
  readUint32,
  STORED,
} from "../codec/lz4_frame.ts";
import { MIN_MATCH } from "../codec/match_finder.ts";

/** Bytes of the shortest sequence, a token and an offset; only a block's last sequence can be shorter. */
const SHORTEST_SEQUENCE = 3;
/** How many matches are followed to find a byte: a match may copy from another match. */
const MOST_STEPS = 64;
/** How many bytes that were found are remembered, a power of two. */
const REMEMBERED = 4096;
const UNUSED = -1;

const NOTHING = viewed(new Uint8Array(0));

/** The sequences of one frame. The object is reused for the next. */
export class Lz4Sequences {
  source: Viewed = NOTHING;
  count = 0;
  /** Bytes of the content. */
  contentSize = 0;
  /** Where each sequence begins in the source: at its token, or, in a stored block, which has none, at its bytes. */
  token = new Int32Array(0);
  /** Where the literals of each sequence begin in the source. */
  literals = new Int32Array(0);
  /** Where each sequence (its literals) begins in the content; after the last, where the content ends. */
  start = new Int32Array(1);
  /** Where the match of each sequence begins in the content; the last sequence of a block has no match. */
  match = new Int32Array(0);
  /** How far back each match copies from. */
  back = new Int32Array(0);
  /** For each block, how many sequences it and the blocks before it have. */
  readonly blockEnds: number[] = [];
  blockCount = 0;
  /** The sequence where the next search for a byte begins: it is usually near the last one. */
  #near = 0;
  /**
   * Bytes that were found, and of which position and frame they are. Record heads repeat, so encoders copy each from
   * the one before, that from the one before it, and so on; remembering keeps these chains short.
   */
  readonly #told = new Uint8Array(REMEMBERED);
  readonly #toldOf = new Int32Array(REMEMBERED).fill(UNUSED);
  /** What is added to a position of this frame in `#toldOf`, so that it differs from those of other frames. */
  #frameBase = 0;

  /**
   * Finds the sequences of a frame of independent blocks. A content checksum is ignored: Java's clients ignore it, too,
   * and checking it takes the decompressed content.
   *
   * @param maxBytes the most bytes the content may have
   * @returns false where the frame must be decompressed: its content is larger, its blocks are linked, empty (which
   * ends a
   * frame for Java's clients) or have checksums, another frame follows, or it is damaged
   * @throws CodecError where its header cannot be read
   */
  load(source: Viewed, start: number, end: number, maxBytes: number): boolean {
    this.source = source;
    this.#forget();
    this.count = 0;
    this.blockCount = 0;
    this.contentSize = 0;
    this.#near = 0;
    if (readUint32(source.view, start) !== FRAME_MAGIC) return false;
    const header = readFrameHeader(source.view, start + 4);
    if ((header.flags & (INDEPENDENT_BLOCKS | BLOCK_CHECKSUM)) !== INDEPENDENT_BLOCKS) return false;
    this.#makeRoom(end - start);
    const trailerBytes = (header.flags & CONTENT_CHECKSUM) !== 0 ? 4 : 0;
    for (let at = header.blocksStart;;) {
      if (end - at < 4) return false;
      const field = source.view.getUint32(at, true);
      at += 4;
      if (field === 0) {
        const { contentSize } = header;
        if (contentSize !== undefined && contentSize !== BigInt(this.contentSize)) return false;
        return at + trailerBytes === end;
      }
      const size = field & ~STORED;
      if (size > end - at) return false;
      const before = this.contentSize;
      if (field >= STORED) this.#addStored(at, size);
      else if (!this.#addBlock(at, at + size)) return false;
      const content = this.contentSize - before;
      if (content === 0 || content > header.maxBlockBytes) return false;
      if (this.contentSize > maxBytes) return false;
      this.blockEnds[this.blockCount++] = this.count;
      at += size;
    }
  }

  /** Drops the reference to the source. */
  release(): void {
    this.source = NOTHING;
  }

  #forget(): void {
    this.#frameBase += this.contentSize;
    if (this.#frameBase < 2 ** 30) return;
    this.#frameBase = 0;
    this.#toldOf.fill(UNUSED);
  }

  #makeRoom(bytes: number): void {
    // A whole block may be a single token.
    const most = Math.floor(bytes / SHORTEST_SEQUENCE) + 1;
    if (most < this.token.length) return;
    this.token = new Int32Array(2 * most);
    this.literals = new Int32Array(2 * most);
    this.start = new Int32Array(2 * most + 1);
    this.match = new Int32Array(2 * most);
    this.back = new Int32Array(2 * most);
  }

  #addStored(at: number, size: number): void {
    const k = this.count++;
    this.token[k] = this.literals[k] = at;
    this.start[k] = this.contentSize;
    this.contentSize += size;
    this.match[k] = this.start[k + 1] = this.contentSize;
    this.back[k] = 0;
  }

  #addBlock(from: number, end: number): boolean {
    const { bytes } = this.source;
    const { token, literals, start, match, back } = this;
    const blockStart = this.contentSize;
    let position = blockStart;
    for (let at = from, k = this.count; at < end; k++) {
      token[k] = at;
      start[k] = position;
      const lengths = bytes[at++]!;
      let count = lengths >> 4;
      if (count === 15) {
        for (let more = 255; more === 255;) {
          if (at >= end) return false;
          more = bytes[at++]!;
          count += more;
        }
      }
      if (count > end - at) return false;
      literals[k] = at;
      at += count;
      position += count;
      match[k] = position;
      if (at === end) {
        back[k] = 0;
        start[k + 1] = this.contentSize = position;
        this.count = k + 1;
        return true;
      }
      if (end - at < 2) return false;
      const offset = bytes[at]! | (bytes[at + 1]! << 8);
      at += 2;
      if (offset === 0 || offset > position - blockStart) return false;
      back[k] = offset;
      let length = (lengths & 15) + MIN_MATCH;
      if ((lengths & 15) === 15) {
        for (let more = 255; more === 255;) {
          if (at >= end) return false;
          more = bytes[at++]!;
          length += more;
        }
      }
      position += length;
    }
    return false;
  }

  /** Finds a byte of the content; −1 where that would take too long, or the content is shorter. */
  byteAt(position: number): number {
    if (position >= this.contentSize) return -1;
    const { start, match, back } = this;
    let at = position;
    let k = this.#near;
    for (let step = 0; step < MOST_STEPS; step++) {
      k = this.#find(at, k);
      if (step === 0) this.#near = k;
      const into = at - match[k]!;
      if (into < 0) {
        return this.#tell(position, this.source.bytes[this.literals[k]! + at - start[k]!]!);
      }
      // A match that is longer than its offset repeats itself.
      at = match[k]! - back[k]! + into % back[k]!;
      if (this.#toldOf[at % REMEMBERED] === this.#frameBase + at) {
        return this.#tell(position, this.#told[at % REMEMBERED]!);
      }
    }
    return -1;
  }

  #tell(position: number, byte: number): number {
    this.#toldOf[position % REMEMBERED] = this.#frameBase + position;
    this.#told[position % REMEMBERED] = byte;
    return byte;
  }

  /** The sequence that holds a position of the content; the search begins at the sequence `near`. */
  #find(position: number, near: number): number {
    const { start } = this;
    if (position >= start[near]!) {
      if (position < start[near + 1]!) return near;
      if (near + 2 <= this.count && position < start[near + 2]!) return near + 1;
    }
    let low = 0;
    let high = this.count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (start[middle]! <= position) low = middle;
      else high = middle;
    }
    return low;
  }
}
