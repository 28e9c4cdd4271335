// Writes the only record of an lz4 batch as a block for the frame of a merged batch: producers that compress and never
// batch leave millions of such batches in a log. The record's head lies among the block's first literals, and usually
// no match copies from there. So all bytes after the head stay unchanged, and their part of the CRC is derived from the
// old CRC, not computed, so that damage stays visible to the target's broker. Other batches are written by
// lz4_rewrite.ts.

import { copyInto, type Viewed } from "../codec/copy_back.ts";
import { writeToken } from "../codec/lz4_block.ts";
import type { Lz4Sequences } from "./lz4_sequences.ts";
import { MIN_MATCH } from "../codec/match_finder.ts";
import { crc32cAfterChange, crc32cRegister, crc32cStepBack } from "../batch/crc32c.ts";
import { ATTRIBUTES_POSITION, CRC_POSITION } from "../batch/record_batch.ts";
import { MOST_HEAD_BYTES, onlyRecordBody, writeRecordHead } from "../batch/record_head.ts";

/** Bytes of the field that holds a block's size, and of a frame's end mark. */
const FIELD_BYTES = 4;

/** Writes one block after the other. The object is reused. */
export class Lz4OnlyRecord {
  readonly #sequences: Lz4Sequences;
  /** Where the batch begins and ends in the source. */
  #position = 0;
  #end = 0;
  /** Where the record's body begins in the source. */
  #bodyStart = 0;
  #blockEnd = 0;
  /** Bytes of the record's old head. */
  #oldHeadSize = 0;
  readonly #head = new Uint8Array(MOST_HEAD_BYTES);
  #headSize = 0;
  /** Where the body begins in what was written. */
  #writtenAt = 0;
  #blockBytes = 0;

  constructor(sequences: Lz4Sequences) {
    this.#sequences = sequences;
  }

  /** Bytes that the written block will decompress to. */
  get contentSize(): number {
    return this.#sequences.contentSize + this.#headSize - this.#oldHeadSize;
  }

  /** What {@link write} writes at most. */
  get mostBytes(): number {
    return this.#end - this.#position + MOST_HEAD_BYTES;
  }

  /** Bytes of the block: compressed or decompressed, whichever is more. */
  get largestBlock(): number {
    return Math.max(this.contentSize, this.#blockBytes);
  }

  /**
   * Prepares the batch whose sequences have been loaded.
   *
   * @param timestampDelta milliseconds, a safe integer
   * @returns false where the head cannot be changed this way
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
    // No match may copy from the head. That also excludes first literals that end within it: their match copies from
    // there.
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

  /** Writes the block, preceded by its size. @returns where it ends */
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
   * @param register the register before it
   * @param at where the block was written to
   */
  register(register: number, { view: written }: Viewed, at: number): number {
    const { view } = this.#sequences.source;
    const before = crc32cRegister(-1, view, this.#position + ATTRIBUTES_POSITION, this.#bodyStart);
    const instead = crc32cRegister(register, written, at, this.#writtenAt);
    // Takes the bytes after the block out of the old CRC: the end mark, and maybe a checksum of the content.
    let after = ~view.getInt32(this.#position + CRC_POSITION);
    for (let i = this.#end - FIELD_BYTES; i >= this.#blockEnd; i -= FIELD_BYTES) {
      after = crc32cStepBack(after, view.getInt32(i, true));
    }
    return crc32cAfterChange(after, before ^ instead, this.#blockEnd - this.#bodyStart);
  }
}
