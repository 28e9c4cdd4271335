import assert from "node:assert/strict";
import { publicConfig } from "../../../lib/config/public_config.ts";
import { around, configOf } from "./fixtures.ts";

const shown = (text: string) => JSON.parse(JSON.stringify(publicConfig(configOf(text))));

Deno.test("publicConfig() says what the file says, with its keys and the defaults", () => {
  assert.deepEqual(shown(around("")), {
    checkFlag: 0,
    source: { bootstrapServers: ["kafka1:9092"], tls: false },
    target: { bootstrapServers: ["kafka2:9092"], tls: false },
    topics: { include: [], exclude: [] },
    groups: { include: [], exclude: [] },
    uncommitted: "earliest",
    createTopics: false,
    groupOffsets: "ignore",
    verify: "count",
    nonEmptyTarget: "refuse",
    accept: [],
    limits: { giveUpAfter: "600s" },
    engine: "local",
  });
});

Deno.test("publicConfig() names every secret and shows none", () => {
  const config = shown(around(`  addresses: {'10.0.0.1:9092': 'localhost:1'}
  tls: {ca: ca.pem, cert: client.pem, key: encrypted.key, passphrase: 'open sesame'}
  sasl: {mechanism: SCRAM-SHA-512, username: mover, password: 'hunter-2'}
`));
  assert.deepEqual(config.source, {
    bootstrapServers: ["kafka1:9092"],
    addresses: { "10.0.0.1:9092": "localhost:1" },
    tls: {
      ca: "(1 certificate)",
      cert: "(1 certificate)",
      key: "(secret)",
      verifyHostname: true,
    },
    sasl: { mechanism: "SCRAM-SHA-512", username: "mover", password: "(secret)" },
  });
  const oauth = shown(around(`  sasl:
    mechanism: OAUTHBEARER
    tokenEndpoint: https://id.example.com/token?key=hunter-3
    clientId: mover
    clientSecret: 'hunter-4'
    extensions: {logicalCluster: hunter-5}
`));
  assert.deepEqual(oauth.source.sasl, {
    mechanism: "OAUTHBEARER",
    tokenEndpoint: "https://id.example.com/token",
    clientId: "mover",
    clientSecret: "(secret)",
    extensions: { logicalCluster: "(secret)" },
  });
  assert.deepEqual(shown(around("  sasl: {mechanism: OAUTHBEARER, tokenFile: token}\n")).source, {
    bootstrapServers: ["kafka1:9092"],
    tls: false,
    sasl: { mechanism: "OAUTHBEARER", tokenFile: "token" },
  });
  assert.doesNotMatch(JSON.stringify([config, oauth]), /hunter|sesame|MII/);
});
