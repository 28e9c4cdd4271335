// Builds and reads record batches of magic 2 the slow and obvious way, for tests: nothing of lib/batch is used, so
// that its mistakes are not repeated here. Compression is the caller's.

/** A header of a record. */
export interface TestHeader {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** A record with its absolute offset and timestamp. */
export interface TestRecord {
  readonly offset: bigint;
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly TestHeader[];
}

/** What a batch says beyond its records; everything has a default. */
export interface TestBatchOptions {
  readonly baseOffset?: bigint;
  readonly lastOffset?: bigint;
  readonly leaderEpoch?: number;
  readonly attributes?: number;
  readonly baseTimestamp?: bigint;
  readonly maxTimestamp?: bigint;
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly recordCount?: number;
  /** Compresses the records section; the codec bits are the caller's, in `attributes`. */
  readonly compress?: (bytes: Uint8Array) => Uint8Array;
}

/** A batch as it was read back. */
export interface TestBatch {
  readonly baseOffset: bigint;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  readonly crcIsRight: boolean;
  readonly records: readonly TestRecord[];
}

/** Text as bytes. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A batch in bytes of its own, as what reads batches takes it. */
export interface PlacedBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly position: number;
  readonly size: number;
  readonly recordCount: number;
}

/** Builds one. */
export function placedBatch(
  records: readonly TestRecord[],
  options: TestBatchOptions = {},
): PlacedBatch {
  const bytes = buildBatch(records, options);
  const view = new DataView(bytes.buffer);
  return { bytes, view, position: 0, size: bytes.length, recordCount: records.length };
}

/** What records hold, wherever they lie. */
export function contentsOf(records: readonly TestRecord[]): Omit<TestRecord, "offset">[] {
  return records.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }));
}

/** A record with an offset, whose value tells it. */
export function testRecord(offset: number, more: Partial<TestRecord> = {}): TestRecord {
  return {
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000n + BigInt(offset),
    key: utf8(`key-${offset % 7}`),
    value: utf8(`value of ${offset}`),
    headers: [],
    ...more,
  };
}

/** Records with consecutive offsets. */
export function testRecords(from: number, until: number): TestRecord[] {
  return Array.from({ length: until - from }, (_, i) => testRecord(from + i));
}

/** What a byte does to a CRC-32C, found bit by bit. */
const CRC32C_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C byte by byte. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC32C_OF_BYTE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** A complete batch with the right CRC. Its base offset and timestamp are those of the first record. */
export function buildBatch(
  records: readonly TestRecord[],
  options: TestBatchOptions = {},
): Uint8Array {
  const baseOffset = options.baseOffset ?? records[0]?.offset ?? 0n;
  const lastOffset = options.lastOffset ?? records.at(-1)?.offset ?? baseOffset;
  const baseTimestamp = options.baseTimestamp ?? records[0]?.timestamp ?? -1n;
  const latest = records.reduce((max, r) => r.timestamp > max ? r.timestamp : max, -1n);
  const section = records.flatMap((record) => encodeRecord(record, baseOffset, baseTimestamp));
  const plain = Uint8Array.from(section);
  const payload = options.compress === undefined ? plain : options.compress(plain);
  const bytes = new Uint8Array(61 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, baseOffset);
  view.setInt32(8, bytes.length - 12);
  view.setInt32(12, options.leaderEpoch ?? 5);
  view.setInt8(16, 2);
  view.setInt16(21, options.attributes ?? 0);
  view.setInt32(23, Number(lastOffset - baseOffset));
  view.setBigInt64(27, baseTimestamp);
  view.setBigInt64(35, options.maxTimestamp ?? latest);
  view.setBigInt64(43, options.producerId ?? -1n);
  view.setInt16(51, options.producerEpoch ?? -1);
  view.setInt32(53, options.baseSequence ?? -1);
  view.setInt32(57, options.recordCount ?? records.length);
  bytes.set(payload, 61);
  fixCrc(bytes);
  return bytes;
}

