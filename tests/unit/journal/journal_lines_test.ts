/** journal_lines.ts, read_lines.ts, journal_decoders.ts and read_journal.ts: what of a state file is believed, and what its refusal says. */

import assert from "node:assert/strict";
import { type JournalEntry, JournalError } from "../../../lib/journal/journal_entry.ts";
import { encodeEntries, NO_LINES } from "../../../lib/journal/journal_lines.ts";
import { type ReadJournal, readJournal } from "../../../lib/journal/read_journal.ts";
import { readLines } from "../../../lib/journal/read_lines.ts";
import { asWrittenNow, entriesOf, JOURNALS_OF_0_1_0 } from "../../support/sample_journals.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string): ReadJournal => readJournal(bytesOf(text), "state");
const linesOf = (text: string) => text.split("\n").slice(0, -1);
const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** What a refusal says; undefined where there is none. */
function refusal(text: string | Uint8Array): string | undefined {
  try {
    readJournal(typeof text === "string" ? bytesOf(text) : text, "state");
    return undefined;
  } catch (error) {
    assert.ok(error instanceof JournalError, `not refused but failed: ${error}`);
    return error.message;
  }
}

const killed = JOURNALS_OF_0_1_0.killed;
const now = asWrittenNow(killed);

Deno.test("journals of 0.1.0 are read, and add up to the same as the same ones written now", () => {
  for (const [name, text] of Object.entries(JOURNALS_OF_0_1_0)) {
    const before = read(text);
    const after = read(asWrittenNow(text));
    assert.ok(before.state !== undefined && after.state !== undefined, name);
    assert.ok(before.state.partitions.size > 1, name);
    const { migration: _, ...state } = before.state;
    const { migration: __, ...same } = after.state;
    assert.deepEqual(state, same, name);
    assert.equal(before.tail.lines + 1, after.tail.lines, name);
  }
  const { finished } = read(JOURNALS_OF_0_1_0.finished).state ?? {};
  assert.equal(finished?.exitStatus, 0);
  const statuses = [...read(killed).state?.partitions.values() ?? []].map(({ status }) => status);
  assert.deepEqual(statuses, ["planned", "done", "done"]);
  const lost = [...read(JOURNALS_OF_0_1_0.lost).state?.partitions.values() ?? []];
  assert.deepEqual(lost[0]?.lost, [{ startOffset: 3544n, endOffset: 3700n }]);
});

Deno.test("a journal of 0.1.0 that is continued is chained from there on", () => {
  const { tail } = read(killed);
  const more: JournalEntry = {
    ...{ type: "finished", runId: "next", at: "2026-12-01T03:00:00.000Z", exitStatus: 130 },
  };
  const { text } = encodeEntries([more, more], tail);
  const whole = killed + text;
  assert.equal(read(whole).state?.finished?.runId, "next");
  assert.deepEqual(read(whole).tail, encodeEntries([more, more], tail).tail);
  const lines = linesOf(whole);
  // What stands before is covered by the first line that carries a checksum.
  const changed = lines.map((line, index) => index === 5 ? line.replace("3383", "3384") : line);
  assert.notDeepEqual(changed, lines);
  assert.match(refusal(joined(changed)) ?? "", /^state:16: .*checksum does not fit/);
  const without = lines.map((line, index) =>
    index === lines.length - 1 ? JSON.stringify(more) : line
  );
  assert.match(refusal(joined(without)) ?? "", /^state:17: .*no number and no checksum/);
});

