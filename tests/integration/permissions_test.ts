/**
 * Least permission: what a run may do is tried out in a worker like its own, and a migration is watched leaving nothing
 * anywhere but beside its config.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { permissions } from "../../tools/compile.ts";
import { makeBacklog } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { runProgram } from "../support/program.ts";

const clusters = sharedClusters({ source: { heapMb: 256 }, target: { heapMb: 256 } });

Deno.test("a run may use the network and the files beside its config, and nothing else", async () => {
  const root = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  try {
    const [folder, outside] = [`${root}/config`, `${root}/outside`];
    for (const path of [folder, outside]) await Deno.mkdir(path);
    await Deno.writeTextFile(`${outside}/there`, "");
    await Deno.writeTextFile(`${root}/token`, "");
    const probe = fileURLToPath(new URL("../support/confined_probe.ts", import.meta.url));
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--cached-only", "--config", config, ...permissions],
        ...[probe, folder, `${root}/token`, outside],
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.deepEqual(new TextDecoder().decode(stdout).split("\n"), [
      "listen",
      "write beside the config",
      "read beside the config",
      "rename beside the config",
      "read the token file",
    ]);
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [
      "config",
      "outside",
      "token",
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

clusters.test("a migration leaves files beside its config and nowhere else", async () => {
  const backlog = await makeBacklog(clusters, { messages: [20], committed: { a: [5] } });
  await using migration = await makeMigrationDir(backlog.config());
  const elsewhere = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  try {
    for (const name of ["cwd", "home", "temp", "cache"]) await Deno.mkdir(`${elsewhere}/${name}`);
    const binary = Deno.env.has("DATA_MIGRATE_BINARY");
    const { status, output } = await runProgram({
      cwd: `${elsewhere}/cwd`,
      args: [`${migration.path}/migration.yaml`],
      env: {
        // From source, the packages come out of the home directory's cache.
        ...(binary && { HOME: `${elsewhere}/home`, XDG_CACHE_HOME: `${elsewhere}/cache` }),
        TMPDIR: `${elsewhere}/temp`,
      },
    });
    assert.equal(status, 0, output);
    const left = ["cwd", "home", "temp", "cache"].flatMap((name) => [
      ...Deno.readDirSync(`${elsewhere}/${name}`),
    ]);
    assert.deepEqual(left, []);
    assert.deepEqual(migration.files(), [
      "migration.log",
      "migration.report.html",
      "migration.report.json",
      "migration.state.jsonl",
      "migration.yaml",
    ]);
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
});
