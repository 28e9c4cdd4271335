// Turns rustls's message about a failed handshake into a sentence for the operator. Only this file maps rustls's words
// to a cause, since rustls gives its reasons no code. If the message leaves the cause open (`look`), the broker's
// offer may tell it (tls_look.ts).

import { escapeName } from "../model/escape_name.ts";

/** Why a handshake failed. */
export interface TlsTrouble {
  /** A sentence without capital letter and full stop. */
  readonly reason: string;
  /** What tells several possible causes apart: the broker's offer, or the signature of its certificate. */
  readonly look?: "offer" | "signature";
}

/** What this side offered in the handshake. */
export interface TlsTried {
  readonly clientCertificate: boolean;
}

/** Added to the cause if nothing on this side can help. */
export const WAY_ROUND = "or go through a TLS proxy on this host (docs/networks.md)";

const UNKNOWN_AUTHORITY =
  "the certificate is signed by an authority unknown here; give it under `tls.ca`";
const WANTS_CERTIFICATE =
  "the broker refused the TLS handshake; it may want a client certificate (`tls.cert`, `tls.key`)";

/** Alerts (RFC 8446, section 6) by which a broker refuses a client's certificate. */
const CLIENT_CERTIFICATE_ALERTS: Readonly<Record<string, string>> = {
  BadCertificate: "it is damaged or not trusted there",
  UnsupportedCertificate: "it is of a kind that is not accepted there",
  CertificateRevoked: "it has been revoked",
  CertificateExpired: "it has expired; renew it",
  CertificateUnknown: "it is not accepted there",
  UnknownCA: "the broker does not know the authority that signed it",
  AccessDenied: "its owner has no access there",
  DecryptError: "its signature could not be verified there",
};

/** Causes by the words of the library's own check of the certificate. */
const CERTIFICATE_CAUSES: readonly (readonly [RegExp, string])[] = [
  [/UnknownIssuer|unable to (verify|get)|self.signed/i, UNKNOWN_AUTHORITY],
  [
    /UnsupportedCertVersion/,
    `the certificate has the form X.509 version 1, which this program's TLS does not take; have it issued anew as version 3 with a subjectAltName, ${WAY_ROUND}`,
  ],
  [
    /CaUsedAsEndEntity/,
    `the broker presents the certificate of an authority (CA:TRUE) as its own, which this program's TLS does not take; issue it anew with basicConstraints CA:FALSE (it may sign itself, and be given under \`tls.ca\`), ${WAY_ROUND}`,
  ],
  [
    /EndEntityUsedAsCa/,
    "the certificate is signed by one that is no authority's (CA:FALSE); have it issued by an authority",
  ],
  [
    /Unsupported\w*SignatureAlgorithm/,
    `the certificate, or its authority's, is signed with an algorithm that this program's TLS does not take, such as SHA-1; have it issued anew with SHA-256, ${WAY_ROUND}`,
  ],
  [
    /extended key usage|RequiredEkuNotFound/i,
    "the certificate may not be used by a server (its extendedKeyUsage lacks serverAuth); have it issued anew with serverAuth",
  ],
  [
    /UnsupportedCriticalExtension|UnhandledCriticalExtension/,
    `the certificate has a critical extension that this program's TLS does not know; have it issued anew without, ${WAY_ROUND}`,
  ],
  [
    /not valid for any names/i,
    "the certificate names no host in a subjectAltName, and its CN alone does not count; have it issued anew with one, or set `tls.verifyHostname: false`",
  ],
  [
    /expired/i,
    "the certificate has expired; renew it on the broker, or set this machine's clock right",
  ],
  [
    /NotValidYet|not valid yet/i,
    "the certificate is not valid yet; set this machine's clock right",
  ],
  [/revoked/i, "the certificate has been revoked; have the broker's renewed"],
];

/**
 * The cause that a TLS library's message tells.
 *
 * @returns undefined if the message is not about TLS
 */
