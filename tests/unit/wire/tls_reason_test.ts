/** tls_reason.ts: a cause for each of rustls's texts, and no cause that is not so. */

import assert from "node:assert/strict";
import { tlsTroubleOf } from "../../../lib/wire/tls_reason.ts";

const bad = (what: string) => `invalid peer certificate: ${what}`;
const alert = (name: string) => `received fatal alert: ${name}`;

/** What is said, without and with a client certificate of ours; one where both are the same. */
const cases: readonly (readonly [text: string, without: RegExp, withOurs?: RegExp])[] = [
  [bad("UnknownIssuer"), /^the certificate is signed by an authority unknown here; give it under/],
  [bad("BadSignature"), /authority unknown here/],
  [bad("Other(OtherError(UnsupportedCertVersion))"), /X\.509 version 1/],
  [bad("Other(OtherError(CaUsedAsEndEntity))"), /CA:TRUE/],
  [bad("UnsupportedSignatureAlgorithm"), /SHA-1/],
  [
    bad(
      'certificate not valid for name "k"; certificate is only valid for DnsName("a.example"), DnsName("b") or IpAddress(10.0.0.1)',
    ),
    /not valid for this host name; see `tls\.serverName` \(it carries a\.example, b, 10\.0\.0\.1\)$/,
  ],
  [
    bad(
      'certificate not valid for name "k"; certificate is not valid for any names (according to its subjectAltName extension)',
    ),
    /subjectAltName/,
  ],
  [
    bad("certificate expired: verification time 1 (UNIX), but it is not valid after 0"),
    /has expired/,
  ],
  [bad("certificate not valid yet: verification time 0 (UNIX)"), /not valid yet/],
  [bad("Revoked"), /has been revoked/],
  [bad("BadEncoding"), /was not accepted \(invalid peer certificate: BadEncoding\)/],
  [alert("CertificateRequired"), /may want a client certificate/],
  [alert("BadCertificate"), /may want a client certificate/, /refused the client certificate/],
  [alert("UnknownCA"), /may want a client/, /client certificate .*does not know the authority/],
  [alert("CertificateExpired"), /may want a client/, /client certificate .*has expired; renew it/],
  [alert("HandshakeFailure"), /client certificate .*cipher suite/, /cipher suites.* client certif/],
  [alert("ProtocolVersion"), /speaks neither TLS 1\.2 nor 1\.3/],
  [alert("UnrecognisedName"), /knows no host of this name/],
  [alert("InternalError"), /broke the TLS handshake off \(alert InternalError\)/],
  ["peer is incompatible: ServerDoesNotSupportTls12Or13", /do not fit together/],
  ["unexpected end of file", /check that the port expects TLS/],
  ["Connection reset by peer (os error 104)", /check that the port expects TLS/],
  [
    "received corrupt message of type InvalidContentType",
    /is not TLS; check that the port expects/,
  ],
  ["failed to load platform certificates", /SSL_CERT_FILE/],
];

for (const [text, without, withOurs = without] of cases) {
  Deno.test(`TLS says ${text.slice(0, 70)}`, () => {
    for (const [clientCertificate, says] of [[false, without], [true, withOurs]] as const) {
      const { reason = "" } = tlsTroubleOf(text, { clientCertificate }) ?? {};
      assert.match(reason, says);
      if (/certificate|alert/.test(text)) assert.doesNotMatch(reason, /the port expects TLS/);
      if (!/UnknownIssuer|BadSignature/.test(text)) assert.doesNotMatch(reason, /unknown here/);
    }
  });
}

Deno.test("what does not come from TLS has no cause here", () => {
  for (const text of ["Connection refused (os error 111)", "No route to host (os error 113)", ""]) {
    assert.equal(tlsTroubleOf(text, { clientCertificate: false }), undefined);
  }
});

Deno.test("names from a certificate cannot fool a terminal", () => {
  const text = bad('certificate not valid for name "k"; only valid for DnsName("\u001b[2Jx")');
  const { reason = "" } = tlsTroubleOf(text, { clientCertificate: false }) ?? {};
  assert.match(reason, /it carries \\u001b\[2Jx/);
});

Deno.test("a certificate for other names is that, whatever the names are", () => {
  for (const host of ["broker-1", "self-signed.example", "expired.example", "UnknownIssuer"]) {
    const texts = [
      `invalid peer certificate: certificate not valid for name "${host}"; certificate is only valid for DnsName("${host}")`,
      `Hostname/IP does not match certificate's altnames: Host: ${host}. is not in the cert's altnames: DNS:${host}`,
    ];
    for (const text of texts) {
      const { reason = "" } = tlsTroubleOf(text, { clientCertificate: false }) ?? {};
      assert.match(reason, /not valid for this host/, text);
    }
  }
});
