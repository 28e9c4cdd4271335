/**
 * The live view in a real terminal: drawn below what is written, right after a resize, gone at the end, and not there
 * where it is not wanted. What it says at which size is in the unit test of live_view.ts.
 */

import assert from "node:assert/strict";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog } from "../support/slow_backlog.ts";
import { ENDED, startTerminal } from "../support/terminal.ts";

const clusters = sharedClusters({ source: { heapMb: 256 }, target: { heapMb: 256 } });
const slow = () => makeSlowBacklog(clusters, { partitions: 3, delayMs: 700, codec: "none" });
const BAR = /[█░]/;
/** The view while it has a speed, its bar first. */
const UNDER_WAY = /^ *\d+ % [█░]+.*\n[\d.]+ [kM]?B\/s, [\d,]+ messages\/s/m;

clusters.test("the view stands below the plan, survives a resize and is gone at the end", async () => {
  await using backlog = await slow();
  await using migration = await makeMigrationDir(backlog.config());
  await using terminal = await startTerminal({ cwd: migration.path });
  const wide = await terminal.until(UNDER_WAY);
  const plan = [0, 1, 2].map((partition) =>
    `Prepare to migrate topic: ${backlog.topic}, partition: ${partition}, submitted offset: 111 (${backlog.topic}-group), start offset: 111, end offset: 4000, messages: 3889`
  );
  const before = [...plan, "Total: 1 topic, 3 of 3 partitions to migrate, messages: 11667"];
  const shown = (await terminal.everything()).join("\n");
  assert.ok(shown.includes(`${before.join("\n")}\n`), shown);
  assert.ok(wide.filter((line) => BAR.test(line)).length > 1, wide.join("\n"));
  assert.match(wide.join("\n"), new RegExp(`^  ${backlog.topic}-\\d +[█░]{16} +\\d+ % `, "m"));
  assert.ok((await terminal.colors()).includes("\x1b[32m"), "no colours");
  assert.deepEqual(await terminal.cursor(), { column: 0, visible: true });

  for (const [columns, rows] of [[40, 24], [100, 12], [60, 30]] as const) {
    await terminal.resize(columns, rows);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const lines = await terminal.screen();
    const text = lines.join("\n");
    // One view: one bar over all, one line about the speed.
    assert.equal(text.match(/ messages\/s/g)?.length, 1, text);
    assert.equal(text.match(/Furthest from the end/g)?.length, 1, text);
    const drawn = lines.findIndex((line) => BAR.test(line));
    assert.match(lines[drawn] ?? "", /^ *\d+ % [█░]+ \d of 3 partitions$/, text);
    assert.equal(lines[drawn]?.length, columns - 1);
    // Right above it what was written last, whole.
    const above = lines.slice(0, drawn).join("");
    assert.ok(
      above.includes("Total: 1 topic, 3 of 3 partitions to migrate, messages: 11667"),
      text,
    );
  }

  backlog.target.setFaults({});
  const end = await terminal.until(new RegExp(`${ENDED} 0`));
  assert.ok(!end.some((line) => BAR.test(line)), end.join("\n"));
  // What a resize cleared away may stand in the scrollback; the screen has each line once.
  const written = (await terminal.everything()).join("\n");
  const after = [
    `topic: ${backlog.topic}, messages read: 11667, on the target: 11667, partitions verified: 3 of 3`,
    "Migrated and verified: 11,667 messages in 3 partitions",
    `${ENDED} 0`,
  ];
  assert.ok(written.includes(`${before.join("\n")}\n`), written);
  assert.ok(written.endsWith(`\n${after.join("\n")}`), written);
  assert.equal((await terminal.cursor()).visible, true);
  await backlog.assertArrived();
});

clusters.test("Ctrl-C takes the view away and leaves a clean terminal", async () => {
  await using backlog = await slow();
  await using migration = await makeMigrationDir(backlog.config());
  await using terminal = await startTerminal({ cwd: migration.path });
  await terminal.until(UNDER_WAY);
  await terminal.press("C-c");
  const lines = await terminal.until(new RegExp(ENDED));
  assert.deepEqual(lines.slice(-2), [
    "Interrupted; the same command continues where it stopped",
    `${ENDED} 130`,
  ]);
  assert.ok(!lines.some((line) => BAR.test(line)), lines.join("\n"));
  assert.deepEqual(await terminal.cursor(), { column: 0, visible: true });
});

clusters.test("warnings in mid-copy go above the view, with what is being retried in it", async () => {
  await using backlog = await slow();
  await using migration = await makeMigrationDir(backlog.config());
  await using terminal = await startTerminal({ cwd: migration.path, rows: 30 });
  await terminal.until(UNDER_WAY);
  backlog.target.setFaults({ refuse: true });
  backlog.target.cut();
  const lines = await terminal.until(/^Retrying: target broker/m);
  const text = lines.join("\n");
  assert.match(text, /\nwarning: target broker \d[^█]* retrying \(1st try, 0 s\)\n[^█]* *\d+ % █/);
  assert.match(text, /\nretries: \d+\n/);
  backlog.target.setFaults({});
  await terminal.until(new RegExp(`${ENDED} 0`));
  const written = (await terminal.everything()).join("\n");
  assert.match(written, /\ntarget broker \d+ \(.*\) reachable again after \d+ s\n/);
  assert.doesNotMatch(written, BAR);
});

clusters.test("no view and no colours where they are not wanted", async () => {
  const table = [
    { args: ["--quiet"], view: false, progress: false },
    { args: ["--no-progress"], view: false, progress: false },
    { args: ["--verbose"], view: true, progress: false },
    { env: { NO_COLOR: "1" }, view: true, progress: false, color: false },
    { env: { TERM: "dumb" }, view: false, progress: true },
    { shellSuffix: "2>stderr.txt", view: false, progress: true },
    { args: ["--json"], shellSuffix: ">stdout.txt", view: true, progress: false },
  ] as const;
  // They mostly wait for a slow link.
  await Promise.all(table.map(async ({ view, progress, ...options }) => {
    await using backlog = await makeSlowBacklog(clusters, {
      partitions: 2,
      messages: progress ? 3_000 : 1_000,
      delayMs: 400,
    });
    await using migration = await makeMigrationDir(backlog.config());
    await using terminal = await startTerminal({ cwd: migration.path, ...options });
    let drawn = false;
    let colored = false;
    while (!(await terminal.screen()).some((line) => line.startsWith(ENDED))) {
      const shown = await terminal.colors();
      drawn ||= BAR.test(shown);
      // deno-lint-ignore no-control-regex
      colored ||= /\x1b\[3\dm/.test(shown);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const what = JSON.stringify(options);
    const written = (await terminal.everything()).join("\n") + migration.text("stderr.txt");
    assert.match(written, new RegExp(`${ENDED} 0`), what);
    assert.equal(drawn, view, what);
    assert.equal(colored, view && !("color" in options), what);
    assert.equal(/^copied \d+ %/m.test(written), progress, what);
    assert.ok(!migration.text("stderr.txt").includes("\x1b"), what);
    if (migration.files().includes("stdout.txt")) JSON.parse(migration.text("stdout.txt"));
  }));
});
