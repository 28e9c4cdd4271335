// The block of an lz4 batch's only record, for the frame of a larger batch: what producers that compress and never batch
// leave in a log, millions of times over. Its head lies among the first literals, and mostly nothing is copied from there;
// so all that follows stays as it is, and its part of the CRC is carried over without being computed, so that damage stays
// visible to the target's broker. Everything else is for lz4_blocks.ts.

import { copyInto, type Viewed } from "../codec/copy_back.ts";
import { writeToken } from "../codec/lz4_block.ts";
import type { Lz4Sequences } from "./lz4_sequences.ts";
import { MIN_MATCH } from "../codec/match_finder.ts";
import { crc32cAfterChange, crc32cRegister, crc32cStepBack } from "../batch/crc32c.ts";
import { ATTRIBUTES_POSITION, CRC_POSITION } from "../batch/record_batch.ts";
import { MOST_HEAD_BYTES, onlyRecordBody, writeRecordHead } from "../batch/record_head.ts";

/** A block's size, and of its end mark. */
const FIELD_BYTES = 4;

/** Writes one block after the other; used again. */
export class Lz4OnlyRecord {
  readonly #sequences: Lz4Sequences;
  /** Where its batch lies, and ends. */
  #position = 0;
  #end = 0;
  /** Where its body begins in the source. */
  #bodyStart = 0;
  #blockEnd = 0;
  /** Bytes of its head as it was. */
  #oldHeadSize = 0;
  readonly #head = new Uint8Array(MOST_HEAD_BYTES);
  #headSize = 0;
  /** Where the body has been written to. */
  #writtenAt = 0;
  #blockBytes = 0;

  constructor(sequences: Lz4Sequences) {
    this.#sequences = sequences;
  }

  /** Bytes of the record as it will be, opened. */
  get contentSize(): number {
    return this.#sequences.contentSize + this.#headSize - this.#oldHeadSize;
  }

  /** What {@link write} writes at most. */
  get mostBytes(): number {
    return this.#end - this.#position + MOST_HEAD_BYTES;
  }

  /** Bytes of the block, opened or not. */
  get largestBlock(): number {
    return Math.max(this.contentSize, this.#blockBytes);
  }

  /**
   * Looks at the sequences, which have been loaded.
   *
   * @param timestampDelta milliseconds, a safe integer
   * @returns false where the head cannot be changed so
   */
  load(position: number, end: number, timestampDelta: number, offsetDelta: number): boolean {
    const { source, blockCount, count, contentSize, token, literals, match, back } =
      this.#sequences;
    const headStart = literals[0]!;
    const isStored = token[0] === headStart;
    if (blockCount !== 1 || isStored) return false;
    const bodyStart = onlyRecordBody(source.bytes, headStart, headStart + contentSize);
    if (bodyStart === 0) return false;
    const headSize = bodyStart - headStart;
    // Where the first literals end within the head, what follows them is copied from there, too.
    for (let k = 0; k < count - 1; k++) {
      if (match[k]! - back[k]! < headSize) return false;
    }
    this.#position = position;
    this.#end = end;
    this.#bodyStart = bodyStart;
    this.#blockEnd = token[0]! + source.view.getInt32(token[0]! - FIELD_BYTES, true);
    this.#oldHeadSize = headSize;
    const bodySize = contentSize - headSize;
    this.#headSize = writeRecordHead(this.#head, 0, 0, timestampDelta, offsetDelta, bodySize);
    return true;
  }

  /** Writes the block with its size. @returns where it ends */
  write(into: Viewed, at: number): number {
    const { source, token, match } = this.#sequences;
    const { bytes } = into;
    const literals = match[0]! + this.#headSize - this.#oldHeadSize;
    const matchLength = (source.bytes[token[0]!]! & 15) + MIN_MATCH;
    let position = writeToken(literals, matchLength, bytes, at + FIELD_BYTES);
    for (let i = 0; i < this.#headSize; i++) bytes[position++] = this.#head[i]!;
    this.#writtenAt = position;
    copyInto(into, position, source, this.#bodyStart, this.#blockEnd);
    position += this.#blockEnd - this.#bodyStart;
    this.#blockBytes = position - at - FIELD_BYTES;
    into.view.setUint32(at, this.#blockBytes, true);
    return position;
  }

  /**
   * The CRC's register after the block.
   *
   * @param register before it
   * @param at where it was written to
   */
  register(register: number, { view: written }: Viewed, at: number): number {
    const { view } = this.#sequences.source;
    const before = crc32cRegister(-1, view, this.#position + ATTRIBUTES_POSITION, this.#bodyStart);
    const instead = crc32cRegister(register, written, at, this.#writtenAt);
    // What follows the block in its batch: an end mark, and where its writer wants one, a checksum of the content.
    let after = ~view.getInt32(this.#position + CRC_POSITION);
    for (let i = this.#end - FIELD_BYTES; i >= this.#blockEnd; i -= FIELD_BYTES) {
      after = crc32cStepBack(after, view.getInt32(i, true));
    }
    return crc32cAfterChange(after, before ^ instead, this.#blockEnd - this.#bodyStart);
  }
}
