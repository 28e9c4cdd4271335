// Reads and writes lz4 frames (lz4_Frame_format.md). It reads one frame or several, with linked or independent blocks,
// and verifies every checksum; it refuses dictionaries and the legacy frame. It writes independent blocks of 64 KiB
// without checksums, as Java's clients do, since these refuse linked blocks.

import { CodecError, tooLarge } from "./codec_error.ts";
import { type Viewed, viewed, viewedWithRoom } from "./copy_back.ts";
import { compressBlock, decompressBlock, MAX_COMPRESSED_BLOCK, tooMuch } from "./lz4_block.ts";
import {
  BLOCK_CHECKSUM,
  CONTENT_CHECKSUM,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  type FrameHeader,
  INDEPENDENT_BLOCKS,
  need,
  readFrameHeader,
  readUint32,
  STORED,
  writeFrameHeader,
} from "./lz4_frame.ts";
import { BLOCK_BYTES, makeHashTable } from "./match_finder.ts";
import { KEPT_BYTES, withRoom } from "./with_room.ts";
import { xxh32 } from "./xxh32.ts";

const SKIPPABLE_MAGIC = 0x184d2a50;

/** How frames are decompressed. */
export interface Lz4Options {
  /** Whether to ignore the header checksum, which clients computed wrongly for messages of magic 0 (KIP-57). */
  readonly ignoreHeaderChecksum?: boolean;
  /** Whether the next call may overwrite the returned bytes, which saves a copy. */
  readonly lends?: boolean;
}

/** Memory to decompress into, since the size is unknown beforehand; reused. */
let opened = viewed(new Uint8Array(0));
/** Memory to compress into; reused, and never handed out. */
let compressed: Uint8Array = new Uint8Array(0);
const table = makeHashTable();

/**
 * Decompresses lz4 frames.
 *
 * @throws CodecError when they are corrupt, cut off, or decompress to more than `maxBytes`
 */
export function decompressLz4(
  bytes: Uint8Array,
  maxBytes: number,
  options: Lz4Options = {},
): Uint8Array {
  const source = viewed(bytes);
  const { view } = source;
  let from = 0;
  let to = 0;
  try {
    do {
      const magic = readUint32(view, from);
      from += 4;
      if ((magic & ~0x0f) >>> 0 === SKIPPABLE_MAGIC) {
        from = need(view, from + 4 + readUint32(view, from));
        continue;
      }
      if (magic !== FRAME_MAGIC) throw new CodecError("its lz4 content has no lz4 frame");
      const header = readFrameHeader(view, from, options.ignoreHeaderChecksum);
      const frameStart = to;
      from = header.blocksStart;
      for (let field: number; (field = readUint32(view, from)) !== 0;) {
        const start = from + 4;
        const end = need(view, start + (field & ~STORED));
        from = end;
        if ((header.flags & BLOCK_CHECKSUM) !== 0) {
          if (readUint32(view, end) !== xxh32(view, start, end)) {
            throw new CodecError("the checksum of an lz4 block does not match");
          }
          from += 4;
        }
        to = openBlock(
          source,
          start,
          end,
          (field & STORED) !== 0,
          header,
          frameStart,
          to,
          maxBytes,
        );
        if (to > maxBytes) throw tooLarge("lz4", maxBytes);
      }
      from = endFrame(view, from + 4, header, frameStart, to);
    } while (from < bytes.length);
    const content = opened.bytes.subarray(0, to);
    return options.lends === true || opened.bytes.length > KEPT_BYTES ? content : content.slice();
  } finally {
    // Memory that was needed only for large content is not kept forever.
    if (opened.bytes.length > KEPT_BYTES) opened = viewed(new Uint8Array(0));
  }
}

/** Decompresses a block to `opened`, from `to` on. @returns where its content ends there */
function openBlock(
  source: Viewed,
  start: number,
  end: number,
  isStored: boolean,
  { flags, maxBlockBytes }: FrameHeader,
  frameStart: number,
  to: number,
  maxBytes: number,
): number {
  opened = viewedWithRoom(opened, to, maxBlockBytes, maxBytes + maxBlockBytes);
  if (!isStored) {
    const reach = (flags & INDEPENDENT_BLOCKS) !== 0 ? to : frameStart;
    return decompressBlock(source, start, end, opened, to, reach, to + maxBlockBytes);
  }
  if (end - start > maxBlockBytes) throw tooMuch(maxBlockBytes);
  opened.bytes.set(source.bytes.subarray(start, end), to);
  return to + end - start;
}

/** Checks the content against the frame's content size and checksum. @returns where the frame ends */
function endFrame(
  view: DataView,
  from: number,
  { flags, contentSize }: FrameHeader,
  frameStart: number,
  to: number,
): number {
  const size = to - frameStart;
  if (contentSize !== undefined && contentSize !== BigInt(size)) {
    throw new CodecError(`its lz4 frame holds ${size} bytes instead of ${contentSize}`);
  }
  if ((flags & CONTENT_CHECKSUM) === 0) return from;
  if (readUint32(view, from) !== xxh32(opened.view, frameStart, to)) {
    throw new CodecError("the checksum of its lz4 content does not match");
  }
  return from + 4;
}

/** Compresses bytes to one lz4 frame of independent blocks. */
export function compressLz4(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const most = FRAME_HEADER_BYTES + bytes.length +
    blocks * (4 + MAX_COMPRESSED_BLOCK - BLOCK_BYTES) + 4;
  const target = compressed = withRoom(compressed, 0, most);
  const [source, into] = [viewed(bytes), viewed(target)];
  const { view } = into;
  writeFrameHeader(into, 0, BLOCK_BYTES);
  let at = FRAME_HEADER_BYTES;
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(bytes.length, start + BLOCK_BYTES);
    let blockEnd = compressBlock(source, start, end, into, at + 4, table);
    if (blockEnd - at - 4 < end - start) {
      view.setUint32(at, blockEnd - at - 4, true);
    } else {
      view.setUint32(at, STORED | (end - start), true);
      target.set(bytes.subarray(start, end), at + 4);
      blockEnd = at + 4 + end - start;
    }
    at = blockEnd;
  }
  view.setUint32(at, 0, true);
  if (compressed.length > KEPT_BYTES) compressed = new Uint8Array(0);
  return target.slice(0, at + 4);
}