Deno.test("a torn last line is ignored, wherever it was torn, and with zeros in it", () => {
  const lines = linesOf(now);
  const [last = ""] = lines.slice(-1);
  const before = joined(lines.slice(0, -1));
  const expected = readJournal(bytesOf(before), "state");
  const torn = [
    ...Array.from(last, (_, size) => last.slice(0, size)),
    last,
    "\0".repeat(4096),
    `${last.slice(0, 20)}${"\0".repeat(40)}`,
    `${"\0".repeat(40)}${last.slice(40)}\n`,
    `${last.slice(0, 20)}${"\0".repeat(40)}\n${"\0".repeat(7)}`,
  ];
  for (const text of torn) assert.deepEqual(read(before + text), expected, JSON.stringify(text));
  // A character of several bytes that was cut through is no text.
  const cut = new Uint8Array([...bytesOf(before), ...bytesOf('{"topic":"é').slice(0, -1)]);
  assert.deepEqual(readJournal(cut, "state"), expected);
  assert.equal(expected.byteLength, bytesOf(before).length);
});

Deno.test("a file that only a run without any entry can have left has no migration in it", () => {
  const [opened = ""] = linesOf(now);
  assert.equal(read(`${opened}\n`).state, undefined);
  assert.equal(read(`${opened}\n{"type":"migr`).state, undefined);
});

Deno.test("a file that was emptied, or holds nothing whole, is refused", () => {
  for (const text of ["", "\0".repeat(4096), now.slice(0, 20), "\0\0\n", "\0\n\0\n\0"]) {
    assert.match(
      refusal(text) ?? "",
      /^state: the journal holds (nothing|no whole line), which a run that has begun to copy never leaves behind\. Nothing was written\. Put the newest copy of the file back; .* Where no run has copied anything yet, just delete it$/,
      JSON.stringify(text),
    );
  }
});

Deno.test("a later version's journal is told apart from a damaged one", () => {
  for (const line of [0, 1]) {
    const [later = ""] = linesOf(now).slice(line).map((text) =>
      text.replace('"schemaVersion":2', '"schemaVersion":3').replace("{", '{"new":true,')
    );
    assert.equal(
      refusal(`${later}\n`),
      "state:1: the journal has version 3, this program reads versions 1 to 2; continue with the program that wrote it",
    );
  }
});

Deno.test("a line that is not as it was written is named, with what is wrong and what to do", () => {
  const WAY_OUT =
    "Nothing was written. Put the newest copy of the file back; without one, empty the topics on the target and delete the file to start over";
  const lines = linesOf(now);
  const cases: readonly (readonly [readonly string[], string])[] = [
    [lines.with(3, "garbage"), "state:4: the journal is damaged here: it is no JSON object"],
    [lines.with(3, "[1]"), "state:4: the journal is damaged here: it is no JSON object"],
    [lines.with(3, ""), "state:4: the journal is damaged here: it is no JSON object"],
    [
      lines.toSpliced(3, 1),
      "state:4: the journal is damaged here: line 5 stands here: lines are missing, repeated or in another order",
    ],
    [
      [...lines, lines.at(-1) ?? ""],
      "state:17: the journal is damaged here: line 16 stands here: lines are missing, repeated or in another order",
    ],
    [
      lines.with(3, (lines[3] ?? "").replace("111", "112")),
      "state:4: the journal is damaged here: it was changed after it was written: its checksum does not fit",
    ],
    [
      lines.with(3, (lines[3] ?? "").replace(/,"n".*/, "}")),
      "state:4: the journal is damaged here: it has no number and no checksum",
    ],
    [
      lines.slice(2),
      "state:1: the journal is damaged here: it is not the first line of a journal",
    ],
    [
      lines.slice(1),
      "state:1: the journal is damaged here: line 2 stands here: lines are missing, repeated or in another order",
    ],
    [
      entriesOf(killed).map((entry) => JSON.stringify({ ...entry, schemaVersion: 2 })),
      "state:1: the journal is damaged here: it has no number and no checksum",
    ],
  ];
  for (const [damaged, message] of cases) {
    assert.equal(refusal(joined(damaged)), `${message}. ${WAY_OUT}`);
  }
  const bytes = bytesOf(now);
  bytes[now.indexOf("111")] = 0xff;
  assert.match(refusal(bytes) ?? "", /^state:3: .*: it holds bytes that are no text\. Nothing was/);
});

