/** tls_reason.ts: what the TLS libraries say becomes a sentence for the operator, whatever hosts they name in it. */

import assert from "node:assert/strict";
import { tlsReasonOf } from "../../../lib/wire/tls_reason.ts";

const SAID: readonly (readonly [text: string, says: RegExp | undefined])[] = [
  ["invalid peer certificate: UnknownIssuer", /authority unknown here/],
  ["self-signed certificate in certificate chain", /authority unknown here/],
  ["invalid peer certificate: Expired", /has expired/],
  ["certificate has expired", /has expired/],
  ["invalid peer certificate: NotValidYet", /not valid yet/],
  ["received fatal alert: HandshakeFailure", /refused the TLS handshake/],
  ["Connection reset by peer (os error 104)", undefined],
  ['could not connect to "expired.example"', undefined],
];

Deno.test("each thing that a TLS library says is told by the library's own words", () => {
  for (const [text, says] of SAID) {
    if (says === undefined) assert.equal(tlsReasonOf(text), undefined, text);
    else assert.match(tlsReasonOf(text) ?? "", says, text);
  }
});

Deno.test("a certificate for other names is that, whatever the names are", () => {
  for (const host of ["broker-1", "self-signed.example", "expired.example", "UnknownIssuer"]) {
    const texts = [
      `invalid peer certificate: certificate not valid for name "${host}"; certificate is only valid for DnsName("${host}")`,
      `Hostname/IP does not match certificate's altnames: Host: ${host}. is not in the cert's altnames: DNS:${host}`,
    ];
    for (const text of texts) {
      assert.match(tlsReasonOf(text) ?? "", /not valid for this host/, text);
    }
  }
});
