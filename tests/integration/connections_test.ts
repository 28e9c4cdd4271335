/**
 * Ways to a cluster that work (TLS, SASL, client certificates, mapped addresses), and ways that do not: the run ends
 * with status 3 in time, names address and reason, and gives no secret away.
 */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { assertCopied, type Backlog, makeBacklog } from "../support/backlog.ts";
import { makeExpiredCertificate } from "../support/certificates.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { freePorts } from "../support/free_ports.ts";
import { certificatesOf } from "../support/kafka_cluster.ts";
import type { ListenerName } from "../support/kafka_properties.ts";
import {
  type ConfigContent,
  makeMigrationDir,
  type MigrationDir,
} from "../support/migration_dir.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { unsignedToken } from "../support/token_endpoint.ts";

const user = { username: "ckafka-1a2b#mover", password: 'p"a\\s s: #1' };
const wrongPassword = "not-the-password";

const clusters = sharedClusters({
  source: {
    brokers: 3,
    listeners: ["TLS", "MTLS", "SASL_PLAINTEXT", "SASL_TLS"],
    users: [user],
    // Not for localhost: what is dialled under that name must still be checked as the advertised 127.0.0.1.
    certificateNames: ["IP:127.0.0.1"],
    properties: { "listener.name.sasl_plaintext.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256" },
  },
  target: { listeners: ["SASL_TLS"], users: [user], heapMb: 256 },
});

const sasl = { mechanism: "PLAIN", ...user };
const saslFromEnv = { ...sasl, password: "${MOVER_PASSWORD}" };

/** A migration of one topic from a source reached as told to the target over SASL_TLS; certificates lie beside it. */
async function makeSecuredMigration(
  source: ConfigContent,
  topic = "any",
): Promise<MigrationDir> {
  const { target } = clusters;
  const migration = await makeMigrationDir({
    checkFlag: 1,
    topics: { include: [topic] },
    source,
    target: {
      bootstrapServers: target.bootstrapOf("SASL_TLS"),
      tls: { ca: "target-ca.pem" },
      sasl,
    },
  });
  const [ofSource, ofTarget] = [certificatesOf(clusters.source), certificatesOf(target)];
  const files = {
    "ca.pem": ofSource.ca,
    "client.pem": ofSource.clientCertificate,
    "client.key": ofSource.clientKey,
    "target-ca.pem": ofTarget.ca,
  };
  for (const [name, path] of Object.entries(files)) {
    await Deno.copyFile(path, `${migration.path}/${name}`);
  }
  await Deno.writeTextFile(`${migration.path}/client.token`, unsignedToken("mover", -3600));
  return migration;
}

const clientCertificate = { ca: "ca.pem", cert: "client.pem", key: "client.key" };

let backlogs: readonly Backlog[];
Deno.test.beforeAll(async () => {
  const spec = { messages: [40, 40, 40], committed: { a: [10, 20, 30] } };
  backlogs = await Promise.all(Array.from({ length: 8 }, () => makeBacklog(clusters, spec)));
});

const works: readonly {
  readonly title: string;
  readonly listener: ListenerName;
  readonly config: ConfigContent;
  readonly env?: Readonly<Record<string, string>>;
  readonly warns?: RegExp;
  /** Whether every broker is reached through a proxy, under the name localhost. */
  readonly mapped?: true;
}[] = [
  { title: "TLS with an authority of its own", listener: "TLS", config: { tls: { ca: "ca.pem" } } },
  {
    title: "SASL PLAIN over plaintext, the password from the environment",
    listener: "SASL_PLAINTEXT",
    config: { sasl: saslFromEnv },
    env: { MOVER_PASSWORD: user.password },
    warns: /^warning: SECRET_UNENCRYPTED: /m,
  },
  {
    title: "SASL PLAIN over TLS",
    listener: "SASL_TLS",
    config: { tls: { ca: "ca.pem" }, sasl },
  },
  { title: "a client certificate", listener: "MTLS", config: { tls: clientCertificate } },
  { title: "mapped addresses", listener: "PLAINTEXT", config: {}, mapped: true },
  {
    title: "mapped addresses and TLS for the advertised names",
    listener: "TLS",
    config: { tls: { ca: "ca.pem" } },
    mapped: true,
  },
  {
    title: "mapped addresses and a client certificate",
    listener: "MTLS",
    config: { tls: clientCertificate },
    mapped: true,
  },
];

