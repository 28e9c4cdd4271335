// lz4 frames (lz4_Frame_format.md) made and opened the slow and obvious way, for tests: but for the checksums, nothing of
// lib/codec is used.

import assert from "node:assert/strict";
import fc from "fast-check";
import { viewed } from "../../lib/codec/copy_back.ts";
import { xxh32 } from "../../lib/codec/xxh32.ts";

/** Flags of a frame. */
export const LINKED = 0x40;
export const INDEPENDENT = 0x60;
export const BLOCK_CHECKSUM = 0x10;
export const CONTENT_SIZE = 0x08;
export const CONTENT_CHECKSUM = 0x04;

/** A block of a frame: its bytes, compressed unless said otherwise. */
export interface TestBlock {
  readonly bytes: readonly number[];
  readonly stored?: boolean;
}

/** A frame of blocks given as they are; content size and checksum are those of `content`. */
export function lz4Frame(
  flags: number,
  blocks: readonly TestBlock[],
  content: readonly number[] = [],
  sizeCode = 4,
): Uint8Array {
  const size = (flags & CONTENT_SIZE) !== 0 ? [...u32(content.length), 0, 0, 0, 0] : [];
  const descriptor = [flags, sizeCode << 4, ...size];
  const body = blocks.flatMap(({ bytes, stored }) => [
    ...u32(stored === true ? (bytes.length | 0x80000000) >>> 0 : bytes.length),
    ...bytes,
    ...((flags & BLOCK_CHECKSUM) !== 0 ? u32(hash(bytes)) : []),
  ]);
  const end = (flags & CONTENT_CHECKSUM) !== 0 ? u32(hash(content)) : [];
  const headerChecksum = (hash(descriptor) >>> 8) & 0xff;
  const all = [...u32(0x184d2204), ...descriptor, headerChecksum, ...body, ...u32(0), ...end];
  return Uint8Array.from(all);
}

/** A field of four bytes. */
export function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

function hash(bytes: readonly number[]): number {
  return xxh32(viewed(Uint8Array.from(bytes)).view, 0, bytes.length);
}

/** Literals, and a match of so many bytes from so far back; the last sequence of a block has none. */
interface Sequence {
  readonly literals: readonly number[];
  readonly back: number;
  readonly length: number;
}

/** A block, and what it holds. */
export interface OpenedBlock extends TestBlock {
  readonly content: readonly number[];
}

/** Blocks of all kinds of sequences: long and short, overlapping, from near and far. */
export function lz4Blocks(): fc.Arbitrary<OpenedBlock> {
  const few = fc.integer({ min: 0, max: 3 });
  const literals = fc.oneof(
    fc.array(few, { maxLength: 8 }),
    fc.array(fc.nat({ max: 255 }), { maxLength: 40 }),
    fc.constantFrom(15, 16, 270, 600).map((length) => new Array<number>(length).fill(7)),
  );
  const length = fc.oneof(
    fc.integer({ min: 4, max: 9 }),
    fc.integer({ min: 4, max: 60 }),
    fc.constantFrom(18, 19, 273, 274, 275, 700),
  );
  const sequence = fc.record({ literals, back: fc.nat(), near: fc.boolean(), length });
  const lastLiterals = fc.array(fc.nat({ max: 255 }), { minLength: 5, maxLength: 30 });
  const compressed = fc.tuple(fc.array(sequence, { maxLength: 40 }), lastLiterals).map(
    ([sequences, last]) => {
      const bytes: number[] = [];
      const content: number[] = [];
      for (const { literals, back, near, length } of sequences) {
        const all = [...literals];
        if (content.length + all.length === 0) all.push(9);
        const reach = content.length + all.length;
        const offset = 1 + back % Math.min(near ? 12 : 65_535, reach);
        // A block's last match begins 12 bytes before its end.
        const long = Math.max(length, 12 - last.length);
        write(bytes, { literals: all, back: offset, length: long });
        content.push(...all);
        for (let i = 0; i < long; i++) content.push(content[content.length - offset]!);
      }
      write(bytes, { literals: last, back: 0, length: 4 });
      return { bytes, content: [...content, ...last] };
    },
  );
  const stored = fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 200 })
    .map((bytes) => ({ bytes, content: bytes, stored: true }));
  return fc.oneof({ arbitrary: compressed, weight: 9 }, { arbitrary: stored, weight: 1 });
}

/** One block, however large, of content that ends in many zeros. */
export function blockEndingInZeros(content: Uint8Array): TestBlock {
  const first = content.findLastIndex((byte) => byte !== 0) + 2;
  const bytes: number[] = [];
  write(bytes, {
    literals: [...content.subarray(0, first)],
    back: 1,
    length: content.length - first - 5,
  });
  write(bytes, { literals: [...content.subarray(-5)], back: 0, length: 4 });
  return { bytes };
}

function write(bytes: number[], { literals, back, length }: Sequence): void {
  const more = (rest: number) => {
    for (; rest >= 255; rest -= 255) bytes.push(255);
    bytes.push(rest);
  };
  bytes.push((Math.min(15, literals.length) << 4) | Math.min(15, length - 4));
  if (literals.length >= 15) more(literals.length - 15);
  bytes.push(...literals);
  if (back === 0) return;
  bytes.push(back & 0xff, back >> 8);
  if (length >= 19) more(length - 19);
}

/**
 * What a frame of independent blocks holds.
 *
 * @throws AssertionError where it breaks a rule that some reader insists on
 */
export function openStrictly(frame: Uint8Array): Uint8Array {
  const { view } = viewed(frame);
  assert.equal(view.getUint32(0, true), 0x184d2204);
  const flags = frame[4]!;
  assert.equal(flags & ~(BLOCK_CHECKSUM | CONTENT_CHECKSUM), INDEPENDENT);
  const most = 1 << (8 + 2 * (frame[5]! >> 4));
  const content: number[] = [];
  let at = 7;
  for (;;) {
    const field = view.getUint32(at, true);
    at += 4;
    if (field === 0) break;
    const size = field & 0x7fffffff;
    assert.ok(size <= most, "a block is larger than its frame allows");
    const block = frame.subarray(at, at + size);
    const opened = field >= 0x80000000 ? [...block] : openBlock(block);
    assert.ok(opened.length <= most, "a block holds more than its frame allows");
    content.push(...opened);
    at += size + ((flags & BLOCK_CHECKSUM) !== 0 ? 4 : 0);
  }
  assert.equal(at + ((flags & CONTENT_CHECKSUM) !== 0 ? 4 : 0), frame.length);
  return Uint8Array.from(content);
}

function openBlock(block: Uint8Array): number[] {
  const content: number[] = [];
  let [at, lastMatch, lastEnd] = [0, -Infinity, -Infinity];
  const length = (nibble: number) => {
    let total = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255;) total += more = block[at++]!;
    return total;
  };
  for (;;) {
    const token = block[at++]!;
    const count = length(token >> 4);
    content.push(...block.subarray(at, at + count));
    at += count;
    assert.ok(at <= block.length, "literals are cut off");
    if (at === block.length) break;
    const back = block[at]! | (block[at + 1]! << 8);
    at += 2;
    assert.ok(back > 0 && back <= content.length, "a match reaches too far back");
    lastMatch = content.length;
    for (let rest = length(token & 15) + 4; rest > 0; rest--) {
      content.push(content[content.length - back]!);
    }
    lastEnd = content.length;
  }
  assert.ok(content.length - lastMatch >= 12, "the last match begins too late");
  assert.ok(content.length - lastEnd >= 5, "the last bytes are no literals");
  return content;
}
