/** The table of wrong configs, key by key; files and secrets on their own are in the tests beside this. */

import assert from "node:assert/strict";
import { around, assertProblems, problemsOf, withPassword } from "./fixtures.ts";

Deno.test("every key may be given wrongly, and says what it takes", () => {
  assertProblems([
    [
      around(
        "",
        "uncommitted: 1\nverify: [count]\nnonEmptyTarget:\ngroupOffsets: Commit\ncreateTopics: yes\n",
      ),
      `
migration.yaml:5:14: uncommitted is 1, expected earliest or skip
  uncommitted: 1
               ^
migration.yaml:6:9: verify is a list, expected count or content
  verify: [count]
          ^
migration.yaml:7:1: nonEmptyTarget is empty, expected refuse or append
  nonEmptyTarget:
  ^
migration.yaml:8:15: groupOffsets is 'Commit', expected ignore or commit
  groupOffsets: Commit
                ^
migration.yaml:9:15: createTopics is 'yes', expected true, false or {replicationFactor: 3}
  createTopics: yes
                ^
`,
    ],
    [
      around("", "createTopics: { replicationFactor: 0, partitions: 3 }\n"),
      `
migration.yaml:5:36: createTopics.replicationFactor is 0, expected a whole number from 1 to 32767
  createTopics: { replicationFactor: 0, partitions: *** }
                                     ^
migration.yaml:5:39: Unknown key partitions in createTopics, expected replicationFactor
  createTopics: { replicationFactor: 0, partitions: *** }
                                        ^
`,
    ],
    [
      around("", "createTopics: { replicationFactor: three }\n"),
      `
migration.yaml:5:36: createTopics.replicationFactor is 'three', expected a whole number from 1 to 32767
  createTopics: { replicationFactor: three }
                                     ^
`,
    ],
    [
      around("", "topics: { include: test*, exclude: null }\ngroups: { include: { a: 1 } }\n"),
      `
migration.yaml:5:20: topics.include is a text, expected a list of patterns
  topics: { include: test*, exclude: null }
                     ^
migration.yaml:5:36: topics.exclude is empty, expected a list of patterns
  topics: { include: test*, exclude: null }
                                     ^
migration.yaml:6:20: groups.include is a mapping, expected a list of patterns
  groups: { include: { a: 1 } }
                     ^
`,
    ],
    [
      around("", "topics: { includes: [a], pattern: x }\n"),
      `
migration.yaml:5:11: Unknown key includes in topics, expected include
  topics: { includes: ***, pattern: *** }
            ^
migration.yaml:5:26: Unknown key pattern in topics, expected one of include, exclude
  topics: { includes: ***, pattern: *** }
                           ^
`,
    ],
    [
      around("", "accept: RETENTION_WOULD_DELETE\n"),
      `
migration.yaml:5:9: accept is a text, expected a list of finding codes
  accept: RETENTION_WOULD_DELETE
          ^
`,
    ],
    [
      around("", "limits: { bytesPerSecond: 0, giveUpAfter: 10min }\n"),
      `
migration.yaml:5:27: limits.bytesPerSecond is 0, expected bytes, as a number or with a unit (50MB, 64MiB)
  limits: { bytesPerSecond: 0, giveUpAfter: 10min }
                            ^
migration.yaml:5:43: limits.giveUpAfter is '10min', expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: { bytesPerSecond: 0, giveUpAfter: 10min }
                                            ^
`,
    ],
    [
      around("", "limits: { bytesPerSecond: 50Mbit, giveUpAfter: 0s }\n"),
      `
migration.yaml:5:27: limits.bytesPerSecond is '50Mbit', expected bytes, as a number or with a unit (50MB, 64MiB)
  limits: { bytesPerSecond: 50Mbit, giveUpAfter: 0s }
                            ^
migration.yaml:5:48: limits.giveUpAfter is '0s', expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: { bytesPerSecond: 50Mbit, giveUpAfter: 0s }
                                                 ^
`,
    ],
    [
      around("", "limits: { bytesPerSecond: 1.5, giveUpAfter: '10' }\n"),
      `
migration.yaml:5:27: limits.bytesPerSecond is 1.5, expected bytes, as a number or with a unit (50MB, 64MiB)
  limits: { bytesPerSecond: 1.5, giveUpAfter: '10' }
                            ^
migration.yaml:5:45: limits.giveUpAfter is '10', expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: { bytesPerSecond: 1.5, giveUpAfter: '10' }
                                              ^
`,
    ],
    [
      around("", "limits: { bytesPerSecond: 50 MB, giveUpAfter: -1m }\n"),
      `
migration.yaml:5:47: limits.giveUpAfter is '-1m', expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: { bytesPerSecond: 50 MB, giveUpAfter: -1m }
                                                ^
`,
    ],
    [
      around("", "limits: { bytespersec: 5, maxRate: 1, timeout: 5 }\n"),
      `
migration.yaml:5:11: Unknown key bytespersec in limits, expected bytesPerSecond
  limits: { bytespersec: ***, maxRate: ***, timeout: *** }
            ^
migration.yaml:5:27: Unknown key maxRate in limits, expected bytesPerSecond
  limits: { bytespersec: ***, maxRate: ***, timeout: *** }
                              ^
migration.yaml:5:39: Unknown key timeout in limits, expected giveUpAfter
  limits: { bytespersec: ***, maxRate: ***, timeout: *** }
                                            ^
`,
    ],
    [
      around("", "limits: 50MB\n"),
      `
migration.yaml:5:9: limits is a text, expected a mapping with bytesPerSecond and giveUpAfter
  limits: 50MB
          ^
`,
    ],
    [
      around("", "ranges: []\n"),
      `
migration.yaml:5:9: ranges is an empty list, expected at least one range
  ranges: []
          ^
`,
    ],
    [
      around("", "ranges: { topic: a, partition: 0, start: 0 }\n"),
      `
migration.yaml:5:9: ranges is a mapping, expected a list of {topic, partition, start, end}
  ranges: { topic: a, partition: 0, start: 0 }
          ^
`,
    ],
    [
      around(
        "",
        "ranges:\n  - topic: a\n    start: '2022-11-03 15:02:08'\n    end: latest\n  - b\n  - partition: 1.5\n    topic: ''\n    start: -1\n",
      ),
      `
migration.yaml:6:5: ranges[0].partition is missing, expected a whole number from 0 to 2147483647
    - topic: a
      ^
migration.yaml:7:12: ranges[0].start is '2022-11-03 15:02:08', expected an offset, earliest, or an ISO time with its zone (2022-11-03T15:02:08Z)
      start: '2022-11-03 15:02:08'
             ^
migration.yaml:8:10: ranges[0].end is 'latest', expected an offset (0 or more)
      end: latest
           ^
migration.yaml:9:5: ranges[1] is a text, expected a mapping with topic, partition and start
    - b
      ^
migration.yaml:10:16: ranges[2].partition is 1.5, expected a whole number from 0 to 2147483647
    - partition: 1.5
                 ^
migration.yaml:11:12: ranges[2].topic is '', expected a topic name
      topic: ''
             ^
migration.yaml:12:12: ranges[2].start is -1, expected an offset (0 or more)
      start: -1
             ^
`,
    ],
    [
      around("", "engine: connect\n"),
      `
migration.yaml:5:9: engine is 'connect', expected local or a mapping with connect
  engine: connect
          ^
`,
    ],
    [
      around(
        "",
        "engine: { connect: { tasks: many, secrets: { source: x, both: 1 } }, tasks: 8 }\n",
      ),
      `
migration.yaml:5:11: engine.connect.url is missing, expected the http or https URL of a Connect worker
  engine: { connect: { tasks: many, secrets: *** }, tasks: *** }
            ^
migration.yaml:5:29: engine.connect.tasks is 'many', expected a whole number from 1 to 10000
  engine: { connect: { tasks: many, secrets: *** }, tasks: *** }
                              ^
migration.yaml:5:54: engine.connect.secrets.source is a text, expected a mapping of settings to config provider references
  engine: { connect: { tasks: many, secrets: *** }, tasks: *** }
                                             ^
migration.yaml:5:57: Unknown key both in engine.connect.secrets, expected one of source, target
  engine: { connect: { tasks: many, secrets: *** }, tasks: *** }
                                             ^
migration.yaml:5:70: Unknown key tasks in engine, expected tasks under connect
  engine: { connect: { tasks: many, secrets: *** }, tasks: *** }
                                                    ^
`,
    ],
    [
      around("", "engine: { connect: http://connect:8083 }\n"),
      `
migration.yaml:5:20: engine.connect is a text, expected a mapping with url
  engine: { connect: http://connect:8083 }
                     ^
`,
    ],
    [
      around("  tls: { serverName: 5, verifyHostname: no, ca: , passphrase: 5 }\n"),
      `
migration.yaml:4:22: source.tls.serverName is 5, expected a host name in single quotes
    tls: { serverName: 5, verifyHostname: no, ca: , passphrase: *** }
                       ^
migration.yaml:4:41: source.tls.verifyHostname is 'no', expected true or false
    tls: { serverName: 5, verifyHostname: no, ca: , passphrase: *** }
                                          ^
migration.yaml:4:45: source.tls.ca is empty, expected the path of a PEM file
    tls: { serverName: 5, verifyHostname: no, ca: , passphrase: *** }
                                              ^
migration.yaml:4:51: source.tls has passphrase without key, expected both
    tls: { serverName: 5, verifyHostname: no, ca: , passphrase: *** }
                                                    ^
migration.yaml:4:63: source.tls.passphrase is read as a number, expected it in single quotes
    tls: { serverName: 5, verifyHostname: no, ca: , passphrase: *** }
                                                                ^
`,
    ],
    [
      around("  tls: { ca: [ca.pem], insecure: true }\n"),
      `
migration.yaml:4:14: source.tls.ca is a list, expected the path of a PEM file
    tls: { ca: [ca.pem], insecure: *** }
               ^
migration.yaml:4:24: Unknown key insecure in source.tls, expected verifyHostname
    tls: { ca: [ca.pem], insecure: *** }
                         ^
`,
    ],
    [
      around("  tls: 1\n"),
      `
migration.yaml:4:8: source.tls is 1, expected true, false or a mapping such as {ca: ca.pem}
    tls: 1
         ^
`,
    ],
    [
      around("  sasl: { mechanism: SCRAM-SHA-1, username: u, password: 'x' }\n"),
      `
migration.yaml:4:22: source.sasl.mechanism is 'SCRAM-SHA-1', expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER
    sasl: { mechanism: SCRAM-SHA-1, username: u, password: *** }
                       ^
`,
    ],
    [
      around("  sasl: { mechanism: plain, username: u, password: 'x' }\n"),
      `
migration.yaml:4:22: source.sasl.mechanism is 'plain', expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER
    sasl: { mechanism: plain, username: u, password: *** }
                       ^
`,
    ],
    [
      around("  sasl: { mechanism: OAUTHBEARER }\n"),
      `
migration.yaml:4:3: source.sasl has neither tokenFile nor tokenEndpoint, expected one of them
    sasl: { mechanism: OAUTHBEARER }
    ^
`,
    ],
    [
      around(
        "  sasl: { mechanism: OAUTHBEARER, tokenFile: token, tokenEndpoint: 'https://x/t', clientId: a, clientSecret: 'b', username: u }\n",
      ),
      `
migration.yaml:4:53: source.sasl has both tokenFile and tokenEndpoint, expected one of them
  …sasl: { mechanism: OAUTHBEARER, tokenFile: token, tokenEndpoint: 'https://x/t', clientId: a, clientS…
                                                     ^
migration.yaml:4:115: Unknown key username in source.sasl, expected one of mechanism, tokenFile, tokenEndpoint, clientId, clientSecret, scope, extensions
  …RER, tokenFile: token, tokenEndpoint: 'https://x/t', clientId: a, clientSecret: ***, username: *** }
                                                                                        ^
`,
    ],
    [
      around(
        "  sasl: { mechanism: OAUTHBEARER, tokenEndpoint: x/t, clientId: 5, clientSecret: 12, scope: [a] }\n",
      ),
      `
migration.yaml:4:50: source.sasl.tokenEndpoint is 'x/t', expected an http or https URL
    sasl: { mechanism: OAUTHBEARER, tokenEndpoint: x/t, clientId: 5, clientSecret: ***, scope: [a] }
                                                   ^
migration.yaml:4:65: source.sasl.clientId is 5, expected a client id in single quotes
    sasl: { mechanism: OAUTHBEARER, tokenEndpoint: x/t, clientId: 5, clientSecret: ***, scope: [a] }
                                                                  ^
migration.yaml:4:82: source.sasl.clientSecret is read as a number, expected it in single quotes
    sasl: { mechanism: OAUTHBEARER, tokenEndpoint: x/t, clientId: 5, clientSecret: ***, scope: [a] }
                                                                                   ^
migration.yaml:4:93: source.sasl.scope is a list, expected a scope
    sasl: { mechanism: OAUTHBEARER, tokenEndpoint: x/t, clientId: 5, clientSecret: ***, scope: [a] }
                                                                                               ^
`,
    ],
    [
      around(
        "  sasl: { mechanism: OAUTHBEARER, tokenFile: token, extensions: { logicalCluster: 5, auth: a, a-b: c, pool: ü } }\n",
      ),
      `
migration.yaml:4:83: source.sasl.extensions.logicalCluster is 5, expected text of printable ASCII characters in single quotes
  …hanism: OAUTHBEARER, tokenFile: token, extensions: { logicalCluster: 5, auth: a, a-b: c, pool: ü } }
                                                                        ^
migration.yaml:4:86: Key source.sasl.extensions.auth is not valid, expected a name of letters other than auth
  …hanism: OAUTHBEARER, tokenFile: token, extensions: { logicalCluster: 5, auth: a, a-b: c, pool: ü } }
                                                                           ^
migration.yaml:4:95: Key source.sasl.extensions.a-b is not valid, expected a name of letters other than auth
  …hanism: OAUTHBEARER, tokenFile: token, extensions: { logicalCluster: 5, auth: a, a-b: c, pool: ü } }
                                                                                    ^
migration.yaml:4:109: source.sasl.extensions.pool is 'ü', expected text of printable ASCII characters
  …hanism: OAUTHBEARER, tokenFile: token, extensions: { logicalCluster: 5, auth: a, a-b: c, pool: ü } }
                                                                                                  ^
`,
    ],
    [
      around("  sasl: { mechanism: OAUTHBEARER, tokenFile: token, extensions: lkc-1a2b }\n"),
      `
migration.yaml:4:65: source.sasl.extensions is a text, expected a mapping of extension names to values
    sasl: { mechanism: OAUTHBEARER, tokenFile: token, extensions: lkc-1a2b }
                                                                  ^
`,
    ],
    [
      around(
        "  sasl: { mechanism: PLAIN, username: u, password: 'p', logicalCluster: lkc-1a2b }\n",
      ),
      `
migration.yaml:4:57: Unknown key logicalCluster in source.sasl, expected logicalCluster under sasl.extensions
    sasl: { mechanism: PLAIN, username: u, password: ***, logicalCluster: *** }
                                                          ^
`,
    ],
    [
      around("  sasl: true\n"),
      `
migration.yaml:4:9: source.sasl is a boolean, expected a mapping with mechanism (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER)
    sasl: ***
          ^
`,
    ],
    [
      around("  bootstrapServers: a:1\n"),
      `
migration.yaml:4:3: Key given twice, expected it once (first in line 3)
    bootstrapServers: ***
    ^
`,
    ],
    [
      around("  addresses: [a:1]\n"),
      `
migration.yaml:4:14: source.addresses is a list, expected a mapping of advertised to dialled host:port
    addresses: [a:1]
               ^
`,
    ],
    [
      around("  addresses: a:1=b:1\n"),
      `
migration.yaml:4:14: source.addresses is a text, expected a mapping of advertised to dialled host:port
    addresses: a:1=b:1
               ^
`,
    ],
    [
      around("", "topics: { include: ['注释', '[注'], exclude: [1] }\n"),
      `
migration.yaml:5:27: topics.include[1] is no pattern (a [ in a pattern needs its ], or a backslash before it), expected a glob such as orders-*, or a /regular expression/
  topics: { include: ['注释', '[注'], exclude: [1] }
                              ^
migration.yaml:5:44: topics.exclude[0] is 1, expected a glob such as orders-*, or a /regular expression/ in single quotes
  topics: { include: ['注释', '[注'], exclude: [1] }
                                                ^
`,
    ],
    [
      around(
        "",
        "topics: { include: [" + Array.from({ length: 40 }, (_, i) => `orders-${i}`).join(", ") +
          ", 5] }\n",
      ),
      `
migration.yaml:5:451: topics.include[40] is 5, expected a glob such as orders-*, or a /regular expression/ in single quotes
  …ers-31, orders-32, orders-33, orders-34, orders-35, orders-36, orders-37, orders-38, orders-39, 5] }
                                                                                                   ^
`,
    ],
  ]);
});

