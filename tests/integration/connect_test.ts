/**
 * `engine: connect` against two real Connect workers with MirrorMaker 2: exact starts, what arrives judged by librdkafka,
 * interruptions of the tool and of a worker, a source that is still written, each way to log in, what is refused, and that
 * no secret is posted and nothing is left behind.
 */

import assert from "node:assert/strict";
import { assertCopied, assertGoesOn, makeBacklog, untilTargetHolds } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { type ConnectCluster, fileReference, startConnect } from "../support/connect_workers.ts";
import { certificatesOf, type KafkaCluster } from "../support/kafka_cluster.ts";
import type { ListenerName } from "../support/kafka_properties.ts";
import {
  type ConfigContent,
  makeMigrationDir,
  type MigrationDir,
} from "../support/migration_dir.ts";
import { alterQuota, shortQuotaWindows } from "../support/quotas.ts";
import { runCommand } from "../support/run_command.ts";
import { type SlowRun, startRun } from "../support/slow_run.ts";

/** Its password has to be escaped in a JAAS file. */
const plainUser = { username: "plain", password: 'a"b\\plain-secret' };
const scramUser = { username: "mover", password: "mover-secret" };
const secured = {
  listeners: ["SASL_TLS", "SASL_PLAINTEXT", "MTLS"],
  users: [scramUser, plainUser],
} as const;
const clusters = sharedClusters({
  source: { ...secured, properties: shortQuotaWindows },
  target: secured,
});
const stack = new AsyncDisposableStack();
let connect: ConnectCluster;
/** One that can neither copy exactly once nor be told how. */
let bare: ConnectCluster;
Deno.test.beforeAll(async () => {
  const { source, target } = clusters;
  const [{ password = "" } = {}] = source.users;
  const sourceFiles = certificatesOf(source);
  const secrets = {
    source: password,
    // As it stands between the quotes of a JAAS file.
    plain: plainUser.password.replace(/["\\]/g, "\\$&"),
    // Java 17 opens keys encrypted in the old way only.
    "source.key": await runCommand("openssl", [
      ...["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-in", sourceFiles.clientKey],
      ...["-passout", `pass:${sourceFiles.passphrase}`],
    ]),
    "source.passphrase": sourceFiles.passphrase,
  };
  [connect, bare] = await Promise.all([
    startConnect({ bootstrap: target.bootstrap, secrets }),
    startConnect({
      bootstrap: source.bootstrap,
      workers: 1,
      properties: {
        "exactly.once.source.support": "disabled",
        "connector.client.config.override.policy": "None",
      },
    }),
  ]);
  stack.use(connect);
  stack.use(bare);
});
Deno.test.afterAll(() => stack.disposeAsync());

const engine = (more: ConfigContent = {}) => ({ connect: { url: connect.url, tasks: 2, ...more } });

const NAMED = "The connector's name on";

async function assertNothingLeft(topic: string) {
  const { source, judge } = clusters;
  assert.deepEqual(await connect.get("/connectors"), []);
  for (const own of ["mm2-offset-syncs.target.internal", `source.${topic}`, "heartbeats"]) {
    assert.equal(await judge.describeTopic(source.bootstrap, own), undefined);
  }
}

clusters.test("a connector copies exactly what is planned, counted, compared and with its groups", async () => {
  const { source, judge } = clusters;
  const backlog = await makeBacklog(clusters, {
    stem: "orders.v1",
    messages: [3_000, 800, 50, 40, 0],
    committed: { a: [0, 317, 50, 39, 0], b: [1_777, 800, 50, 39, 0] },
    contents: { headers: "some", keys: "some", values: "some", codec: "zstd" },
  });
  const { topic, group } = backlog;
  for (const outcome of ["commit", "abort"] as const) {
    const transaction = { id: uniqueName("transaction"), outcome };
    await judge.produce(source.bootstrap, {
      ...{ topic, partition: 1, count: 60, seed: outcome.length, transaction },
    });
  }
  await using migration = await makeMigrationDir(backlog.config({
    ...{ checkFlag: 0, engine: engine(), verify: "content", groupOffsets: "commit" },
  }));
  const checked = await migration.run();
  assert.equal(checked.status, 0, checked.output);
  assert.deepEqual(await connect.get("/connectors"), []);

  const { status, output } = await migration.run(["--migrate"]);
  assert.equal(status, 0, output);
  for (const [partition, start] of [0, 317, 50, 39, 0].entries()) {
    await assertCopied(clusters, topic, partition, { start });
  }
  const results = migration.report().results?.partitions ?? [];
  assert.deepEqual(
    results.map(({ status, content }) => [status, content?.equal]),
    [
      ["verified", 3_000],
      // Committed ones, without the markers and without what was aborted.
      ["verified", 543],
      ["skipped", undefined],
      ["verified", 1],
      ["skipped", undefined],
    ],
  );
  for (const name of ["a", "b"]) await assertGoesOn(clusters, topic, group(name), [0, 1, 2, 3]);
  await assertNothingLeft(topic);

  // What came since is carried over behind it, and a group that moved meanwhile is found by a look at both sides.
  await judge.produce(source.bootstrap, { topic, partition: 1, count: 30, seed: 7 });
  await judge.produce(source.bootstrap, { topic, partition: 2, count: 20, seed: 8 });
  await judge.commitOffsets(source.bootstrap, group("b"), [{ topic, partition: 1, offset: 830n }]);
  const again = await migration.run(["--migrate"]);
  assert.equal(again.status, 0, again.output);
  await assertCopied(clusters, topic, 1, { start: 317 });
  await assertCopied(clusters, topic, 2, { start: 50 });
  await assertGoesOn(clusters, topic, group("b"), [1]);
  await assertNothingLeft(topic);
  const verified = await migration.run(["--verify"]);
  assert.equal(verified.status, 0, verified.output);
});

clusters.test("kill -9 of the tool and of a worker, an interrupt, and a source still written cost nothing", async () => {
  const { source, judge } = clusters;
  const messages = 30_000;
  const planned = [0, 1, 2, 3];
  const backlog = await makeBacklog(clusters, {
    messages: [...Array.from({ length: 4 }, () => messages), 0],
    committed: { a: [100, 100, 100, 100, 0] },
    contents: { valueBytes: 300 },
  });
  const { topic } = backlog;
  // Slow enough to be disturbed: it goes on behind the runs that are killed, and half a minute passes until it is through.
  await alterQuota(source, ["--add-config", "consumer_byte_rate=1500000"]);
  await using migration = await makeMigrationDir(backlog.config({ engine: engine() }));
  const run = () => startRun({ cwd: migration.path });
  const name = () => /data-migrate-\d+T\d+-\w+/.exec(migration.text("migration.state.jsonl"))?.[0];

  const killed = run();
  await untilTargetHolds(clusters, topic, planned, 10_000n);
  killed.kill("SIGKILL");
  await killed.ended;
  const connector = name();
  assert.deepEqual(await connect.get("/connectors"), [connector]);

  const interrupted = run();
  // It has taken up what the first has left.
  await interrupted.until(() => migration.text("migration.log").split(NAMED).length > 2);
  interrupted.kill("SIGINT");
  const { status, output, durationMs } = await interrupted.ended;
  assert.equal(status, 130, output);
  assert.ok(durationMs < 20_000, `${durationMs} ms`);
  const stopped = await connect.get(`/connectors/${connector}/status`) as {
    readonly connector: { readonly state: string };
    readonly tasks: readonly unknown[];
  };
  assert.deepEqual([stopped.connector.state, stopped.tasks], ["STOPPED", []]);

  // Messages that come while it runs are copied too, and the actual end is what counts.
  const disturbed = run();
  const before = await untilTargetHolds(clusters, topic, planned, 1n);
  await untilTargetHolds(clusters, topic, planned, before + 100n);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 500, seed: 77 });
  await judge.produce(source.bootstrap, { topic, partition: 4, count: 50, seed: 78 });
  await untilTargetHolds(clusters, topic, [4], 50n);
  await connect.workers[1]?.kill();
  await alterQuota(source, ["--delete-config", "consumer_byte_rate"]);
  const ended = await disturbed.ended;
  await connect.workers[1]?.restart();
  assert.equal(ended.status, 0, ended.output);
  const unplanned = migration.report().results?.partitions.find((each) => each.partition === 4);
  assert.deepEqual([unplanned?.status, unplanned?.recordsProduced], ["verified", 50]);
  assert.match(unplanned?.reason ?? "", /planned end offset 0, actual end offset 50$/);
  // Where the copy of the partition was through before, the rest is the next run's.
  const last = await migration.run();
  assert.equal(last.status, 0, last.output);
  for (const partition of planned) await assertCopied(clusters, topic, partition, { start: 100 });
  await assertCopied(clusters, topic, 4, { start: 0 });
  assert.equal(name(), connector);
  await assertNothingLeft(topic);
});

