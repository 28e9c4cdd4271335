/** narrator.ts: what goes to the log, to stdout and to stderr, quiet, normal and verbose. */

import assert from "node:assert/strict";
import { finding } from "../../../lib/model/finding.ts";
import type { FailureCode } from "../../../lib/model/failure_kinds.ts";
import { createNarrator } from "../../../lib/show/narrator.ts";
import type { LiveState } from "../../../lib/show/live_view.ts";
import { createScreen, type ScreenOptions } from "../../../lib/show/screen.ts";
import { cluster, group, plan as planOf } from "../plan/fixtures.ts";

const build = { version: "1.2.3", commit: "abc", base: "none" } as Parameters<
  typeof createNarrator
>[3];
const loudness = { quiet: false, verbose: false, progress: true };

function narrating(
  verbosity: Partial<typeof loudness> = {},
  json = false,
  screen: Partial<ScreenOptions> = {},
) {
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
    createScreen(streams, { json, color: false, ...screen }),
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

/** So many of the plan's messages are done. */
const progressAt = (done: bigint) => ({
  recordsAcknowledged: done,
  bytesAcknowledged: Number(done) * 100,
  offsetsDone: done,
  partitionsSettled: 0,
  retries: 0,
  troubles: ["x"],
  throttledMs: { source: 0, target: 0 },
  slowest: [],
});

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
      narrator.progress(progressAt(0n), plan, 1_000);
      wait(1_000);
    }
    return [said.stderr.split("\n").length - 1, said.log.length];
  };
  assert.deepEqual(tell({}), [24, 2]);
  assert.deepEqual(tell({ progress: false }), [0, 2]);
  assert.deepEqual(tell({ quiet: true }), [0, 2]);
});

Deno.test("the speed in a progress line is that of the last seconds, and only the rest of the plan is left", () => {
  const { said, narrator, wait } = narrating();
  for (let second = 0; second <= 60; second++) {
    // Three messages of six in the last 12 of 60 seconds.
    narrator.progress(progressAt(BigInt(Math.max(0, Math.trunc((second - 48) / 4)))), plan, second);
    wait(1_000);
  }
  assert.equal(
    said.log.at(-1),
    "info copied 50 %, 3 messages, 300 B, 20 B/s, 0 messages/s, 0 of 1 partitions, about 15 s left",
  );
});

Deno.test("where progress is redrawn in place no lines are written, until the copy is over", () => {
  const shown: (LiveState | undefined)[] = [];
  const { said, narrator, wait } = narrating({}, false, { live: (state) => shown.push(state) });
  for (let quarter = 0; quarter < 241; quarter++) {
    narrator.progress(progressAt(2n), plan, quarter * 250);
    wait(250);
  }
  // Every half a second; a minute has one line in the log.
  assert.equal(shown.length, 120);
  assert.equal(said.log.length, 1);
  const { offsetsDone, offsetsPlanned, partitions, troubles } = shown[0] ?? assert.fail();
  assert.deepEqual([offsetsDone, offsetsPlanned, partitions, troubles], [2n, 6n, 1, ["x"]]);
  narrator.copied();
  assert.equal(shown.at(-1), undefined);
  assert.equal(said.stderr, "");
});

Deno.test("levels are coloured where colours are wanted, and nothing else is", () => {
  const { said, narrator } = narrating({ verbose: true }, false, { color: true });
  narrator.warning("w\u001b[31m");
  narrator.error("e");
  narrator.info("i");
  narrator.planned(plan, []);
  assert.equal(
    said.stderr,
    "\x1b[33mwarning: \x1b[0mw\\u001b[31m\n\x1b[31merror: \x1b[0me\ni\n",
  );
  assert.equal(said.stdout, `${prepare}\n${total}\n`);
});

