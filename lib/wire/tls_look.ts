// Finds out why a handshake failed if the TLS library's message leaves it open: one or two more connections read what the
// broker offers, which the first messages of TLS 1.2 tell unencrypted, and close. It runs only after a failure, sends
// nothing but a ClientHello, and decides nothing: it only words the cause.

import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { TlsConfig } from "../config/migration_config.ts";
import type { DialTarget } from "./dial_target.ts";
import { decodeServerAnswer, encodeClientHello, type ServerAnswer } from "./tls_hello.ts";
import { type TlsTrouble, WAY_ROUND } from "./tls_reason.ts";

/** The cipher suites that rustls accepts in TLS 1.2: ECDHE with AES-GCM or ChaCha20. */
const TAKEN = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
/** Cipher suites that rustls does not accept: code, name (IANA), kind. */
const NOT_TAKEN: readonly (readonly [number, string, string])[] = [
  [0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", "RSA key exchange"],
  [0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", "RSA key exchange"],
  [0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", "RSA key exchange and CBC"],
  [0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "RSA key exchange and CBC"],
  [0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", "RSA key exchange and CBC"],
  [0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", "RSA key exchange and CBC"],
  [0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RSA key exchange and CBC"],
  [0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "CBC"],
  [0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "CBC"],
  [0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "CBC"],
  [0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "CBC"],
  [0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "CBC"],
  [0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "CBC"],
  [0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "CBC"],
  [0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "CBC"],
  [0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE"],
  [0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE"],
  [0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE and CBC"],
  [0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE and CBC"],
  [0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE and CBC"],
  [0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE and CBC"],
];
/** rustls verifies no RSA signature of a shorter key. */
const LEAST_RSA_BITS = 2048;
const TIMEOUT_MS = 3_000;
const MOST_BYTES = 256 * 1024;

/** The cause, as far as the broker's offer tells it; if it tells nothing, the reason that is already known. */
export async function lookAtTls(
  { reason, look }: TlsTrouble,
  tls: TlsConfig,
  target: DialTarget,
): Promise<string> {
  if (look === undefined) return reason;
  const name = tls.serverName ?? target.advertised.host;
  const ask = (suites: readonly number[]) => askServer(target, name, suites);
  const usual = await ask(TAKEN);
  if (look === "signature") return (usual && signatureCause(usual, tls.ca)) ?? reason;
  if (usual !== undefined) return offerCause(usual, tls.cert !== undefined) ?? reason;
  const other = await ask(NOT_TAKEN.map(([code]) => code));
  return (other && offerCause(other, tls.cert !== undefined)) ?? reason;
}

/** Why the handshake cannot succeed with a server that gives this answer. */
function offerCause(
  { version, cipherSuite, certificates: [own], wantsClientCertificate }: ServerAnswer,
  clientCertificate: boolean,
): string | undefined {
  if (version < 0x0303) {
    return `the broker speaks TLS 1.${
      version - 0x0301
    } or older only, which this program's TLS does not; allow TLSv1.2 there (\`ssl.enabled.protocols\`), ${WAY_ROUND}`;
  }
  const other = NOT_TAKEN.find(([code]) => code === cipherSuite);
  if (other !== undefined) {
    const [, suite, kind] = other;
    return `the broker offers only cipher suites that this program's TLS does not take (${kind}: ${suite}); allow one with ECDHE and GCM there (\`ssl.cipher.suites\`), ${WAY_ROUND}`;
  }
  if (wantsClientCertificate) {
    return clientCertificate
      ? "the broker does not accept the client certificate (`tls.cert`, `tls.key`); see what its log says of it"
      : "the broker wants a client certificate (`tls.cert`, `tls.key`)";
  }
  if (own !== undefined && keyOf(own) === undefined) {
    return `the broker's certificate has a key of a kind that this program's TLS does not take; have it issued anew with an ECDSA key on P-256 or an RSA key of 2048 bits, ${WAY_ROUND}`;
  }
  return undefined;
}

/** Which key is too short, if one is. */
function signatureCause(
  { certificates }: ServerAnswer,
  ca: string | undefined,
): string | undefined {
  const [own] = certificates;
  if (own === undefined) return undefined;
  const tooShort = (whose: string, bits: number) =>
    `${whose} has an RSA key of ${bits} bits, and this program's TLS takes no less than ${LEAST_RSA_BITS}; have it issued anew with a longer one, ${WAY_ROUND}`;
  const bits = keyOf(own)?.rsaBits ?? LEAST_RSA_BITS;
  if (bits < LEAST_RSA_BITS) return tooShort("the broker's certificate", bits);
  const given = ca?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const issuers = [...certificates.slice(1), ...given];
  const last = x509(certificates.at(-1) ?? own)?.issuer;
  for (const issuer of issuers) {
    const { rsaBits = LEAST_RSA_BITS } = keyOf(issuer) ?? {};
    if (rsaBits >= LEAST_RSA_BITS) continue;
    const concerned = typeof issuer !== "string" || x509(issuer)?.subject === last;
    if (concerned) return tooShort("the authority's certificate", rsaBits);
  }
  return given.some((each) => x509(each)?.subject === last)
    ? "the certificate is signed by an authority unknown here: the one of this name under `tls.ca` has another key; give the right one there"
    : undefined;
}

/** What is known of a certificate's key; undefined if it is of no usual kind. */
function keyOf(certificate: Uint8Array | string): { readonly rsaBits?: number } | undefined {
  try {
    const details = x509(certificate)?.publicKey.asymmetricKeyDetails;
    if (details === undefined) return undefined;
    const { modulusLength } = details;
    return modulusLength === undefined ? {} : { rsaBits: modulusLength };
  } catch {
    return undefined;
  }
}

function x509(certificate: Uint8Array | string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined;
  }
}

/** A server's answer to a ClientHello with these suites; undefined if it refuses them or does not answer in time. */
async function askServer(
  { ip, dialled: { host, port } }: DialTarget,
  name: string,
  suites: readonly number[],
): Promise<ServerAnswer | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let connection: Deno.TcpConn | undefined;
  const close = () => {
    connection?.close();
    connection = undefined;
  };
  signal.addEventListener("abort", close);
  try {
    connection = await Deno.connect({ hostname: ip ?? host, port, signal });
    const random = crypto.getRandomValues(new Uint8Array(32));
    const serverName = isIP(name) === 0 ? name : undefined;
    await connection.write(encodeClientHello(suites, serverName, random));
    const bytes = new Uint8Array(MOST_BYTES);
    for (let filled = 0; filled < MOST_BYTES;) {
      const count = await connection?.read(bytes.subarray(filled));
      if (count === null || count === undefined) return undefined;
      filled += count;
      const answer = decodeServerAnswer(bytes.subarray(0, filled));
      if (answer !== undefined) return answer === "refused" ? undefined : answer;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
