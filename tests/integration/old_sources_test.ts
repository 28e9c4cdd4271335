/**
 * What old sources cannot tell, and what is said and done about it: settings of topics and permissions, states of
 * groups, how far a log has caught up; and that engine: connect does not take them. The logs themselves are the
 * matrix's.
 */

import assert from "node:assert/strict";
import { type Acl, allow, authorizingIn } from "../support/acls.ts";
import { makeBacklog } from "../support/backlog.ts";
import type { Clusters } from "../support/cluster_pair.ts";
import { startKafka } from "../support/kafka_cluster.ts";
import type { KafkaVersion } from "../support/kafka_releases.ts";
import { startJudge } from "../support/librdkafka.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const principal = "User:mover";

/** Declares a test with a secured source of that release and a target of 4.1.0. */
function withSource(
  version: KafkaVersion,
  title: string,
  run: (clusters: Clusters) => Promise<void>,
): void {
  Deno.test({
    name: `${version}: ${title}`,
    // The judge, which outlives the test, always has a read under way.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const [source, target, judge] = await Promise.all([
        startKafka({
          version,
          listeners: ["SASL_PLAINTEXT"],
          properties: authorizingIn(version),
        }).then((cluster) => stack.use(cluster)),
        startKafka().then((cluster) => stack.use(cluster)),
        startJudge().then((judge) => stack.use(judge)),
      ]);
      await run({ source, target, judge });
    },
  });
}

const asMover = ({ source }: Clusters) => ({
  bootstrapServers: source.bootstrapOf("SASL_PLAINTEXT"),
  sasl: { mechanism: "PLAIN", ...source.users[0] },
});

withSource(
  "0.10.2.2",
  "what it cannot tell is said, and nobody's permissions are blamed",
  async (clusters) => {
    const backlog = await makeBacklog(clusters, {
      messages: [20],
      committed: { a: [5] },
      targetPartitions: 0,
    });
    const { topic } = backlog;
    await using migration = await makeMigrationDir(backlog.config({ createTopics: true }));
    const check = await migration.run(["--check"]);
    assert.equal(check.status, 0, check.output);
    assert.match(
      check.stderr,
      new RegExp(
        `^warning: TOPIC_CONFIG_LEFT_OUT: The source's brokers do not tell topic settings .*${topic}; .*cleanup\\.policy`,
        "m",
      ),
    );
    assert.match(check.stderr, /^warning: GROUPS_MAY_BE_MISSED: /m);
    assert.doesNotMatch(check.output, /may not see|DescribeConfigs on the source's topics/);
    for (const mechanism of ["PLAIN", "SCRAM-SHA-256"]) {
      const sasl = { mechanism, username: "mover", password: "wrong" };
      await using wrong = await makeMigrationDir(
        backlog.config({ source: { ...asMover(clusters), sasl } }),
      );
      const { status, output } = await wrong.run(["--check"]);
      assert.equal(status, 3, output);
      assert.match(
        output,
        new RegExp(`NOT_AUTHORIZED: .*SASL ${mechanism} refused for user 'mover': wrong name`),
      );
    }
    const connect = { connect: { url: "http://127.0.0.1:9" } };
    await using other = await makeMigrationDir(
      backlog.config({ createTopics: true, engine: connect }),
    );
    const refused = await other.run(["--check"]);
    assert.equal(refused.status, 3, refused.output);
    assert.match(
      refused.output,
      /CONNECT_UNSUPPORTED: .*Kafka 2\.1 or newer .*broker 1 does not speak Fetch 10/,
    );
  },
);

for (const version of ["1.1.1", "2.4.1"] as const) {
  withSource(version, "a group with members is told as active", async (clusters) => {
    const { source, judge } = clusters;
    const { topic, group, config } = await makeBacklog(clusters, {
      messages: [5],
      committed: { a: [0] },
    });
    await using migration = await makeMigrationDir(config());
    const idle = await migration.run(["--check"]);
    assert.equal(idle.status, 0, idle.output);
    assert.doesNotMatch(idle.output, /GROUP_ACTIVE/);
    await judge.joinGroup(source.bootstrap, group("a"), topic, "classic");
    const active = await migration.run(["--check"]);
    await judge.leaveGroup(group("a"));
    assert.equal(active.status, 0, active.output);
    assert.match(
      active.stderr,
      new RegExp(`^warning: GROUP_ACTIVE: 1 group .*: ${group("a")}`, "m"),
    );
  });
}

withSource(
  "0.11.0.3",
  "what a user lacks is named before the first byte, by what it is",
  async (clusters) => {
    const backlog = await makeBacklog(clusters, { messages: [20], committed: { a: [5] } });
    const { topic, group } = backlog;
    const steps: readonly { readonly grant: Omit<Acl, "principal">; readonly lacking: RegExp }[] = [
      {
        grant: { operation: "DESCRIBE", resource: "TOPIC", name: topic },
        lacking: /NOT_AUTHORIZED: .*CLUSTER_AUTHORIZATION_FAILED.*Describe on the cluster/,
      },
      {
        grant: { operation: "DESCRIBE", resource: "CLUSTER", name: "kafka-cluster" },
        lacking: /GROUP_UNREADABLE: .*GROUP_AUTHORIZATION_FAILED.*Read .*before Kafka 1\.0/,
      },
      {
        grant: { operation: "READ", resource: "GROUP", name: group("a") },
        lacking: new RegExp(
          `NOT_AUTHORIZED: ${principal} has no Read on topic ${topic} of the source`,
        ),
      },
    ];
    await using migration = await makeMigrationDir(backlog.config({ source: asMover(clusters) }));
    for (const { grant, lacking } of steps) {
      await allow(clusters.source, [{ principal, ...grant }]);
      const { status, output } = await migration.run(["--check"]);
      assert.equal(status, 3, output);
      assert.match(output, lacking);
    }
    await allow(clusters.source, [{
      principal,
      operation: "READ",
      resource: "TOPIC",
      name: topic,
    }]);
    const { status, output } = await migration.run();
    assert.equal(status, 0, output);
  },
);