clusters.test("no secret is posted, and a copy that does not move is given up with where to look", async () => {
  const { source, target } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [40], committed: { a: [7] } });
  const [user] = source.users;
  assert.ok(user);
  const entering = (cluster: KafkaCluster) => ({
    bootstrapServers: cluster.bootstrapOf("SASL_TLS"),
    tls: { ca: certificatesOf(cluster).ca },
    sasl: { mechanism: "SCRAM-SHA-256", ...user },
  });
  const right = connect.reference("source");
  const config = (password: string) =>
    backlog.config({
      ...{ source: entering(source), target: entering(target), limits: { giveUpAfter: "6s" } },
      engine: engine({ secrets: { source: { password }, target: { password: right } } }),
    });
  await using migration = await makeMigrationDir(config(connect.reference("absent")));
  const failed = await migration.run();
  assert.equal(failed.status, 1, failed.output);
  assert.match(
    failed.output,
    /Nothing was copied for \d+ s: Connect says|failed on worker [\d.:]+: /,
  );
  const [connector] = await connect.get("/connectors") as string[];
  const posted = JSON.stringify(await connect.get(`/connectors/${connector}`));
  assert.match(posted, /absent/);
  assert.ok(!posted.includes(user.password), "the password was posted");

  migration.configure(config(right));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, backlog.topic, 0, { start: 7 });
  assert.ok(!migration.everythingWritten().includes(user.password));
  await assertNothingLeft(backlog.topic);
});

