// The CRCs of a batch as it is read and as it is written, side by side: what is long and stays the same is read once for both.

import type { Viewed } from "../codec/copy_back.ts";
import { crc32cAdvance, crc32cRegister } from "../batch/crc32c.ts";

/** For what is shorter, two CRCs take no longer than one and its way into both. */
const LONG = 400;

/** A place that a CRC has got to. */
export interface ChecksumAt {
  readonly memory: Viewed;
  readonly position: number;
  /** The CRC's register there. */
  readonly register: number;
}

/** The CRC's registers of what is read and of what is written; what {@link same} is not told of may differ. */
export class BothChecksums {
  readonly #source: Viewed;
  readonly #target: Viewed;
  /** Of what is read, of what is written; as fields, each would be allocated anew. */
  readonly #registers: Int32Array;
  #readAt: number;
  #writtenAt: number;

  /** Begins with what was read and written before. */
  constructor(read: ChecksumAt, written: ChecksumAt) {
    this.#source = read.memory;
    this.#target = written.memory;
    this.#registers = Int32Array.of(read.register, written.register);
    this.#readAt = read.position;
    this.#writtenAt = written.position;
  }

  /** What is read from `start` to `end` has been written at a position. */
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

  /** Everything has been read and written up to these positions. @returns the registers there */
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