Deno.test("the last line of a run that did not end well says what to do next", () => {
  const sentence = "It ended";
  const table = [
    ["incomplete", 1, ". What to do stands above; the same command continues"],
    ["blocked", 3, ". What to do stands above; then run the same command again"],
    ["nothing to migrate", 1, ". What to do stands above; then run the same"],
    ["interrupted", 130, ""],
    ["checked", 0, ""],
    ["nothing to migrate", 0, ""],
  ] as const;
  for (const [outcome, exitStatus, step] of table) {
    const { said, narrator } = narrating();
    const verdict = { outcome, exitStatus, sentence };
    narrator.finished({ verdict, durationMs: 1_000 } as Parameters<typeof narrator.finished>[0]);
    const level = exitStatus === 0 ? "info" : "error";
    const [line = ""] = said.log;
    const begin = `${level} It ended (exit status ${exitStatus}, 1.0 s)`;
    assert.ok(line.startsWith(`${begin}${step}`), line);
    assert.equal(line.length > begin.length, step !== "", line);
    assert.equal(said.stdout, "It ended\n");
  }
});

Deno.test("positions of a group that were left for one reason are one line on the screen, each is in the log", () => {
  const { said, narrator } = narrating();
  narrator.carried(
    [
      ...Array.from({ length: 400 }, (_, partition) => ({
        ...{ group: "g", topic: `t${partition % 5}`, partition, sourceOffset: 4n },
        ...{ status: "left", code: "GROUP_MOVED", reason: `It moved to ${partition}` } as const,
      })),
      ...["TARGET_REFUSED", "GROUP_MOVED"].map((code, index) => ({
        ...{ group: `g${index}`, topic: "t0", partition: 9, sourceOffset: 4n },
        ...{ status: "left", code: code as FailureCode, reason: "No" } as const,
      })),
    ],
    undefined,
  );
  const shown = said.stderr.split("\n").filter((line) => line !== "");
  assert.deepEqual(shown, [
    "error: group: g, 400 positions not carried over (partitions 0, 5, 10, 15, 20, 25, 30, 35, 40, 45 and 70 more of topic t0; partitions 1, 6, 11, 16, 21, 26, 31, 36, 41, 46 and 70 more of topic t1; partitions 2, 7, 12, 17, 22, 27, 32, 37, 42, 47 and 70 more of topic t2; 2 more topics), the first of them: It moved to 0. Stop its consumers, then run the same command again",
    "error: group: g0, topic: t0, partition: 9, committed offset: 4, on the target: not known, not carried over: No. Correct what the target's broker says (its own log says more), then run the same command again",
    "error: group: g1, topic: t0, partition: 9, committed offset: 4, on the target: not known, not carried over: No. Stop its consumers, then run the same command again",
  ]);
  assert.equal(said.log.filter((line) => line.startsWith("error ")).length, 402);
});

Deno.test("the last lines say by when consumers must have started", () => {
  const { said, narrator } = narrating();
  const retentionMinutes = 10_080;
  narrator.carried([], { retentionMinutes, startConsumersBefore: "2026-12-08T03:23:57.000Z" });
  const [line = ""] = said.stdout.split("\n");
  assert.match(
    line,
    /^Start the consumers on the target before 2026-12-08 03:23 UTC: .* expire 7 d/,
  );
  assert.deepEqual(said.log, [`info ${line}`]);
});

Deno.test("of positions left alone as many as can be read are shown, the log has all of them", () => {
  const { said, narrator } = narrating();
  narrator.carried(
    Array.from({ length: 1_000 }, (_, index) => ({
      ...{ group: `g${index}`, topic: "t", partition: 0, sourceOffset: 4n },
      ...{ status: "left", reason: "The partition is not verified" } as const,
    })),
    undefined,
  );
  const shown = said.stderr.split("\n").filter((line) => line !== "");
  assert.equal(shown.length, 41);
  assert.match(
    shown.at(-1) ?? "",
    /… and 960 more lines of positions not carried over; the log has all of them$/,
  );
  assert.equal(said.log.filter((line) => line.startsWith("error ")).length, 1_000);
});