for (const [index, { title, listener, config, env = {}, warns, mapped }] of works.entries()) {
  clusters.test(`a migration goes through over ${title}`, async () => {
    const backlog = backlogs[index];
    assert.ok(backlog !== undefined);
    const servers = clusters.source.bootstrapOf(listener).split(",");
    await using stack = new AsyncDisposableStack();
    const proxies = mapped ? servers.map((server) => stack.use(startTcpProxy(server))) : [];
    const addresses = Object.fromEntries(
      proxies.map(({ address }, at) => [servers[at], address.replace("127.0.0.1", "localhost")]),
    );
    const source = { bootstrapServers: servers[0], ...config, ...(mapped && { addresses }) };
    const migration = stack.use(await makeSecuredMigration(source, backlog.topic));
    const { status, output } = await migration.run([], { env });
    assert.equal(status, 0, output);
    for (const [partition, start] of [10, 20, 30].entries()) {
      await assertCopied(clusters, backlog.topic, partition, { start, end: 40 });
    }
    for (const { accepted } of proxies) assert.ok(accepted > 0);
    assert.ok(!(output + migration.everythingWritten()).includes(user.password));
    if (warns === undefined) assert.doesNotMatch(output, /SECRET_UNENCRYPTED/);
    else assert.match(output, warns);
  });
}

/** Each takes a listener's address, or opens a port of its own. */
const fails: readonly {
  readonly title: string;
  readonly listener: ListenerName;
  readonly config?: ConfigContent;
  /** Which host name is dialled. */
  readonly host?: string;
  readonly says: RegExp;
}[] = [
  {
    title: "a wrong password",
    listener: "SASL_TLS",
    config: { tls: { ca: "ca.pem" }, sasl: { ...sasl, password: wrongPassword } },
    says: /NOT_AUTHORIZED: Broker ADDRESS: SASL PLAIN refused for user 'ckafka-1a2b#mover'/,
  },
  {
    title: "an unknown user without TLS",
    listener: "SASL_PLAINTEXT",
    config: { sasl: { ...sasl, username: "nobody", password: wrongPassword } },
    says: /NOT_AUTHORIZED: Broker ADDRESS: SASL PLAIN refused for user 'nobody'/,
  },
  {
    title: "a wrong password for SCRAM",
    listener: "SASL_TLS",
    config: {
      tls: { ca: "ca.pem" },
      sasl: { ...sasl, mechanism: "SCRAM-SHA-512", password: wrongPassword },
    },
    says: /NOT_AUTHORIZED: Broker ADDRESS: SASL SCRAM-SHA-512 refused for user 'ckafka-1a2b#mover'/,
  },
  {
    title: "a mechanism that is not offered",
    listener: "SASL_PLAINTEXT",
    config: { sasl: { ...sasl, mechanism: "SCRAM-SHA-512" } },
    says:
      /NOT_AUTHORIZED: Broker ADDRESS: the broker does not offer SASL SCRAM-SHA-512 on this port; it offers (PLAIN, SCRAM-SHA-256|SCRAM-SHA-256, PLAIN)/,
  },
  {
    title: "a token that the broker does not accept",
    listener: "SASL_TLS",
    config: {
      tls: { ca: "ca.pem" },
      sasl: { mechanism: "OAUTHBEARER", tokenFile: "client.token" },
    },
    says:
      /NOT_AUTHORIZED: Broker ADDRESS: SASL OAUTHBEARER refused: the broker does not accept the token from file client\.token/,
  },
  {
    title: "a token endpoint where nobody listens",
    listener: "SASL_TLS",
    config: {
      tls: { ca: "ca.pem" },
      sasl: {
        mechanism: "OAUTHBEARER",
        tokenEndpoint: "http://127.0.0.1:1/token",
        clientId: "mover",
        clientSecret: user.password,
      },
    },
    says:
      /NOT_AUTHORIZED: Broker ADDRESS: no token for SASL OAUTHBEARER: token endpoint http:\/\/127\.0\.0\.1:1\/token could not be asked: .*refused/,
  },
  {
    title: "no SASL where it is expected",
    listener: "SASL_PLAINTEXT",
    says: /Broker ADDRESS: .*sasl/i,
  },
  {
    title: "SASL where it is not expected",
    listener: "PLAINTEXT",
    config: { sasl },
    says: /Broker ADDRESS: .*SASL/,
  },
  {
    title: "TLS to a plaintext port",
    listener: "PLAINTEXT",
    config: { tls: true },
    says: /BROKER_UNREACHABLE: Broker ADDRESS: .*check that the port expects TLS/,
  },
  {
    title: "plaintext to a TLS port",
    listener: "TLS",
    says: /BROKER_UNREACHABLE: Broker ADDRESS: .*whether (the port|it) expects TLS/,
  },
  {
    title: "an authority unknown here",
    listener: "TLS",
    config: { tls: true },
    says: /BROKER_UNREACHABLE: Broker ADDRESS: .*authority unknown here; give it under `tls\.ca`/,
  },
  {
    title: "a certificate for another host",
    listener: "TLS",
    config: { tls: { ca: "ca.pem" } },
    host: "localhost",
    says:
      /BROKER_UNREACHABLE: Broker ADDRESS: .*not valid for this host name; see `tls\.serverName`/,
  },
  {
    title: "no client certificate where one is demanded",
    listener: "MTLS",
    config: { tls: { ca: "ca.pem" } },
    says: /BROKER_UNREACHABLE: Broker ADDRESS: .*client certificate/,
  },
  {
    title: "a client certificate and an unknown authority",
    listener: "MTLS",
    config: { tls: { cert: "client.pem", key: "client.key" } },
    says: /BROKER_UNREACHABLE: Broker ADDRESS: .*authority unknown here/,
  },
];

