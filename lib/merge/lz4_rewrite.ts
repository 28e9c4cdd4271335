// Rewrites the blocks of an lz4 frame with changes to their content, without decompressing them. Sequences that no
// change touches are copied; only their offsets grow where a match reaches back over a change. Bytes that a match
// copied from a place that has changed are written as literals instead.

import { type ContentChanges, SLOT_BITS } from "./content_changes.ts";
import { copyInto, type Viewed, viewed, viewedWithRoom } from "../codec/copy_back.ts";
import { writeLiterals, writeMatch } from "../codec/lz4_block.ts";
import { STORED } from "../codec/lz4_frame.ts";
import type { Lz4Sequences } from "./lz4_sequences.ts";
import { LAST_LITERALS, LAST_MATCH_START, MIN_MATCH } from "../codec/match_finder.ts";
import { withRoomFor } from "../codec/with_room.ts";

/** How far back a match can copy from. */
const FARTHEST = 0xffff;

/** How many bytes of a frame are written as literals instead of matches at most: each may take a while to find. */
const MOST_SPELLED = 8 * 1024;

/** Bytes of a block besides its content: its size, its last token without literals, and a length of literals. */
const MOST_BESIDE_CONTENT = 16;

/** Rewrites the blocks of one frame after the other. The object is reused. */
export class Lz4Rewriter {
  /** Bytes of the largest block written: compressed or decompressed, whichever is more. */
  largestBlock = 0;
  readonly #sequences: Lz4Sequences;
  readonly #changes: ContentChanges;
  #into!: Viewed;
  #at = 0;
  /** The index of the next change. */
  #next = 0;
  /** The literals of the sequence that is being written. */
  #literals = viewed(new Uint8Array(1024));
  #literalCount = 0;
  /**
   * The match offsets that change in a run of sequences to copy: in turns, a place in the source and the new offset.
   */
  #offsets = new Int32Array(1024);
  #offsetCount = 0;
  #spelled = 0;
  /** Whether rewriting has failed, so that the frame must be decompressed. */
  #gaveUp = false;

  constructor(sequences: Lz4Sequences, changes: ContentChanges) {
    this.#sequences = sequences;
    this.#changes = changes;
  }

  /** Bytes that the written blocks will decompress to. */
  get contentSize(): number {
    return this.#changes.newSize;
  }

  /** What {@link write} writes at most: never more than if all of the content were literals. */
  get mostBytes(): number {
    const { newSize } = this.#changes;
    return newSize + Math.ceil(newSize / 255) + this.#sequences.blockCount * MOST_BESIDE_CONTENT;
  }

  /**
   * Writes the blocks, each preceded by its size.
   *
   * @returns where they end, or −1 where that would take too long: then the frame must be decompressed
   */
  write(into: Viewed, at: number): number {
    const sequences = this.#sequences;
    this.#into = into;
    this.#at = at;
    this.#next = 0;
    this.#literalCount = 0;
    this.largestBlock = 0;
    this.#spelled = 0;
    this.#gaveUp = false;
    this.#offsets = withRoomFor(this.#offsets, 2 * sequences.count);
    let first = 0;
    for (let i = 0; i < sequences.blockCount; i++) {
      const last = sequences.blockEnds[i]!;
      this.#writeBlock(first, last);
      if (this.#gaveUp) return -1;
      first = last;
    }
    return this.#at;
  }

  #writeBlock(first: number, last: number): void {
    const { token, literals, start } = this.#sequences;
    const sizeAt = this.#at;
    const grownBefore = this.#grown;
    this.#at += 4;
    const isStored = token[first] === literals[first];
    if (isStored) {
      this.#takeLiterals(first);
      this.#writeTaken();
    } else {
      this.#writeSequences(first, last);
    }
    // A change that lies in two blocks cannot be written.
    if (this.#changes.start[this.#next]! < start[last]!) this.#gaveUp = true;
    const size = this.#at - sizeAt - 4;
    this.#into.view.setUint32(sizeAt, isStored ? STORED | size : size, true);
    const content = start[last]! - start[first]! + this.#grown - grownBefore;
    this.largestBlock = Math.max(this.largestBlock, size, content);
  }

  #writeSequences(first: number, last: number): void {
    const { token, literals, start, match } = this.#sequences;
    const contentEnd = this.#contentEnd(last);
    for (let k = first; k < last && !this.#gaveUp;) {
      const untouchedFrom = k;
      if (this.#literalCount === 0) k = this.#untouchedUntil(k, last, contentEnd);
      if (k > untouchedFrom) {
        const end = k < last ? token[k]! : literals[k - 1]! + match[k - 1]! - start[k - 1]!;
        this.#copy(token[untouchedFrom]!, end);
        if (k === last) return;
      }
      this.#takeLiterals(k);
      if (k + 1 < last) this.#takeMatch(k, contentEnd);
      else this.#writeLast();
      k++;
    }
  }

  /** Finds how many sequences, from `first` on, can be copied, and notes which of their match offsets differ. */
  #untouchedUntil(first: number, last: number, contentEnd: number): number {
    const { literals, start, match, back } = this.#sequences;
    const { start: changeStart, growthBefore, slots } = this.#changes;
    const grown = this.#grown;
    const nextChange = changeStart[this.#next]!;
    const latestEnd = Math.min(nextChange, contentEnd - LAST_LITERALS - grown);
    const latestMatch = contentEnd - LAST_MATCH_START - grown;
    const offsets = this.#offsets;
    let noted = 0;
    let k = first;
    for (; k < last - 1; k++) {
      const end = start[k + 1]!;
      const at = match[k]!;
      if (end > latestEnd || at > latestMatch) break;
      const farBack = back[k]!;
      const from = at - farBack;
      let before = slots[from >> SLOT_BITS]!;
      if (before < 0 || before !== slots[(end - farBack - 1) >> SLOT_BITS]!) {
        before = this.#changes.countBefore(from, end - farBack);
        if (before < 0) break;
      }
      const offset = farBack + grown - growthBefore[before]!;
      if (offset > FARTHEST) break;
      offsets[noted] = literals[k]! + at - start[k]!;
      offsets[noted + 1] = offset;
      noted += +(offset !== farBack) << 1;
    }
    if (k === last - 1 && start[last]! <= nextChange) k++;
    this.#offsetCount = noted;
    return k;
  }

  /** By how many bytes the content has grown before the position to be written next. */
  get #grown(): number {
    return this.#changes.growthBefore[this.#next]!;
  }

