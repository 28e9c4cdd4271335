/** narrator.ts: what goes to the log, to stdout and to stderr, quiet, normal and verbose. */

import assert from "node:assert/strict";
import { finding } from "../../../lib/core/finding.ts";
import { createNarrator } from "../../../lib/show/narrator.ts";
import { createScreen } from "../../../lib/show/screen.ts";
import { cluster, group, plan as planOf } from "../core/fixtures.ts";

const build = { version: "1.2.3", commit: "abc", base: "none" } as Parameters<
  typeof createNarrator
>[3];
const loudness = { quiet: false, verbose: false, progress: true };

function narrating(verbosity: Partial<typeof loudness> = {}, json = false) {
  const said = { log: [] as string[], stdout: "", stderr: "" };
  const write = (level: string) => (text: string) => said.log.push(`${level} ${text}`);
  const log = {
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
  };
  const streams = {
    stdout: (text: string) => said.stdout += text,
    stderr: (text: string) => said.stderr += text,
  };
  let at = 0;
  const narrator = createNarrator(
    log,
    createScreen(streams, json),
    { ...loudness, ...verbosity },
    build,
    () => at,
  );
  return { said, narrator, wait: (ms: number) => at += ms };
}

const plan = planOf(cluster({ t: [[0, 10]] }, [group("g", { t: [4] })]));
const prepare =
  "Prepare to migrate topic: t, partition: 0, submitted offset: 4 (g), start offset: 4, end offset: 10, messages: 6";
const total = "Total: 1 topic, 1 of 1 partition to migrate, messages: 6";
const warning = finding("MORE_PARTITIONS", {}, "There are more", "Nothing");
const error = finding("SAME_CLUSTER", {}, "Both are one", "Correct it");

Deno.test("the plan goes to the log and to stdout, findings to stderr", () => {
  const { said, narrator } = narrating();
  narrator.planned(plan, [error, warning]);
  const findings = [
    "SAME_CLUSTER: Both are one. Correct it",
    "MORE_PARTITIONS: There are more. Nothing",
  ];
  assert.deepEqual(said.log, [
    `info ${prepare}`,
    `info ${total}`,
    `error ${findings[0]}`,
    `warning ${findings[1]}`,
  ]);
  assert.equal(said.stdout, `${prepare}\n${total}\n`);
  assert.equal(said.stderr, `error: ${findings[0]}\nwarning: ${findings[1]}\n`);
});

Deno.test("quiet leaves errors; the log has everything all the same", () => {
  const { said, narrator } = narrating({ quiet: true });
  narrator.planned(plan, [error, warning]);
  narrator.info("nothing to see");
  assert.equal(said.stdout, "");
  assert.equal(said.stderr, "error: SAME_CLUSTER: Both are one. Correct it\n");
  assert.equal(said.log.length, 5);
});

Deno.test("with --json everything for people goes to stderr", () => {
  const { said, narrator } = narrating({}, true);
  narrator.planned(plan, []);
  assert.deepEqual([said.stdout, said.stderr], ["", `${prepare}\n${total}\n`]);
});

Deno.test("details are shown only when asked for", () => {
  for (const verbose of [false, true]) {
    const { said, narrator } = narrating({ verbose });
    narrator.debug("a detail");
    assert.deepEqual(said.log, ["debug a detail"]);
    assert.equal(said.stderr, verbose ? "a detail\n" : "");
  }
});

Deno.test("progress is told every 5 s on the screen and every minute in the log", () => {
  const tell = (verbosity: Partial<typeof loudness>) => {
    const { said, narrator, wait } = narrating(verbosity);
    for (let second = 0; second < 125; second++) {
      const progress = {
        recordsAcknowledged: 1n,
        bytesAcknowledged: 1,
        offsetsDone: 1n,
        partitionsSettled: 0,
      };
      narrator.progress(progress, plan, 1_000);
      wait(1_000);
    }
    return [said.stderr.split("\n").length - 1, said.log.length];
  };
  assert.deepEqual(tell({}), [24, 2]);
  assert.deepEqual(tell({ progress: false }), [0, 2]);
  assert.deepEqual(tell({ quiet: true }), [0, 2]);
});
