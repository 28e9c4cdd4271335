import assert from "node:assert/strict";
import { loadConfig } from "../../../lib/config/load_config.ts";
import { reveal } from "../../../lib/config/secrets.ts";
import {
  around,
  configOf,
  FILES,
  SOURCES,
  withPassword,
  withPasswordInBraces,
} from "./fixtures.ts";

Deno.test("a config with the required keys alone gets every default", () => {
  assert.deepEqual(configOf(around("")), {
    checkFlag: 0,
    source: { bootstrapServers: [{ host: "kafka1", port: 9092 }], addresses: new Map() },
    target: { bootstrapServers: [{ host: "kafka2", port: 9092 }], addresses: new Map() },
    topics: { include: [], exclude: [] },
    groups: { include: [], exclude: [] },
    uncommitted: "earliest",
    createTopics: false,
    groupOffsets: "ignore",
    verify: "count",
    nonEmptyTarget: "refuse",
    accept: [],
    limits: { giveUpAfterMs: 600_000 },
    engine: "local",
  });
});

Deno.test("every key that is supported reaches the config", () => {
  const config = configOf(`
checkFlag: 1
source:
  bootstrapServers: 10.0.0.1:9092, [::1]:9093 ,10.0.0.1:9092
  addresses:
    10.0.0.1:9092: 192.168.9.4:6001
    '[0::1]:9093': '[fe80::1%eth0]:6002'
  tls: { ca: ca.pem, cert: client.pem, key: client.key, serverName: kafka, verifyHostname: true }
target:
  bootstrapServers:
    - a:1
    - b:2,c:3
  tls: true
topics: { include: ['test*', '/^orders-\\d+$/'], exclude: [test4] }
groups: { exclude: ['console-*'] }
uncommitted: skip
nonEmptyTarget: append
accept: [RETENTION_WOULD_DELETE]
limits: { giveUpAfter: 1.5h }
`);
  assert.equal(config.checkFlag, 1);
  assert.deepEqual(config.source.bootstrapServers, [
    { host: "10.0.0.1", port: 9092 },
    { host: "::1", port: 9093 },
  ]);
  assert.deepEqual([...config.source.addresses], [
    ["10.0.0.1:9092", "192.168.9.4:6001"],
    ["[0::1]:9093", "[fe80::1%eth0]:6002"],
  ]);
  const { key, ...tls } = config.source.tls ?? assert.fail();
  assert.deepEqual(tls, {
    ca: FILES["ca.pem"],
    cert: FILES["client.pem"],
    serverName: "kafka",
    verifyHostname: true,
  });
  assert.equal(key && reveal(key), FILES["client.key"]);
  assert.equal(config.target.bootstrapServers.length, 3);
  assert.deepEqual(config.target.tls, { verifyHostname: true });
  assert.deepEqual(config.topics, { include: ["test*", "/^orders-\\d+$/"], exclude: ["test4"] });
  assert.deepEqual(config.groups, { include: [], exclude: ["console-*"] });
  assert.equal(config.uncommitted, "skip");
  assert.equal(config.nonEmptyTarget, "append");
  assert.deepEqual(config.accept, ["RETENTION_WOULD_DELETE"]);
  assert.deepEqual(config.limits, { giveUpAfterMs: 5_400_000 });
});

Deno.test("a password is taken whole from the file, the environment or a password file", () => {
  const table: readonly (readonly [string, string])[] = [
    [withPassword("password: plain"), "plain"],
    [withPassword("password: a#b:c-d}e"), "a#b:c-d}e"],
    [withPassword("password: '12345'"), "12345"],
    [withPassword("password: 'it''s # here' # quoted"), "it's # here"],
    [withPassword('password: "tab\\there"'), "tab\there"],
    [withPassword("password: 2024-01-01"), "2024-01-01"],
    [withPassword("password: yes"), "yes"],
    [withPassword("password: ${SOURCE_PASSWORD}"), "from environment"],
    [withPassword("password: '${SOURCE_PASSWORD}' # whole"), "from environment"],
    [withPassword("password: 'x${SOURCE_PASSWORD}'"), "x${SOURCE_PASSWORD}"],
    [withPassword("passwordFile: password"), "from file"],
    [withPasswordInBraces("'a,b}'"), "a,b}"],
    [withPasswordInBraces("'${SOURCE_PASSWORD}'"), "from environment"],
  ];
  for (const [text, password] of table) {
    const { sasl } = configOf(text).source;
    assert(sasl !== undefined && "password" in sasl);
    assert.equal(sasl.username, "mover");
    assert.equal(reveal(sasl.password), password);
  }
});

