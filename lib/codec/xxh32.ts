// xxHash32, the checksum of lz4 frames (xxHash specification, "XXH32 Algorithm Description"), seed 0.

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f | 0;
const PRIME_5 = 0x165667b1 | 0;

/** The xxHash32 of the bytes from `start` to `end`, unsigned. */
export function xxh32(view: DataView, start: number, end: number): number {
  let position = start;
  let hash: number;
  if (end - start >= 16) {
    let a = (PRIME_1 + PRIME_2) | 0;
    let b = PRIME_2;
    let c = 0;
    let d = -PRIME_1 | 0;
    for (; position + 16 <= end; position += 16) {
      a = round(a, view.getInt32(position, true));
      b = round(b, view.getInt32(position + 4, true));
      c = round(c, view.getInt32(position + 8, true));
      d = round(d, view.getInt32(position + 12, true));
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else {
    hash = PRIME_5;
  }
  hash = (hash + end - start) | 0;
  for (; position + 4 <= end; position += 4) {
    hash = (hash + Math.imul(view.getInt32(position, true), PRIME_3)) | 0;
    hash = Math.imul(rotate(hash, 17), PRIME_4);
  }
  for (; position < end; position++) {
    hash = (hash + Math.imul(view.getUint8(position), PRIME_5)) | 0;
    hash = Math.imul(rotate(hash, 11), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(accumulator: number, word: number): number {
  return Math.imul(rotate((accumulator + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