Deno.test("names of other clients' options are shown with what to write instead", () => {
  assertProblems([
    [
      around(
        "  bootstrap.servers: a:1\n  brokers: [a:1]\n  ssl: true\n  clientId: me\n  ssl.keystore.location: x\n  enable.ssl.certificate.verification: false\n  sasl.mechanisms: PLAIN\n  ssl.key.password: secret\n",
      ),
      `
migration.yaml:4:3: Unknown key bootstrap.servers in source, expected bootstrapServers
    bootstrap.servers: ***
    ^
migration.yaml:5:3: Unknown key brokers in source, expected bootstrapServers
    brokers: ***
    ^
migration.yaml:6:3: Unknown key ssl in source, expected tls
    ssl: ***
    ^
migration.yaml:7:3: Unknown key clientId in source, expected the key left out (the client.id is always data-migrate)
    clientId: ***
    ^
migration.yaml:8:3: Unknown key ssl.keystore.location in source, expected cert and key under tls (PEM files)
    ssl.keystore.location: ***
    ^
migration.yaml:9:3: Unknown key enable.ssl.certificate.verification in source, expected ca or verifyHostname under tls
    enable.ssl.certificate.verification: ***
    ^
migration.yaml:10:3: Unknown key sasl.mechanisms in source, expected mechanism under sasl
    sasl.mechanisms: ***
    ^
migration.yaml:11:3: Unknown key ssl.key.password in source, expected passphrase under tls
    ssl.key.password: ***
    ^
`,
    ],
    [
      around(
        "",
        "checkflag: 1\nsourceCluster: {}\nSource: {}\nBootstrapServers: a:1\nbootstrap_servers: a\nauto.offset.reset: earliest\nconsumer.group: g\nNet.SASL.User: u\nNet.TLS.Enable: true\ntopics.blacklist: a\nclusters: a\n",
      ),
      `
migration.yaml:5:1: Unknown key checkflag, expected checkFlag
  checkflag: ***
  ^
migration.yaml:6:1: Unknown key sourceCluster, expected source
  sourceCluster: ***
  ^
migration.yaml:7:1: Unknown key Source, expected source
  Source: ***
  ^
migration.yaml:8:1: Unknown key BootstrapServers, expected bootstrapServers under source or bootstrapServers under target
  BootstrapServers: ***
  ^
migration.yaml:9:1: Unknown key bootstrap_servers, expected bootstrapServers under source or bootstrapServers under target
  bootstrap_servers: ***
  ^
migration.yaml:10:1: Unknown key auto.offset.reset, expected uncommitted
  auto.offset.reset: ***
  ^
migration.yaml:11:1: Unknown key consumer.group, expected include under groups
  consumer.group: ***
  ^
migration.yaml:12:1: Unknown key Net.SASL.User, expected username under sasl
  Net.SASL.User: ***
  ^
migration.yaml:13:1: Unknown key Net.TLS.Enable, expected tls
  Net.TLS.Enable: ***
  ^
migration.yaml:14:1: Unknown key topics.blacklist, expected exclude under topics
  topics.blacklist: ***
  ^
migration.yaml:15:1: Unknown key clusters, expected one of checkFlag, source, target, topics, groups, uncommitted, createTopics, groupOffsets, verify, nonEmptyTarget, accept, limits, ranges, engine
  clusters: ***
  ^
`,
    ],
    [
      around("  Net: { SASL: { Enable: true, User: u, Password: hunter2, Mechanism: PLAIN } }\n"),
      `
migration.yaml:4:3: Unknown key Net in source, expected tls and sasl
    Net: ***
    ^
`,
    ],
    [
      around(
        "  authenticationTimeout: 1000\n  connectionTimeout: 1000\n  retry: { retries: 5 }\n  ssl: { rejectUnauthorized: false }\n",
      ),
      `
migration.yaml:4:3: Unknown key authenticationTimeout in source, expected one of bootstrapServers, addresses, tls, sasl
    authenticationTimeout: ***
    ^
migration.yaml:5:3: Unknown key connectionTimeout in source, expected one of bootstrapServers, addresses, tls, sasl
    connectionTimeout: ***
    ^
migration.yaml:6:3: Unknown key retry in source, expected one of bootstrapServers, addresses, tls, sasl
    retry: ***
    ^
migration.yaml:7:3: Unknown key ssl in source, expected tls
    ssl: ***
    ^
`,
    ],
    [
      around(
        "  tls: { insecure: true, InsecureSkipVerify: true }\n",
        "limits: { rateLimit: 5, request.timeout.ms: 5 }\n",
      ),
      `
migration.yaml:4:10: Unknown key insecure in source.tls, expected verifyHostname
    tls: { insecure: ***, InsecureSkipVerify: *** }
           ^
migration.yaml:4:26: Unknown key InsecureSkipVerify in source.tls, expected ca or verifyHostname under tls
    tls: { insecure: ***, InsecureSkipVerify: *** }
                          ^
migration.yaml:6:11: Unknown key rateLimit in limits, expected bytesPerSecond
  limits: { rateLimit: ***, request.timeout.ms: *** }
            ^
migration.yaml:6:25: Unknown key request.timeout.ms in limits, expected giveUpAfter
  limits: { rateLimit: ***, request.timeout.ms: *** }
                            ^
`,
    ],
  ]);
});

