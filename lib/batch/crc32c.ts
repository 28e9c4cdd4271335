// CRC-32C (Castagnoli), the checksum of a magic 2 record batch, computed over whole buffers or derived after a change:
// the CRC is linear over XOR, so when a few bytes change, the new CRC follows from the old one without the other bytes
// being read. The register is the CRC's state between two bytes. This file knows nothing of batches.

/** The Castagnoli polynomial, bits reflected. */
const POLYNOMIAL = 0x82f63b78;

/** TABLES[256 k + b] is the register after byte b and k zero bytes, for the method called slicing by 16. */
const TABLES = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let register = byte;
    for (let bit = 0; bit < 8; bit++) {
      register = (register & 1) !== 0 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1;
    }
    tables[byte] = register;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256]!;
    tables[i] = (shorter >>> 8) ^ tables[shorter & 0xff]!;
  }
  return tables;
}

/**
 * For the highest 8 bits of a register: the byte whose register, in the first of {@link TABLES}, has them; it is
 * unique.
 */
const BYTE_OF_HIGHEST = (() => {
  const bytes = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) bytes[TABLES[byte]! >>> 24] = byte;
  return bytes;
})();

/**
 * The CRC-32C of `bytes[start, end)`, as Kafka stores it: initial value and final XOR all ones.
 *
 * @returns an unsigned 32-bit number
 * @throws RangeError when the range lies outside the bytes
 */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`Cannot checksum bytes ${start} to ${end} of ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return ~crc32cRegister(-1, view, start, end) >>> 0;
}

/** Shorter content is not worth being done in halves. */
const LONG = 4096;

/**
 * The register after the bytes from `start` to `end`, signed; the range is not checked. {@link crc32c} gives the whole
 * checksum.
 */
export function crc32cRegister(
  before: number,
  view: DataView,
  start: number,
  end: number,
): number {
  let register = before;
  let i = start;
  if (end - start >= LONG) {
    i = end - (end - start) % 16;
    register = registerInHalves(before, view, start, i);
  }
  for (const stop = end - 15; i < stop; i += 16) {
    register = afterZeros(register ^ view.getInt32(i, true), 12) ^
      afterZeros(view.getInt32(i + 4, true), 8) ^
      afterZeros(view.getInt32(i + 8, true), 4) ^
      afterZeros(view.getInt32(i + 12, true), 0);
  }
  for (const stop = end - 3; i < stop; i += 4) {
    register = crc32cStep(register, view.getInt32(i, true));
  }
  for (; i < end; i++) {
    register = (register >>> 8) ^ TABLES[(register ^ view.getUint8(i)) & 0xff]!;
  }
  return register;
}

/**
 * The register after a multiple of 16 bytes. Since each step waits for the one before, two halves are computed side by
 * side, the second as if nothing came before it; at the end both are combined.
 */
function registerInHalves(before: number, view: DataView, start: number, end: number): number {
  const half = (end - start) / 2;
  let first = before;
  let second = 0;
  for (let i = start, j = start + half; j < end; i += 8, j += 8) {
    first = afterZeros(first ^ view.getInt32(i, true), 4) ^
      afterZeros(view.getInt32(i + 4, true), 0);
    second = afterZeros(second ^ view.getInt32(j, true), 4) ^
      afterZeros(view.getInt32(j + 4, true), 0);
  }
  return crc32cAdvance(first, half) ^ second;
}

/**
 * The register after four more bytes, the first byte lowest (`getInt32(…, true)`). Applied to the XOR of old and new
 * content, beginning with 0, it gives the register of a change (see {@link crc32cAfterChange}).
 */
export function crc32cStep(register: number, bytes: number): number {
  return afterZeros(register ^ bytes, 0);
}

/** The inverse of {@link crc32cStep}: the register before these bytes. */
export function crc32cStepBack(register: number, bytes: number): number {
  let before = register;
  for (let i = 0; i < 4; i++) {
    const byte = BYTE_OF_HIGHEST[before >>> 24]!;
    before = ((before ^ TABLES[byte]!) << 8) | byte;
  }
  return before ^ bytes;
}

/** The register after four bytes, the first one lowest, and up to twelve zero bytes, as if nothing came before them. */
function afterZeros(bytes: number, zeros: number): number {
  const table = 256 * zeros;
  return TABLES[table + 768 + (bytes & 0xff)]! ^
    TABLES[table + 512 + ((bytes >>> 8) & 0xff)]! ^
    TABLES[table + 256 + ((bytes >>> 16) & 0xff)]! ^
    TABLES[table + (bytes >>> 24)]!;
}

/** A batch's length is a signed 32-bit number: no change is followed by 2^31 bytes. */
const POWERS = 31;

/**
 * Linear operators on the register (one table of 256 entries for each of its bytes) for 2^0, 2^1, 2^2, … zero
 * bytes.
 */
const ZERO_BYTE_OPERATORS = buildOperators();

function buildOperators(): readonly Int32Array[] {
  const operators: Int32Array[] = [];
  let step = (register: number): number => (register >>> 8) ^ TABLES[register & 0xff]!;
  for (let power = 0; power < POWERS; power++) {
    const operator = new Int32Array(4 * 256);
    for (let i = 0; i < 1024; i++) {
      const byte = i & 0xff;
      const bit = byte & -byte;
      // By linearity, a byte's entry is that of its lowest bit XOR that of the rest; both are there unless it is one
      // bit.
      operator[i] = byte === bit
        ? step(byte << (8 * (i >> 8)))
        : operator[i ^ bit]! ^ operator[(i & ~0xff) | bit]!;
    }
    operators.push(operator);
    step = (register) => applyOperator(operator, applyOperator(operator, register));
  }
  return operators;
}

function applyOperator(operator: Int32Array, register: number): number {
  return operator[register & 0xff]! ^
    operator[256 | ((register >>> 8) & 0xff)]! ^
    operator[512 | ((register >>> 16) & 0xff)]! ^
    operator[768 | (register >>> 24)]!;
}

/** The register after `count` (below 2^31) zero bytes, in a number of steps that grows with log2 of the count. */
export function crc32cAdvance(register: number, count: number): number {
  if (!(count >= 0 && count < 2 ** POWERS)) {
    throw new RangeError(`Cannot advance a checksum over ${count} bytes`);
  }
  let advanced = register;
  for (let power = 0, rest = count; rest !== 0; power++, rest >>>= 1) {
    if ((rest & 1) !== 0) advanced = applyOperator(ZERO_BYTE_OPERATORS[power]!, advanced);
  }
  return advanced;
}

/**
 * The CRC-32C (or its register) of content after some bytes have changed, derived from the old one:
 * `crc(a ⊕ d) = crc(a) ⊕ r(d)`, where `r` is the CRC of the difference with initial value 0 and no final XOR.
 *
 * @param crc the CRC before the change
 * @param changeRegister `r` up to the last changed byte: from {@link crc32cStep}, or the XOR of the registers after the
 * old bytes and after the new bytes
 * @param bytesAfter how many unchanged bytes the CRC covers after the changed ones
 */
export function crc32cAfterChange(crc: number, changeRegister: number, bytesAfter: number): number {
  return (crc ^ crc32cAdvance(changeRegister, bytesAfter)) >>> 0;
}
