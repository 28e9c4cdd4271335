// Builds messages of magic 0 and 1 the slow and obvious way, for tests; nothing of lib/batch is used.

/** A message; everything but the offset has a default. */
export interface TestMessage {
  readonly offset: bigint;
  readonly magic?: number;
  readonly attributes?: number;
  readonly timestamp?: bigint;
  readonly key?: Uint8Array | null;
  readonly value?: Uint8Array | null;
}

/** CRC-32 bit by bit. */
export function slowCrc32(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** One message with offset, size and the right CRC. */
export function buildMessage(message: TestMessage): number[] {
  const { magic = 1, attributes = 0, timestamp = 0n, key = null, value = null } = message;
  const content = [
    magic,
    attributes,
    ...(magic === 0 ? [] : bigEndian(timestamp, 8)),
    ...field(key),
    ...field(value),
  ];
  const body = [...bigEndian(BigInt(slowCrc32(content)), 4), ...content];
  return [...bigEndian(message.offset, 8), ...bigEndian(BigInt(body.length), 4), ...body];
}

/** Messages one after another. */
export function buildMessages(messages: readonly TestMessage[]): Uint8Array {
  return Uint8Array.from(messages.flatMap(buildMessage));
}

function field(bytes: Uint8Array | null): number[] {
  return bytes === null ? [255, 255, 255, 255] : [...bigEndian(BigInt(bytes.length), 4), ...bytes];
}

function bigEndian(value: bigint, size: number): number[] {
  return Array.from(
    { length: size },
    (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 255n),
  );
}