Deno.test("tabs, doubled keys, merge keys, CRLF and a byte order mark are met where they stand", () => {
  assertProblems([
    [
      "\uFEFFcheckFlag: 5\r\nsource: { bootstrapServers: a:1 }\r\ntarget: { bootstrapServers: b:1 }\r\nverify: maybe\r\n",
      `
migration.yaml:1:12: checkFlag is 5, expected 0 (check only) or 1 (migrate)
  checkFlag: 5
             ^
migration.yaml:4:9: verify is 'maybe', expected count or content
  verify: maybe
          ^
`,
    ],
    [
      around("", "a: &x {b: 1}\nlimits: {<<: *x}\n"),
      `
migration.yaml:5:1: Unknown key a, expected one of checkFlag, source, target, topics, groups, uncommitted, createTopics, groupOffsets, verify, nonEmptyTarget, accept, limits, ranges, engine
  a: ***
  ^
migration.yaml:5:8: Unknown key b in limits, expected one of bytesPerSecond, giveUpAfter
  a: ***
     ^
`,
    ],
    [
      around("", "topics:\n  include:\n  - a\n\t- b\n"),
      `
migration.yaml:8:1: Tab in the indentation, expected spaces
   - b
  ^
`,
    ],
    [
      around("", "checkFlag: 1\n"),
      `
migration.yaml:5:1: Key given twice, expected it once (first in line 1)
  checkFlag: ***
  ^
`,
    ],
    [
      around("", "topics: { include: [a], include: [b] }\n"),
      `
migration.yaml:5:25: Key given twice, expected it once (first in line 5)
  topics: { include: [a], *** }
                          ^
`,
    ],
  ]);
});