/** Writes the right CRC into a batch that a test has changed by hand. */
export function fixCrc(bytes: Uint8Array): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(17, slowCrc32c(bytes.subarray(21)));
}

/** Reads a batch back, whole; `open` opens its records section. Asserts nothing but that the bytes suffice. */
export function readBatch(
  bytes: Uint8Array,
  open: (bytes: Uint8Array) => Uint8Array = (section) => section,
): TestBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = view.getInt32(8) + 12;
  if (size !== bytes.length) throw new Error(`A batch of ${size} bytes in ${bytes.length}`);
  const attributes = view.getInt16(21);
  const header = {
    baseOffset: view.getBigInt64(0),
    leaderEpoch: view.getInt32(12),
    attributes,
    lastOffsetDelta: view.getInt32(23),
    baseTimestamp: view.getBigInt64(27),
    maxTimestamp: view.getBigInt64(35),
    producerId: view.getBigInt64(43),
    producerEpoch: view.getInt16(51),
    baseSequence: view.getInt32(53),
    recordCount: view.getInt32(57),
    crcIsRight: view.getUint32(17) === slowCrc32c(bytes.subarray(21)),
  };
  const section = open(bytes.subarray(61));
  const at = { position: 0 };
  const records: TestRecord[] = [];
  while (at.position < section.length) records.push(decodeRecord(section, at, header));
  return { ...header, records };
}

function encodeRecord(record: TestRecord, baseOffset: bigint, baseTimestamp: bigint): number[] {
  const body = [
    0,
    ...zigzag(BigInt.asIntN(64, record.timestamp - baseTimestamp)),
    ...zigzag(record.offset - baseOffset),
    ...sized(record.key),
    ...sized(record.value),
    ...zigzag(BigInt(record.headers.length)),
    ...record.headers.flatMap(({ key, value }) => [...sized(key), ...sized(value)]),
  ];
  return [...zigzag(BigInt(body.length)), ...body];
}

function decodeRecord(
  bytes: Uint8Array,
  at: { position: number },
  header: { baseOffset: bigint; baseTimestamp: bigint; maxTimestamp: bigint; attributes: number },
): TestRecord {
  const length = Number(unzigzag(bytes, at));
  const end = at.position + length;
  at.position++;
  const timestampDelta = unzigzag(bytes, at);
  const offset = header.baseOffset + unzigzag(bytes, at);
  const key = take(bytes, at);
  const value = take(bytes, at);
  const headers = Array.from({ length: Number(unzigzag(bytes, at)) }, () => ({
    key: take(bytes, at)!,
    value: take(bytes, at),
  }));
  if (at.position !== end) throw new Error(`A record ends at ${at.position} instead of ${end}`);
  const timestamp = (header.attributes & 8) !== 0
    ? header.maxTimestamp
    : BigInt.asIntN(64, header.baseTimestamp + timestampDelta);
  return { offset, timestamp, key, value, headers };
}

function sized(bytes: Uint8Array | null): number[] {
  return bytes === null ? zigzag(-1n) : [...zigzag(BigInt(bytes.length)), ...bytes];
}

function take(bytes: Uint8Array, at: { position: number }): Uint8Array | null {
  const length = Number(unzigzag(bytes, at));
  if (length < 0) return null;
  at.position += length;
  if (at.position > bytes.length) throw new Error("A field reaches beyond its batch");
  return bytes.slice(at.position - length, at.position);
}

/** A zigzag varint of up to 64 bits, as bytes. */
export function zigzag(value: bigint): number[] {
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n;
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest % 128n) + 128);
    rest /= 128n;
  }
  return [...bytes, Number(rest)];
}

function unzigzag(bytes: Uint8Array, at: { position: number }): bigint {
  let value = 0n;
  for (let factor = 1n;; factor *= 128n) {
    const byte = BigInt(bytes[at.position++] ?? 0);
    value += (byte % 128n) * factor;
    if (byte < 128n) break;
  }
  return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
}