for (const { title, listener, config = {}, host = "127.0.0.1", says } of fails) {
  clusters.test(`${title} blocks the run in time`, async () => {
    const [server = ""] = clusters.source.bootstrapOf(listener).split(",");
    const address = server.replace("127.0.0.1", host);
    await using migration = await makeSecuredMigration({ bootstrapServers: address, ...config });
    const result = await migration.run();
    assertBlocked(migration, result, new RegExp(says.source.replace("ADDRESS", address)), 5_000);
  });
}

function assertBlocked(
  migration: MigrationDir,
  { status, output, durationMs }: Awaited<ReturnType<MigrationDir["run"]>>,
  says: RegExp,
  limitMs: number,
): void {
  assert.equal(status, 3, output);
  assert.match(output, says);
  assert.match(output, /^Blocked by \d findings? /m);
  assert.ok(durationMs < limitMs, `${durationMs} ms`);
  assert.equal(migration.report().verdict.exitStatus, 3);
  assert.match(migration.log().join("\n"), says);
  const everything = output + migration.everythingWritten();
  for (const secret of [user.password, wrongPassword, JSON.stringify(user.password).slice(1, -1)]) {
    assert.ok(!everything.includes(secret), everything);
  }
  // The page carries scripts, which are no words to anybody.
  const words = everything.replaceAll(/<script[^>]*>[^]*?<\/script>/g, "");
  assert.doesNotMatch(words, /\bat (file|async|ext):|KafkaJS|undefined/);
  assert.ok(!migration.files().includes("migration.state.jsonl"));
}

clusters.test("a certificate that has expired is told apart, with and without a client's", async () => {
  const expired = await makeExpiredCertificate(dirname(certificatesOf(clusters.source).ca));
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...expired });
  (async () => {
    for (;;) {
      const connection = await listener.accept();
      connection.handshake().catch(() => connection.close());
    }
  })().catch(() => undefined);
  const address = `127.0.0.1:${listener.addr.port}`;
  const mapped = { [`127.0.0.1:9`]: address };
  for (
    const source of [
      { bootstrapServers: address, tls: { ca: "ca.pem" } },
      { bootstrapServers: address, tls: clientCertificate },
      {
        bootstrapServers: "localhost:9",
        addresses: { "localhost:9": address },
        tls: clientCertificate,
      },
      { bootstrapServers: "127.0.0.1:9", addresses: mapped, tls: clientCertificate },
    ]
  ) {
    await using migration = await makeSecuredMigration(source);
    const says = /BROKER_UNREACHABLE: Broker .*: the certificate has expired/;
    assertBlocked(migration, await migration.run(), says, 5_000);
  }
});

clusters.test("verifyHostname: false accepts any name, never another authority, and says so each time", async () => {
  const ways: readonly [ListenerName, ConfigContent][] = [
    ["TLS", { ca: "ca.pem" }],
    ["MTLS", clientCertificate],
  ];
  for (const [listener, tls] of ways) {
    const servers = clusters.source.bootstrapOf(listener).split(",");
    const name = (server: string) => server.replace("127.0.0.1", "localhost");
    const addresses = Object.fromEntries(servers.map((server) => [name(server), server]));
    for (
      const way of [{ bootstrapServers: name(servers[0] ?? "") }, {
        bootstrapServers: name(servers[0] ?? ""),
        addresses,
      }]
    ) {
      await using migration = await makeSecuredMigration({
        ...way,
        tls: { ...tls, verifyHostname: false },
      });
      const { status, output } = await migration.run(["--check"]);
      assert.equal(status, 1, output);
      assert.match(output, /FILTER_MATCHED_NOTHING/);
      assert.match(output, /warning: HOSTNAME_NOT_VERIFIED: verifyHostname is false/);

      await using strange = await makeSecuredMigration({
        ...way,
        tls: { ...tls, ca: "target-ca.pem", verifyHostname: false },
      });
      const says = /BROKER_UNREACHABLE: Broker .*authority unknown here/;
      assertBlocked(strange, await strange.run(), says, 5_000);

      await using strict = await makeSecuredMigration({ ...way, tls });
      const refused = /BROKER_UNREACHABLE: Broker .*not valid for this host name/;
      assertBlocked(strict, await strict.run(), refused, 5_000);
    }
  }
});

