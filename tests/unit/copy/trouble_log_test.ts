/** trouble_log.ts: few lines, whatever befalls how many partitions. */

import assert from "node:assert/strict";
import { createTroubleLog, ordinal } from "../../../lib/copy/trouble_log.ts";

const subject = "target broker 2 (10.0.0.2:9092)";
const state = "unreachable (connection refused)";

function recording() {
  const lines: string[] = [];
  let at = 1_000;
  const write = (text: string) => lines.push(text);
  const log = createTroubleLog({ warning: write, info: write }, () => at);
  return { lines, log, wait: (ms: number) => at += ms };
}

Deno.test("trouble is told when it begins, at growing distances, and when it is over", () => {
  const { lines, log, wait } = recording();
  for (let tries = 0; tries < 25; tries++) {
    log.note(subject, state);
    wait(1_000);
  }
  log.clear(subject);
  const tried = (count: string, seconds: number) =>
    `${subject} ${state}, retrying (${count} try, ${seconds} s)`;
  assert.deepEqual(lines, [
    ...[tried("1st", 0), tried("2nd", 1), tried("4th", 3), tried("8th", 7), tried("10th", 9)],
    ...[tried("16th", 15), tried("20th", 19)],
    `${subject} reachable again after 25 s`,
  ]);
});

Deno.test("a thousand partitions of one broker are one try", () => {
  const { lines, log, wait } = recording();
  for (let partition = 0; partition < 1_000; partition++) log.note(subject, state);
  assert.equal(lines.length, 1);
  wait(100);
  for (let partition = 0; partition < 1_000; partition++) log.note(subject, state);
  assert.equal(lines.length, 2);
  for (let partition = 0; partition < 1_000; partition++) log.clear(subject);
  assert.equal(lines.length, 3);
});

Deno.test("what was never in trouble is not reachable again, and new trouble begins anew", () => {
  const { lines, log, wait } = recording();
  log.clear(subject);
  log.note("source broker 1", state);
  log.note(subject, state);
  wait(500);
  log.clear(subject);
  log.note(subject, state);
  assert.deepEqual(lines.map((line) => line.replace(/^.* (?=\d)/, "")), [
    "0 s)",
    "0 s)",
    "1 s",
    "0 s)",
  ]);
});

Deno.test("ordinals end as in English", () => {
  const cases = [[1, "1st"], [2, "2nd"], [3, "3rd"], [4, "4th"], [10, "10th"], [
    11,
    "11th",
  ]] as const;
  const more = [[12, "12th"], [13, "13th"], [21, "21st"], [102, "102nd"], [111, "111th"]] as const;
  for (const [count, text] of [...cases, ...more]) assert.equal(ordinal(count), text);
});

Deno.test("tries are counted, and what is in trouble just now can be asked", () => {
  const { log, wait } = recording();
  assert.deepEqual([log.retries, log.current()], [0, []]);
  log.note("source broker 1", "unreachable (timed out)");
  wait(20_000);
  log.note(subject, "not available");
  wait(1_000);
  log.note(subject, state);
  log.note(subject, state);
  assert.equal(log.retries, 3);
  assert.deepEqual(log.current(), [
    "source broker 1 unreachable (timed out)",
    `${subject} ${state}`,
  ]);
  wait(15_000);
  assert.deepEqual(log.current(), [`${subject} ${state}`]);
  log.clear(subject);
  assert.deepEqual([log.retries, log.current()], [3, []]);
});
