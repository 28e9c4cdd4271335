// Computes two CRCs side by side: that of a batch as it is read (to check it) and that of what is written instead. Long
// stretches that stay the same are read only once for both.

import type { Viewed } from "../codec/copy_back.ts";
import { crc32cAdvance, crc32cRegister } from "../batch/crc32c.ts";

/** For shorter stretches, computing two CRCs takes no longer than computing one and combining it into both. */
const LONG = 400;

/** A position up to which a CRC has been computed. */
export interface ChecksumAt {
  readonly memory: Viewed;
  readonly position: number;
  /** The CRC's register there. */
  readonly register: number;
}

/** The CRC registers of the bytes read and of the bytes written. Only stretches given to {@link same} must be equal. */
export class BothChecksums {
  readonly #source: Viewed;
  readonly #target: Viewed;
  /** The register of the bytes read, and that of the bytes written; as number fields, each update would allocate. */
  readonly #registers: Int32Array;
  #readAt: number;
  #writtenAt: number;

  /** Goes on from what was read and written before. */
  constructor(read: ChecksumAt, written: ChecksumAt) {
    this.#source = read.memory;
    this.#target = written.memory;
    this.#registers = Int32Array.of(read.register, written.register);
    this.#readAt = read.position;
    this.#writtenAt = written.position;
  }

  /** The source's bytes from `start` to `end` were written unchanged at `position` of the target. */
  same(start: number, end: number, position: number): void {
    const length = end - start;
    if (length < LONG) return;
    this.#goTo(start, position);
    const registers = this.#registers;
    const difference = registers[0]! ^ registers[1]!;
    registers[0] = crc32cRegister(registers[0]!, this.#source.view, start, end);
    registers[1] = registers[0]! ^ crc32cAdvance(difference, length);
    this.#readAt = end;
    this.#writtenAt = position + length;
  }

  /** Computes both CRCs up to these positions. @returns the registers there */
  finish(
    readAt: number,
    writtenAt: number,
  ): { readonly read: number; readonly written: number } {
    this.#goTo(readAt, writtenAt);
    return { read: this.#registers[0]!, written: this.#registers[1]! };
  }

  #goTo(readAt: number, writtenAt: number): void {
    const registers = this.#registers;
    registers[0] = crc32cRegister(registers[0]!, this.#source.view, this.#readAt, readAt);
    registers[1] = crc32cRegister(registers[1]!, this.#target.view, this.#writtenAt, writtenAt);
  }
}
