/**
 * Takes single files out of what others publish: a member of a zip archive (a release, a wheel), and the runtime
 * base at the front of a program that `deno compile` made. Pure; it knows just as much of the formats as these
 * files need (no zip64, no encryption, methods stored and deflated) and refuses the rest.
 */
import { inflateRawSync } from "node:zlib";

const endOfCentralDirectory = 0x06054b50;
const centralHeader = 0x02014b50;
const endSize = 22;

/**
 * The content of the member `name` of a zip archive. Throws an Error when the bytes are no such archive, or hold
 * no such member. Layout: APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
 */
export function zipMember(archive: Uint8Array, name: string): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let end = archive.length - endSize;
  while (end >= 0 && view.getUint32(end, true) !== endOfCentralDirectory) end--;
  if (end < 0) throw new Error("Cannot read the archive: it is not a complete zip file");
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== centralHeader) break;
    const nameLength = view.getUint16(at + 28, true);
    const memberName = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength));
    if (memberName === name) return contentAt(archive, view, at);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  throw new Error(`Cannot find ${name} in the archive`);
}

function contentAt(archive: Uint8Array, view: DataView, header: number): Uint8Array {
  const method = view.getUint16(header + 10, true);
  const packedSize = view.getUint32(header + 20, true);
  const local = view.getUint32(header + 42, true);
  // The local header has its own extra field, of another length than the central one's.
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = archive.subarray(start, start + packedSize);
  if (method === 0) return packed;
  if (method === 8) return inflateRawSync(packed);
  throw new Error(`Cannot unpack the archive: compression method ${method} is not supported`);
}

/**
 * The runtime base of a program made by `deno compile`: all before the payload, whose length, counted back from
 * the end of the file, stands in the last 8 bytes, little-endian. Throws a RangeError when that makes no sense.
 */
export function baseOfCompiled(program: Uint8Array): Uint8Array {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const payload = program.length < 8 ? 0n : view.getBigUint64(program.length - 8, true);
  if (payload < 8n || payload >= BigInt(program.length)) {
    throw new RangeError("Cannot find the runtime base: the program was not made by deno compile");
  }
  return program.subarray(0, program.length - Number(payload));
}
