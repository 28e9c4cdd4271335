// Writes the records of an lz4 batch as blocks for the frame of a merged batch: the records' heads change, everything
// else stays compressed as it is (lz4_rewrite.ts).

import { CodecError } from "../codec/codec_error.ts";
import { ContentChanges } from "./content_changes.ts";
import type { Viewed } from "../codec/copy_back.ts";
import { Lz4Rewriter } from "./lz4_rewrite.ts";
import { Lz4Sequences } from "./lz4_sequences.ts";
import { crcMatches } from "../batch/check.ts";
import { crc32cRegister } from "../batch/crc32c.ts";
import { Lz4OnlyRecord } from "./lz4_only_record.ts";
import { MOST_HEAD_BYTES, writeRecordHead } from "../batch/record_head.ts";
import { recordCount, RECORDS_POSITION } from "../batch/record_batch.ts";

/** Milliseconds, 17 years: batches with larger timestamp deltas are left to merge.ts. */
const LONGEST_DELTA = 2 ** 39;
/** Batches that decompress to more bytes are left to merge.ts, so that neither memory nor time gets out of hand. */
const MOST_CONTENT = 1024 * 1024;
/** The most bytes of a varint that holds such a delta (zigzag, so up to twice as large), or a length. */
const MOST_VARINT_BYTES = 6;

/** Writes one batch after the other. The object is reused. */
export class Lz4Blocks {
  readonly #sequences = new Lz4Sequences();
  readonly #changes = new ContentChanges();
  readonly #rewriter = new Lz4Rewriter(this.#sequences, this.#changes);
  readonly #onlyRecord = new Lz4OnlyRecord(this.#sequences);
  /** Which of the two writes the batch that was loaded. */
  #writer: Lz4OnlyRecord | Lz4Rewriter = this.#rewriter;
  readonly #head = new Uint8Array(MOST_HEAD_BYTES);
  /** Where the last varint ended. */
  #readEnd = 0;

  /** Bytes that the written blocks will decompress to. */
  get contentSize(): number {
    return this.#writer.contentSize;
  }

  /** Bytes that {@link write} takes at most. */
  get mostBytes(): number {
    return this.#writer.mostBytes;
  }

  /** Bytes of the largest block written: compressed or decompressed, whichever is more. */
  get largestBlock(): number {
    return this.#writer.largestBlock;
  }

  /**
   * Reads the batch at a position. The offset deltas that its records have are ignored.
   *
   * @param shift milliseconds that all timestamp deltas grow by
   * @param firstOffsetDelta the new offset delta of the first record
   * @returns false where its records must be decompressed for that, or it has damage that nobody would find afterwards
   */
  load(
    source: Viewed,
    position: number,
    size: number,
    shift: number,
    firstOffsetDelta: number,
  ): boolean {
    const end = position + size;
    try {
      const start = position + RECORDS_POSITION;
      if (!this.#sequences.load(source, start, end, MOST_CONTENT)) return false;
    } catch (error) {
      if (error instanceof CodecError) return false;
      throw error;
    }
    const records = recordCount(source.view, position);
    const isOnlyRecord = records === 1 && Math.abs(shift) <= LONGEST_DELTA &&
      this.#onlyRecord.load(position, end, shift, firstOffsetDelta);
    this.#writer = isOnlyRecord ? this.#onlyRecord : this.#rewriter;
    if (isOnlyRecord) return true;
    return crcMatches(source.view, position, size) &&
      this.#changeHeads(records, shift, firstOffsetDelta);
  }

  /** Writes the blocks. @returns where they end, or −1 where the records must be decompressed for that */
  write(into: Viewed, at: number): number {
    return this.#writer.write(into, at);
  }

  /**
   * The CRC's register after the blocks written from `at` to `end`; damage in a batch of one record stays visible in
   * it.
   *
   * @param before the register before them
   */
  register(before: number, into: Viewed, at: number, end: number): number {
    return this.#writer === this.#onlyRecord
      ? this.#onlyRecord.register(before, into, at)
      : crc32cRegister(before, into.view, at, end);
  }

  /** Drops the reference to the source. */
  release(): void {
    this.#sequences.release();
  }

  #changeHeads(records: number, shift: number, firstOffsetDelta: number): boolean {
    const { contentSize } = this.#sequences;
    this.#changes.clear();
    let start = 0;
    for (let i = 0; i < records; i++) {
      const length = this.#readUnsigned(start);
      const attributesAt = this.#readEnd;
      const attributes = this.#sequences.byteAt(attributesAt);
      const zigzag = this.#readUnsigned(attributesAt + 1);
      const offsetDelta = this.#readUnsigned(this.#readEnd);
      if (length < 0 || attributes < 0 || zigzag < 0 || offsetDelta < 0) return false;
      const bodyStart = this.#readEnd;
      const end = attributesAt + length / 2;
      if (length % 2 !== 0 || bodyStart > end || end > contentSize) return false;
      const delta = (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2) + shift;
      if (Math.abs(delta) > LONGEST_DELTA) return false;
      const head = this.#head;
      const bodySize = end - bodyStart;
      const size = writeRecordHead(head, 0, attributes, delta, firstOffsetDelta + i, bodySize);
      this.#changes.add(start, bodyStart, head, size);
      start = end;
    }
    this.#changes.close(contentSize);
    return start === contentSize;
  }

  /** Reads an unsigned varint of the content; −1 where there is none. */
  #readUnsigned(position: number): number {
    let value = 0;
    for (let i = 0, scale = 1; i < MOST_VARINT_BYTES; i++, scale *= 128) {
      const byte = this.#sequences.byteAt(position + i);
      if (byte < 0) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#readEnd = position + i + 1;
        return value;
      }
    }
    return -1;
  }
}
