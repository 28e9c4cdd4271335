/**
 * Logins as services want them (docs/logins.md): SASL extensions beside a token, which a real broker's validator reads, and
 * tokens of AWS MSK IAM's form from a file that something else keeps fresh, over many sessions.
 */

import assert from "node:assert/strict";
import { assertCopied, assertGoesOn, makeBacklog } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { certificatesOf } from "../support/kafka_cluster.ts";
import type { KafkaUser } from "../support/kafka_properties.ts";
import {
  type ConfigContent,
  makeMigrationDir,
  type MigrationDir,
} from "../support/migration_dir.ts";
import { compileTokenValidator, mskToken } from "../support/token_validator.ts";

const key = { accessKey: "AKIAMADEUP", secretKey: "made/up+secret" };
const logicalCluster = "lkc-1a2b";

const validator = (listener: string, options: string) => ({
  [`listener.name.${listener}.oauthbearer.sasl.server.callback.handler.class`]: "TokenValidator",
  [`listener.name.${listener}.oauthbearer.sasl.jaas.config`]:
    `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker" secretKey="${key.secretKey}" ${options};`,
});

const classes = Deno.makeTempDirSync({ prefix: "data-migrate-test-" });
Deno.test.beforeAll(() => compileTokenValidator("4.1.0", classes));
Deno.test.afterAll(() => Deno.remove(classes, { recursive: true }));

const clusters = sharedClusters({
  source: {
    listeners: ["SASL_PLAINTEXT", "SASL_TLS"],
    classes,
    properties: {
      ...validator("sasl_plaintext", ""),
      ...validator("sasl_tls", `logicalCluster="${logicalCluster}"`),
      "connections.max.reauth.ms": "3600000",
    },
    heapMb: 256,
  },
  target: { heapMb: 256 },
});

/** A migration of one topic whose source is logged in to as told; the token's file lies beside it. */
async function makeMigration(
  listener: "SASL_PLAINTEXT" | "SASL_TLS",
  topic: string,
  sasl: ConfigContent,
  limits: ConfigContent = {},
): Promise<MigrationDir> {
  const { source, target } = clusters;
  const migration = await makeMigrationDir({
    checkFlag: 1,
    topics: { include: [topic] },
    limits,
    source: {
      bootstrapServers: source.bootstrapOf(listener),
      ...(listener === "SASL_TLS" && { tls: { ca: "ca.pem" } }),
      sasl: { mechanism: "OAUTHBEARER", tokenFile: "token", ...sasl },
    },
    target: { bootstrapServers: target.bootstrap },
  });
  await Deno.copyFile(certificatesOf(source).ca, `${migration.path}/ca.pem`);
  await Deno.writeTextFile(`${migration.path}/token`, await mskToken(key));
  return migration;
}

clusters.test("extensions are sent with the token, and read by the broker", async () => {
  const { topic } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  await using migration = await makeMigration("SASL_TLS", topic, {
    extensions: { logicalCluster, identityPoolId: "pool-1 of 'ours', a=b" },
  });
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, topic, 0, { start: 10 });
  // The report shows their names.
  assert.deepEqual(migration.report().configuration?.source, {
    bootstrapServers: clusters.source.bootstrapOf("SASL_TLS").split(","),
    tls: { ca: "(1 certificate)", verifyHostname: true },
    sasl: {
      mechanism: "OAUTHBEARER",
      tokenFile: "token",
      extensions: { logicalCluster: "(secret)", identityPoolId: "(secret)" },
    },
  });
});

clusters.test("extensions that are missing or not accepted block the run and are named", async () => {
  const cases = [
    [{}, /wants `sasl\.extensions` with it \(Confluent Cloud: logicalCluster\)/],
    [
      { extensions: { logicalCluster: "lkc-0" } },
      /does not accept the token from file token, or what `sasl\.extensions` says of logicalCluster/,
    ],
  ] as const;
  for (const [sasl, says] of cases) {
    await using migration = await makeMigration("SASL_TLS", "any", sasl);
    const { status, output } = await migration.run();
    assert.equal(status, 3, output);
    assert.match(output, says);
    assert.match(output, /NOT_AUTHORIZED/);
  }
});