/** What a connector is posted with, looked at while the run has one. */
async function postedBy(run: SlowRun): Promise<string> {
  while (!run.hasEnded()) {
    const connectors = JSON.stringify(await connect.get("/connectors?expand=info"));
    if (connectors !== "{}") return connectors;
  }
  const { output } = await run.ended;
  throw new Error(`No connector was seen: ${output}`);
}

const onBothSides = (password: string) => ({ source: { password }, target: { password } });

const waysIn: readonly {
  readonly title: string;
  readonly listener: ListenerName;
  readonly entering: (cluster: KafkaCluster) => ConfigContent;
  readonly secrets: () => ConfigContent;
  /** What must be nowhere but where the operator has written it. */
  readonly secret: RegExp;
}[] = [
  {
    title: "PLAIN without TLS",
    listener: "SASL_PLAINTEXT",
    entering: () => ({ sasl: { mechanism: "PLAIN", ...plainUser } }),
    secrets: () => onBothSides(connect.reference("plain")),
    secret: /plain-secret/,
  },
  {
    title: "PLAIN over TLS",
    listener: "SASL_TLS",
    entering: (cluster) => ({
      tls: { ca: certificatesOf(cluster).ca },
      sasl: { mechanism: "PLAIN", ...plainUser },
    }),
    secrets: () => onBothSides(connect.reference("plain")),
    secret: /plain-secret/,
  },
  {
    title: "SCRAM without TLS",
    listener: "SASL_PLAINTEXT",
    entering: () => ({ sasl: { mechanism: "SCRAM-SHA-256", ...scramUser } }),
    secrets: () => onBothSides(connect.reference("source")),
    secret: /mover-secret/,
  },
  {
    title: "client certificates, one with an encrypted key",
    listener: "MTLS",
    entering: (cluster) => {
      const { ca, clientCertificate: cert, ...rest } = certificatesOf(cluster);
      const { clientKeyEncrypted, passphrase, clientKey } = rest;
      const key = cluster === clusters.source
        ? { key: clientKeyEncrypted, passphrase }
        : { key: clientKey };
      return { tls: { ca, cert, ...key } };
    },
    secrets: () => ({
      source: {
        key: connect.reference("source.key"),
        "ssl.key.password": connect.reference("source.passphrase"),
      },
      target: { key: fileReference(certificatesOf(clusters.target).clientKey) },
    }),
    secret: /PRIVATE KEY|open-sesame/,
  },
];

