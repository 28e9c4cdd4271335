/**
 * Every SASL mechanism over TLS and plaintext, another one on each side, and sessions that end during the copy: the
 * program logs in again on the same connections, source and target, control and data (KIP-368).
 */

import assert from "node:assert/strict";
import { assertCopied, type Backlog, makeBacklog } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { certificatesOf, type KafkaCluster } from "../support/kafka_cluster.ts";
import type { ListenerName } from "../support/kafka_properties.ts";
import {
  type ConfigContent,
  makeMigrationDir,
  type MigrationDir,
} from "../support/migration_dir.ts";
import { type Faults, startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import {
  startTokenEndpoint,
  type TokenEndpoint,
  unsignedToken,
} from "../support/token_endpoint.ts";

const user = { username: "ckafka-1a2b#mover", password: "p=a;s s: #1'x" };
const client = { clientId: "mover@id", clientSecret: "cl:ient %s3cret+/=" };
const SESSION_MS = 4_000;

const listeners = ["SASL_PLAINTEXT", "SASL_TLS", "MTLS"] as const;
const clusters = sharedClusters({
  source: {
    brokers: 2,
    listeners,
    users: [user],
    properties: { "connections.max.reauth.ms": `${SESSION_MS}` },
    heapMb: 256,
  },
  target: {
    listeners,
    users: [user],
    properties: { "connections.max.reauth.ms": `${SESSION_MS}` },
    heapMb: 256,
  },
});

const scram256 = { mechanism: "SCRAM-SHA-256", ...user };
const scram512 = { mechanism: "SCRAM-SHA-512", ...user };
const plain = { mechanism: "PLAIN", ...user };
const tokenFile = { mechanism: "OAUTHBEARER", tokenFile: "token" };
const endpointOf = ({ url }: TokenEndpoint) => ({
  mechanism: "OAUTHBEARER",
  tokenEndpoint: url,
  ...client,
  scope: "kafka",
});

/** One side of a config. */
function side(
  cluster: KafkaCluster,
  listener: ListenerName,
  sasl: ConfigContent | undefined,
  more: ConfigContent = {},
): ConfigContent {
  const name = cluster === clusters.source ? "source" : "target";
  const tls = listener === "MTLS"
    ? {
      ca: `${name}-ca.pem`,
      cert: `${name}.pem`,
      key: `${name}.key`,
      passphrase: certificatesOf(cluster).passphrase,
    }
    : { ca: `${name}-ca.pem` };
  return {
    bootstrapServers: cluster.bootstrapOf(listener),
    ...(sasl !== undefined && { sasl }),
    ...(/TLS/.test(listener) && { tls }),
    ...more,
  };
}

async function makeMigration(
  topic: string,
  source: ConfigContent,
  target: ConfigContent,
  limits: ConfigContent = {},
): Promise<MigrationDir> {
  const migration = await makeMigrationDir({
    checkFlag: 1,
    limits,
    topics: { include: [topic] },
    source,
    target,
  });
  for (const name of ["source", "target"] as const) {
    const certificates = certificatesOf(clusters[name]);
    await Deno.copyFile(certificates.ca, `${migration.path}/${name}-ca.pem`);
    await Deno.copyFile(certificates.clientCertificate, `${migration.path}/${name}.pem`);
    await Deno.copyFile(certificates.clientKeyEncrypted, `${migration.path}/${name}.key`);
  }
  await Deno.writeTextFile(`${migration.path}/token`, `${unsignedToken("mover", 3600)}\n`);
  return migration;
}

const spec = { messages: [40, 40], committed: { a: [10, 20] } };

async function assertArrived({ topic }: Backlog): Promise<void> {
  for (const [partition, start] of [10, 20].entries()) {
    await assertCopied(clusters, topic, partition, { start, end: 40 });
  }
}

/** What must be nowhere but in the files the operator wrote. */
function assertNoSecrets(migration: MigrationDir, output: string, tokens: readonly string[]): void {
  const own = new Set(["migration.yaml", "token", "source.key", "target.key"]);
  const written = migration.files().filter((name) => !own.has(name)).map(migration.text).join("");
  for (const secret of [user.password, client.clientSecret, "open-sesame", ...tokens]) {
    assert.ok(!(output + written).includes(secret), output);
  }
}

clusters.test("a migration goes through with every mechanism, another one on each side", async () => {
  const { source, target } = clusters;
  await using endpoint = startTokenEndpoint(client);
  const ca = certificatesOf(target);
  const keystore = await Deno.readTextFile(ca.serverKeystore);
  await using secured = startTokenEndpoint({
    ...client,
    tls: {
      cert: /-----BEGIN CERT[^]+/.exec(keystore)?.[0] ?? "",
      key: /-----BEGIN PRIV[^]+?END PRIVATE KEY-----/.exec(keystore)?.[0] ?? "",
    },
  });
  const ways: readonly [title: string, source: ConfigContent, target: ConfigContent][] = [
    [
      "SCRAM-SHA-512 over TLS, SCRAM-SHA-256 over plaintext",
      side(source, "SASL_TLS", scram512),
      side(target, "SASL_PLAINTEXT", scram256),
    ],
    [
      "SCRAM-SHA-256 over TLS, a client certificate with an encrypted key",
      side(source, "SASL_TLS", scram256),
      side(target, "MTLS", undefined),
    ],
    [
      "SCRAM-SHA-512 over plaintext, OAUTHBEARER over TLS",
      side(source, "SASL_PLAINTEXT", scram512),
      side(target, "SASL_TLS", tokenFile),
    ],
    [
      "OAUTHBEARER over plaintext from an endpoint, over TLS from one whose authority the cluster shares",
      side(source, "SASL_PLAINTEXT", endpointOf(endpoint)),
      side(target, "SASL_TLS", endpointOf(secured)),
    ],
  ];
  for (const [title, from, to] of ways) {
    const backlog = await makeBacklog(clusters, spec);
    await using migration = await makeMigration(backlog.topic, from, to);
    const { status, output } = await migration.run(["--verbose"]);
    assert.equal(status, 0, `${title}: ${output}`);
    await assertArrived(backlog);
    assertNoSecrets(migration, output, [...endpoint.tokens, ...secured.tokens]);
  }
  // A token is valid for an hour: one for all connections of a cluster.
  for (const { forms } of [endpoint, secured]) {
    assert.deepEqual(forms, [{ grant_type: "client_credentials", scope: "kafka" }]);
  }
});

/** The way to a broker, on which logins are counted and answers held back. */
interface CountedLink {
  readonly server: string;
  readonly proxy: TcpProxy;
  readonly logins: () => number;
  readonly hold: (held: boolean) => void;
}

/** Counts logins by the SaslHandshake that begins one: it is written by itself. */
function countLogins(server: string): CountedLink {
  const SASL_HANDSHAKE = 17;
  let logins = 0;
  const onBytes: NonNullable<Faults["onBytes"]> = (direction, bytes) => {
    if (direction === "toServer" && bytes[4] === 0 && bytes[5] === SASL_HANDSHAKE) logins++;
    return bytes;
  };
  const proxy = startTcpProxy(server, { onBytes });
  return {
    server,
    proxy,
    logins: () => logins,
    hold: (held) => proxy.setFaults({ onBytes, ...(held && { silent: ["toClient"] }) }),
  };
}

interface Holds {
  readonly times: number;
  readonly ms: number;
}

/** Holds the answers back, again and again, once the copy has begun. */
async function holdBack(
  links: readonly CountedLink[],
  { times, ms }: Holds,
  ended: AbortSignal,
): Promise<void> {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const sent = () => links.reduce((sum, { proxy }) => sum + proxy.forwarded.toServer, 0);
  while (sent() < 200_000 && !ended.aborted) await wait(5);
  for (let time = 0; time < times && !ended.aborted; time++) {
    links.forEach(({ hold }) => hold(true));
    await wait(ms);
    links.forEach(({ hold }) => hold(false));
    await wait(100);
  }
}

const LONGER_THAN_SESSIONS: Holds = { times: 2, ms: SESSION_MS * 1.2 };

for (
  const { title, sasl, lifetimeS, holds, limits } of [
    { title: "SCRAM", sasl: () => scram512, holds: LONGER_THAN_SESSIONS },
    { title: "PLAIN", sasl: () => plain, holds: LONGER_THAN_SESSIONS },
    {
      title: "tokens that are valid for six seconds",
      sasl: endpointOf,
      lifetimeS: 6,
      // A session ends with its token, of which the last fifth may be left: no answer comes later than that.
      holds: { times: 20, ms: 900 },
      limits: { bytesPerSecond: "1MB" },
    },
  ]
) {
  clusters.test(`a copy goes on over sessions that end: ${title}`, async () => {
    const { source, target } = clusters;
    await using endpoint = startTokenEndpoint({ ...client, ...(lifetimeS && { lifetimeS }) });
    const messages = 3_000;
    const backlog = await makeBacklog(clusters, {
      messages: [messages, messages],
      committed: { a: [10, 20] },
      contents: { valueBytes: 2_000, properties: { "batch.size": "30000" } },
    });
    await using stack = new AsyncDisposableStack();
    const through = (cluster: KafkaCluster) =>
      cluster.bootstrapOf("SASL_PLAINTEXT").split(",").map((server) => {
        const link = countLogins(server);
        stack.use(link.proxy);
        return link;
      });
    const links = { source: through(source), target: through(target) };
    const way = (name: "source" | "target") =>
      side(clusters[name], "SASL_PLAINTEXT", sasl(endpoint), {
        addresses: Object.fromEntries(
          links[name].map(({ server, proxy }) => [server, proxy.address]),
        ),
      });
    const migration = stack.use(
      await makeMigration(backlog.topic, way("source"), way("target"), limits),
    );
    const all = [...links.source, ...links.target];
    const ended = new AbortController();
    const holding = holdBack(links.target, holds, ended.signal);
    const { status, output, durationMs } = await migration.run([], { timeoutMs: 90_000 })
      .finally(() => ended.abort());
    await holding;
    assert.equal(status, 0, output);
    for (const [partition, start] of [10, 20].entries()) {
      await assertCopied(clusters, backlog.topic, partition, { start, end: messages });
    }
    const logins = all.reduce((sum, each) => sum + each.logins(), 0);
    const connections = all.reduce((sum, { proxy }) => sum + proxy.accepted, 0);
    assert.ok(durationMs > 2 * SESSION_MS, `${durationMs} ms`);
    assert.ok(logins > connections, `${logins} logins over ${connections} connections`);
    assert.ok(!migration.log().some((line) => /unreachable|refused/.test(line)), output);
    assertNoSecrets(migration, output, endpoint.tokens);
  });
}
