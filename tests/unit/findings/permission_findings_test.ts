import assert from "node:assert/strict";
import {
  groupPermissionFindings,
  groupReadFindings,
  permissionFindings,
  type Permitted,
} from "../../../lib/findings/permission_findings.ts";

const permitted: Permitted = {
  cluster: "source",
  principal: "User:ckafka-1a2b#mover",
  bootstrap: "kafka:9092",
};
const [READ, WRITE, DESCRIBE] = [1 << 3, 1 << 4, 1 << 8];

Deno.test("each missing operation is one finding that names principal, operation and topics", () => {
  const topics = [
    { topic: "a", hidden: false, operations: READ | DESCRIBE },
    { topic: "b", hidden: false, operations: READ | WRITE | DESCRIBE },
    { topic: "it's", hidden: true },
  ];
  const found = permissionFindings({ topics }, ["Write", "Read"], permitted);
  assert.deepEqual(
    found.map(({ code, message, remedy, where }) => [code, message, remedy, where]),
    [
      [
        "NOT_AUTHORIZED",
        "User:ckafka-1a2b#mover has no Write on 2 topics (a, it's) of the source",
        "Run: kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:ckafka-1a2b#mover' --operation Write --topic a, and so for the others",
        { cluster: "source" },
      ],
      [
        "NOT_AUTHORIZED",
        "User:ckafka-1a2b#mover has no Read on topic it's of the source",
        "Run: kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:ckafka-1a2b#mover' --operation Read --topic 'it'\\''s'",
        { cluster: "source", topic: "it's" },
      ],
    ],
  );
});

Deno.test("brokers that do not tell, and users who may do all, give no finding", () => {
  for (const operations of [undefined, READ | WRITE | DESCRIBE]) {
    const known = operations === undefined ? {} : { operations };
    const permissions = { ...known, topics: [{ topic: "a", hidden: false, ...known }] };
    assert.deepEqual(permissionFindings(permissions, ["Write", "Read"], permitted), []);
    assert.deepEqual(groupPermissionFindings(permissions, permitted), []);
  }
});

Deno.test("a user who may not describe the cluster is told that groups may be hidden", () => {
  const [found, ...others] = groupPermissionFindings(
    { operations: READ, topics: [] },
    { cluster: "source", bootstrap: "kafka:9092" },
  );
  assert.deepEqual([others, found?.code, found?.severity], [
    [],
    "GROUPS_MAY_BE_HIDDEN",
    "warning",
  ]);
  assert.match(found?.message ?? "", /^The source's user has no Describe on the cluster/);
  assert.match(found?.remedy ?? "", /--allow-principal User:NAME --operation Describe --cluster$/);
});

Deno.test("groups whose positions may not be set are one finding that names them", () => {
  const target = { ...permitted, cluster: "target" } as const;
  assert.deepEqual(groupReadFindings([], target), []);
  const [found, ...rest] = groupReadFindings(["a b"], target);
  assert.deepEqual([found?.code, found?.where, found?.message, rest], [
    "NOT_AUTHORIZED",
    { cluster: "target", groups: ["a b"] },
    "User:ckafka-1a2b#mover has no Read on group a b of the target",
    [],
  ]);
  assert.match(found?.remedy ?? "", / --operation Read --group 'a b'$/);
  const [many] = groupReadFindings(["a", "b"], target);
  assert.match(many?.message ?? "", /has no Read on 2 groups \(a, b\) of the target$/);
});
