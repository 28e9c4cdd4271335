// The first messages of a TLS 1.2 handshake (RFC 5246), which are unencrypted: a ClientHello that offers given cipher
// suites, and the server's answer. They only serve to see what a server offers; they negotiate and secure nothing.

const HANDSHAKE_RECORD = 22;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;
/** The signature algorithms that current and older servers accept; nothing is signed with them here. */
const SIGNATURE_ALGORITHMS = [
  ...[0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b],
  ...[0x0401, 0x0501, 0x0601, 0x0807, 0x0808, 0x0203, 0x0201],
];
const GROUPS = [0x001d, 0x0017, 0x0018, 0x0019, 0x0016, 0x0100, 0x0101];
const SERVER_NAME = 0;
const SUPPORTED_GROUPS = 10;
const POINT_FORMATS = 11;
const ALGORITHMS = 13;
const RENEGOTIATION = 0xff01;

/** What a server answered to a ClientHello. */
export interface ServerAnswer {
  /** `0x0303` is TLS 1.2; lower values are older versions. */
  readonly version: number;
  readonly cipherSuite: number;
  /** The server's certificates in DER, its own first. */
  readonly certificates: readonly Uint8Array[];
  readonly wantsClientCertificate: boolean;
}

const u16 = (value: number): number[] => [value >> 8 & 255, value & 255];
const u24 = (value: number): number[] => [value >> 16 & 255, ...u16(value)];
const sized8 = (bytes: readonly number[]): number[] => [bytes.length, ...bytes];
const sized16 = (bytes: readonly number[]): number[] => [...u16(bytes.length), ...bytes];

/** A ClientHello in one record. @param serverName is sent only if it is a name, not an address (RFC 6066, section 3) */
export function encodeClientHello(
  cipherSuites: readonly number[],
  serverName: string | undefined,
  random: Uint8Array,
): Uint8Array {
  const extension = (type: number, data: readonly number[]) => [...u16(type), ...sized16(data)];
  const name = [...new TextEncoder().encode(serverName)];
  const extensions = [
    ...(serverName === undefined ? [] : extension(SERVER_NAME, sized16([0, ...sized16(name)]))),
    ...extension(SUPPORTED_GROUPS, sized16(GROUPS.flatMap(u16))),
    ...extension(POINT_FORMATS, sized8([0])),
    ...extension(ALGORITHMS, sized16(SIGNATURE_ALGORITHMS.flatMap(u16))),
    ...extension(RENEGOTIATION, sized8([])),
  ];
  const body = [
    ...u16(0x0303),
    ...random.subarray(0, 32),
    ...sized8([]),
    ...sized16(cipherSuites.flatMap(u16)),
    ...sized8([0]),
    ...sized16(extensions),
  ];
  return new Uint8Array([
    HANDSHAKE_RECORD,
    ...u16(0x0301),
    ...sized16([1, ...u24(body.length), ...body]),
  ]);
}

/**
 * Reads the bytes that have arrived so far.
 *
 * @returns the answer; `refused` if the server broke off or speaks no TLS; `undefined` if more bytes have to come
 */
export function decodeServerAnswer(bytes: Uint8Array): ServerAnswer | "refused" | undefined {
  const handshake: number[] = [];
  for (let at = 0; at < bytes.length;) {
    // An alert, or no TLS at all.
    if (bytes[at] !== HANDSHAKE_RECORD) return "refused";
    if (at + 5 > bytes.length) break;
    const size = uint(bytes, at + 3, 2);
    handshake.push(...bytes.subarray(at + 5, at + 5 + size));
    at += 5 + size;
  }
  const messages = new Uint8Array(handshake);
  let hello: { readonly version: number; readonly cipherSuite: number } | undefined;
  let certificates: readonly Uint8Array[] = [];
  let wantsClientCertificate = false;
  for (let at = 0; at + 4 <= messages.length;) {
    const size = uint(messages, at + 1, 3);
    const body = messages.subarray(at + 4, at + 4 + size);
    if (body.length < size) return undefined;
    const type = messages[at];
    at += 4 + size;
    if (type === SERVER_HELLO) {
      const sessionSize = body[34] ?? 0;
      hello = { version: uint(body, 0, 2), cipherSuite: uint(body, 35 + sessionSize, 2) };
    } else if (type === CERTIFICATE) certificates = decodeCertificates(body);
    else if (type === CERTIFICATE_REQUEST) wantsClientCertificate = true;
    else if (type === SERVER_HELLO_DONE) {
      return hello && { ...hello, certificates, wantsClientCertificate };
    }
  }
  return undefined;
}

function decodeCertificates(body: Uint8Array): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  for (let at = 3; at + 3 <= body.length;) {
    const size = uint(body, at, 3);
    certificates.push(body.slice(at + 3, at + 3 + size));
    at += 3 + size;
  }
  return certificates;
}

function uint(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = at; index < at + size; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}