export function tlsTroubleOf(
  said: string,
  { clientCertificate }: TlsTried,
): TlsTrouble | undefined {
  const text = withoutNames(said);
  const alert = alertIn(text);
  if (alert !== undefined) return alertTrouble(alert, clientCertificate);
  if (/platform certificates/i.test(text)) {
    return {
      reason:
        "the system's certificate authorities could not be read; check SSL_CERT_FILE and SSL_CERT_DIR",
    };
  }
  if (/BadSignature|InvalidSignatureForPublicKey/.test(text)) {
    return { reason: UNKNOWN_AUTHORITY, look: "signature" };
  }
  if (/not ?valid ?for ?name|does not match/i.test(text) && !/any names/.test(text)) {
    const names = [...said.matchAll(/DnsName\("([^"]{1,255})"\)|IpAddress\(([^)]{1,50})\)/g)]
      .slice(0, 5).map(([, name, address]) => escapeName(name ?? address ?? ""));
    const carried = names.length === 0 ? "" : ` (it carries ${names.join(", ")})`;
    return {
      reason: `the certificate is not valid for this host name; see \`tls.serverName\`${carried}`,
    };
  }
  const [, cause] = CERTIFICATE_CAUSES.find(([words]) => words.test(text)) ?? [];
  if (cause !== undefined) return { reason: cause };
  if (/invalid peer certificate/i.test(text)) {
    const reason = `the certificate was not accepted (${firstLine(said)})`;
    return { reason };
  }
  if (/peer is incompatible/i.test(text)) {
    return {
      reason: `the broker's TLS and this program's (1.2 and 1.3) do not fit together (${
        firstLine(said)
      }), ${WAY_ROUND}`,
      look: "offer",
    };
  }
  if (/unexpected (end of file|eof)|connection reset|broken pipe/i.test(text)) {
    return {
      reason:
        "the connection was closed in the TLS handshake; check that the port expects TLS, and what the broker's log says",
    };
  }
  if (/corrupt message|InvalidContentType/i.test(text)) {
    return {
      reason: "what answers in the TLS handshake is not TLS; check that the port expects TLS",
    };
  }
  return undefined;
}

/** The cause if a broker has refused the handshake with an alert; undefined if the message is not about TLS. */
export function tlsAlertTroubleOf(said: string, tried: TlsTried): TlsTrouble | undefined {
  const alert = alertIn(withoutNames(said));
  return alert === undefined ? undefined : alertTrouble(alert, tried.clientCertificate);
}

function alertIn(text: string): string | undefined {
  return /received fatal alert: (\w+)/.exec(text)?.[1];
}

function alertTrouble(alert: string, clientCertificate: boolean): TlsTrouble {
  const aboutOurs = CLIENT_CERTIFICATE_ALERTS[alert];
  if (aboutOurs !== undefined) {
    return {
      reason: clientCertificate
        ? `the broker refused the client certificate (\`tls.cert\`): ${aboutOurs}`
        : WANTS_CERTIFICATE,
    };
  }
  switch (alert) {
    case "CertificateRequired":
      return { reason: WANTS_CERTIFICATE };
    case "ProtocolVersion":
      return {
        reason:
          `the broker speaks neither TLS 1.2 nor 1.3, older ones this program's TLS does not; allow TLSv1.2 there (\`ssl.enabled.protocols\`), ${WAY_ROUND}`,
      };
    case "HandshakeFailure":
    case "InsufficientSecurity":
      return {
        reason: clientCertificate
          ? `the broker refused the TLS handshake: its cipher suites and this program's have none in common, or it does not accept the client certificate`
          : `${WANTS_CERTIFICATE}, or has no cipher suite in common with this program's TLS`,
        look: "offer",
      };
    case "UnrecognisedName":
      return {
        reason:
          "what answers knows no host of this name (its TLS routes by name); see `tls.serverName`",
      };
    case "NoApplicationProtocol":
      return {
        reason:
          "what answers expects another protocol than Kafka's; check that the port is Kafka's",
      };
    default:
      return {
        reason:
          `the broker broke the TLS handshake off (alert ${alert}); see what its log says of it`,
      };
  }
}

/**
 * Removes host names, so that only the library's own words tell a cause: rustls quotes them, OpenSSL puts them after
 * `Host:`.
 */
function withoutNames(said: string): string {
  return said.replace(/: Host: .*$/s, "").replace(/"[^"]*"/gs, '""');
}

function firstLine(text: string): string {
  return escapeName((text.split("\n", 1)[0] ?? text).slice(0, 200));
}
