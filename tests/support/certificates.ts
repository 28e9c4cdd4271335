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

/** Kinds of servers' certificates that clients trip over. */
export type OddCertificate =
  | "version 1"
  | "an authority's own"
  | "signs itself"
  | "RSA of 1024 bits"
  | "by an authority with RSA of 1024 bits"
  | "SHA-1"
  | "no subjectAltName"
  | "another name"
  | "for clients only"
  | "an unusual curve"
  | "usual";

/** PEM files of a server's certificate. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  /** Both in one file: Kafka's `ssl.keystore.type=PEM`. */
  readonly keystore: string;
  /** The authority to trust. */
  readonly ca: string;
}

const rsa = (bits: number) => ["-newkey", `rsa:${bits}`];
const p256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const altNames = ["-addext", `subjectAltName=${loopbackNames.join(",")}`];
const endEntity = ["-addext", "basicConstraints=critical,CA:FALSE"];

/** Arguments for openssl req, besides those that all have; without `by` it signs itself. */
const oddKinds: Readonly<
  Record<
    Exclude<OddCertificate, "version 1">,
    { readonly args: readonly string[]; readonly by?: "ca" | "weak-ca" }
  >
> = {
  "an authority's own": { args: [...p256, ...altNames] },
  "signs itself": { args: [...p256, ...altNames, ...endEntity] },
  "RSA of 1024 bits": { args: [...rsa(1024), ...altNames, ...endEntity], by: "ca" },
  "by an authority with RSA of 1024 bits": {
    args: [...rsa(2048), ...altNames, ...endEntity],
    by: "weak-ca",
  },
  "SHA-1": { args: [...rsa(2048), ...altNames, ...endEntity, "-sha1"], by: "ca" },
  "no subjectAltName": { args: [...p256, ...endEntity], by: "ca" },
  "another name": {
    args: [...p256, ...endEntity, "-addext", "subjectAltName=DNS:other.example"],
    by: "ca",
  },
  "for clients only": {
    args: [...p256, ...altNames, ...endEntity, "-addext", "extendedKeyUsage=clientAuth"],
    by: "ca",
  },
  "an unusual curve": {
    args: [
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
      ...[...altNames, ...endEntity],
    ],
    by: "ca",
  },
  "usual": { args: [...rsa(2048), ...altNames, ...endEntity], by: "ca" },
};

/**
 * Makes a server's certificate of a kind.
 * @param directory where `makeCertificates` left its authority
 */
export async function makeOddCertificate(
  directory: string,
  kind: OddCertificate,
): Promise<ServerCertificate> {
  const openssl = (...args: readonly string[]): Promise<string> =>
    runCommand("openssl", args, { cwd: directory });
  const name = kind.replaceAll(/\W+/g, "-");
  const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  const subject = ["-nodes", "-subj", "/CN=127.0.0.1"];
  let ca = "ca.pem";
  if (kind === "version 1") {
    // Of a request without extensions, openssl x509 makes one of version 1.
    await openssl(
      "req",
      "-new",
      ...rsa(2048),
      ...subject,
      "-keyout",
      `${name}.key`,
      "-out",
      "v1.csr",
    );
    await openssl(
      ...["x509", "-req", "-in", "v1.csr", "-CA", "ca.pem", "-CAkey", "ca.key"],
      ...["-CAcreateserial", "-days", "2", "-out", `${name}.pem`],
    );
  } else {
    const { args, by } = oddKinds[kind];
    if (by === "weak-ca") {
      await openssl(
        ...["req", "-x509", ...rsa(1024), "-nodes", "-days", "2", "-subj", "/CN=weak authority"],
        ...["-keyout", "weak-ca.key", "-out", "weak-ca.pem"],
      );
    }
    const signed = by === undefined ? [] : ["-CA", `${by}.pem`, "-CAkey", `${by}.key`];
    await openssl("req", "-x509", "-days", "2", ...subject, ...signed, ...args, ...out);
    ca = by === undefined ? `${name}.pem` : `${by}.pem`;
  }
  const texts = await Promise.all(
    [`${name}.key`, `${name}.pem`].map((file) => Deno.readTextFile(`${directory}/${file}`)),
  );
  await Deno.writeTextFile(`${directory}/${name}-keystore.pem`, texts.join(""));
  return {
    cert: `${directory}/${name}.pem`,
    key: `${directory}/${name}.key`,
    keystore: `${directory}/${name}-keystore.pem`,
    ca: `${directory}/${ca}`,
  };
}