Deno.test("a variable is a variable only where a secret stands", () => {
  const text = withPassword("password: 'x'").replace("mover", "'${SOURCE_PASSWORD}'");
  const { sasl } = configOf(text).source;
  assert(sasl !== undefined && "username" in sasl);
  assert.equal(sasl.username, "${SOURCE_PASSWORD}");
});

Deno.test("a byte order mark, CRLF and a YAML directive change nothing", () => {
  const plain = configOf(around("", "uncommitted: skip\n"));
  const crlf = around("", "uncommitted: skip\n").replaceAll("\n", "\r\n");
  assert.deepEqual(configOf(`\uFEFF${crlf}`), plain);
  assert.deepEqual(configOf(new TextEncoder().encode(`\uFEFF${crlf}`)), plain);
  assert.deepEqual(configOf(`%YAML 1.2\n---\n${crlf}`), plain);
});

Deno.test("a user name keeps the # that is part of it, and loses a comment", () => {
  const table = [["ckafka-1a2b#mover", "ckafka-1a2b#mover"], ["mover # the user", "mover"]];
  for (const [written = "", read] of table) {
    const { sasl } = configOf(withPassword("password: 'x'").replace("mover", written)).source;
    assert(sasl !== undefined && "username" in sasl);
    assert.equal(sasl.username, read);
  }
});

Deno.test("every mechanism reaches the config; paths start at the config's folder", () => {
  const config = (sasl: string, file = "migration.yaml") => {
    const loaded = loadConfig(around(`  sasl: ${sasl}\n`), { ...SOURCES, file });
    assert(loaded.ok);
    return loaded;
  };
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"]) {
    const { sasl } =
      config(`{ mechanism: ${mechanism}, username: u, password: 'p' }`).config.source;
    assert(sasl !== undefined && "username" in sasl);
    assert.deepEqual([sasl.mechanism, sasl.username, reveal(sasl.password)], [mechanism, "u", "p"]);
  }
  const byFile = "{ mechanism: OAUTHBEARER, tokenFile: token }";
  for (
    const [file = "", tokenFile] of [
      ["migration.yaml", "token"],
      ["a/b.yaml", "a/token"],
      ["/c.yaml", "/token"],
    ]
  ) {
    assert.deepEqual(config(byFile, file).config.source.sasl, {
      mechanism: "OAUTHBEARER",
      tokenFile,
    });
  }
  const extensions = { logicalCluster: "lkc-1a2b", identityPoolId: "a pool = b" };
  const given = JSON.stringify(extensions);
  assert.deepEqual(
    config(`{ mechanism: OAUTHBEARER, tokenFile: token, extensions: ${given} }`).config.source.sasl,
    { mechanism: "OAUTHBEARER", tokenFile: "token", extensions },
  );
  const { sasl } = config(
    `{ mechanism: OAUTHBEARER, tokenEndpoint: 'https://id/token', clientId: c#1, clientSecret: 's', scope: k, extensions: ${given} }`,
  ).config.source;
  assert(sasl !== undefined && "clientSecret" in sasl);
  const { clientSecret, ...rest } = sasl;
  assert.equal(reveal(clientSecret), "s");
  assert.deepEqual(rest, {
    mechanism: "OAUTHBEARER",
    tokenEndpoint: "https://id/token",
    clientId: "c#1",
    scope: "k",
    extensions,
  });
});

Deno.test("an encrypted key is opened with its passphrase", () => {
  const { tls } = configOf(
    around("  tls: { cert: client.pem, key: encrypted.key, passphrase: 'open sesame' }\n"),
  ).source;
  assert.equal(tls?.key && reveal(tls.key), FILES["client.key"]);
  assert(!("passphrase" in (tls ?? {})));
});

Deno.test("secrets that stand in the text are told by their paths", () => {
  const literal = (text: string) => {
    const loaded = loadConfig(text, SOURCES);
    return loaded.ok && loaded.literalSecrets;
  };
  assert.deepEqual(literal(withPassword("password: 'x'")), ["source.sasl.password"]);
  assert.deepEqual(literal(withPassword("password: '${SOURCE_PASSWORD}'")), []);
  assert.deepEqual(literal(withPassword("passwordFile: password")), []);
  assert.deepEqual(
    literal(around("  tls: { cert: client.pem, key: client.key, passphrase: 'x' }\n")),
    ["source.tls.passphrase"],
  );
});
