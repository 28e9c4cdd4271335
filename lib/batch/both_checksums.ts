// The CRCs of a batch as it is read and as it is written, side by side: what is long and stays the same is read once for both.

import type { Viewed } from "../codec/copy_back.ts";
import { crc32cAdvance, crc32cRegister } from "./crc32c.ts";

/** For what is shorter, two CRCs take no longer than one and its way into both. */
const LONG = 400;

/** The CRC's registers of what is read and of what is written; what {@link same} is not told of may differ. Used for one batch after another. */
export class BothChecksums {
  /** Of what is read, of what is written; as fields, each would be allocated anew. */
  readonly #registers = new Int32Array(2);
  #readAt = 0;
  #writtenAt = 0;

  /** Begins with registers, at positions. */
  begin(read: number, readAt: number, written: number, writtenAt: number): void {
    this.#registers[0] = read;
    this.#registers[1] = written;
    this.#readAt = readAt;
    this.#writtenAt = writtenAt;
  }

  /** `source[start, end)` has been written to `target` at a position. */
  same(source: Viewed, start: number, end: number, target: Viewed, position: number): void {
    const length = end - start;
    if (length < LONG) return;
    this.#goTo(source, start, target, position);
    const register = crc32cRegister(0, source.view, start, end);
    this.#registers[0] = crc32cAdvance(this.#registers[0]!, length) ^ register;
    this.#registers[1] = crc32cAdvance(this.#registers[1]!, length) ^ register;
    this.#readAt = end;
    this.#writtenAt = position + length;
  }

  /** Everything has been read and written up to these positions. @returns the registers there */
  finish(
    source: Viewed,
    readAt: number,
    target: Viewed,
    writtenAt: number,
  ): { readonly read: number; readonly written: number } {
    this.#goTo(source, readAt, target, writtenAt);
    return { read: this.#registers[0]!, written: this.#registers[1]! };
  }

  #goTo(source: Viewed, readAt: number, target: Viewed, writtenAt: number): void {
    const registers = this.#registers;
    registers[0] = crc32cRegister(registers[0]!, source.view, this.#readAt, readAt);
    registers[1] = crc32cRegister(registers[1]!, target.view, this.#writtenAt, writtenAt);
  }
}
