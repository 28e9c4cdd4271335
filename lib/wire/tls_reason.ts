// What rustls and OpenSSL say of a failed handshake, as sentences for the operator. It sees texts only: neither library
// gives its reasons a code. What is looked at is the libraries' own words, never the names that they quote.

/** A sentence for what a TLS library said; undefined where it says nothing of certificates. */
export function tlsReasonOf(said: string): string | undefined {
  const text = withoutNames(said);
  if (/UnknownIssuer|BadSignature|unable to (verify|get)|self.signed/i.test(text)) {
    return "the certificate is signed by an authority unknown here; give it under `tls.ca`";
  }
  if (/not ?valid ?for ?name|altnames|does not match/i.test(text)) {
    return "the certificate is not valid for this host name; see `tls.serverName`";
  }
  if (/certificate.*expired|Expired/i.test(text)) {
    return "the certificate has expired; renew it on the broker, or set this machine's clock right";
  }
  if (/NotValidYet|not valid yet/i.test(text)) {
    return "the certificate is not valid yet; set this machine's clock right";
  }
  if (
    /CertificateRequired|certificate required|Handshake ?Failure|Bad ?Certificate/i.test(text)
  ) {
    return "the broker refused the TLS handshake; it may want a client certificate (`tls.cert`, `tls.key`)";
  }
  if (/platform certificates/i.test(text)) {
    return "the system's certificate authorities could not be read; check SSL_CERT_FILE and SSL_CERT_DIR";
  }
  return undefined;
}

/** Hosts stand in quotation marks (rustls), or after `Host:` to the end (OpenSSL). */
function withoutNames(said: string): string {
  return said.replace(/: Host: .*$/s, "").replace(/".*"/gs, '""');
}
