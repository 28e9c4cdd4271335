// The text that a group has committed beside an offset (Kafka calls it metadata), and whether it is carried over to the
// target. Some consumers record in it, by offset, which messages after the position they have already processed. The same
// messages have other offsets on the target, so with such a text they would skip messages that nobody has processed;
// without it they process some messages again. The text belongs to the client: nothing here reads more of it than this
// decision needs.

/** Why a text is not carried over. */
export type MetadataLeftOut = "too long" | "counts offsets";

/** The default of `offset.metadata.max.bytes`; in spite of the name it limits the number of characters. */
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
 * Whether the text has one of the formats known to contain offsets: Confluent's parallel-consumer (base64 of a letter that
 * names the encoding, followed by which offsets after the committed one are done) or Wix's Greyhound (base64 of gzip that
 * contains offsets as numbers).
 */
export function countsOffsets(text: string): boolean {
  // librdkafka's Python binding sends the terminating zero byte too.
  const bytes = fromBase64(text.replace(/\0$/, ""));
  if (bytes === undefined) return false;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true;
  const isFormat = PARALLEL_CONSUMER.get(bytes[0] ?? 0);
  return isFormat?.(bytes.subarray(1)) ?? false;
}

/**
 * Whether the text contains a number of at least three digits that lies between the committed offset and the end of the
 * log: it may be an offset, which would mean another message on the target.
 */
export function mayNameOffsets(text: string, committed: bigint, end: bigint): boolean {
  return (text.match(/(?<![\w.-])\d{3,19}(?![\w.])/g) ?? []).some((digits) => {
    const number = BigInt(digits);
    return number >= committed && number <= end;
  });
}

type IsFormat = (body: Uint8Array) => boolean;

const isZstd: IsFormat = ([a, b, c, d]) => a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
/** A length followed by that many bits; trailing zero bytes may be missing. */
const isBitSet = (lengthBytes: 2 | 4): IsFormat => (body) => {
  if (body.length <= lengthBytes) return false;
  const bits = body.subarray(0, lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  return bits > 0 && body.length - lengthBytes <= Math.floor(bits / 8) + 1;
};
/** Numbers of `bytesEach` bytes, none negative. Letters read as such numbers would be larger. */
const isRunLength = (bytesEach: 2 | 4): IsFormat => (body) =>
  body.length > 0 && body.length % bytesEach === 0 &&
  body.every((byte, at) => at % bytesEach > 0 || byte < 0x20);

/** The formats by the letter that names the encoding (OffsetEncoding of parallel-consumer). */
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
