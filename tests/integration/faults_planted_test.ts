/**
 * Wrong results planted on purpose: records deleted or repeated on the target behind the tool's back, counts changed in
 * the state file. The count, or the reading of the state file, has to notice; a tool that would have done it itself would
 * be noticed the same way.
 */

import assert from "node:assert/strict";
import { type Backlog, makeBacklog } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import { asWrittenBefore } from "../support/sample_journals.ts";

const clusters = sharedClusters();
const STATE = "migration.state.jsonl";

/** A finished migration of 40 messages. */
async function migrated(): Promise<{ backlog: Backlog; migration: MigrationDir }> {
  const backlog = await makeBacklog(clusters, { messages: [50], committed: { a: [10] } });
  const migration = await makeMigrationDir(backlog.config());
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  return { backlog, migration };
}

clusters.test("messages deleted on the target are missed", async () => {
  const { backlog, migration } = await migrated();
  await using _ = migration;
  await clusters.judge.deleteRecords(clusters.target.bootstrap, backlog.topic, 0, 1n);
  const { status, output } = await migration.run(["--verify"]);
  assert.equal(status, 1, output);
  assert.match(
    output,
    /failed: The target has already deleted some of the messages: its log starts at 1/,
  );
});

clusters.test("messages that somebody writes a second time are counted", async () => {
  const { backlog, migration } = await migrated();
  await using _ = migration;
  const { topic } = backlog;
  const { source, target, judge } = clusters;
  const { records } = await judge.read(source.bootstrap, topic, 0, { start: 10n, records: 3 });
  await judge.produce(target.bootstrap, { topic, partition: 0, records });
  const { status, output } = await migration.run(["--verify"]);
  assert.equal(status, 0, output);
  assert.match(migration.text("migration.log"), /verified: Others have written 3 messages since/);
});

for (
  const { title, change, says } of [
    {
      title: "one message too many",
      change: { records: "41", recordsRead: "41" },
      says: /:\d+: the journal is damaged here: it tells of more messages than there is room for/,
    },
    {
      title: "one message too few",
      change: { records: "39", recordsRead: "39" },
      says: /holds 40 messages of this migration, by the state file there are 39 at most/,
    },
    {
      title: "a message read and not acknowledged",
      change: { records: "39" },
      says: /holds 40 messages of this migration, by the state file there are 39 at most/,
    },
  ]
) {
  clusters.test(`a state file that tells of ${title} is not believed`, async () => {
    const { migration } = await migrated();
    await using _ = migration;
    const changed = (text: string): string =>
      text.split("\n").slice(0, -1).map((line) => JSON.parse(line)).map((entry) =>
        entry.type === "settled"
          ? { ...entry, ...change }
          : entry.type === "progress" && "records" in change
          ? { ...entry, records: change.records }
          : entry
      ).map((entry) => `${JSON.stringify(entry)}\n`).join("");
    const written = migration.text(STATE);
    for (
      const { text, why } of [
        { text: written, why: /it was changed after it was written: its checksum does not fit/ },
        { text: asWrittenBefore(written), why: says },
      ]
    ) {
      await Deno.writeTextFile(`${migration.path}/${STATE}`, changed(text));
      const { status, output } = await migration.run(["--verify"]);
      assert.equal(status, 2, output);
      assert.match(output, why);
    }
  });
}
