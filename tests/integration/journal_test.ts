/**
 * State files that are not as they were written, in mid-copy and afterwards: each is refused with its line and what to do,
 * and nothing is written. One of version 0.1.0 goes on. An older copy, and none at all, are told by what the target holds.
 */

import assert from "node:assert/strict";
import { assertCopied, configOf, makeBacklog, targetCount } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir, type MigrationDir } from "../support/migration_dir.ts";
import { asWrittenBefore } from "../support/sample_journals.ts";
import { makeSlowBacklog, type SlowBacklog } from "../support/slow_backlog.ts";
import { startLinks } from "../support/slow_links.ts";
import { startRun } from "../support/slow_run.ts";

const clusters = sharedClusters();
const STATE = "migration.state.jsonl";

type Fields = Readonly<Record<string, unknown>>;

const linesOf = (text: string) => text.split("\n").slice(0, -1);
const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
const write = (migration: MigrationDir, text: string) =>
  Deno.writeTextFileSync(`${migration.path}/${STATE}`, text);

/** A run that is killed when it has journaled progress of a partition more than once, and is not through with it. */
async function killInMidCopy(migration: MigrationDir, backlog: SlowBacklog): Promise<string> {
  const run = startRun({ cwd: migration.path });
  const progressed = () => migration.text(STATE).split('"type":"progress"').length - 1;
  assert.ok(await run.until(() => progressed() > 2), "the run ended before it was killed");
  run.kill("SIGKILL");
  await run.ended;
  // What is on its way still arrives.
  backlog.target.setFaults({});
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return migration.text(STATE);
}

const slow = { partitions: 2, messages: 4_000, delayMs: 250, batchBytes: 4_096 } as const;

/** The last line of a type that is about a partition which is not done, changed. */
function changeLast(
  text: string,
  type: string,
  change: (entry: Fields) => Fields,
): readonly string[] {
  const entries = linesOf(text).map((line) => JSON.parse(line));
  const done = entries.filter((each) => each.type === "settled").map((each) => each.partition);
  const at = entries.findLastIndex((each) => each.type === type && !done.includes(each.partition));
  assert.ok(at >= 0, `no entry of type ${type}`);
  return linesOf(text).with(at, JSON.stringify(change(entries[at])));
}

async function assertRefused(
  migration: MigrationDir,
  says: RegExp,
  flags: readonly (readonly string[])[] = [["--migrate"]],
): Promise<void> {
  const before = migration.text(STATE);
  for (const args of flags) {
    const { status, stderr, output } = await migration.run(args);
    assert.equal(status, 2, output);
    assert.match(stderr, says);
    assert.doesNotMatch(output, /append|Unexpected|\bat file:/);
    assert.equal(migration.text(STATE), before);
  }
}