  /** Where a block's content will end in the new content. */
  #contentEnd(last: number): number {
    const end = this.#sequences.start[last]!;
    return end + this.#changes.growthBefore[this.#changes.lastAt(end - 1) + 1]!;
  }

  /** Copies sequences, and writes the match offsets that differ. */
  #copy(from: number, to: number): void {
    const { view } = this.#into;
    const [source, offsets, moved] = [this.#sequences.source, this.#offsets, this.#at - from];
    copyInto(this.#into, this.#at, source, from, to);
    for (let i = 0; i < this.#offsetCount; i += 2) {
      view.setUint16(offsets[i]! + moved, offsets[i + 1]!, true);
    }
    this.#offsetCount = 0;
    this.#at += to - from;
  }

  /** Collects the literals of a sequence, with their changes. */
  #takeLiterals(k: number): void {
    const { source, literals, start, match } = this.#sequences;
    const { start: changeStart } = this.#changes;
    const moved = literals[k]! - start[k]!;
    for (let at = start[k]!, end = match[k]!; at < end;) {
      if (at >= changeStart[this.#next]!) {
        at = this.#takeChange(at, end);
        continue;
      }
      const stop = Math.min(end, changeStart[this.#next]!);
      this.#makeRoom(stop - at);
      copyInto(this.#literals, this.#literalCount, source, at + moved, stop + moved);
      this.#literalCount += stop - at;
      at = stop;
    }
  }

  /** Writes the match of a sequence: as matches where these can still copy, the rest as literals. */
  #takeMatch(k: number, contentEnd: number): void {
    const { start, match, back } = this.#sequences;
    const { start: changeStart, end: changeEnd, growthBefore } = this.#changes;
    const farBack = back[k]!;
    for (let at = match[k]!, end = start[k + 1]!; at < end;) {
      if (at >= changeStart[this.#next]!) {
        at = this.#takeChange(at, end);
        continue;
      }
      let stop = Math.min(end, changeStart[this.#next]!);
      const from = at - farBack;
      const change = this.#changes.lastAt(from);
      if (change >= 0 && from < changeEnd[change]!) {
        stop = Math.min(stop, changeEnd[change]! + farBack);
        this.#spell(at, stop);
      } else {
        stop = Math.min(stop, changeStart[change + 1]! + farBack);
        const latestEnd = contentEnd - LAST_LITERALS - this.#grown;
        if (at < latestEnd) stop = Math.min(stop, latestEnd);
        const offset = farBack + this.#grown - growthBefore[change + 1]!;
        const isMatch = stop - at >= MIN_MATCH && offset <= FARTHEST &&
          at + this.#grown <= contentEnd - LAST_MATCH_START;
        if (isMatch) this.#writeMatch(offset, stop - at);
        else this.#spell(at, stop);
      }
      at = stop;
    }
  }

  /** Collects a change's new bytes, if `at` is where it begins. @returns where the change or the sequence ends */
  #takeChange(at: number, end: number): number {
    const { start, end: ends, instead, insteadStart } = this.#changes;
    const i = this.#next;
    if (at === start[i]) {
      const from = insteadStart[i]!;
      const to = insteadStart[i + 1]!;
      this.#makeRoom(to - from);
      const { bytes } = this.#literals;
      for (let k = from; k < to; k++) bytes[this.#literalCount++] = instead[k]!;
    }
    if (ends[i]! > end) return end;
    this.#next = i + 1;
    return ends[i]!;
  }

  /** Collects bytes of the old content as literals. */
  #spell(at: number, stop: number): void {
    this.#spelled += stop - at;
    if (this.#spelled > MOST_SPELLED) this.#gaveUp = true;
    this.#makeRoom(stop - at);
    for (let i = at; i < stop && !this.#gaveUp; i++) {
      const byte = this.#sequences.byteAt(i);
      if (byte < 0) this.#gaveUp = true;
      this.#literals.bytes[this.#literalCount++] = byte;
    }
  }

  #makeRoom(bytes: number): void {
    this.#literals = viewedWithRoom(this.#literals, this.#literalCount, bytes);
  }

  #writeMatch(offset: number, length: number): void {
    const end = this.#literalCount;
    this.#literalCount = 0;
    const at = writeLiterals(this.#literals, 0, end, length, this.#into, this.#at);
    this.#at = writeMatch(offset, length, this.#into.bytes, at);
  }

  /** Writes a block's last sequence, which has no match. */
  #writeLast(): void {
    const end = this.#literalCount;
    this.#literalCount = 0;
    this.#at = writeLiterals(this.#literals, 0, end, MIN_MATCH, this.#into, this.#at);
  }

  /** Writes the collected literals without a token, as a stored block has them. */
  #writeTaken(): void {
    copyInto(this.#into, this.#at, this.#literals, 0, this.#literalCount);
    this.#at += this.#literalCount;
    this.#literalCount = 0;
  }
}
