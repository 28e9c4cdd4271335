// Reads and writes what surrounds the blocks of an lz4 frame (lz4_Frame_format.md): its header with flags and sizes.

import { CodecError } from "./codec_error.ts";
import type { Viewed } from "./copy_back.ts";
import { xxh32 } from "./xxh32.ts";

/** The four bytes that a frame begins with. */
export const FRAME_MAGIC = 0x184d2204;

/** Descriptor flags. */
const VERSION_1 = 0x40;
export const INDEPENDENT_BLOCKS = 0x20;
export const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
export const CONTENT_CHECKSUM = 0x04;
const RESERVED = 0x02;
const DICTIONARY = 0x01;

/** Set in the size of a stored block, whose bytes are not compressed. */
export const STORED = 0x80000000;

/** The header of a frame. */
export interface FrameHeader {
  readonly flags: number;
  /** The most bytes of a block, compressed and decompressed. */
  readonly maxBlockBytes: number;
  readonly contentSize?: bigint;
  readonly blocksStart: number;
}

/**
 * Reads the header after a frame's magic.
 *
 * @throws CodecError where it cannot be read
 */
export function readFrameHeader(
  view: DataView,
  start: number,
  ignoreChecksum = false,
): FrameHeader {
  need(view, start + 3);
  const flags = view.getUint8(start);
  if ((flags & 0xc0) !== VERSION_1 || (flags & RESERVED) !== 0) {
    throw new CodecError("its lz4 frame is of an unknown version");
  }
  if ((flags & DICTIONARY) !== 0) throw new CodecError("its lz4 frame needs a dictionary");
  const sizeCode = view.getUint8(start + 1) >> 4;
  if (sizeCode < 4 || sizeCode > 7) throw new CodecError("its lz4 frame has no valid block size");
  const hasSize = (flags & CONTENT_SIZE) !== 0;
  const checksumAt = start + (hasSize ? 10 : 2);
  need(view, checksumAt + 1);
  const checksum = (xxh32(view, start, checksumAt) >>> 8) & 0xff;
  if (!ignoreChecksum && view.getUint8(checksumAt) !== checksum) {
    throw new CodecError("the checksum of its lz4 frame header does not match");
  }
  const header = { flags, maxBlockBytes: 1 << (8 + 2 * sizeCode), blocksStart: checksumAt + 1 };
  return hasSize ? { ...header, contentSize: view.getBigUint64(start + 2, true) } : header;
}

/** Bytes of the header that {@link writeFrameHeader} writes. */
export const FRAME_HEADER_BYTES = 7;

/** Writes the header of a frame of independent blocks without checksums. @param blockBytes size of the largest block */
export function writeFrameHeader({ bytes, view }: Viewed, at: number, blockBytes: number): void {
  let sizeCode = 4;
  while (1 << (8 + 2 * sizeCode) < blockBytes) sizeCode++;
  view.setUint32(at, FRAME_MAGIC, true);
  bytes[at + 4] = VERSION_1 | INDEPENDENT_BLOCKS;
  bytes[at + 5] = sizeCode << 4;
  bytes[at + 6] = xxh32(view, at + 4, at + 6) >>> 8;
}

/** Reads a field of a frame. @throws CodecError where it is cut off */
export function readUint32(view: DataView, position: number): number {
  need(view, position + 4);
  return view.getUint32(position, true);
}

/** Returns the position. @throws CodecError where it lies after the end, so that the content is cut off */
export function need(view: DataView, position: number): number {
  if (position > view.byteLength) throw new CodecError("its lz4 content is cut off");
  return position;
}
