// Reads Kafka's primitive types (protocol guide, "Protocol Primitive Types") from a response, classic and compact
// (KIP-482) forms both. Every length is checked against the bytes that are left, so that a damaged or hostile response
// ends in a ProtocolError and never in an unbounded allocation.

const utf8 = new TextDecoder();

/** A response whose bytes do not have the expected form. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** A position in a response; each read moves it forward. */
export class ProtocolReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  get position(): number {
    return this.#at;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.int8();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value >>> 0;
    }
    throw new ProtocolError("A variable-length integer is longer than five bytes");
  }

  /** Skips `size` bytes and returns the position of the first. */
  skip(size: number): number {
    return this.#take(size);
  }

  string(): string {
    return this.nullableString() ?? "";
  }

  nullableString(): string | null {
    const size = this.int16();
    return size < 0 ? null : this.#text(size);
  }

  compactString(): string {
    return this.compactNullableString() ?? "";
  }

  compactNullableString(): string | null {
    const size = this.uvarint();
    return size === 0 ? null : this.#text(size - 1);
  }

  /** Reads 16 bytes as 32 hex digits. */
  uuid(): string {
    const at = this.#take(16);
    return Array.from(
      this.#bytes.subarray(at, at + 16),
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join("");
  }

  /** Reads an array; a null array reads as an empty one. */
  array<Item>(read: () => Item): Item[] {
    return this.#items(this.int32(), read);
  }

  compactArray<Item>(read: () => Item): Item[] {
    return this.#items(this.uvarint() - 1, read);
  }

  /** Skips a section of tagged fields: this program needs none of them. */
  skipTags(): void {
    const count = this.uvarint();
    for (let index = 0; index < count; index++) {
      this.uvarint();
      this.#take(this.uvarint());
    }
  }

  /** @throws {ProtocolError} unless everything has been read: after a damaged length, bytes would remain */
  end(): void {
    const left = this.#end - this.#at;
    if (left !== 0) throw new ProtocolError(`The response goes on for ${left} bytes after its end`);
  }

  #items<Item>(count: number, read: () => Item): Item[] {
    const left = this.#end - this.#at;
    if (count > left) {
      throw new ProtocolError(`An array of ${count} items cannot lie in ${left} bytes`);
    }
    const items: Item[] = [];
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }

  #text(size: number): string {
    // The metadata texts of committed offsets are mostly empty, and decoding an empty text takes longer than reading the
    // rest of such an offset.
    if (size === 0) return "";
    const at = this.#take(size);
    return utf8.decode(this.#bytes.subarray(at, at + size));
  }

  #take(size: number): number {
    const at = this.#at;
    if (size < 0 || at + size > this.#end) {
      throw new ProtocolError(`The response ends ${at + size - this.#end} bytes too early`);
    }
    this.#at = at + size;
    return at;
  }
}
