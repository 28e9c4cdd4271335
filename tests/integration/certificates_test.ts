/**
 * Certificates and TLS servers that this program's TLS does not take: each has its cause in the text and, where there is
 * one, a way round; none is told as something else. The servers are openssl's, and a real broker's.
 */

import assert from "node:assert/strict";
import { assertCopied, makeBacklog } from "../support/backlog.ts";
import {
  makeCertificates,
  makeOddCertificate,
  type OddCertificate,
} from "../support/certificates.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { certificatesOf, startKafka } from "../support/kafka_cluster.ts";
import { freePorts } from "../support/free_ports.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

let directory: string;
Deno.test.beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  await makeCertificates(directory);
});
Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));

/** An openssl s_server that is ended afterwards. */
async function startTlsServer(
  { cert, key }: { readonly cert: string; readonly key: string },
  args: readonly string[],
): Promise<AsyncDisposable & { readonly address: string }> {
  const [port = 0] = freePorts(1);
  const address = `127.0.0.1:${port}`;
  const ciphers = args.includes("-cipher") ? [] : ["-cipher", "ALL@SECLEVEL=0"];
  const server = new Deno.Command("openssl", {
    args: [
      "s_server",
      "-accept",
      address,
      "-cert",
      cert,
      "-key",
      key,
      "-quiet",
      ...ciphers,
      ...args,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (const deadline = Date.now() + 10_000;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await server.status;
    },
  };
}

const cases: readonly {
  readonly certificate: OddCertificate;
  readonly server?: readonly string[];
  readonly title?: string;
  readonly says: RegExp;
}[] = [
  { certificate: "version 1", says: /X\.509 version 1, .* as version 3 with a subjectAltName/ },
  {
    certificate: "an authority's own",
    says: /certificate of an authority \(CA:TRUE\) as its own, .* basicConstraints CA:FALSE/,
  },
  { certificate: "RSA of 1024 bits", says: /the broker's certificate has an RSA key of 1024 bits/ },
  {
    certificate: "by an authority with RSA of 1024 bits",
    says: /the authority's certificate has an RSA key of 1024 bits/,
  },
  { certificate: "SHA-1", says: /such as SHA-1; have it issued anew with SHA-256/ },
  {
    certificate: "no subjectAltName",
    says: /names no host in a subjectAltName, .* or set `tls\.verifyHostname: false`/,
  },
  {
    certificate: "another name",
    says: /not valid for this host name; see `tls\.serverName` \(it carries other\.example\)/,
  },
  { certificate: "for clients only", says: /may not be used by a server .*serverAuth/ },
  { certificate: "an unusual curve", says: /has a key of a kind that this program's TLS does not/ },
  {
    title: "only RSA key exchange",
    certificate: "usual",
    server: ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-GCM-SHA384"],
    says:
      /does not take \(RSA key exchange: TLS_RSA_WITH_AES_\d+_GCM_SHA\d+\); .*`ssl\.cipher\.suites`/,
  },
  {
    title: "only CBC",
    certificate: "usual",
    server: ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"],
    says: /does not take \(CBC: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256\)/,
  },
  {
    title: "only DHE",
    certificate: "usual",
    server: ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"],
    says: /does not take \(DHE: TLS_DHE_RSA_WITH_AES_128_GCM_SHA256\)/,
  },
  {
    title: "only TLS 1.1",
    certificate: "usual",
    server: ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"],
    says: /speaks neither TLS 1\.2 nor 1\.3, .*`ssl\.enabled\.protocols`/,
  },
  ...["-tls1_2", "-tls1_3"].map((version) => ({
    title: `a client's certificate demanded, ${version}`,
    certificate: "usual" as const,
    server: [version, "-Verify", "1", "-verify_return_error"],
    says: /wants? a client certificate \(`tls\.cert`, `tls\.key`\)/,
  })),
];

const TOLD_WRONGLY =
  /check that the port expects TLS|check whether the port|authority unknown|UnsupportedCert|CaUsed|BadSignature|HandshakeFailure|OtherError|undefined/;

for (const { title, certificate, server = [], says } of cases) {
  Deno.test(`a TLS server has its cause told: ${title ?? `its certificate is ${certificate}`}`, async () => {
    const made = await makeOddCertificate(directory, certificate);
    await using listening = await startTlsServer(made, server);
    const source = { bootstrapServers: listening.address, tls: { ca: "ca.pem" } };
    await using migration = await makeMigrationDir({ checkFlag: 0, source, target: source });
    await Deno.copyFile(made.ca, `${migration.path}/ca.pem`);
    await Deno.copyFile(`${directory}/client.pem`, `${migration.path}/client.pem`);
    await Deno.copyFile(`${directory}/client.key`, `${migration.path}/client.key`);
    const { status, output, durationMs } = await migration.run();
    assert.equal(status, 3, output);
    assert.match(output, says);
    assert.doesNotMatch(output, TOLD_WRONGLY);
    assert.ok(durationMs < 15_000, `${durationMs} ms`);
    if (title?.includes("client's")) return;
    // Through node's TLS, too, which is told another name than it dials.
    const client = { ca: "ca.pem", cert: "client.pem", key: "client.key" };
    const address = "localhost:9092";
    const mapped = { bootstrapServers: address, addresses: { [address]: listening.address } };
    migration.configure({
      checkFlag: 0,
      source: { ...mapped, tls: client },
      target: { bootstrapServers: listening.address, tls: client },
    });
    const again = await migration.run();
    assert.equal(again.status, 3, again.output);
    const told = again.output.split("\n").filter((line) => says.test(line));
    assert.equal(told.length, 2, again.output);
    assert.doesNotMatch(again.output, TOLD_WRONGLY);
  });
}

const clusters = sharedClusters({
  source: {
    listeners: ["TLS", "MTLS", "SASL_TLS"],
    heapMb: 256,
    properties: {
      "listener.name.tls.ssl.enabled.protocols": "TLSv1.2",
      "listener.name.tls.ssl.cipher.suites": "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
      "listener.name.mtls.ssl.enabled.protocols": "TLSv1.2",
    },
  },
  target: { heapMb: 256 },
});

clusters.test("a broker that offers only CBC, or wants a client certificate in TLS 1.2, is told apart", async () => {
  const { source, target } = clusters;
  const ways = [
    ["TLS", /BROKER_UNREACHABLE: .*\(CBC: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256\)/],
    ["MTLS", /BROKER_UNREACHABLE: .*wants? a client certificate/],
  ] as const;
  for (const [listener, says] of ways) {
    await using migration = await makeMigrationDir({
      checkFlag: 0,
      source: { bootstrapServers: source.bootstrapOf(listener), tls: { ca: "ca.pem" } },
      target: { bootstrapServers: target.bootstrap },
    });
    await Deno.copyFile(certificatesOf(source).ca, `${migration.path}/ca.pem`);
    const { status, output } = await migration.run();
    assert.equal(status, 3, output);
    assert.match(output, says);
    assert.doesNotMatch(output, TOLD_WRONGLY);
  }
});

clusters.test("the ways round that are named work: a certificate that signs itself, one without a subjectAltName", async () => {
  const { target, judge } = clusters;
  const itself = await makeOddCertificate(directory, "signs itself");
  const nameless = await makeOddCertificate(directory, "no subjectAltName");
  await using source = await startKafka({
    listeners: ["TLS", "MTLS"],
    heapMb: 256,
    properties: {
      "listener.name.tls.ssl.keystore.location": itself.keystore,
      "listener.name.mtls.ssl.keystore.location": nameless.keystore,
      "listener.name.mtls.ssl.client.auth": "none",
    },
  });
  const pair = { ...clusters, source, target, judge };
  const ways = [
    { listener: "TLS", ca: itself.ca, tls: { ca: "ca.pem" }, warns: false },
    {
      listener: "MTLS",
      ca: nameless.ca,
      tls: { ca: "ca.pem", verifyHostname: false },
      warns: true,
    },
  ] as const;
  for (const { listener, ca, tls, warns } of ways) {
    const { topic } = await makeBacklog(pair, { messages: [20], committed: { a: [5] } });
    await using migration = await makeMigrationDir({
      checkFlag: 1,
      topics: { include: [topic] },
      source: { bootstrapServers: source.bootstrapOf(listener), tls },
      target: { bootstrapServers: target.bootstrap },
    });
    await Deno.copyFile(ca, `${migration.path}/ca.pem`);
    const { status, output } = await migration.run();
    assert.equal(status, 0, output);
    assert.equal(output.includes("HOSTNAME_NOT_VERIFIED"), warns, output);
    await assertCopied(pair, topic, 0, { start: 5 });
  }
});

/** Takes plaintext connections and goes on in TLS with what openssl takes. */
function startTlsProxy(server: string, ca: string): AsyncDisposable & { readonly address: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running: Deno.ChildProcess[] = [];
  (async () => {
    for await (const connection of listener) {
      const client = new Deno.Command("openssl", {
        args: ["s_client", "-connect", server, "-CAfile", ca, "-verify_return_error", "-quiet"],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      running.push(client);
      connection.readable.pipeTo(client.stdin).catch(() => {});
      client.stdout.pipeTo(connection.writable).catch(() => {});
    }
  })().catch(() => {});
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const client of running) {
        try {
          client.kill("SIGKILL");
        } catch {
          // It has ended by itself.
        }
        await client.status;
      }
    },
  };
}

clusters.test("a TLS proxy and addresses go round what this program's TLS does not take", async () => {
  const { source, target } = clusters;
  const { topic } = await makeBacklog(clusters, { messages: [20], committed: { a: [5] } });
  const server = source.bootstrapOf("TLS");
  await using proxy = startTlsProxy(server, certificatesOf(source).ca);
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    topics: { include: [topic] },
    source: { bootstrapServers: server, addresses: { [server]: proxy.address } },
    target: { bootstrapServers: target.bootstrap },
  });
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, topic, 0, { start: 5 });
});
