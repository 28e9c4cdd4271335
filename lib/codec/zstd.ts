// zstd (RFC 8878) by node:zlib, frame by frame. When the input is cut off, Deno's one-shot decompressor returns what it
// has, and it ignores everything after the first frame, both without an error. So this file finds the end of each frame
// first, and decompresses each frame alone. It refuses dictionaries.

import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CodecError, tooLarge } from "./codec_error.ts";
import { callZlib, plainBytes } from "./zlib_call.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Where a frame ends, and the size of its content, if the frame tells it. */
interface Frame {
  readonly end: number;
  readonly contentSize?: bigint;
  readonly isSkippable: boolean;
}

/**
 * Decompresses zstd bytes: one frame or several.
 *
 * @throws CodecError when they are corrupt, cut off, or decompress to more than `maxBytes`
 */
export function decompressZstd(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let total = 0;
  let position = 0;
  do {
    const frame = measureFrame(view, position);
    if (!frame.isSkippable) {
      if (frame.contentSize !== undefined && frame.contentSize > BigInt(maxBytes - total)) {
        throw tooLarge("zstd", maxBytes);
      }
      const frameBytes = bytes.subarray(position, frame.end);
      const part = callZlib("zstd", zstdDecompressSync, frameBytes, maxBytes - total);
      if (frame.contentSize !== undefined && frame.contentSize !== BigInt(part.length)) {
        throw new CodecError(
          `its zstd frame holds ${part.length} bytes instead of ${frame.contentSize}`,
        );
      }
      parts.push(part);
      total += part.length;
    }
    position = frame.end;
  } while (position < bytes.length);
  return parts.length === 1 ? parts[0]! : concatenate(parts, total);
}

/** Compresses bytes to one zstd frame at zstd's default level. */
export function compressZstd(bytes: Uint8Array): Uint8Array {
  return plainBytes(zstdCompressSync(bytes));
}

/** Finds a frame's end by its block headers, without decompressing anything. */
function measureFrame(view: DataView, start: number): Frame {
  const size = view.byteLength;
  const need = (position: number): number => {
    if (position > size) throw new CodecError("its zstd content is cut off");
    return position;
  };
  need(start + 5);
  const magic = view.getUint32(start, true);
  if ((magic & ~0x0f) >>> 0 === SKIPPABLE_MAGIC) {
    need(start + 8);
    return { end: need(start + 8 + view.getUint32(start + 4, true)), isSkippable: true };
  }
  if (magic !== FRAME_MAGIC) throw new CodecError("its zstd content has no zstd frame");
  const descriptor = view.getUint8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw new CodecError("its zstd frame uses a reserved bit");
  if ((descriptor & 0x03) !== 0) throw new CodecError("its zstd frame needs a dictionary");
  const sizeField = descriptor >> 6;
  const sizeBytes = sizeField === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeField;
  const sizePosition = start + (isSingleSegment ? 5 : 6);
  let position = need(sizePosition + sizeBytes);
  const contentSize = readContentSize(view, sizePosition, sizeBytes);
  for (let isLast = false; !isLast;) {
    need(position + 3);
    const header = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
    isLast = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    if (type === 3) throw new CodecError("its zstd frame has a reserved block type");
    position = need(position + 3 + (type === 1 ? 1 : header >> 3));
  }
  const hasChecksum = (descriptor & 0x04) !== 0;
  const end = hasChecksum ? need(position + 4) : position;
  return { end, isSkippable: false, ...(contentSize === undefined ? {} : { contentSize }) };
}

function readContentSize(view: DataView, position: number, bytes: number): bigint | undefined {
  switch (bytes) {
    case 1:
      return BigInt(view.getUint8(position));
    case 2:
      return BigInt(view.getUint16(position, true) + 256);
    case 4:
      return BigInt(view.getUint32(position, true));
    case 8:
      return view.getBigUint64(position, true);
    default:
      return undefined;
  }
}

function concatenate(parts: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