clusters.test("a token of MSK IAM's form is taken from its file, and renewed from it before it ends", async () => {
  const messages = 3_000;
  const { topic } = await makeBacklog(clusters, {
    messages: [messages],
    committed: { a: [10] },
    contents: { valueBytes: 5_000, properties: { "batch.size": "30000" } },
  });
  await using migration = await makeMigration("SASL_PLAINTEXT", topic, {}, {
    bytesPerSecond: "1MB",
  });
  // As a timer with aws-msk-iam-sasl-signer does: written beside it, then moved over it.
  const lifetimeS = 5;
  let replaced = 0;
  const replace = async () => {
    await Deno.writeTextFile(
      `${migration.path}/token.new`,
      await mskToken(key, new Date(), lifetimeS),
    );
    await Deno.rename(`${migration.path}/token.new`, `${migration.path}/token`);
    replaced++;
  };
  await replace();
  const timer = setInterval(() => void replace(), 1_000);
  try {
    const { status, output, durationMs } = await migration.run([], { timeoutMs: 90_000 });
    assert.equal(status, 0, output);
    assert.ok(durationMs > 2 * lifetimeS * 1000, `${durationMs} ms`);
    assert.ok(replaced > lifetimeS, `${replaced} tokens`);
    assert.doesNotMatch(migration.log().join("\n"), /unreachable|refused/);
    assert.ok(!(output + migration.log().join("\n")).includes(key.accessKey));
  } finally {
    clearInterval(timer);
  }
  await assertCopied(clusters, topic, 0, { start: 10 });
});

clusters.test("a token of that form that has run out, or was signed with another key, blocks the run", async () => {
  const tokens = [
    await mskToken(key, new Date(Date.now() - 1_000_000)),
    await mskToken({ ...key, secretKey: "another" }),
  ];
  for (const token of tokens) {
    await using migration = await makeMigration("SASL_PLAINTEXT", "any", {});
    await Deno.writeTextFile(`${migration.path}/token`, token);
    const { status, output } = await migration.run();
    assert.equal(status, 3, output);
    assert.match(output, /NOT_AUTHORIZED: .*does not accept the token from file token\b/);
    assert.ok(!output.includes(token.slice(0, 60)));
  }
});

/** Logs in at the broker with PLAIN before it passes anything on, as a proxy for Kerberos does with GSSAPI. */
function startLoginProxy(
  server: string,
  { username, password }: KafkaUser,
): AsyncDisposable & { readonly address: string } {
  const [hostname = "", port] = server.split(":");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const utf8 = new TextEncoder();
  const string = (text: string) => [0, text.length, ...utf8.encode(text)];
  const bytes = (content: readonly number[]) => [0, 0, 0, content.length, ...content];
  const exchange = async (to: Deno.Conn, [key = 0, version = 0]: number[], body: number[]) => {
    const request = [0, key, 0, version, 0, 0, 0, 1, ...string("proxy"), ...body];
    await to.write(new Uint8Array(bytes(request)));
    // Size, correlation id, error code: the answers are small, and come whole.
    const answer = new Uint8Array(1024);
    await to.read(answer);
    assert.deepEqual([answer[8], answer[9]], [0, 0], "the proxy is not let in");
  };
  const serve = async (client: Deno.Conn) => {
    const broker = await Deno.connect({ hostname, port: Number(port) });
    open.push(client, broker);
    await exchange(broker, [17, 1], string("PLAIN"));
    await exchange(broker, [36, 0], bytes([...utf8.encode(`\0${username}\0${password}`)]));
    await Promise.all([
      client.readable.pipeTo(broker.writable),
      broker.readable.pipeTo(client.writable),
    ]);
  };
  (async () => {
    for await (const client of listener) serve(client).catch(() => {});
  })().catch(() => {});
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]() {
      listener.close();
      for (const each of open) {
        try {
          each.close();
        } catch {
          // Its streams have closed it.
        }
      }
      return Promise.resolve();
    },
  };
}

clusters.test("a proxy that logs in by itself, and addresses, stand in for a login this program has not", async () => {
  const { source, target } = clusters;
  const { topic, group } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  const server = source.bootstrapOf("SASL_PLAINTEXT");
  const [user] = source.users;
  assert.ok(user !== undefined);
  await using proxy = startLoginProxy(server, user);
  await using migration = await makeMigrationDir({
    checkFlag: 1,
    groupOffsets: "commit",
    topics: { include: [topic] },
    source: { bootstrapServers: server, addresses: { [server]: proxy.address } },
    target: { bootstrapServers: target.bootstrap },
  });
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, topic, 0, { start: 10 });
  await assertGoesOn(clusters, topic, group("a"), [0]);
});