/** Changes one entry of a journal of 0.1.0, where no checksum helps. */
const changed = (text: string, type: string, change: (entry: Fields) => Fields) =>
  joined(
    linesOf(text).map((line) => {
      const entry = JSON.parse(line);
      return entry.type === type ? JSON.stringify(change(entry)) : line;
    }),
  );
type Fields = Readonly<Record<string, unknown>>;

Deno.test("what a field of a journal of 0.1.0 cannot hold is refused by name", () => {
  const set = (field: string, value: unknown) => (entry: Fields) => ({ ...entry, [field]: value });
  const cases: readonly (readonly [string, (entry: Fields) => Fields, RegExp])[] = [
    ["progress", set("partition", "0"), /its field partition is missing or is not a whole number/],
    ["progress", set("partition", -1), /its field partition .* a whole number from 0/],
    ["progress", set("partition", 0.5), /its field partition /],
    ["progress", set("topic", ""), /its field topic is missing or is not a topic's name/],
    ["progress", set("targetOffset", "-5"), /its field targetOffset .* an offset in digits/],
    ["progress", set("targetOffset", 657), /its field targetOffset /],
    ["progress", set("records", "007"), /its field records .* a count in digits/],
    ["progress", set("records", "1e3"), /its field records /],
    ["progress", set("records", " 1"), /its field records /],
    ["progress", set("records", ""), /its field records /],
    ["progress", set("sourceOffset", "9223372036854775808"), /its field sourceOffset /],
    ["progress", set("sourceOffset", "18446744073709551616"), /its field sourceOffset /],
    ["progress", set("more", 1), /it has a field that is not known: more/],
    ["progress", set("type", "future"), /it is of a type that is not known: "future"/],
    ["progress", set("type", "toString"), /it is of a type that is not known/],
    ["progress", set("type", 5), /it is of a type that is not known: 5/],
    ["progress", set("type", undefined), /it has no type/],
    ["progress", set("type", "plan"), /its field runId is missing|not known/],
    ["progress", set("sourceOffset", undefined), /its field sourceOffset is missing/],
    ["settled", set("status", "perhaps"), /its field status .* done or failed/],
    ["settled", set("batchesLeftOut", "0"), /its field batchesLeftOut /],
    ["settled", set("reason", 7), /its field reason /],
    ["plan", set("at", "yesterday"), /its field at .* a time such as/],
    ["plan", set("partitions", {}), /its field partitions .* a list/],
    ["plan", set("partitions", [{}]), /its field partitions\.0\.topic /],
    ["migration", set("producerId", "-2"), /its field producerId /],
    ["migration", set("producerEpoch", 1e6), /its field producerEpoch /],
    ["migration", set("settings", []), /its field settings /],
  ];
  for (const [type, change, says] of cases) {
    const message = refusal(changed(killed, type, change));
    assert.match(message ?? "", says, `${type}: ${change}`);
    assert.match(message ?? "", /^state:\d+: the journal is damaged here: .*Nothing was written/);
  }
  // What one version adds is read by it.
  const coded = changed(killed, "settled", set("code", "LEADER_AWAY"));
  assert.equal(refusal(coded), undefined);
});

Deno.test("lines of a journal of 0.1.0 that can't follow one another are refused", () => {
  const lines = linesOf(killed);
  const at = (type: string) => lines.findIndex((line) => line.includes(`"type":"${type}"`));
  const repeated = (type: string) => joined([...lines, lines[at(type)] ?? ""]);
  const add = (count: number) => (digits: unknown) =>
    String(BigInt(digits as string) + BigInt(count));
  const moved = (type: string, field: string, by: number) =>
    changed(killed, type, (entry) => ({ ...entry, [field]: add(by)(entry[field]) }));
  const cases: readonly (readonly [string, RegExp])[] = [
    [repeated("migration"), /:16: .*a migration begins only once/],
    [repeated("plan"), /:16: .*is planned again/],
    [joined(lines.toSpliced(2, 0, lines[1] ?? "")), /:3: .*is planned again before it was/],
    [repeated("settled"), /:16: .*the partition was done before/],
    [joined(lines.toSpliced(at("plan"), 1)), /:2: .*a partition that was never planned/],
    [joined(lines.slice(1)), /:1: .*it is not the first line of a journal/],
    [
      joined(
        lines.with(
          at("progress"),
          lines[at("progress")]?.replace('"partition":1', '"partition":7') ?? "",
        ),
      ),
      /a partition that was never planned/,
    ],
    [joined([...lines, lines[lines.length - 3] ?? ""]), /:16: /],
    [moved("progress", "sourceOffset", 100), /it is outside of what was planned/],
    [moved("progress", "records", 1), /more messages than there is room for/],
    [moved("progress", "targetFirstOffset", 10_000), /before what this migration has written/],
    [moved("settled", "sourceOffset", -1), /it goes back behind what was copied before/],
    [moved("settled", "records", -1), /it goes back/],
    [moved("position", "sourceOffset", 10_000), /it is outside of what was planned/],
  ];
  for (const [text, says] of cases) assert.match(refusal(text) ?? "", says, `${says}`);
  const connector = JOURNALS_OF_0_1_0.connectorInterrupted;
  const renamed = changed(connector, "connector", (entry) => ({ ...entry, name: entry["runId"] }));
  assert.match(refusal(renamed) ?? "", /it is about another connector/);
  const local = changed(connector, "migration", (entry) => ({
    ...entry,
    settings: { ...entry["settings"] as Fields, engine: "local" },
  }));
  assert.match(refusal(local) ?? "", /this migration has no connector/);
});

Deno.test("a line of 0.1.0 that says the same in another way is refused: nothing here writes it so", () => {
  const lines = linesOf(killed);
  const [, , position = ""] = lines;
  for (
    const other of [
      position.replace(":", ": "),
      `${position}\r`,
      position.replace('"partition":1', '"partition":1e0'),
      position.replace('"partition":1', '"partition":0,"partition":1'),
    ]
  ) {
    assert.notEqual(other, position);
    assert.match(refusal(joined(lines.with(2, other))) ?? "", /:3: .*not written as this program/);
  }
});

Deno.test("every change of a byte, field or line is refused, or is the torn last line", () => {
  const lines = linesOf(now);
  const whole = read(now);
  const withoutLast = read(joined(lines.slice(0, -1)));
  const lastStart = bytesOf(joined(lines.slice(0, -1))).length;
  const bytes = bytesOf(now);
  let refused = 0;
  const judge = (changed: Uint8Array, what: string, mayBeTorn: boolean) => {
    let found: ReadJournal;
    try {
      found = readJournal(changed, "state");
    } catch (error) {
      assert.ok(error instanceof JournalError, `${what}: ${error}`);
      refused++;
      return;
    }
    assert.ok(mayBeTorn, `${what} was believed`);
    assert.deepEqual(found, withoutLast, what);
  };
  for (const [position, byte] of bytes.entries()) {
    const mayBeTorn = position >= lastStart;
    for (const other of [0, 0x0a, 0x30, byte ^ 1, byte ^ 0x20, byte ^ 0x80]) {
      // A zero in place of the line break makes one torn line of the last two.
      if (position === lastStart - 1 && other === 0) continue;
      if (other !== byte) judge(bytes.with(position, other), `${position}: ${other}`, mayBeTorn);
    }
    const fewer = new Uint8Array(bytes.length - 1);
    fewer.set(bytes.subarray(0, position));
    fewer.set(bytes.subarray(position + 1), position);
    judge(fewer, `without ${position}`, mayBeTorn);
    const more = new Uint8Array(bytes.length + 1);
    more.set(bytes.subarray(0, position + 1));
    more.set(bytes.subarray(position), position + 1);
    judge(more, `twice ${position}`, mayBeTorn);
  }
  for (const index of lines.keys()) {
    const isLast = index === lines.length - 1;
    // A last line that is gone is one that was torn at its beginning.
    judge(bytesOf(joined(lines.toSpliced(index, 1))), `without line ${index}`, isLast);
    for (const to of lines.keys()) {
      const line = lines[index] ?? "";
      judge(bytesOf(joined(lines.toSpliced(to, 0, line))), `line ${index} at ${to} too`, false);
      if (to === index) continue;
      const swapped = lines.with(index, lines[to] ?? "").with(to, line);
      judge(bytesOf(joined(swapped)), `lines ${index} and ${to} swapped`, false);
    }
    for (const [field, change] of fieldChanges(lines[index] ?? "")) {
      judge(bytesOf(joined(lines.with(index, change))), `line ${index}: ${field}`, false);
    }
  }
  assert.ok(refused > 20_000, `only ${refused}`);
  assert.deepEqual(read(now), whole);
});

Deno.test("every field of a journal of 0.1.0 that is missing, renamed or of another type is refused", () => {
  // These may be absent; what the settings are is compared with the config.
  const free =
    /^settings|^(?:.+\.)?(?:skipped|verified|sourceTopicId|targetTopicId|submittedOffset|reason|acknowledged|endOffset|target) is gone$|^(?:partitions|skipped|idle) is \[\]$/;
  for (const text of Object.values(JOURNALS_OF_0_1_0)) {
    const lines = linesOf(text);
    for (const [index, line] of lines.entries()) {
      for (const [field, change] of fieldChanges(line)) {
        const message = refusal(joined(lines.with(index, change)));
        if (free.test(field)) continue;
        assert.ok(message !== undefined, `line ${index + 1}: ${field}: ${change}`);
      }
    }
  }
});

/** A line with each of its fields, at any depth, gone, renamed, and of other types. */
function* fieldChanges(line: string): Generator<readonly [string, string]> {
  const original = JSON.parse(line);
  for (const path of pathsOf(original)) {
    const name = path.join(".");
    const edit = (change: (holder: Record<string, unknown>, key: string) => void): string => {
      const copy = structuredClone(original);
      const holder = path.slice(0, -1).reduce((at, key) => at[key], copy);
      change(holder, path.at(-1) ?? "");
      return JSON.stringify(copy);
    };
    if (!/^\d+$/.test(path.at(-1) ?? "")) {
      yield [`${name} is gone`, edit((holder, key) => delete holder[key])];
      yield [
        `${name} is renamed`,
        edit((holder, key) => {
          holder[`${key}X`] = holder[key];
          delete holder[key];
        }),
      ];
    }
    for (const value of [null, true, [], {}, [[]], -1.5]) {
      const changed = edit((holder, key) => holder[key] = value);
      if (changed !== line) yield [`${name} is ${JSON.stringify(value)}`, changed];
    }
  }
}

function* pathsOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [...path, key];
    yield* pathsOf(inner, [...path, key]);
  }
}

Deno.test("a journal of 45,000 positions is read within seconds", () => {
  const [first = "", plan] = [linesOf(now)[1], entriesOf(killed)[1]];
  const { topic } = plan?.type === "plan" ? plan.partitions[0] ?? { topic: "" } : { topic: "" };
  const entries = Array.from({ length: 45_000 }, (_, index): JournalEntry => ({
    ...{ type: "position", topic, partition: 0 },
    ...{ sourceOffset: String(111 + index % 3_800), targetOffset: String(index % 3_800) },
  }));
  assert.ok(plan !== undefined && first !== "");
  const [migration] = entriesOf(killed);
  assert.ok(migration !== undefined);
  const { text } = encodeEntries([migration, plan, ...entries], NO_LINES);
  const started = performance.now();
  assert.equal(readLines(bytesOf(text), "state").entries.length, 45_002);
  read(text);
  // Twice 0.3 s on an idle machine.
  assert.ok(performance.now() - started < 10_000);
});
