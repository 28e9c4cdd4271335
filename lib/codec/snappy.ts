// Reads and writes snappy as Kafka's clients do: in the framing of xerial's snappy-java (Java's clients, and those that
// follow them) or as one raw block (librdkafka). It reads both, and writes xerial's framing, since every consumer must
// read what Java's producers write. The framing's version numbers are ignored: clients have written different ones.

import { CodecError, tooLarge } from "./codec_error.ts";
import { viewed } from "./copy_back.ts";
import {
  compressBlock,
  decompressBlock,
  maxCompressedBlock,
  readPreamble,
} from "./snappy_block.ts";

/** 0x82 "SNAPPY" 0x00, version 1, compatible with version 1. No raw block can begin with these bytes. */
const XERIAL_HEADER = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1];
const XERIAL_MAGIC_BYTES = 8;

/** The size of the blocks that we write, decompressed; snappy-java's is the same. */
const XERIAL_BLOCK_BYTES = 32 * 1024;

/**
 * Decompresses snappy bytes, framed or raw.
 *
 * @throws CodecError when they are corrupt, cut off, or decompress to more than `maxBytes`
 */
export function decompressSnappy(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (!startsXerial(bytes, 0)) {
    const { length, bodyStart } = readPreamble(bytes, 0, bytes.length);
    if (length > maxBytes) throw tooLarge("snappy", maxBytes);
    const target = new Uint8Array(length);
    decompressBlock(viewed(bytes), bodyStart, bytes.length, viewed(target), 0, length);
    return target;
  }
  let total = 0;
  forEachBlock(bytes, (start, end) => {
    total += readPreamble(bytes, start, end).length;
    if (total > maxBytes) throw tooLarge("snappy", maxBytes);
  });
  const target = new Uint8Array(total);
  const [source, into] = [viewed(bytes), viewed(target)];
  let position = 0;
  forEachBlock(bytes, (start, end) => {
    const { length, bodyStart } = readPreamble(bytes, start, end);
    decompressBlock(source, bodyStart, end, into, position, length);
    position += length;
  });
  return target;
}

/** Compresses bytes in xerial's framing. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / XERIAL_BLOCK_BYTES);
  const most = XERIAL_HEADER.length + blocks * (4 + maxCompressedBlock(XERIAL_BLOCK_BYTES));
  const target = new Uint8Array(most);
  const [source, into] = [viewed(bytes), viewed(target)];
  target.set(XERIAL_HEADER);
  let end = XERIAL_HEADER.length;
  for (let start = 0; start < bytes.length; start += XERIAL_BLOCK_BYTES) {
    const stop = Math.min(bytes.length, start + XERIAL_BLOCK_BYTES);
    const blockEnd = compressBlock(source, start, stop, into, end + 4);
    into.view.setInt32(end, blockEnd - end - 4);
    end = blockEnd;
  }
  return target.slice(0, end);
}

/** Visits the blocks of framed bytes; further headers may come between them where streams were concatenated. */
function forEachBlock(bytes: Uint8Array, visit: (start: number, end: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  while (position < bytes.length) {
    if (startsXerial(bytes, position)) {
      if (bytes.length - position < XERIAL_HEADER.length) throw cutOff();
      position += XERIAL_HEADER.length;
      continue;
    }
    if (bytes.length - position < 4) throw cutOff();
    const length = view.getUint32(position);
    if (length > bytes.length - position - 4) throw cutOff();
    visit(position + 4, position + 4 + length);
    position += 4 + length;
  }
}

function startsXerial(bytes: Uint8Array, position: number): boolean {
  for (let i = 0; i < XERIAL_MAGIC_BYTES; i++) {
    if (bytes[position + i] !== XERIAL_HEADER[i]) return false;
  }
  return true;
}

function cutOff(): CodecError {
  return new CodecError("its snappy framing is cut off");
}
