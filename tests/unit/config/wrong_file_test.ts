import { around, assertProblems } from "./fixtures.ts";

Deno.test("what is no config at all is refused in one sentence", () => {
  assertProblems([
    [
      "",
      `
migration.yaml:1:1: The file is empty, expected a mapping with checkFlag, source and target
`,
    ],
    [
      "# nothing\n",
      `
migration.yaml:1:1: The file is empty, expected a mapping with checkFlag, source and target
`,
    ],
    [
      "- a\n",
      `
migration.yaml:1:1: The file is a list, expected a mapping with checkFlag, source and target
`,
    ],
    [
      "hello\n",
      `
migration.yaml:1:1: The file is a single value, expected a mapping with checkFlag, source and target
`,
    ],
    [
      "\u0000\u0001",
      `
migration.yaml:1:1: The file is binary, expected YAML text
`,
    ],
    [
      "---\n",
      `
migration.yaml:1:1: The file is empty, expected a mapping with checkFlag, source and target
`,
    ],
  ]);
});

Deno.test("YAML that is none, or more than the plain core, is refused where it goes wrong", () => {
  assertProblems([
    [
      around("", "topics:\n\tinclude: []\n"),
      `
migration.yaml:6:1: Tab in the indentation, expected spaces
   include: []
  ^
`,
    ],
    [
      around("", "topics: {include: [a]\n"),
      `
migration.yaml:5:19: Bracket without its end, expected a closing } or ]
  topics: {include: [a]
                    ^
`,
    ],
    [
      around("", "uncommitted: 'skip\n"),
      `
migration.yaml:5:14: Quote without its end, expected a closing quote
  uncommitted: 'skip
               ^
`,
    ],
    [
      around("   tls: true\n"),
      `
migration.yaml:3:21: This line and the next are read as one key, expected key: value (check the indentation, and the space after each colon)
    bootstrapServers: kafka1:9092
                      ^
`,
    ],
    [
      "checkFlag:0\nsource: x\n",
      `
migration.yaml:1:1: This line and the next are read as one key, expected key: value (check the indentation, and the space after each colon)
  checkFlag:0
  ^
`,
    ],
    [
      around("", "---\nverify: count\n"),
      `
migration.yaml:5:1: Second YAML document in the file (--- or ...), expected one
  ---
  ^
`,
    ],
    [
      around("", "accept: - X\n"),
      `
migration.yaml:5:9: List item on the line of its key, expected a line of its own for each '- '
  accept: - X
          ^
`,
    ],
    [
      around("  addresses: { [::1]:9092: 'a:1' }\n"),
      `
migration.yaml:4:16: Key is no text, expected key: value
    addresses: { [::1]:9092: 'a:1' }
                 ^
`,
    ],
    [
      around("  tls: &tls true\n", "x: *tls\n"),
      `
migration.yaml:6:1: Unknown key x, expected one of checkFlag, source, target, topics, groups, uncommitted, createTopics, groupOffsets, verify, nonEmptyTarget, accept, limits, ranges, engine
  x: ***
  ^
`,
    ],
    [
      around("", "<<: { a: 1 }\n"),
      `
migration.yaml:5:7: Unknown key a, expected one of checkFlag, source, target, topics, groups, uncommitted, createTopics, groupOffsets, verify, nonEmptyTarget, accept, limits, ranges, engine
  <<: { a: *** }
        ^
`,
    ],
    [
      around("", "verify: count\nverify: count\n"),
      `
migration.yaml:6:1: Key given twice, expected it once (first in line 5)
  verify: ***
  ^
`,
    ],
    [
      around("", "topics: { include: [*, *-x, !y, %z] }\n"),
      `
migration.yaml:5:21: A value that begins with * or & is read as a YAML alias or anchor, expected it in single quotes
  topics: { include: [*, *-x, !y, %z] }
                      ^
migration.yaml:5:24: A value that begins with * is read as a YAML alias, and no anchor (&) of that name stands before it, expected one, or the value in single quotes
  topics: { include: [*, *-x, !y, %z] }
                         ^
migration.yaml:5:29: A value that begins with ! is read as a YAML tag, expected it in single quotes
  topics: { include: [*, *-x, !y, %z] }
                              ^
migration.yaml:5:33: A value cannot begin with this character, expected it in single quotes
  topics: { include: [*, *-x, !y, %z] }
                                  ^
`,
    ],
    [
      around("", "? [a]\n: b\n"),
      `
migration.yaml:5:3: Key is no text, expected key: value
  ? ***
    ^
`,
    ],
    [
      around("", 'uncommitted: "\\q"\n'),
      `
migration.yaml:5:15: Unknown escape in double quotes, expected single quotes (no escapes in them)
  uncommitted: "\\q"
                ^
`,
    ],
  ]);
});

