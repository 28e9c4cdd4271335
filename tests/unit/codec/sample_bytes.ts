// Bytes to compress, the same in every run.

/** So many bytes of so many different values; the fewer, the more they repeat (1: all the same). */
export function repetitive(size: number, variety: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 12345;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = (state >>> 16) % variety;
  }
  return bytes;
}
