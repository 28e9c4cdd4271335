/**
 * A release on one side behind TLS, PLAIN, SCRAM and ACLs: what is allowed is enough, and what is missing is named
 * before the first byte.
 */

import assert from "node:assert/strict";
import { type Acl, allow } from "../../support/acls.ts";
import { assertCopied, type Backlog, makeBacklog } from "../../support/backlog.ts";
import { certificatesOf } from "../../support/kafka_cluster.ts";
import type { ListenerName } from "../../support/kafka_properties.ts";
import { isSince } from "../../support/kafka_releases.ts";
import { type ConfigContent, makeMigrationDir } from "../../support/migration_dir.ts";
import type { MatrixCase } from "./case.ts";
import type { MatrixPair } from "./pair.ts";

const principal = "User:mover";

/** What a user needs on the side of the release under test. */
function needed({ version, role }: MatrixPair, { topic, group }: Backlog): readonly Acl[] {
  const rules: readonly Omit<Acl, "principal">[] = role === "source"
    ? [
      { operation: "READ", resource: "TOPIC", name: topic },
      // Before 1.0 only who may read as a group may see where it stands.
      {
        operation: isSince(version, "1.1.1") ? "DESCRIBE" : "READ",
        resource: "GROUP",
        name: group("a"),
      },
      // Up to 2.0 groups are listed for nobody else.
      ...(isSince(version, "2.3.1")
        ? []
        : [{ operation: "DESCRIBE", resource: "CLUSTER", name: "kafka-cluster" } as const]),
    ]
    : [
      { operation: "WRITE", resource: "TOPIC", name: topic },
      { operation: "READ", resource: "TOPIC", name: topic },
      // Since 2.8 Write on any topic is enough for an idempotent producer.
      ...(isSince(version, "2.8.2")
        ? []
        : [{ operation: "IDEMPOTENT_WRITE", resource: "CLUSTER", name: "kafka-cluster" } as const]),
    ];
  return rules.map((rule) => ({ ...rule, principal }));
}

/** The way to the release under test. */
function through(pair: MatrixPair, listener: ListenerName, mechanism?: string): ConfigContent {
  const cluster = pair[pair.role];
  return {
    bootstrapServers: cluster.bootstrapOf(listener),
    ...(mechanism !== undefined && { sasl: { mechanism, ...cluster.users[0] } }),
    ...(/TLS/.test(listener) && { tls: { ca: certificatesOf(cluster).ca } }),
  };
}

const makeTopic = (pair: MatrixPair): Promise<Backlog> =>
  makeBacklog(pair, { messages: [300, 30], committed: { a: [10, 0] } });

/** Other groups may be listed, and no more. */
const onlyGroupOf = ({ group }: Backlog): ConfigContent => ({
  groups: { include: [group("a")] },
});

const ways: readonly (readonly [ListenerName, string?])[] = [
  ["TLS"],
  ["SASL_PLAINTEXT", "PLAIN"],
  ["SASL_TLS", "PLAIN"],
  ["SASL_PLAINTEXT", "SCRAM-SHA-256"],
  ["SASL_TLS", "SCRAM-SHA-512"],
];

/** All cases about security. */
export const securityCases: readonly MatrixCase[] = [
  ...ways.map(([listener, mechanism]): MatrixCase => ({
    title: `a migration goes through ${listener}${
      mechanism === undefined ? "" : ` by ${mechanism}`
    }`,
    closely: true,
    async run(pair) {
      const backlog = await makeTopic(pair);
      if (mechanism !== undefined) await allow(pair[pair.role], needed(pair, backlog));
      await using migration = await makeMigrationDir(
        backlog.config({
          ...onlyGroupOf(backlog),
          [pair.role]: through(pair, listener, mechanism),
        }),
      );
      for (const args of [["--check"], ["--migrate"]]) {
        const { status, output } = await migration.run(args);
        assert.equal(status, 0, `${args}: ${output}`);
        assert.doesNotMatch(output, /NOT_AUTHORIZED/);
      }
      await assertCopied(pair, backlog.topic, 0, { start: 10, end: 300 });
      await assertCopied(pair, backlog.topic, 1, { start: 0, end: 30 });
    },
  })),
  {
    title: "a missing permission is named before the first byte",
    closely: true,
    async run(pair) {
      const backlog = await makeTopic(pair);
      const missing = pair.role === "source" ? "READ" : "WRITE";
      const word = pair.role === "source" ? "Read" : "Write";
      const left = needed(pair, backlog).filter(({ resource, operation }) =>
        resource !== "TOPIC" || operation !== missing
      );
      await allow(pair[pair.role], [
        ...left,
        { principal, operation: "DESCRIBE", resource: "TOPIC", name: backlog.topic },
      ]);
      await using migration = await makeMigrationDir(
        backlog.config({
          ...onlyGroupOf(backlog),
          [pair.role]: through(pair, "SASL_PLAINTEXT", "SCRAM-SHA-256"),
        }),
      );
      // Before 2.3 brokers don't tell what is allowed, and a check writes nothing to find out whether it may.
      if (pair.role === "target" && !isSince(pair.version, "2.3.1")) {
        const { status, output } = await migration.run(["--migrate"]);
        assert.equal(status, 1, output);
        assert.match(output, /refused the batch .*TOPIC_AUTHORIZATION_FAILED \(29\)\. Grant what/);
      } else {
        for (const args of [["--check"], ["--migrate"]]) {
          const { status, output } = await migration.run(args);
          assert.equal(status, 3, `${args}: ${output}`);
          const lacks = `${principal} has no ${word} on topic ${backlog.topic} of the ${pair.role}`;
          assert.match(output, new RegExp(`NOT_AUTHORIZED: ${lacks}`));
        }
        assert.ok(!migration.files().includes("migration.state.jsonl"));
      }
      await assertCopied(pair, backlog.topic, 0, { start: 300, end: 300 });
    },
  },
];
