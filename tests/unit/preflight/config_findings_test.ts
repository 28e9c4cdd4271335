import assert from "node:assert/strict";
import type { ClusterConfig, MigrationConfig } from "../../../lib/config/migration_config.ts";
import { createSecret, reveal, sealSecrets, unsealSecrets } from "../../../lib/config/secrets.ts";
import { configFindings } from "../../../lib/preflight/config_findings.ts";
import { configOf } from "../config/fixtures.ts";

const bare = configOf(
  "checkFlag: 0\nsource: {bootstrapServers: a:1}\ntarget: {bootstrapServers: b:1}\n",
);
const secret = createSecret("hunter2");
const password = (mechanism: "PLAIN" | "SCRAM-SHA-256") =>
  ({ mechanism, username: "u", password: secret }) as const;
const endpoint = (tokenEndpoint: string) =>
  ({ mechanism: "OAUTHBEARER", tokenEndpoint, clientId: "c", clientSecret: secret }) as const;

Deno.test("a config is warned of for what it leaves unchecked, unencrypted or readable", () => {
  const file = { mode: 0o600, literalSecrets: ["source.sasl.password"] };
  const table: readonly [Partial<ClusterConfig>, typeof file, readonly string[]][] = [
    [{}, file, []],
    [{ tls: { verifyHostname: true } }, file, []],
    [{ tls: { verifyHostname: false } }, file, ["HOSTNAME_NOT_VERIFIED"]],
    [{ sasl: password("PLAIN") }, file, ["SECRET_UNENCRYPTED"]],
    [{ sasl: password("SCRAM-SHA-256") }, file, []],
    [{ sasl: password("PLAIN"), tls: { verifyHostname: true } }, file, []],
    [{ sasl: { mechanism: "OAUTHBEARER", tokenFile: "t" } }, file, ["SECRET_UNENCRYPTED"]],
    [{ sasl: endpoint("https://id/t"), tls: { verifyHostname: true } }, file, []],
    [
      { sasl: endpoint("http://id/t"), tls: { verifyHostname: true } },
      file,
      ["SECRET_UNENCRYPTED"],
    ],
    [{ sasl: endpoint("http://127.0.0.1:1/t"), tls: { verifyHostname: true } }, file, []],
    [{}, { ...file, mode: 0o640 }, ["SECRET_READABLE"]],
    [{}, { ...file, mode: 0o604 }, ["SECRET_READABLE"]],
    [{}, { mode: 0o644, literalSecrets: [] }, []],
  ];
  for (const [cluster, { mode, literalSecrets }, codes] of table) {
    const config: MigrationConfig = { ...bare, source: { ...bare.source, ...cluster } };
    const found = configFindings(config, { mode, literalSecrets });
    assert.deepEqual(found.map(({ code }) => code), codes);
    assert.ok(found.every(({ severity }) => severity === "warning"));
  }
});

Deno.test("a config survives the way to another thread, secrets and all", () => {
  const source: ClusterConfig = {
    ...bare.source,
    addresses: new Map([["a:1", "b:2"]]),
    sasl: password("PLAIN"),
  };
  const config: MigrationConfig = { ...bare, source };
  const arrived = unsealSecrets(structuredClone(sealSecrets(config))) as MigrationConfig;
  const { sasl } = arrived.source;
  assert.ok(sasl !== undefined && "password" in sasl);
  assert.equal(reveal(sasl.password), "hunter2");
  assert.equal(JSON.stringify(arrived), JSON.stringify(config));
  assert.deepEqual(arrived.source.addresses, source.addresses);
  assert.ok(!Deno.inspect(arrived, { depth: 9 }).includes("hunter2"));
});
