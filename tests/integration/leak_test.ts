/**
 * Every byte that a run writes, on success and on every way to fail: no secret in it, in none of the forms it travels
 * in. Files are made for their owner alone, never through a link that somebody put there; others' access is pointed at.
 */

import assert from "node:assert/strict";
import { liesAt } from "../../lib/files/run_files.ts";
import { makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { certificatesOf } from "../support/kafka_cluster.ts";
import { type ConfigContent, makeMigrationDir } from "../support/migration_dir.ts";
import { startRun } from "../support/slow_run.ts";
import { startTokenEndpoint, unsignedToken } from "../support/token_endpoint.ts";

const user = { username: "mover", password: "Pa5s:w%rd+'#\"/=" };
const wrong = "Wr0ng:w%rd+'#\"/=";
const client = { clientId: "mover", clientSecret: "S3cr3t:%+'\"/=" };
const options = { listeners: ["SASL_PLAINTEXT", "MTLS"], users: [user], heapMb: 256 } as const;
const clusters = sharedClusters({ source: options, target: options });

/** A secret in the forms it could be written in: as it is, in JSON, YAML, a URL, base64. */
function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const form = new URLSearchParams({ "": secret }).toString().slice(1);
  const base64 = [
    secret,
    `\0mover\0${secret}`,
    `mover:${secret}`,
    `mover:${form}`,
  ].map((text) => btoa(text).replace(/=+$/, ""));
  return [secret, json, secret.replaceAll("'", "''"), url, form, ...base64];
}

interface Way {
  readonly title: string;
  readonly sasl: ConfigContent;
  readonly status: number;
  readonly more?: ConfigContent;
  readonly args?: readonly string[];
}

clusters.test("no secret is in anything a run writes, whichever way it ends", async () => {
  await using good = startTokenEndpoint(client);
  await using echoing = startTokenEndpoint({
    ...client,
    answer: async (request) =>
      new Response(`${request.headers.get("authorization")} ${await request.text()}`, {
        status: 500,
        statusText: client.clientSecret.replaceAll(/[^\w]/g, "_"),
      }),
  });
  await using odd = startTokenEndpoint({
    ...client,
    answer: () => Response.json({ access_token: `${client.clientSecret} two\nlines` }),
  });
  const plain = { mechanism: "PLAIN", ...user };
  const token = unsignedToken("mover", -60);
  const endpoint = (url: string, clientSecret = client.clientSecret) => ({
    mechanism: "OAUTHBEARER",
    tokenEndpoint: url,
    clientId: client.clientId,
    clientSecret,
  });
  const ways: readonly Way[] = [
    { title: "PLAIN", sasl: plain, status: 0 },
    { title: "SCRAM", sasl: { ...plain, mechanism: "SCRAM-SHA-256" }, status: 0 },
    { title: "a token endpoint", sasl: endpoint(good.url), status: 0 },
    { title: "a wrong password", sasl: { ...plain, password: wrong }, status: 3 },
    {
      title: "a wrong password for SCRAM",
      sasl: { ...plain, mechanism: "SCRAM-SHA-512", password: wrong },
      status: 3,
    },
    { title: "a wrong client secret", sasl: endpoint(good.url, wrong), status: 3 },
    { title: "an endpoint that sends back what it got", sasl: endpoint(echoing.url), status: 3 },
    { title: "an endpoint that gives no token", sasl: endpoint(odd.url), status: 3 },
    {
      title: "an expired token",
      sasl: { mechanism: "OAUTHBEARER", tokenFile: "token" },
      status: 3,
    },
    { title: "a config with a mistake", sasl: plain, more: { nonsense: 1 }, status: 2 },
    {
      title: "a wrong passphrase",
      sasl: plain,
      more: {
        target: {
          bootstrapServers: "localhost:1",
          tls: { cert: "client.pem", key: "client.key", passphrase: wrong },
        },
      },
      status: 2,
    },
    {
      title: "an unreachable target",
      sasl: plain,
      more: { target: { bootstrapServers: "127.0.0.1:1", sasl: plain } },
      status: 3,
    },
  ];
  for (const { title, sasl, status: expected, more = {}, args = ["--verbose"] } of ways) {
    const backlog = await makeBacklog(clusters, { messages: [10], committed: { a: [3] } });
    const side = (name: "source" | "target") => ({
      bootstrapServers: clusters[name].bootstrapOf("SASL_PLAINTEXT"),
      sasl,
    });
    await using migration = await makeMigrationDir({
      checkFlag: 1,
      topics: { include: [backlog.topic] },
      source: side("source"),
      target: side("target"),
      ...more,
    });
    const certificates = certificatesOf(clusters.source);
    await Deno.copyFile(certificates.clientCertificate, `${migration.path}/client.pem`);
    await Deno.copyFile(certificates.clientKeyEncrypted, `${migration.path}/client.key`);
    await Deno.writeTextFile(`${migration.path}/token`, token);
    const run = startRun({ cwd: migration.path, args });
    const commandLines: string[] = [];
    await run.until(() => {
      commandLines.push(commandLineOf(run.pid));
      return false;
    });
    const { status, output } = await run.ended;
    assert.equal(status, expected, `${title}: ${output}`);
    const own = ["migration.yaml", "token", "client.key"];
    const files = migration.files().filter((name) => !own.includes(name));
    const everything = output + commandLines.join("") + files.map(migration.text).join("");
    assert.ok(everything.length > 100);
    const secrets = [user.password, wrong, client.clientSecret].flatMap(formsOf);
    for (const secret of [...secrets, token, ...good.tokens, "open-sesame"]) {
      assert.ok(!everything.includes(secret), `${title}: ${secret} in ${everything}`);
    }
    for (const name of files.filter((name) => name.startsWith("migration."))) {
      const { mode } = Deno.statSync(`${migration.path}/${name}`);
      assert.equal((mode ?? 0) & 0o777, 0o600, name);
    }
  }
});

function commandLineOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}

clusters.test("a config that others may read is pointed at only where it holds a secret", async () => {
  const { source, target } = clusters;
  const content = (password: string) => ({
    checkFlag: 0,
    topics: { include: [uniqueName("none")] },
    source: {
      bootstrapServers: source.bootstrapOf("SASL_PLAINTEXT"),
      sasl: { mechanism: "SCRAM-SHA-256", username: user.username, password },
    },
    target: { bootstrapServers: target.bootstrap },
  });
  const table = [
    [user.password, 0o644, true],
    [user.password, 0o640, true],
    [user.password, 0o600, false],
    ["${MOVER_PASSWORD}", 0o644, false],
  ] as const;
  for (const [password, mode, warned] of table) {
    await using migration = await makeMigrationDir(content(password));
    await Deno.chmod(`${migration.path}/migration.yaml`, mode);
    const { output } = await migration.run([], { env: { MOVER_PASSWORD: user.password } });
    const warning = /warning: SECRET_READABLE: .*source\.sasl\.password.*chmod 600/;
    assert.equal(warning.test(output), warned, output);
  }
});

Deno.test("a file that was opened is told apart from a link put in its place meanwhile", async () => {
  const directory = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  const [path, victim] = [`${directory}/migration.log`, `${directory}/victim`];
  try {
    using file = await Deno.open(path, { write: true, create: true });
    assert.ok(liesAt(file, path));
    await Deno.rename(path, victim);
    assert.ok(!liesAt(file, path), "where nothing is");
    await Deno.symlink(victim, path);
    assert.ok(!liesAt(file, path), "through a link");
    await Deno.remove(path);
    await Deno.writeTextFile(path, "");
    assert.ok(!liesAt(file, path), "another file");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

clusters.test("nothing is written through a link or into a pipe that somebody put there", async () => {
  const backlog = await makeBacklog(clusters, { messages: [10], committed: { a: [3] } });
  for (const name of ["migration.log", "migration.state.jsonl"]) {
    await using migration = await makeMigrationDir(backlog.config());
    const victim = `${migration.path}/victim`;
    await Deno.writeTextFile(victim, "precious");
    for (const to of [victim, `${migration.path}/new`]) {
      await Deno.symlink(to, `${migration.path}/${name}`);
      const { status, output } = await migration.run();
      assert.equal(status, 2, output);
      assert.match(output, /is a symbolic link; remove it/);
      await Deno.remove(`${migration.path}/${name}`);
    }
    assert.equal(await Deno.readTextFile(victim), "precious");
    assert.ok(!migration.files().includes("new"));
    await new Deno.Command("mkfifo", { args: [`${migration.path}/${name}`] }).output();
    const { status, output } = await migration.run();
    assert.equal(status, 2, output);
    assert.match(output, /is no regular file; remove it/);
  }
  await using migration = await makeMigrationDir(backlog.config({ checkFlag: 0 }));
  const victim = `${migration.path}/victim`;
  await Deno.writeTextFile(victim, "precious");
  const names = ["migration.report.json", "migration.report.html"];
  for (const name of names.flatMap((each) => [each, `${each}.tmp`])) {
    await Deno.symlink(victim, `${migration.path}/${name}`);
  }
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.equal(await Deno.readTextFile(victim), "precious");
  assert.equal(migration.report().verdict.exitStatus, 0);
});
