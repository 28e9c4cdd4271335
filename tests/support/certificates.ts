/**
 * Certificates for TLS tests, made on the fly by openssl: an authority, a server's and a client's certificate signed
 * by it, in the PEM forms that both Kafka and clients read. Refuses to be used outside tests: keys lie unencrypted,
 * valid for two days.
 */

import { ensureOpenssl } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/** Paths of the PEM files. */
export interface Certificates {
  /** The authority's certificate: the trust store of both sides. */
  readonly ca: string;
  /** The server's key (PKCS#8) and certificate in one file: Kafka's `ssl.keystore.type=PEM`. */
  readonly serverKeystore: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** The client's key again, encrypted with `passphrase`. */
  readonly clientKeyEncrypted: string;
  readonly passphrase: string;
}

/** The names by which brokers on loopback are reached. */
export const loopbackNames: readonly string[] = ["IP:127.0.0.1", "DNS:localhost"];

/**
 * @param directory an existing folder; each authority needs one of its own
 * @param serverNames subject alternative names of the server, as openssl writes them
 */
export async function makeCertificates(
  directory: string,
  serverNames: readonly string[] = loopbackNames,
): Promise<Certificates> {
  await ensureOpenssl();
  const openssl = (...args: readonly string[]): Promise<string> =>
    runCommand("openssl", args, { cwd: directory });
  const passphrase = "open-sesame";

  const makeKeyAndCertificate = (name: string, ...extra: readonly string[]): Promise<string> =>
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", "2", "-subj", `/CN=data-migrate test ${name}`],
      ...["-keyout", `${name}.key`, "-out", `${name}.pem`, ...extra],
    );
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key"];
  const endEntity = ["-addext", "basicConstraints=critical,CA:FALSE"];

  await makeKeyAndCertificate("ca", "-addext", "keyUsage=critical,keyCertSign,cRLSign");
  await Promise.all([
    makeKeyAndCertificate(
      "server",
      ...[...signed, ...endEntity, "-addext", `subjectAltName=${serverNames.join(",")}`],
    ),
    makeKeyAndCertificate("client", ...signed, ...endEntity),
  ]);
  await openssl(
    ...["pkcs8", "-topk8", "-in", "client.key", "-out", "client-encrypted.key"],
    ...["-v2", "aes-256-cbc", "-passout", `pass:${passphrase}`],
  );
  const serverParts = ["server.key", "server.pem"];
  const texts = await Promise.all(
    serverParts.map((name) => Deno.readTextFile(`${directory}/${name}`)),
  );
  await Deno.writeTextFile(`${directory}/server-keystore.pem`, texts.join(""));

  return {
    ca: `${directory}/ca.pem`,
    serverKeystore: `${directory}/server-keystore.pem`,
    clientCertificate: `${directory}/client.pem`,
    clientKey: `${directory}/client.key`,
    clientKeyEncrypted: `${directory}/client-encrypted.key`,
    passphrase,
  };
}

/** The server's key and certificate, and its authority, for brokers that read no PEM. */
export interface Pkcs12Stores {
  readonly serverKeystore: string;
  readonly truststore: string;
  readonly password: string;
}

/** Stores once more what `makeCertificates` left in a folder, in the form that Java has always read. */
export async function makePkcs12Stores(directory: string): Promise<Pkcs12Stores> {
  const stores = {
    serverKeystore: `${directory}/server.p12`,
    truststore: `${directory}/ca.p12`,
    password: "open-sesame",
  };
  await runCommand("openssl", [
    ...["pkcs12", "-export", "-in", "server.pem", "-inkey", "server.key", "-name", "server"],
    ...["-out", stores.serverKeystore, "-passout", `pass:${stores.password}`],
  ], { cwd: directory });
  // openssl cannot mark a certificate as one that Java trusts.
  await runCommand("keytool", [
    ...["-importcert", "-noprompt", "-alias", "ca", "-file", `${directory}/ca.pem`],
    ...["-keystore", stores.truststore, "-storetype", "PKCS12", "-storepass", stores.password],
  ]);
  return stores;
}

/**
 * A server's certificate that expired years ago, signed by the authority `makeCertificates` left in a folder.
 * @returns PEM texts
 */
export async function makeExpiredCertificate(
  directory: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const openssl = (...args: readonly string[]): Promise<string> =>
    runCommand("openssl", args, { cwd: directory });
  const config = `
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;
  await Deno.writeTextFile(`${directory}/authority.cnf`, config);
  await Deno.writeTextFile(`${directory}/index.txt`, "");
  await openssl(
    ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", "/CN=expired", "-keyout", "expired.key", "-out", "expired.csr"],
    ...["-addext", `subjectAltName=${loopbackNames.join(",")}`],
  );
  await openssl(
    ...["ca", "-batch", "-notext", "-config", "authority.cnf", "-cert", "ca.pem"],
    ...["-keyfile", "ca.key", "-in", "expired.csr", "-out", "expired.pem"],
    ...["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"],
  );
  return {
    cert: await Deno.readTextFile(`${directory}/expired.pem`),
    key: await Deno.readTextFile(`${directory}/expired.key`),
  };
}