for (const { title, listener, entering, secrets, secret } of waysIn) {
  clusters.test(`workers enter both clusters by ${title}, and are posted references alone`, async () => {
    const backlog = await makeBacklog(clusters, { messages: [60], committed: { a: [7] } });
    const side = (cluster: KafkaCluster) => ({
      bootstrapServers: cluster.bootstrapOf(listener),
      ...entering(cluster),
    });
    await using migration = await makeMigrationDir(backlog.config({
      ...{ source: side(clusters.source), target: side(clusters.target) },
      engine: engine({ secrets: secrets() }),
    }));
    const run = startRun({ cwd: migration.path });
    const posted = await postedBy(run);
    const { status, output } = await run.ended;
    assert.equal(status, 0, output);
    await assertCopied(clusters, backlog.topic, 0, { start: 7 });
    for (const cluster of [clusters.source, clusters.target]) {
      assert.ok(posted.includes(cluster.bootstrapOf(listener)), posted);
    }
    assert.doesNotMatch(posted + output + migration.everythingWritten(), secret);
    await assertNothingLeft(backlog.topic);
  });
}

clusters.test("a Connect cluster that cannot copy exactly once is refused before the first byte", async () => {
  const backlog = await makeBacklog(clusters, { messages: [5], committed: { a: [0] } });
  const refused = async (config: ConfigContent, ...said: readonly RegExp[]) => {
    await using migration: MigrationDir = await makeMigrationDir(config);
    const { status, output } = await migration.run();
    assert.equal(status, 3, output);
    for (const words of said) assert.match(output, words);
    assert.equal(migration.text("migration.state.jsonl"), "");
  };
  const by = (url: string) => ({ engine: { connect: { url } } });
  await refused(
    backlog.config(by("http://127.0.0.1:1")),
    /CONNECT_UNREACHABLE: .* does not answer/,
  );
  await refused(
    backlog.config(by(bare.url)),
    /CONNECT_UNSUPPORTED: .* keeps its state on Kafka cluster \S+, which is not the target/,
  );
  // The bare workers' own Kafka as the target.
  const { source, target, judge } = clusters;
  await judge.commitOffsets(target.bootstrap, backlog.group("a"), [
    { topic: backlog.topic, partition: 0, offset: 0n },
  ]);
  await judge.produce(target.bootstrap, { topic: backlog.topic, partition: 0, count: 3 });
  await refused(
    backlog.config({
      ...by(bare.url),
      nonEmptyTarget: "append",
      source: { bootstrapServers: target.bootstrap },
      target: { bootstrapServers: source.bootstrap },
    }),
    /CONNECT_UNSUPPORTED: .* refuses exactly.once.support: .*not have exactly-once source support enabled/,
    /refuses producer.override.linger.ms/,
  );
  const name = uniqueName("my.heartbeats").split("-").reverse().join("-");
  for (const { bootstrap } of [source, target]) await judge.createTopics(bootstrap, [{ name }]);
  await judge.produce(source.bootstrap, { topic: name, partition: 0, count: 1 });
  await judge.commitOffsets(source.bootstrap, name, [{ topic: name, partition: 0, offset: 0n }]);
  await refused(
    backlog.config({ ...by(connect.url), topics: { include: [name] } }),
    /CONNECT_TOPIC_REFUSED: MirrorMaker 2 renames topics whose names end in heartbeats/,
  );
});
