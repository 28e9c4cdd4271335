// The text that a group has committed beside an offset (Kafka calls it metadata): whether it goes along to the target. Some
// consumers keep in it which messages after the position they have done already, counted in offsets. The same messages have
// other offsets on the target, so that such a text would have them pass over messages that nobody has done; without it
// they do some of them again. Texts are the client's own and nothing here reads more of them than it takes to tell.

/** Why a text is left out. */
export type MetadataLeftOut = "too long" | "counts offsets";

/** `offset.metadata.max.bytes` of a broker that nobody has changed; in spite of the name it counts characters. */
export const DEFAULT_MAX_LENGTH = 4096;

/**
 * Why a text is not carried over; undefined where it is.
 *
 * @param maxLength `offset.metadata.max.bytes` of the target, which Kafka compares with the length in UTF-16 units
 *   (OffsetMetadataManager, isMetadataInvalid); undefined where it is not known
 */
export function whyLeftOut(
  text: string,
  maxLength: number | undefined,
): MetadataLeftOut | undefined {
  if (countsOffsets(text)) return "counts offsets";
  return maxLength !== undefined && text.length > maxLength ? "too long" : undefined;
}

/**
 * Whether a text is one of those known to count offsets: Confluent's parallel-consumer (base64 of a letter that names the
 * encoding, and which of the offsets from the committed one on are done), and Wix's Greyhound (base64 of gzip, in which
 * offsets stand as numbers).
 */
export function countsOffsets(text: string): boolean {
  // Python's binding of librdkafka sends the zero byte at the end along.
  const bytes = fromBase64(text.replace(/\0$/, ""));
  if (bytes === undefined) return false;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true;
  const isFormat = PARALLEL_CONSUMER.get(bytes[0] ?? 0);
  return isFormat?.(bytes.subarray(1)) ?? false;
}

/**
 * Whether a text holds a number, of three digits at least, that is an offset from the committed one to the end of the log:
 * it may be one that means another message on the target.
 */
export function mayNameOffsets(text: string, committed: bigint, end: bigint): boolean {
  return (text.match(/(?<![\w.-])\d{3,19}(?![\w.])/g) ?? []).some((digits) => {
    const number = BigInt(digits);
    return number >= committed && number <= end;
  });
}

type IsFormat = (body: Uint8Array) => boolean;

const isZstd: IsFormat = ([a, b, c, d]) => a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
/** A length and as many bits; of the last bytes, those that are zero may be missing. */
const isBitSet = (lengthBytes: 2 | 4): IsFormat => (body) => {
  if (body.length <= lengthBytes) return false;
  const bits = body.subarray(0, lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  return bits > 0 && body.length - lengthBytes <= Math.floor(bits / 8) + 1;
};
/** Numbers of some bytes each, none of them negative; a text of letters has none that are as small. */
const isRunLength = (bytesEach: 2 | 4): IsFormat => (body) =>
  body.length > 0 && body.length % bytesEach === 0 &&
  body.every((byte, at) => at % bytesEach > 0 || byte < 0x20);

/** By the letter that names the encoding (OffsetEncoding of parallel-consumer). */
const PARALLEL_CONSUMER: ReadonlyMap<number, IsFormat> = new Map([
  ["L", (body: Uint8Array) => body.length > 0 && body.every((byte) => byte <= 1)],
  ["î", isZstd],
  ["l", isBitSet(2)],
  ["a", isZstd],
  ["n", isRunLength(2)],
  ["J", isZstd],
  ["o", isBitSet(4)],
  ["s", isZstd],
  ["e", isRunLength(4)],
  ["p", isZstd],
].map(([letter, isFormat]) => [(letter as string).charCodeAt(0), isFormat as IsFormat]));

function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