Deno.test("more secrets that YAML misreads", () => {
  assertProblems([
    [
      withPassword("password: p@ss: word"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 1e5"),
      `
migration.yaml:7:15: source.sasl.password is read as a number, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: null"),
      `
migration.yaml:7:15: source.sasl.password is read as true, false or null, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 0o17"),
      `
migration.yaml:7:15: source.sasl.password is read as a number, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: .inf"),
      `
migration.yaml:7:15: source.sasl.password is read as a number, expected it in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 'x' 'y'"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword('password: "x"y'),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: >-\n      secret"),
      `
migration.yaml:7:15: source.sasl.password is a YAML block, expected one line in single quotes
      password: ***
                ^
`,
    ],
    [
      withPassword("password: ? secret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: -"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: |secret"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: secret:"),
      `
migration.yaml:7:15: The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)
      password: ***
                ^
`,
    ],
    [
      withPassword("password: 密码 #1"),
      `
migration.yaml:7:15: source.sasl.password is cut at # (a comment in YAML), expected it in single quotes
      password: ***
                ^
`,
    ],
  ]);
});

Deno.test("secrets that only look odd are taken as they stand", () => {
  const odd = ["2022-11-03", "No", "1_000", "---", "<<", "$SOURCE_PASSWORD", "\t x"];
  for (const secret of odd) assert.equal(problemsOf(withPassword(`password: ${secret}`)), "");
});
