/**
 * Networks as they are: names with several addresses of which the first is dead or silent, bootstrap servers and brokers
 * that are away while the cluster goes on without them. What is not concerned is a warning that names it; what is, blocks.
 */

import assert from "node:assert/strict";
import { assertCopied, type Backlog, makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { freePorts } from "../support/free_ports.ts";
import type { KafkaBroker } from "../support/kafka_broker.ts";
import { certificatesOf } from "../support/kafka_cluster.ts";
import {
  type ConfigContent,
  makeMigrationDir,
  type MigrationDir,
} from "../support/migration_dir.ts";

const clusters = sharedClusters({
  source: {
    brokers: 3,
    listeners: ["TLS", "MTLS"],
    certificateNames: ["DNS:localhost", "DNS:kafka.test"],
    heapMb: 256,
  },
  target: { heapMb: 256 },
});

/** A topic whose partitions every broker of the source holds, with a group on it, and one on the target. */
async function replicatedBacklog(): Promise<string> {
  const { source, target, judge } = clusters;
  const topic = uniqueName("replicated");
  const partitions = 3;
  await judge.createTopics(source.bootstrap, [{ name: topic, partitions, replicationFactor: 3 }]);
  await judge.createTopics(target.bootstrap, [{ name: topic, partitions }]);
  for (const partition of [0, 1, 2]) {
    await judge.produce(source.bootstrap, { topic, partition, count: 40, seed: partition });
  }
  await judge.commitOffsets(
    source.bootstrap,
    `${topic}-group`,
    [0, 1, 2].map((partition) => ({ topic, partition, offset: 10n })),
  );
  return topic;
}

async function assertArrived(topic: string): Promise<void> {
  for (const partition of [0, 1, 2]) {
    await assertCopied(clusters, topic, partition, { start: 10, end: 40 });
  }
}

function brokerOf(index: number): KafkaBroker {
  const broker = clusters.source.brokers[index];
  assert.ok(broker !== undefined);
  return broker;
}

/** A migration of one topic from a source reached as told; certificates lie beside it. */
async function makeMigration(
  topic: string,
  source: ConfigContent,
  more: ConfigContent = {},
): Promise<MigrationDir> {
  const migration = await makeMigrationDir({
    checkFlag: 1,
    topics: { include: [topic] },
    source,
    target: { bootstrapServers: clusters.target.bootstrap },
    ...more,
  });
  const { ca, clientCertificate, clientKey } = certificatesOf(clusters.source);
  await Deno.copyFile(ca, `${migration.path}/ca.pem`);
  await Deno.copyFile(clientCertificate, `${migration.path}/client.pem`);
  await Deno.copyFile(clientKey, `${migration.path}/client.key`);
  return migration;
}

let backlogs: readonly Backlog[];
Deno.test.beforeAll(async () => {
  const spec = { messages: [40, 40, 40], committed: { a: [10, 10, 10] } };
  backlogs = await Promise.all(Array.from({ length: 5 }, () => makeBacklog(clusters, spec)));
});

const ways = [
  { title: "plaintext", listener: "PLAINTEXT", config: {} },
  { title: "TLS", listener: "TLS", config: { tls: { ca: "ca.pem", serverName: "kafka.test" } } },
  {
    title: "TLS with a client certificate",
    listener: "MTLS",
    config: {
      tls: { ca: "ca.pem", cert: "client.pem", key: "client.key", serverName: "kafka.test" },
    },
  },
] as const;

/** Two addresses of a name, the first of which is of no use. */
const names = [
  { name: "kafka.test", first: "::1", listens: false },
  // Here ports of the brokers' numbers accept, and never answer.
  { name: "kafka.test", first: "::1", listens: true },
  { name: "localhost", first: "::1", listens: false },
];

for (const [index, { title, listener, config }] of ways.entries()) {
  clusters.test(`each address of a name is tried, of bootstrap and advertised hosts alike: ${title}`, async () => {
    const topic = backlogs[index]?.topic ?? "";
    const servers = clusters.source.bootstrapOf(listener).split(",");
    for (const { name, first, listens } of names) {
      using stack = new DisposableStack();
      for (const server of listens ? servers : []) {
        stack.use(Deno.listen({ hostname: first, port: Number(server.split(":")[1]) }));
      }
      const named = (server: string) => server.replace("127.0.0.1", name);
      await using migration = await makeMigration(topic, {
        bootstrapServers: named(servers[0] ?? ""),
        addresses: Object.fromEntries(servers.map((server) => [server, named(server)])),
        ...config,
      });
      const hosts = [`${first} ${name}`, `127.0.0.1 ${name}`];
      const { status, output, durationMs } = await migration.run(["--check"], { hosts });
      assert.equal(status, 0, `${name}, ${first}: ${output}`);
      // A silent address costs its share of the time once, not at each connection.
      assert.ok(durationMs < (listens ? 25_000 : 10_000), `${durationMs} ms`);
      assert.ok(
        durationMs > (listens ? 4_000 : 0),
        `the silent address was not tried: ${durationMs} ms`,
      );
      if (name !== "localhost") continue;
      const migrated = await migration.run([], { hosts });
      assert.equal(migrated.status, 0, migrated.output);
      await assertArrived(topic);
    }
  });
}

clusters.test("where no address of a name answers, each is named with its reason", async () => {
  const [port = 0] = freePorts(1);
  using _listener = Deno.listen({ hostname: "127.0.0.2", port });
  await using migration = await makeMigration("any", { bootstrapServers: `kafka.test:${port}` });
  const hosts = ["::1 kafka.test", "127.0.0.1 kafka.test"];
  const refused = await migration.run([], { hosts });
  assert.equal(refused.status, 3, refused.output);
  assert.match(
    refused.output,
    new RegExp(
      `BROKER_UNREACHABLE: Broker kafka\\.test:${port}: connection refused \\(tried (::1 and 127\\.0\\.0\\.1|127\\.0\\.0\\.1 and ::1)\\)`,
    ),
  );
  assert.ok(refused.durationMs < 5_000, `${refused.durationMs} ms`);
  const silent = await migration.run([], { hosts: [...hosts, "127.0.0.2 kafka.test"] });
  assert.equal(silent.status, 3, silent.output);
  assert.match(silent.output, /: connection refused \(::1\)/);
  assert.match(silent.output, /: .*connection refused \(127\.0\.0\.1\)/);
  assert.match(silent.output, /: .*no answer within \d+ s \(127\.0\.0\.2\)/);
  assert.ok(silent.durationMs < 30_000, `${silent.durationMs} ms`);
});

clusters.test("a dead bootstrap server of three is a warning that names it", async () => {
  const topic = backlogs[3]?.topic ?? "";
  const [first = "", second = ""] = clusters.source.bootstrap.split(",");
  const dead = `127.0.0.1:${freePorts(1)[0]}`;
  const unknown = "broker.invalid:9092";
  await using migration = await makeMigration(topic, {
    bootstrapServers: [dead, first, unknown, second],
  });
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertArrived(topic);
  assert.match(
    output,
    new RegExp(`^warning: BROKER_AWAY: Broker ${dead}: connection refused`, "m"),
  );
  assert.match(output, /^warning: BROKER_AWAY: Broker broker\.invalid:9092: the host name could/m);
  const codes = migration.report().findings.map(({ code, severity }) => `${severity} ${code}`);
  assert.deepEqual(codes, ["warning BROKER_AWAY", "warning BROKER_AWAY"]);
});

clusters.test("a broker that only its own cluster reaches blocks where a partition or a group is concerned", async () => {
  const topic = await replicatedBacklog();
  const servers = clusters.source.bootstrap.split(",");
  const dead = `127.0.0.1:${freePorts(1)[0]}`;
  for (const server of servers) {
    const others = servers.filter((each) => each !== server);
    await using migration = await makeMigration(topic, {
      bootstrapServers: others[0],
      addresses: { [server]: dead },
    });
    const { status, output, durationMs } = await migration.run();
    // Each broker leads a partition of the topic or of __consumer_offsets (four over three brokers).
    assert.equal(status, 3, output);
    assert.match(
      output,
      new RegExp(
        `^error: BROKER_UNREACHABLE: Broker ${server} \\(dialled as ${dead}\\): connection refused; it leads .*${topic}-\\d|__consumer_offsets`,
        "m",
      ),
    );
    assert.doesNotMatch(output, /BROKER_AWAY/);
    assert.ok(durationMs < 30_000, `${durationMs} ms`);
  }
});

clusters.test("where no advertised broker can be reached, each is named at once", async () => {
  const servers = clusters.source.bootstrap.split(",");
  const dead = freePorts(3).map((port) => `127.0.0.1:${port}`);
  await using migration = await makeMigration("any", {
    bootstrapServers: servers[0]?.replace("127.0.0.1", "localhost"),
    addresses: Object.fromEntries(servers.map((server, index) => [server, dead[index]])),
  });
  const { status, output, durationMs } = await migration.run();
  assert.equal(status, 3, output);
  for (const server of servers) {
    assert.match(
      output,
      new RegExp(`^error: BROKER_UNREACHABLE: Broker ${server} \\(dialled`, "m"),
    );
  }
  assert.ok(durationMs < 10_000, `${durationMs} ms`);
});

clusters.test("while one broker after the other is restarted, runs go on and name who is away", async () => {
  const topic = await replicatedBacklog();
  await using migration = await makeMigration(topic, {
    bootstrapServers: clusters.source.bootstrap,
  }, { groupOffsets: "commit" });
  for (const [index, signal] of (["SIGTERM", "SIGKILL", "SIGTERM"] as const).entries()) {
    const away = brokerOf(index);
    await away.kill(signal);
    // At once, before the cluster has noticed where it was killed.
    const { status, output } = await migration.run();
    assert.equal(status, 0, `${signal}: ${output}`);
    assert.match(output, new RegExp(`^warning: BROKER_AWAY: Broker ${away.address}: `, "m"));
    await away.restart();
  }
  await assertArrived(topic);
  const after = await migration.run();
  assert.equal(after.status, 0, after.output);
  assert.doesNotMatch(after.output, /BROKER_AWAY/);
});

clusters.test("a broker that hangs is gone round, and named", async () => {
  const topic = await replicatedBacklog();
  await using migration = await makeMigration(topic, {
    bootstrapServers: clusters.source.bootstrap,
  });
  const hung = brokerOf(2);
  await hung.kill("SIGSTOP");
  try {
    const { status, output, durationMs } = await migration.run([], { timeoutMs: 90_000 });
    assert.equal(status, 0, output);
    assert.match(
      output,
      new RegExp(`^warning: BROKER_AWAY: Broker ${hung.address}: no answer`, "m"),
    );
    assert.ok(durationMs < 60_000, `${durationMs} ms`);
  } finally {
    await hung.kill("SIGCONT");
  }
  await assertArrived(topic);
});

clusters.test("a partition without a leader blocks; where none is concerned, the run goes on", async () => {
  const { source, judge } = clusters;
  const replicated = await replicatedBacklog();
  const { topic, group } = backlogs[4] ?? { topic: "", group: () => "" };
  const away = brokerOf(1);
  await away.kill();
  try {
    await using migration = await makeMigration(topic, { bootstrapServers: source.bootstrap });
    const offline = await migration.run();
    assert.equal(offline.status, 3, offline.output);
    assert.match(offline.output, /^error: PARTITION_OFFLINE: /m);
    await using other = await makeMigration(replicated, { bootstrapServers: source.bootstrap });
    const { status, output } = await other.run();
    assert.equal(status, 0, output);
    assert.match(output, new RegExp(`^warning: BROKER_AWAY: Broker ${away.address}: `, "m"));
    assert.ok((await judge.committedOffsets(source.bootstrap, group("a"))).length > 0);
  } finally {
    await away.restart();
  }
  await assertArrived(replicated);
});
