import assert from "node:assert/strict";
import { sizeFindings } from "../../../lib/findings/size_findings.ts";
import {
  type TimeAnswers,
  timeFindings,
  timeQuestionKey,
  timeQuestions,
  timeQuestionsLeft,
  type TimeRule,
} from "../../../lib/findings/time_findings.ts";
import { topicSettings } from "../../../lib/model/topic_settings.ts";
import { cluster, group, plan as planOf } from "../plan/fixtures.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
// Offsets 4 to 10 are copied of partition 0, nothing of partition 1.
const plan = planOf(cluster({ t: [[0, 10], [0, 5]] }, [group("g", { t: [4, 5] })]));
const settings = (values: Readonly<Record<string, string>>) =>
  topicSettings(
    Object.entries({ "cleanup.policy": "delete", ...values }).map(
      ([name, value]) => ({ name, value, source: 5 }),
    ),
  );
const command = (topic: string, setting: string) => `set ${setting} on ${topic}`;

const questions: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
  ["no limit", {}, []],
  ["retention", { "retention.ms": `${HOUR}` }, [`kept ${NOW - HOUR}`]],
  ["retention of no time at all", { "retention.ms": "0" }, [`kept ${NOW}`]],
  ["retention longer than the calendar", { "retention.ms": `${NOW + 1}` }, []],
  ["retention where the target sets the time", {
    "retention.ms": `${HOUR}`,
    "message.timestamp.type": "LogAppendTime",
  }, []],
  ["Kafka 4's defaults", {
    "message.timestamp.before.max.ms": "9223372036854775807",
    "message.timestamp.after.max.ms": `${HOUR}`,
  }, [`ahead ${NOW + HOUR}`]],
  ["an older broker's limit", { "message.timestamp.difference.max.ms": `${HOUR}` }, [
    `behind ${NOW - HOUR}`,
    `ahead ${NOW + HOUR}`,
  ]],
];

for (const [title, values, expected] of questions) {
  Deno.test(`timeQuestions() of ${title}: ${expected.join(", ") || "none"}`, () => {
    const asked = timeQuestions(plan, () => settings(values), NOW);
    assert.deepEqual(asked.map(({ rule, timestampMs }) => `${rule} ${timestampMs}`), expected);
    assert.ok(asked.every(({ topic, partition }) => topic === "t" && partition === 0));
  });
}

function answered(rule: TimeRule, offset: bigint | undefined): TimeAnswers {
  const key = timeQuestionKey({ topic: "t", partition: 0, rule, timestampMs: 1 });
  return new Map([[key, offset]]);
}

const limits = settings({
  "retention.ms": `${HOUR}`,
  "message.timestamp.before.max.ms": `${HOUR}`,
  "message.timestamp.after.max.ms": `${HOUR}`,
});

const answers: readonly [TimeRule, bigint | undefined, string | undefined][] = [
  ["kept", 4n, undefined],
  ["kept", 3n, undefined],
  ["kept", 6n, "RETENTION_WOULD_DELETE 2 messages"],
  ["kept", 12n, "RETENTION_WOULD_DELETE 6 messages"],
  ["kept", undefined, "RETENTION_WOULD_DELETE 6 messages"],
  ["behind", 5n, "TIMESTAMPS_REFUSED 1 message"],
  ["behind", 4n, undefined],
  ["ahead", 3n, undefined],
  ["ahead", 5n, "TIMESTAMPS_REFUSED offset 5"],
  ["ahead", 10n, undefined],
  ["ahead", undefined, undefined],
];

for (const [rule, offset, expected] of answers) {
  Deno.test(`timeFindings() where "${rule}" is answered by ${offset ?? "nothing"}: ${expected ?? "none"}`, () => {
    const found = timeFindings(
      plan,
      answered(rule, offset),
      () => undefined,
      () => limits,
      command,
    );
    const [code = "", what = ""] = expected?.split(/ (.*)/) ?? [];
    assert.deepEqual(found.map((each) => each.code), expected === undefined ? [] : [code]);
    assert.ok(found.every(({ message }) => message.includes(what)), found[0]?.message);
  });
}

const left: readonly (readonly [TimeRule, bigint | undefined, boolean])[] = [
  ["kept", 4n, false],
  ["kept", 5n, true],
  ["kept", undefined, true],
  ["behind", 4n, false],
  ["behind", 5n, true],
  ["ahead", 5n, false],
];

for (const [rule, offset, expected] of left) {
  Deno.test(`where "${rule}" is answered by ${offset ?? "nothing"}, the first message is ${expected ? "" : "not "}asked for`, () => {
    assert.deepEqual(
      timeQuestionsLeft(plan, answered(rule, offset)),
      expected ? [{ topic: "t", partition: 0, rule: "any", timestampMs: 0 }] : [],
    );
  });
}

Deno.test("the first message is asked for once, and not where nobody could tell", () => {
  const both = new Map([...answered("kept", 5n), ...answered("behind", 6n)]);
  assert.equal(timeQuestionsLeft(plan, both).length, 1);
  assert.deepEqual(timeQuestionsLeft(plan, new Map()), []);
});

const gaps: readonly (readonly [string, bigint | undefined, bigint | undefined, string])[] = [
  ["cleaning took the first, the next is new", 6n, 6n, ""],
  ["deletion took the first, others are old", 7n, 5n, "2 messages"],
  ["deletion took the first, all others are old", undefined, 8n, "2 messages"],
  ["the first lies before the range", 6n, 1n, "2 messages"],
  ["nothing is there any more", undefined, undefined, ""],
];

for (const [title, kept, any, expected] of gaps) {
  Deno.test(`timeFindings() where ${title}: ${expected || "none"}`, () => {
    const answers = new Map([...answered("kept", kept), ...answered("any", any)]);
    const found = timeFindings(plan, answers, () => undefined, () => limits, command);
    assert.deepEqual(found.map(({ code }) => code), expected ? ["RETENTION_WOULD_DELETE"] : []);
    assert.ok(found.every(({ message }) => message.includes(`: ${expected} `)), found[0]?.message);
  });
}

Deno.test("timeFindings() says nothing where nobody could tell", () => {
  assert.deepEqual(timeFindings(plan, new Map(), () => limits, () => limits, command), []);
});

Deno.test("the remedy for retention is the source's, where that keeps longer, else none", () => {
  for (const [source, wanted] of [[5 * HOUR, 5 * HOUR], [HOUR, -1], [undefined, -1]] as const) {
    const onSource = () =>
      source === undefined ? undefined : settings({ "retention.ms": `${source}` });
    const [found] = timeFindings(plan, answered("kept", 6n), onSource, () => limits, command);
    assert.equal(
      found?.remedy,
      `set retention.ms=${wanted} on t, or accept: [RETENTION_WOULD_DELETE]`,
    );
  }
});

Deno.test("sizeFindings() compares what a partition would get with what the target keeps of it", () => {
  const onTarget = () => settings({ "retention.bytes": "600" });
  const found = (bytes: bigint) => sizeFindings(plan, new Map([["t-0", bytes]]), onTarget, command);
  assert.deepEqual(found(1_000n), []);
  const [over] = found(1_010n);
  assert.match(over?.message ?? "", /retention\.bytes=600\), and partition 0 of topic t .* 606 B/);
  assert.deepEqual(sizeFindings(plan, new Map(), onTarget, command), []);
  assert.deepEqual(
    sizeFindings(plan, new Map([["t-0", 9n ** 20n]]), () => settings({}), command),
    [],
  );
});
