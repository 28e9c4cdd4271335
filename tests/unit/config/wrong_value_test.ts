import assert from "node:assert/strict";
import { around, assertProblems, configOf } from "./fixtures.ts";

Deno.test("a wrong or missing value is shown with what was expected", () => {
  assertProblems([
    [
      "checkFlag: 2\nsource:\ntarget: []\n",
      `
migration.yaml:1:12: checkFlag is 2, expected 0 (check only) or 1 (migrate)
  checkFlag: 2
             ^
migration.yaml:2:1: source is empty, expected a mapping with bootstrapServers
  source:
  ^
migration.yaml:3:9: target is an empty list, expected a mapping with bootstrapServers
  target: []
          ^
`,
    ],
    [
      "verify: count\n",
      `
migration.yaml:1:1: checkFlag is missing, expected 0 (check only) or 1 (migrate)
  verify: count
  ^
migration.yaml:1:1: source is missing, expected a mapping with bootstrapServers
  verify: count
  ^
migration.yaml:1:1: target is missing, expected a mapping with bootstrapServers
  verify: count
  ^
`,
    ],
    [
      around("", "uncommitted: latest\nnonEmptyTarget: APPEND\ntopics: test1\ngroups:\n"),
      `
migration.yaml:5:14: uncommitted is 'latest', expected earliest or skip
  uncommitted: latest
               ^
migration.yaml:6:17: nonEmptyTarget is 'APPEND', expected refuse or append
  nonEmptyTarget: APPEND
                  ^
migration.yaml:7:9: topics is a text, expected a mapping with include and exclude
  topics: test1
          ^
migration.yaml:8:1: groups is empty, expected a mapping with include and exclude
  groups:
  ^
`,
    ],
    [
      "checkFlag: 0\nsource: { bootstrapServers: 'a:1, b ,c:99999' }\ntarget:\n  bootstrapServers:\n    - ::1:9092\n    - kafka://x:1\n    - mover:hunter2@x:1\n    - 9092\n",
      `
migration.yaml:2:35: source.bootstrapServers holds 'b', expected host:port
  source: { bootstrapServers: 'a:1, b ,c:99999' }
                                    ^
migration.yaml:2:38: source.bootstrapServers holds 'c:99999', expected host:port, the port from 1 to 65535
  source: { bootstrapServers: 'a:1, b ,c:99999' }
                                       ^
migration.yaml:5:7: target.bootstrapServers[0] is '::1:9092', expected host:port, an IPv6 address in brackets
      - ::1:9092
        ^
migration.yaml:6:7: target.bootstrapServers[1] is 'kafka://x:1', expected host:port without a protocol
      - kafka://x:1
        ^
migration.yaml:7:7: target.bootstrapServers[2] is a text, expected host:port; user name and password go under sasl
      - ***
        ^
migration.yaml:8:7: target.bootstrapServers[3] is 9092, expected host:port in single quotes
      - 9092
        ^
`,
    ],
    [
      "checkFlag: 0\nsource: { bootstrapServers: [] }\ntarget: { bootstrapServers: 9092 }\n",
      `
migration.yaml:2:29: source.bootstrapServers is an empty list, expected host:port, or several, as a list or separated by commas
  source: { bootstrapServers: [] }
                              ^
migration.yaml:3:29: target.bootstrapServers is 9092, expected host:port, or several, as a list or separated by commas
  target: { bootstrapServers: 9092 }
                              ^
`,
    ],
    [
      around("  addresses:\n    10.0.0.1:9092: 1.1.1.1\n    foo: b:1\n    3: b:1\n"),
      `
migration.yaml:5:20: source.addresses['10.0.0.1:9092'] is '1.1.1.1', expected host:port
      10.0.0.1:9092: 1.1.1.1
                     ^
migration.yaml:6:5: Key source.addresses.foo is not valid, expected host:port
      foo: b:1
      ^
migration.yaml:7:5: Key source.addresses.3 is not valid, expected host:port
      3: b:1
      ^
`,
    ],
    [
      around("  addresses: { '[::1]:1': a:1, '[::1]:01': a:2 }\n"),
      `
migration.yaml:4:32: source.addresses['[::1]:01'] is given twice, expected one address to dial
    addresses: { '[::1]:1': a:1, '[::1]:01': a:2 }
                                 ^
`,
    ],
    [
      around("", "topics: { include: ['/a(/', '[x', '', \"a\\u0007\", 5], exclude: x }\n"),
      `
migration.yaml:5:21: topics.include[0] is no pattern (missing closing ): \`a(\`), expected a glob such as orders-*, or a /regular expression/
  topics: { include: ['/a(/', '[x', '', "a\\u0007", 5], exclude: x }
                      ^
migration.yaml:5:29: topics.include[1] is no pattern (a [ in a pattern needs its ], or a backslash before it), expected a glob such as orders-*, or a /regular expression/
  topics: { include: ['/a(/', '[x', '', "a\\u0007", 5], exclude: x }
                              ^
migration.yaml:5:35: topics.include[2] is '', expected a glob such as orders-*, or a /regular expression/
  topics: { include: ['/a(/', '[x', '', "a\\u0007", 5], exclude: x }
                                    ^
migration.yaml:5:39: topics.include[3] holds control characters, expected a glob such as orders-*, or a /regular expression/
  topics: { include: ['/a(/', '[x', '', "a\\u0007", 5], exclude: x }
                                        ^
migration.yaml:5:50: topics.include[4] is 5, expected a glob such as orders-*, or a /regular expression/ in single quotes
  topics: { include: ['/a(/', '[x', '', "a\\u0007", 5], exclude: x }
                                                   ^
migration.yaml:5:63: topics.exclude is a text, expected a list of patterns
  topics: { include: ['/a(/', '[x', '', "a\\u0007", 5], exclude: x }
                                                                ^
`,
    ],
    [
      around("", "accept: [FOO, SAME_CLUSTER]\n"),
      `
migration.yaml:5:10: accept[0] is 'FOO', expected RETENTION_WOULD_DELETE, TIMESTAMPS_REFUSED, COMPACTION_NEEDS_KEYS, OLD_MESSAGE_FORMAT or TARGET_SHARE_GROUP
  accept: [FOO, SAME_CLUSTER]
           ^
migration.yaml:5:15: accept[1] is 'SAME_CLUSTER', expected RETENTION_WOULD_DELETE, TIMESTAMPS_REFUSED, COMPACTION_NEEDS_KEYS, OLD_MESSAGE_FORMAT or TARGET_SHARE_GROUP
  accept: [FOO, SAME_CLUSTER]
                ^
`,
    ],
    [
      around("", "limits: { bytesPerSecond: 50mb, giveUpAfter: 10 }\n"),
      `
migration.yaml:5:27: limits.bytesPerSecond is '50mb', expected bytes, as a number or with a unit (50MB, 64MiB)
  limits: { bytesPerSecond: 50mb, giveUpAfter: 10 }
                            ^
migration.yaml:5:46: limits.giveUpAfter is 10, expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: { bytesPerSecond: 50mb, giveUpAfter: 10 }
                                               ^
`,
    ],
    [
      around("", "limits: { giveUpAfter: 1000h }\n"),
      `
migration.yaml:5:24: limits.giveUpAfter is '1000h', expected a duration with its unit (500ms, 90s, 10m, 2h), a week at most
  limits: { giveUpAfter: 1000h }
                         ^
`,
    ],
    [
      around(
        "",
        "groups: { include: [a] }\nranges:\n  - { topic: a, partition: 0, start: 5, end: 5 }\n  - { topic: a, partition: 0, start: yesterday }\n  - { topic: b, partition: -1, start: 9999999999999999999 }\n",
      ),
      `
migration.yaml:6:1: ranges and groups exclude each other, expected one of them
  ranges:
  ^
migration.yaml:7:46: ranges[0] holds nothing, expected end beyond start
    - { topic: a, partition: 0, start: 5, end: 5 }
                                               ^
migration.yaml:8:5: ranges[1] is a second range of its partition, expected one
    - { topic: a, partition: 0, start: yesterday }
      ^
migration.yaml:8:38: ranges[1].start is 'yesterday', expected an offset, earliest, or an ISO time with its zone (2022-11-03T15:02:08Z)
    - { topic: a, partition: 0, start: yesterday }
                                       ^
migration.yaml:9:28: ranges[2].partition is -1, expected a whole number from 0 to 2147483647
    - { topic: b, partition: -1, start: 9999999999999999999 }
                             ^
migration.yaml:9:39: ranges[2].start is 9999999999999999999, expected an offset (0 or more)
    - { topic: b, partition: -1, start: 9999999999999999999 }
                                        ^
`,
    ],
    [
      around(
        "",
        "groupOffsets: commit\nranges: [{ topic: __consumer_offsets, partition: 0, start: 0 }]\n",
      ),
      `
migration.yaml:6:1: ranges and groupOffsets: commit exclude each other, expected one of them (ranges ask no group)
  ranges: [{ topic: __consumer_offsets, partition: 0, start: 0 }]
  ^
migration.yaml:6:19: ranges[0] is of an internal topic, which is never migrated
  ranges: [{ topic: __consumer_offsets, partition: 0, start: 0 }]
                    ^
`,
    ],
    [
      around("", "engine: { connect: { url: 'ftp://x', tasks: 0 } }\n"),
      `
migration.yaml:5:27: engine.connect.url is 'ftp://x', expected the http or https URL of a Connect worker
  engine: { connect: { url: 'ftp://x', tasks: 0 } }
                            ^
migration.yaml:5:45: engine.connect.tasks is 0, expected a whole number from 1 to 10000
  engine: { connect: { url: 'ftp://x', tasks: 0 } }
                                              ^
`,
    ],
    [
      around("", "engine: { connect: { url: 'http://mover:hunter2@x' } }\n"),
      `
migration.yaml:5:27: engine.connect.url is a text, expected the http or https URL of a Connect worker without user name and password
  engine: { connect: { url: *** } }
                            ^
`,
    ],
    [
      around("  tls: yes\n"),
      `
migration.yaml:4:8: source.tls is 'yes', expected true, false or a mapping such as {ca: ca.pem}
    tls: yes
         ^
`,
    ],
    [
      around("  tls: { cert: client.pem }\n"),
      `
migration.yaml:4:10: source.tls has cert without key, expected both
    tls: { cert: client.pem }
           ^
`,
    ],
    [
      around("  tls: { ca: none.pem, cert: client.key, key: encrypted.key }\n"),
      `
migration.yaml:4:14: source.tls.ca: file none.pem does not exist (relative paths start at the config's folder), expected a certificate in PEM form
    tls: { ca: none.pem, cert: client.key, key: encrypted.key }
               ^
migration.yaml:4:30: source.tls.cert: file client.key holds no certificate in PEM form, expected -----BEGIN …
    tls: { ca: none.pem, cert: client.key, key: encrypted.key }
                               ^
migration.yaml:4:47: source.tls.key: file encrypted.key is encrypted, expected tls.passphrase beside it
    tls: { ca: none.pem, cert: client.key, key: encrypted.key }
                                                ^
`,
    ],
    [
      around("  tls: { cert: client.pem, key: encrypted.key, passphrase: 'wrong' }\n"),
      `
migration.yaml:4:33: source.tls.key: file encrypted.key is not opened by tls.passphrase, expected its passphrase and PKCS#8 with AES (openssl pkcs8 -topk8 -v2 aes-256-cbc)
    tls: { cert: client.pem, key: encrypted.key, passphrase: *** }
                                  ^
`,
    ],
    [
      around("  tls: { cert: client.pem, key: encrypted.key, passphrase: '${NONE}' }\n"),
      `
migration.yaml:4:60: source.tls.passphrase: environment variable NONE is not set, expected the secret in it
    tls: { cert: client.pem, key: encrypted.key, passphrase: '\${NONE}' }
                                                             ^
`,
    ],
    [
      around("  sasl: { mechanism: OAUTHBEARER, tokenFile: none }\n"),
      `
migration.yaml:4:46: source.sasl.tokenFile: file none does not exist (relative paths start at the config's folder), expected a token
    sasl: { mechanism: OAUTHBEARER, tokenFile: none }
                                               ^
`,
    ],
    [
      around("  sasl: { mechanism: OAUTHBEARER, tokenEndpoint: 'https://x/token' }\n"),
      `
migration.yaml:4:35: source.sasl has tokenEndpoint without clientId, expected both
    sasl: { mechanism: OAUTHBEARER, tokenEndpoint: 'https://x/token' }
                                    ^
`,
    ],
    [
      around("  sasl: hunter2\n"),
      `
migration.yaml:4:9: source.sasl is a text, expected a mapping with mechanism (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER)
    sasl: ***
          ^
`,
    ],
    [
      around("  sasl: { username: mover, password: 'x' }\n"),
      `
migration.yaml:4:3: source.sasl.mechanism is missing, expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER
    sasl: { username: mover, password: *** }
    ^
`,
    ],
  ]);
});