clusters.test("a damaged state file is refused in mid-copy, and nothing is written; the good one goes on", async () => {
  await using backlog = await makeSlowBacklog(clusters, slow);
  await using migration = await makeMigrationDir(backlog.config());
  const good = await killInMidCopy(migration, backlog);
  const counts = () =>
    Promise.all([0, 1].map((partition) => targetCount(clusters, backlog.topic, partition)));
  const held = await counts();
  const lines = linesOf(good);
  const at = (type: string) => lines.findIndex((line) => line.includes(`"type":"${type}"`));
  const line = (type: string) => lines[at(type)] ?? "";
  const add = (field: string, more: number) => (entry: Fields) => ({
    ...entry,
    [field]: String(Number(entry[field]) + more),
  });
  const damages: Readonly<Record<string, string>> = {
    "a partition as a string": joined(
      changeLast(good, "progress", (entry) => ({ ...entry, partition: `${entry["partition"]}` })),
    ),
    "a source offset too large": joined(changeLast(good, "progress", add("sourceOffset", 100))),
    "more records": joined(changeLast(good, "progress", add("records", -400))),
    "the plan twice": good + `${line("plan")}\n`,
    "no plan": joined(lines.toSpliced(at("plan"), 1)),
    "another producer id": joined(lines.with(
      at("migration"),
      line("migration").replace(/"producerId":"\d+"/, '"producerId":"987654"'),
    )),
    "lines in another order": joined(lines.with(3, lines[4] ?? "").with(4, lines[3] ?? "")),
    "no checksums": joined(lines.map((each) => each.replace(/,"n":\d+,"sum":"\w+"/, ""))),
    "nothing": "",
    "zeros": "\0".repeat(good.length),
    "half a line": good.slice(0, 30),
  };
  for (const [damage, text] of Object.entries(damages)) {
    assert.notEqual(text, good, damage);
    write(migration, text);
    const where = text.includes("\n")
      ? ":\\d+: the journal is damaged here: "
      : ": the journal holds ";
    await assertRefused(
      migration,
      new RegExp(
        `^data-migrate: \\S*migration\\.state\\.jsonl${where}.*Nothing was written\\. Put the newest copy of the file back`,
        "m",
      ),
    );
  }
  write(migration, damages["the plan twice"] ?? "");
  await assertRefused(migration, /line \d+ stands here/, [["--check"], ["--verify"]]);
  assert.deepEqual(await counts(), held);

  // What a crash leaves of the last line is none.
  write(migration, `${good}${line("progress").slice(0, 40)}${"\0".repeat(3_000)}`);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("a state file of 0.1.0 goes on, unless its entries can't follow one another", async () => {
  await using backlog = await makeSlowBacklog(clusters, slow);
  await using migration = await makeMigrationDir(backlog.config());
  const old = asWrittenBefore(await killInMidCopy(migration, backlog));
  const lines = linesOf(old);
  const plan = lines.findIndex((line) => line.includes('"type":"plan"'));
  const damages = [
    {
      text: joined(changeLast(old, "progress", (e) => ({ ...e, partition: `${e["partition"]}` }))),
      says: /its field partition is missing or is not a whole number/,
    },
    { text: `${old}${lines[plan]}\n`, says: /is planned again/ },
    { text: joined(lines.toSpliced(plan, 1)), says: /a partition that was never planned/ },
    { text: `${old}${lines[0]}\n`, says: /a migration begins only once/ },
    {
      text: joined(changeLast(old, "progress", (e) => ({ ...e, targetOffset: "-5" }))),
      says: /its field targetOffset is missing or is not an offset/,
    },
    {
      text: joined(changeLast(old, "progress", (e) => ({ ...e, type: "future" }))),
      says: /a type that is not known: "future"/,
    },
  ];
  for (const { text, says } of damages) {
    write(migration, text);
    await assertRefused(migration, says);
  }
  // Nothing in the file tells this, the target does.
  write(migration, old.replace(/"producerId":"\d+"/, '"producerId":"987654"'));
  const other = await migration.run();
  assert.equal(other.status, 1, other.output);
  assert.match(other.output, /it is not the state file of what is on the target/);

  write(migration, old);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
  const after = migration.text(STATE);
  assert.ok(after.startsWith(old));
  for (const [index, line] of linesOf(after.slice(old.length)).entries()) {
    assert.equal(JSON.parse(line).n, lines.length + index + 1);
  }
  const again = await migration.run();
  assert.equal(again.status, 0, again.output);
});

clusters.test("an older copy of the state file is told by what the target holds, and put right by the newest", async () => {
  const { topic, config } = await makeBacklog(clusters, {
    messages: [30, 10, 5],
    committed: { a: [10, 10, 5] },
  });
  const { source, judge } = clusters;
  await using migration = await makeMigrationDir(config());
  assert.equal((await migration.run()).status, 0);
  const old = migration.text(STATE);
  await judge.produce(source.bootstrap, { topic, partition: 0, count: 7, seed: 50 });
  await judge.produce(source.bootstrap, { topic, partition: 1, count: 4, seed: 51 });
  assert.equal((await migration.run()).status, 0);
  const newest = migration.text(STATE);
  const counts = () =>
    Promise.all([0, 1, 2].map((partition) => targetCount(clusters, topic, partition)));
  const held = await counts();
  assert.deepEqual(held, [27, 4, 0]);

  write(migration, old);
  const says = new RegExp(
    `^data-migrate: The state file is older than what is on the target: of ${topic}-0 that holds 27 messages of this migration, by the state file there are 20 at most\\. Nothing was written\\. Put the newest copy`,
    "m",
  );
  await assertRefused(migration, says, [["--migrate"], ["--check"], ["--verify"]]);
  migration.configure(config({ nonEmptyTarget: "append" }));
  await assertRefused(migration, says);
  assert.deepEqual(await counts(), held);

  write(migration, newest);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.deepEqual(await counts(), held);
  await assertCopied(clusters, topic, 0, { start: 10 });
});

clusters.test("who has lost the state file is not told to append to what may be an earlier copy", async () => {
  await using backlog = await makeSlowBacklog(clusters, slow);
  await using migration = await makeMigrationDir(backlog.config());
  const good = await killInMidCopy(migration, backlog);
  await Deno.remove(`${migration.path}/${STATE}`);
  for (const flag of ["--check", "--migrate"]) {
    const { status, output } = await migration.run([flag]);
    assert.equal(status, 3, output);
    assert.match(
      output,
      /error: TARGET_NOT_EMPTY: .*They may be of an earlier run of this migration: put its state file back, or empty the topic/,
    );
    assert.doesNotMatch(output, /append/);
  }
  assert.ok(!migration.files().includes(STATE));
  write(migration, good);
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await backlog.assertArrived();
});

clusters.test("a run that is killed before it has begun leaves a state file that the next one takes up", async () => {
  const { topic, config } = await makeBacklog(clusters, { messages: [30], committed: { a: [10] } });
  await using links = startLinks(clusters.source, { silent: ["toClient"] });
  await using migration = await makeMigrationDir(configOf(clusters, { source: links.config }));
  const run = startRun({ cwd: migration.path });
  assert.ok(await run.until(() => migration.text(STATE).includes('"opened"')));
  const check = await migration.run(["--check"], { kill: { afterMs: 2_000, signal: "SIGINT" } });
  assert.equal(check.status, 130, check.output);
  run.kill("SIGKILL");
  await run.ended;
  assert.equal(linesOf(migration.text(STATE)).length, 1);
  migration.configure(config());
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  await assertCopied(clusters, topic, 0, { start: 10 });
});