Deno.test("an unknown key is shown with the nearest known name", () => {
  assertProblems([
    [
      around("", "chekFlag: 1\n"),
      `
migration.yaml:5:1: Unknown key chekFlag, expected checkFlag
  chekFlag: ***
  ^
`,
    ],
    [
      around("  nonsense: 1\n"),
      `
migration.yaml:4:3: Unknown key nonsense in source, expected one of bootstrapServers, addresses, tls, sasl
    nonsense: ***
    ^
`,
    ],
    [
      "checkFlag: 0\nsource:\n  bootstrap.servers: a:1\ntarget:\n  bootstrap_servers: a:1\n  securityProtocol: SASL_SSL\n  sasl.mechanism: PLAIN\n  sasl.username: mover\n  sasl.password: hunter2\n  ssl.ca.location: ca.pem\n  client.id: me\n  group.id: readers\n",
      `
migration.yaml:3:3: Unknown key bootstrap.servers in source, expected bootstrapServers
    bootstrap.servers: ***
    ^
migration.yaml:5:3: Unknown key bootstrap_servers in target, expected bootstrapServers
    bootstrap_servers: ***
    ^
migration.yaml:6:3: Unknown key securityProtocol in target, expected tls and sasl
    securityProtocol: ***
    ^
migration.yaml:7:3: Unknown key sasl.mechanism in target, expected mechanism under sasl
    sasl.mechanism: ***
    ^
migration.yaml:8:3: Unknown key sasl.username in target, expected username under sasl
    sasl.username: ***
    ^
migration.yaml:9:3: Unknown key sasl.password in target, expected password under sasl
    sasl.password: ***
    ^
migration.yaml:10:3: Unknown key ssl.ca.location in target, expected ca under tls
    ssl.ca.location: ***
    ^
migration.yaml:11:3: Unknown key client.id in target, expected the key left out (the client.id is always data-migrate)
    client.id: ***
    ^
migration.yaml:12:3: Unknown key group.id in target, expected include under groups
    group.id: ***
    ^
`,
    ],
    [
      around("  username: mover\n  ca: ca.pem\n", "giveUpAfter: 1m\npassword: hunter2\n"),
      `
migration.yaml:4:3: Unknown key username in source, expected username under sasl
    username: ***
    ^
migration.yaml:5:3: Unknown key ca in source, expected ca under tls
    ca: ***
    ^
migration.yaml:7:1: Unknown key giveUpAfter, expected giveUpAfter under limits
  giveUpAfter: ***
  ^
migration.yaml:8:1: Unknown key password, expected password under source.sasl or password under target.sasl
  password: ***
  ^
`,
    ],
    [
      around("  sasl: { mechanism: PLAIN, username: mover, password: 'x', clientId: me }\n"),
      `
migration.yaml:4:61: Unknown key clientId in source.sasl, expected the key left out (the client.id is always data-migrate)
    sasl: { mechanism: PLAIN, username: mover, password: ***, clientId: *** }
                                                              ^
`,
    ],
    [
      around("  sasl: { mechanism: GSSAPI, keytab: k }\n"),
      `
migration.yaml:4:22: source.sasl.mechanism is 'GSSAPI', expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER
    sasl: { mechanism: GSSAPI, keytab: *** }
                       ^
migration.yaml:4:30: Unknown key keytab in source.sasl, expected one of mechanism, username, password, passwordFile, tokenFile, tokenEndpoint, clientId, clientSecret, scope, extensions
    sasl: { mechanism: GSSAPI, keytab: *** }
                               ^
`,
    ],
    [
      around("", "ranges: [{ topic: a, partition: 0, start: 1, offset: 2 }]\n"),
      `
migration.yaml:5:46: Unknown key offset in ranges[0], expected one of topic, partition, start, end
  ranges: [{ topic: a, partition: 0, start: 1, offset: *** }]
                                               ^
`,
    ],
    [
      around("  注释: 1\n"),
      `
migration.yaml:4:3: Unknown key 注释 in source, expected one of bootstrapServers, addresses, tls, sasl
    注释: ***
    ^
`,
    ],
    [
      around("  __proto__: 1\n"),
      `
migration.yaml:4:3: Unknown key __proto__, expected none
    __proto__: ***
    ^
`,
    ],
  ]);
});