clusters.test("tls: true trusts the system's authorities", async () => {
  const { ca } = certificatesOf(clusters.source);
  const [server = ""] = clusters.source.bootstrapOf("TLS").split(",");
  await using migration = await makeSecuredMigration({ bootstrapServers: server, tls: true });
  const env = { SSL_CERT_FILE: ca, DENO_TLS_CA_STORE: "mozilla,system" };
  const { status, output } = await migration.run(["--check"], { env });
  assert.equal(status, 1, output);
  assert.match(output, /FILTER_MATCHED_NOTHING/);
});

clusters.test("serverName stands in for the name in the certificate", async () => {
  const [server = ""] = clusters.source.bootstrapOf("TLS").split(",");
  await using migration = await makeSecuredMigration({
    bootstrapServers: server.replace("127.0.0.1", "localhost"),
    tls: { ca: "ca.pem", serverName: "127.0.0.1" },
  });
  const { status, output } = await migration.run(["--check"]);
  assert.equal(status, 1, output);
  assert.match(output, /FILTER_MATCHED_NOTHING/);
});

clusters.test("ports where nothing listens block the run at once, on both sides", async () => {
  const [first, second] = freePorts(2).map((port) => `127.0.0.1:${port}`);
  await using migration = await makeMigrationDir({
    checkFlag: 0,
    source: { bootstrapServers: first },
    target: { bootstrapServers: second },
  });
  const result = await migration.run();
  assertBlocked(
    migration,
    result,
    new RegExp(`BROKER_UNREACHABLE: Broker ${first}: connection refused\\b`),
    5_000,
  );
  assert.ok(result.output.includes(`Broker ${second}: connection refused`));
});

clusters.test("a port that speaks HTTP is told apart", async () => {
  await using http = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    () => new Response("hello"),
  );
  const address = `127.0.0.1:${http.addr.port}`;
  for (const tls of [false, true]) {
    await using migration = await makeSecuredMigration({ bootstrapServers: address, tls });
    const result = await migration.run();
    assertBlocked(
      migration,
      result,
      new RegExp(`BROKER_UNREACHABLE: Broker ${address}: .*port`),
      5_000,
    );
  }
});

clusters.test("ports that accept and never answer are named within 30 s", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const ways = [
    { bootstrapServers: address },
    { bootstrapServers: address, tls: true },
    { bootstrapServers: address, tls: clientCertificate },
    { bootstrapServers: "broker.invalid:9092", addresses: { "broker.invalid:9092": address } },
  ];
  await Promise.all(ways.map(async (source) => {
    await using migration = await makeSecuredMigration(source);
    const result = await migration.run([], { timeoutMs: 45_000 });
    const says = new RegExp(`BROKER_UNREACHABLE: Broker .*${address}.*: no answer within 1\\d s`);
    assertBlocked(migration, result, says, 30_000);
  }));
});

clusters.test("a name that does not resolve is told apart", async () => {
  await using migration = await makeSecuredMigration({ bootstrapServers: "broker.invalid:9092" });
  const result = await migration.run();
  const says =
    /BROKER_UNREACHABLE: Broker broker\.invalid:9092: the host name could not be resolved/;
  assertBlocked(migration, result, says, 10_000);
});

clusters.test("one of three brokers that can't be reached is named, and blocks as long as it leads", async () => {
  const servers = clusters.source.bootstrap.split(",");
  const [first = "", , third = ""] = servers;
  const dead = `127.0.0.1:${freePorts(1)[0]}`;
  // Only the cluster itself tells of the third broker, and the map leads to where nothing listens.
  await using mapped = await makeSecuredMigration({
    bootstrapServers: first,
    addresses: { [third]: dead },
  });
  // Were it down, others would take over within seconds.
  assertBlocked(
    mapped,
    await mapped.run(),
    new RegExp(`Broker ${third} \\(dialled as ${dead}\\): connection refused`),
    25_000,
  );

  await clusters.source.brokers[2]?.kill();
  await using migration = await makeSecuredMigration({ bootstrapServers: servers });
  const { status, output } = await migration.run();
  assert.equal(status, 1, output);
  assert.match(output, /FILTER_MATCHED_NOTHING/);
  assert.match(output, new RegExp(`warning: BROKER_AWAY: Broker ${third}: connection refused`));
  for (const alive of servers.slice(0, 2)) assert.ok(!output.includes(`Broker ${alive}:`));
});
