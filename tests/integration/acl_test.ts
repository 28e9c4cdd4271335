/**
 * The permissions of the table in docs/permissions.md: sufficient as they stand, on brokers that refuse everything else; and each one
 * taken away is named before the first byte, with operation, resource and principal.
 */

import assert from "node:assert/strict";
import { type Acl, allow, authorizing } from "../support/acls.ts";
import { assertCopied, type Backlog, makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

/** Users of their own for each test: rules of one mean nothing to another. */
const users = Array.from({ length: 16 }, (_, index) => ({
  username: `mover${index}`,
  password: `secret-${index}`,
}));
const options = {
  listeners: ["SASL_PLAINTEXT"],
  users,
  properties: authorizing,
  heapMb: 256,
} as const;
const clusters = sharedClusters({
  source: {
    ...options,
    properties: { ...authorizing, "offset.metadata.max.bytes": "8192" },
  },
  target: options,
});

let nextUser = 0;

interface Mover {
  readonly principal: string;
  readonly sasl: Readonly<Record<string, string>>;
}

function newMover(): Mover {
  const user = users[nextUser++];
  assert.ok(user !== undefined);
  return {
    principal: `User:${user.username}`,
    sasl: { mechanism: "SCRAM-SHA-256", ...user },
  };
}

interface Needs {
  readonly source: readonly Omit<Acl, "principal">[];
  readonly target: readonly Omit<Acl, "principal">[];
}

/** What the table adds for `groupOffsets: commit`. */
const committing = ({ group }: Backlog) =>
  ({ operation: "READ", resource: "GROUP", name: group("a") }) as const;

/** The table of docs/permissions.md, for one topic and group. */
const table = ({ topic, group }: Backlog): Needs => ({
  source: [
    { operation: "DESCRIBE", resource: "GROUP", name: group("a") },
    { operation: "READ", resource: "TOPIC", name: topic },
  ],
  target: [
    { operation: "WRITE", resource: "TOPIC", name: topic },
    { operation: "READ", resource: "TOPIC", name: topic },
  ],
});

const makeTopic = () =>
  makeBacklog(clusters, { messages: [30, 30], committed: { a: [10, undefined] } });

/** The directory and what its config holds. */
async function makeMigration(backlog: Backlog, { sasl }: Mover, include = [backlog.topic]) {
  const side = (name: "source" | "target") => ({
    bootstrapServers: clusters[name].bootstrapOf("SASL_PLAINTEXT"),
    sasl,
  });
  const content = {
    checkFlag: 1,
    topics: { include },
    source: side("source"),
    target: side("target"),
  };
  return Object.assign(await makeMigrationDir(content), { content });
}

async function grant(needs: Needs, { principal }: Mover): Promise<void> {
  for (const name of ["source", "target"] as const) {
    if (needs[name].length === 0) continue;
    await allow(clusters[name], needs[name].map((acl) => ({ ...acl, principal })));
  }
}

clusters.test("the permissions of the table are enough to check, migrate, verify and run again", async () => {
  const [backlog, mover] = [await makeTopic(), newMover()];
  await grant(table(backlog), mover);
  await using migration = await makeMigration(backlog, mover);
  for (const args of [["--check"], ["--migrate"], ["--verify"], ["--migrate"]]) {
    const { status, output } = await migration.run(args);
    assert.equal(status, 0, `${args}: ${output}`);
    assert.doesNotMatch(output, /NOT_AUTHORIZED|IdempotentWrite/);
    if (args[0] === "--check") {
      assert.match(output, new RegExp(`GROUPS_MAY_BE_HIDDEN: ${mover.principal} has no Describe`));
      assert.equal(output.split("Estimated: sizes are not known").length, 2, output);
    }
  }
  await assertCopied(clusters, backlog.topic, 0, { start: 10, end: 30 });
  await assertCopied(clusters, backlog.topic, 1, { start: 0, end: 30 });
});

clusters.test("with groupOffsets: commit, so are those of the table and Read on the group on the target", async () => {
  const [backlog, mover] = [await makeTopic(), newMover()];
  const { topic, group } = backlog;
  const needs = table(backlog);
  await grant({ ...needs, target: [...needs.target, committing(backlog)] }, mover);
  await using migration = await makeMigration(backlog, mover);
  migration.configure({ ...migration.content, groupOffsets: "commit" });
  for (const args of [["--check"], ["--migrate"], ["--migrate"]]) {
    const { status, output } = await migration.run(args);
    assert.equal(status, 0, `${args}: ${output}`);
    assert.doesNotMatch(output, /NOT_AUTHORIZED/);
  }
  await assertCopied(clusters, topic, 0, { start: 10, end: 30 });
  const { target, judge } = clusters;
  assert.deepEqual(
    (await judge.committedOffsets(target.bootstrap, group("a"))).map(({ offset }) => offset),
    [0n],
  );
});

clusters.test("a target that tells no settings is said not to, and refuses no position for its text in the end", async () => {
  const [backlog, mover] = [await makeTopic(), newMover()];
  const { topic, group } = backlog;
  const { source, target, judge } = clusters;
  await judge.commitOffsets(source.bootstrap, group("a"), [
    { topic, partition: 0, offset: 10n, metadata: "x".repeat(5_000) },
    { topic, partition: 1, offset: 20n, metadata: "short" },
  ]);
  const needs = table(backlog);
  await grant({ ...needs, target: [...needs.target, committing(backlog)] }, mover);
  await using migration = await makeMigration(backlog, mover);
  migration.configure({ ...migration.content, groupOffsets: "commit" });
  const checked = await migration.run(["--check"]);
  assert.equal(checked.status, 0, checked.output);
  assert.match(checked.stderr, /METADATA_TOO_LONG: .*5,001 characters, .* could not be read/);
  const { status, output, stdout } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(stdout, /2 of 2 partitions, 1 without their metadata text/);
  assert.match(stdout, /offsets\.retention\.minutes could not be read/);
  const committed = await judge.committedOffsets(target.bootstrap, group("a"));
  assert.deepEqual(
    committed.map(({ partition, metadata }) => [partition, metadata ?? ""]).sort(),
    [[0, ""], [1, "short"]],
  );
  const report = migration.report();
  assert.deepEqual(report.groupOffsets?.map(({ metadataLeftOut }) => metadataLeftOut), [
    "too long",
    undefined,
  ]);
  assert.deepEqual(report.positionsExpiry, {});
});

clusters.test("Describe on the cluster shows every group; one that can't be read is named or left out", async () => {
  const [backlog, other, mover] = [await makeTopic(), await makeTopic(), newMover()];
  const needs = table(backlog);
  const describe = { operation: "DESCRIBE", resource: "CLUSTER", name: "kafka-cluster" } as const;
  await grant({ ...needs, source: [...needs.source, describe] }, mover);
  await using migration = await makeMigration(backlog, mover);
  const all = await migration.run(["--check"]);
  assert.equal(all.status, 3, all.output);
  assert.match(
    all.output,
    /GROUP_UNREADABLE: .*GROUP_AUTHORIZATION_FAILED.*Give the user Describe/,
  );
  assert.ok(all.output.includes(other.group("a")));
  const { content } = migration;
  migration.configure({ ...content, groups: { include: [backlog.group("a")] } });
  const { status, output } = await migration.run(["--check"]);
  assert.equal(status, 0, output);
  assert.doesNotMatch(output, /GROUPS_MAY_BE_HIDDEN/);
});

const missing: readonly {
  readonly title: string;
  /** What is left of the table. */
  readonly left: (needs: Needs, backlog: Backlog) => Needs;
  readonly status: number;
  readonly says: (principal: string, topic: string) => readonly string[];
}[] = [
  {
    title: "Read on a topic of the source, which may be described",
    left: (needs, { topic }) => ({
      ...needs,
      source: [
        ...needs.source.filter(({ operation }) => operation !== "READ"),
        { operation: "DESCRIBE", resource: "TOPIC", name: topic },
      ],
    }),
    status: 3,
    says: (principal, topic) => [
      `NOT_AUTHORIZED: ${principal} has no Read on topic ${topic} of the source`,
      `--allow-principal ${principal} --operation Read --topic ${topic}`,
    ],
  },
  {
    title: "everything on a topic of the source that the config names",
    left: (needs) => ({
      ...needs,
      source: needs.source.filter(({ resource }) => resource !== "TOPIC"),
    }),
    status: 3,
    says: (principal, topic) => [
      `NOT_AUTHORIZED: ${principal} has no Read on topic ${topic} of the source`,
    ],
  },
  {
    title: "Describe on the group",
    left: (needs) => ({
      ...needs,
      source: needs.source.filter(({ resource }) => resource !== "GROUP"),
    }),
    status: 1,
    says: (principal) => [
      "NO_COMMITTED_OFFSETS",
      `${principal} has no Describe on the cluster: the source lists only groups it may describe`,
    ],
  },
  {
    title: "Write on the target, which may be read",
    left: (needs) => ({
      ...needs,
      target: needs.target.filter(({ operation }) => operation !== "WRITE"),
    }),
    status: 3,
    says: (principal, topic) => [
      `NOT_AUTHORIZED: ${principal} has no Write on topic ${topic} of the target`,
    ],
  },
  {
    title: "Read on the target, which may be written",
    left: (needs) => ({
      ...needs,
      target: needs.target.filter(({ operation }) => operation !== "READ"),
    }),
    status: 3,
    says: (principal, topic) => [
      `NOT_AUTHORIZED: ${principal} has no Read on topic ${topic} of the target`,
    ],
  },
  {
    title: "everything on the target",
    left: (needs) => ({ ...needs, target: [] }),
    status: 3,
    says: (principal, topic) => [
      `NOT_AUTHORIZED: ${principal} has no Write on topic ${topic} of the target`,
      `NOT_AUTHORIZED: ${principal} has no Read on topic ${topic} of the target`,
    ],
  },
];

for (const { title, left, status: expected, says } of missing) {
  clusters.test(`a missing permission is named before the first byte: ${title}`, async () => {
    const [backlog, mover] = [await makeTopic(), newMover()];
    await grant(left(table(backlog), backlog), mover);
    await using migration = await makeMigration(backlog, mover);
    for (const mode of ["--check", "--migrate"]) {
      const { status, output } = await migration.run([mode]);
      assert.equal(status, expected, output);
      for (const text of says(mover.principal, backlog.topic)) {
        assert.ok(output.includes(text), `${text}: ${output}`);
        assert.ok(migration.text("migration.log").includes(text));
      }
      assert.doesNotMatch(output, /TARGET_TOPIC_MISSING/);
      assert.ok(!migration.files().includes("migration.state.jsonl"));
    }
    await assertCopied(clusters, backlog.topic, 0, { start: 30, end: 30 });
  });
}

const missingToCommit: readonly {
  readonly title: string;
  /** Where the group stands; the topic holds 30 messages. */
  readonly committed: number;
  readonly target: (backlog: Backlog) => Needs["target"];
  readonly lacks: (backlog: Backlog) => string;
}[] = [
  {
    title: "everything on the group on the target",
    committed: 10,
    target: (backlog) => table(backlog).target,
    lacks: ({ group }) => `group ${group("a")}`,
  },
  {
    title: "Read on the group on the target, which may be described",
    committed: 10,
    target: (backlog) => [
      ...table(backlog).target,
      { ...committing(backlog), operation: "DESCRIBE" },
    ],
    lacks: ({ group }) => `group ${group("a")}`,
  },
  {
    title: "Read on a topic of which nothing is left to copy",
    committed: 30,
    target: (backlog) => [
      committing(backlog),
      ...table(backlog).target.filter(({ operation }) => operation === "WRITE"),
    ],
    lacks: ({ topic }) => `topic ${topic}`,
  },
];

for (const { title, committed, target, lacks } of missingToCommit) {
  clusters.test(`what committing positions takes is named before the first byte: ${title}`, async () => {
    const backlog = await makeBacklog(clusters, {
      messages: [30],
      committed: { a: [committed] },
    });
    const { topic, group } = backlog;
    const mover = newMover();
    await grant({ ...table(backlog), target: target(backlog) }, mover);
    await using migration = await makeMigration(backlog, mover);
    // Without positions nothing is missing.
    const ignoring = await migration.run(["--check"]);
    assert.equal(ignoring.status, 0, ignoring.output);
    migration.configure({ ...migration.content, groupOffsets: "commit" });
    const [resource = "", name = ""] = lacks(backlog).split(" ");
    for (const mode of ["--check", "--migrate"]) {
      const { status, output } = await migration.run([mode]);
      assert.equal(status, 3, output);
      for (
        const text of [
          `NOT_AUTHORIZED: ${mover.principal} has no Read on ${resource} ${name} of the target`,
          `--allow-principal ${mover.principal} --operation Read --${resource} ${name}`,
        ]
      ) assert.ok(output.includes(text), `${text}: ${output}`);
      assert.ok(!migration.files().includes("migration.state.jsonl"));
    }
    await assertCopied(clusters, topic, 0, { start: 30, end: 30 });
    const { bootstrap } = clusters.target;
    assert.deepEqual(await clusters.judge.committedOffsets(bootstrap, group("a")), []);
  });
}

clusters.test("a topic that does not exist on the target is missing, not forbidden", async () => {
  const backlog = await makeBacklog(clusters, {
    messages: [30],
    committed: { a: [10] },
    targetPartitions: 0,
  });
  const mover = newMover();
  await grant(table(backlog), mover);
  await using migration = await makeMigration(backlog, mover, [
    backlog.topic,
    uniqueName("nowhere"),
  ]);
  const { status, output } = await migration.run();
  assert.equal(status, 3, output);
  assert.match(output, /TARGET_TOPIC_MISSING/);
  assert.match(output, /NOT_AUTHORIZED: User:\w+ has no Read on topic nowhere-\w+ of the source/);
});

clusters.test("creating topics takes Create, which is named before the first byte", async () => {
  const backlog = await makeBacklog(clusters, {
    messages: [30, 30],
    committed: { a: [10, 10] },
    targetPartitions: 0,
  });
  const mover = newMover();
  await grant(table(backlog), mover);
  await using migration = await makeMigration(backlog, mover);
  migration.configure({ ...migration.content, createTopics: true });
  for (const mode of ["--check", "--migrate"]) {
    const { status, output } = await migration.run([mode]);
    assert.equal(status, 3, output);
    assert.ok(
      output.includes(
        `NOT_AUTHORIZED: ${mover.principal} has no Create on topic ${backlog.topic} of the target`,
      ) && output.includes(`--operation Create --topic ${backlog.topic}`),
      output,
    );
    assert.doesNotMatch(output, /TARGET_TOPIC_MISSING/);
  }
  assert.ok(!migration.files().includes("migration.state.jsonl"));
  await allow(clusters.target, [{
    principal: mover.principal,
    operation: "CREATE",
    resource: "TOPIC",
    name: backlog.topic,
  }]);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  // The source's settings may not be seen with the table's permissions.
  assert.match(output, /TOPIC_CONFIG_LEFT_OUT: The user may not see the source's settings/);
  await assertCopied(clusters, backlog.topic, 1, { start: 10, end: 30 });
});