const withSasl = "  sasl: {mechanism: PLAIN, username: mover, password: 'hunter-2'}\n";

Deno.test("with engine.connect, what its workers cannot be told is refused", () => {
  assertProblems([
    [
      around(
        `  tls: {cert: client.pem, key: client.key, serverName: x}
  sasl: {mechanism: PLAIN, username: mover, password: 'hunter-2'}
`,
        `limits: { bytesPerSecond: 1MB }
engine:
  connect:
    url: http://connect:8083
`,
      ),
      `
migration.yaml:4:44: source.tls.serverName is not supported with engine.connect: Java clients expect the host that a broker advertises
    tls: {cert: client.pem, key: client.key, serverName: x}
                                             ^
migration.yaml:7:11: limits.bytesPerSecond is not supported with engine.connect: set a quota on the brokers instead
  limits: { bytesPerSecond: 1MB }
            ^
migration.yaml:9:3: engine.connect.secrets lacks source.password and source.key, expected config provider references such as '\${file:/etc/connect/secrets:source.password}': no secret is posted to Connect, its workers read their own
    connect:
    ^
`,
    ],
    [
      around(
        "  tls: {cert: client.pem, key: client.key}\n",
        `engine:
  connect:
    url: http://connect:8083
    secrets: { source: { ssl.keystore.key: '\${file:/s:key}' } }
`,
      ),
      `
migration.yaml:7:3: engine.connect.secrets lacks source.key, expected config provider references such as '\${file:/etc/connect/secrets:source.key}': no secret is posted to Connect, its workers read their own
    connect:
    ^
`,
    ],
    [
      around(
        "  sasl: {mechanism: OAUTHBEARER, tokenFile: token}\n",
        `engine: { connect: { url: 'http://connect:8083' } }
ranges: [{ topic: t, partition: 0, start: 3, end: 9 }]
`,
      ),
      `
migration.yaml:4:10: source.sasl.mechanism is not supported with engine.connect: OAUTHBEARER, expected PLAIN or SCRAM
    sasl: {mechanism: OAUTHBEARER, tokenFile: token}
           ^
migration.yaml:7:46: ranges[0].end is not supported with engine.connect: a connector copies up to the end of the log
  ranges: [{ topic: t, partition: 0, start: 3, end: 9 }]
                                               ^
`,
    ],
    [
      around(
        withSasl,
        `engine:
  connect:
    url: http://connect:8083
    secrets:
      source: { password: 'hunter-3', pasword: '\${env:PW}' }
      target: { sasl.jaas.config: '\${NAME}' }
`,
      ),
      `
migration.yaml:10:27: engine.connect.secrets.source.password is no reference that a Connect worker resolves, expected a config provider reference such as '\${file:/etc/connect/secrets:source}'
        ***
        ^
migration.yaml:10:39: Key engine.connect.secrets.source.pasword is not valid, expected password, key, or a setting of a Kafka client such as sasl.jaas.config
        ***
        ^
migration.yaml:11:35: engine.connect.secrets.target['sasl.jaas.config'] is no reference that a Connect worker resolves, expected a config provider reference such as '\${file:/etc/connect/secrets:source}'
  ***
  ^
`,
    ],
  ]);
});

Deno.test("references of engine.connect are taken as they stand", () => {
  const config = configOf(around(
    withSasl,
    `engine:
  connect:
    url: https://connect:8083/
    tasks: 4
    secrets: { source: { password: '\${file:/etc/connect/secrets:source}' } }
`,
  ));
  assert.deepEqual(config.engine, {
    connect: {
      url: "https://connect:8083/",
      tasks: 4,
      secrets: { source: { password: "${file:/etc/connect/secrets:source}" } },
    },
  });
});
