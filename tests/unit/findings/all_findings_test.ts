import assert from "node:assert/strict";
import { failure } from "../../../lib/model/failure.ts";
import type { Finding } from "../../../lib/model/finding.ts";
import { preflight, type PreflightOptions } from "../../../lib/findings/all_findings.ts";
import type { ClusterSnapshot } from "../../../lib/model/snapshot.ts";
import { cluster, filter, group, type Log, plan, workedExample } from "../plan/fixtures.ts";

const EMPTY: Readonly<Record<string, readonly Log[]>> = {
  test1: [[0, 0]],
  test2: [[0, 0]],
  test3: [[0, 0]],
  test4: [[0, 0]],
};

function judge(
  source: ClusterSnapshot,
  target: ClusterSnapshot,
  more: Partial<PreflightOptions> = {},
): readonly Finding[] {
  const options = { nonEmptyTarget: "refuse", uncommitted: "earliest", ...more } as const;
  return preflight(
    plan(source, { uncommitted: options.uncommitted }),
    source,
    target,
    options,
  );
}

const target = (topics: Readonly<Record<string, readonly Log[]>>) =>
  cluster(topics, [], "target-id");
const codes = (findings: readonly Finding[]) =>
  findings.map(({ code, severity }) => `${severity} ${code}`);
const one = (findings: readonly Finding[], code: string) => {
  const found = findings.filter((candidate) => candidate.code === code);
  assert.equal(found.length, 1, `${code} once in ${codes(findings)}`);
  return found[0] as Finding;
};

Deno.test("preflight() finds only the expired messages in the worked example", () => {
  const findings = judge(workedExample(), target(EMPTY));
  assert.deepEqual(codes(findings), ["warning MESSAGES_EXPIRED"]);
  assert.equal(
    findings[0]?.message,
    "1,513 unconsumed messages of partition 0 of topic test1 have expired and can't be migrated",
  );
});

Deno.test("preflight() names topics that keep messages in a format that holds no producer id", () => {
  const judged = (format: string) => {
    const plain = target(EMPTY);
    const values = new Map([["message.format.version", format]]);
    const settings = { logAppendTime: false, compacted: false, values, own: new Set<string>() };
    const topics = [...plain.topics].map(([name, each]) =>
      [name, name === "test1" ? each : { ...each, settings }] as const
    );
    return judge(workedExample(), { ...plain, topics: new Map(topics) })
      .filter(({ code }) => code === "OLD_MESSAGE_FORMAT");
  };
  for (const format of ["0.8.2", "0.9.0", "0.10.2-IV0", "0.10.0-IV1"]) {
    const [first, ...rest] = judged(format);
    assert.match(first?.message ?? "", new RegExp(`message\\.format\\.version=${format} on the`));
    assert.match(first?.remedy ?? "", /--add-config 'message\.format\.version=0\.11\.0'|0\.11\.0/);
    assert.ok(rest.length > 0);
  }
  for (const format of ["", "0.11.0-IV2", "1.0-IV0", "1.1", "2.8-IV1", "3.0-IV1"]) {
    assert.deepEqual(judged(format), [], format);
  }
});

Deno.test("preflight() says what a target without zstd means, where the source may hold any", () => {
  const judged = (sourceKnows: boolean | undefined, targetKnows: boolean | undefined) =>
    codes(judge(
      { ...workedExample(), ...(sourceKnows !== undefined && { knowsZstd: sourceKnows }) },
      { ...target(EMPTY), ...(targetKnows !== undefined && { knowsZstd: targetKnows }) },
    )).includes("warning ZSTD_REENCODED");
  const cases = [[true, false], [undefined, false], [false, false], [true, true], [
    true,
    undefined,
  ]];
  assert.deepEqual(
    cases.map(([onSource, onTarget]) => judged(onSource, onTarget)),
    [true, true, false, false, false],
  );
});

Deno.test("preflight() looks at the target only where something would be written", () => {
  const { test2, test3 } = EMPTY;
  const without1And4 = { test2, test3 } as typeof EMPTY;
  assert.deepEqual(codes(judge(workedExample(), target(without1And4))), [
    "warning MESSAGES_EXPIRED",
  ]);
  const full = { ...EMPTY, test1: [[0, 9]], test4: [null] } as const;
  assert.deepEqual(codes(judge(workedExample(), target(full))), ["warning MESSAGES_EXPIRED"]);
});

Deno.test("preflight() looks at the target also where groups are to be moved", () => {
  const judged = (topics: Readonly<Record<string, readonly Log[]>>) =>
    codes(judge(workedExample(), target(topics), { carriesPositions: true }));
  const { test2, test3, test4 } = EMPTY as Readonly<Record<string, readonly Log[]>>;
  const without1 = { test2, test3, test4 } as typeof EMPTY;
  const expired = "warning MESSAGES_EXPIRED";
  assert.deepEqual(judged(without1), ["error TARGET_TOPIC_MISSING", expired]);
  assert.deepEqual(judged({ ...without1, test1: [null] }), ["error PARTITION_OFFLINE", expired]);
  // What nothing is written to need not be empty.
  assert.deepEqual(judged({ ...without1, test1: [[0, 9]] }), [expired]);
});

Deno.test("preflight() blocks a missing target topic and gives the command that creates it", () => {
  const source = cluster({ t: [[0, 5], [0, 5]] }, [group("g", { t: [5, 1] })]);
  const found = one(judge(source, target({})), "TARGET_TOPIC_MISSING");
  assert.equal(found.severity, "error");
  assert.match(
    found.remedy,
    /kafka-topics\.sh --bootstrap-server 10\.0\.0\.1:9092 --create --topic t --partitions 2/,
  );
});

Deno.test("preflight() does not advise to create a topic anew that the migration has written to", () => {
  const source = cluster({ t: [[0, 5]] }, [group("g", { t: [1] })]);
  const found = one(judge(source, target({}), { written: () => true }), "TARGET_TOPIC_MISSING");
  assert.match(found.message, /this migration has written to it before$/);
  assert.match(found.remedy, /To start over, create it anew and delete the state file/);
});

Deno.test("preflight() compares partition counts: fewer block, more warn", () => {
  const source = cluster({ t: [[0, 5], [0, 5]] }, [group("g", { t: [1, 5] })]);
  assert.deepEqual(codes(judge(source, target({ t: [[0, 0]] }))), ["error FEWER_PARTITIONS"]);
  assert.deepEqual(codes(judge(source, target({ t: [[0, 0], [0, 0], [0, 0]] }))), [
    "warning MORE_PARTITIONS",
  ]);
  assert.deepEqual(codes(judge(source, target({ t: [[0, 0], [0, 0]] }))), []);
});

Deno.test("preflight() refuses a target that holds foreign messages, and leaves our own out", () => {
  const source = cluster({ t: [[0, 5], [0, 5], [0, 5]] }, [group("g", { t: [1, 2, 5] })]);
  const full = target({ t: [[0, 3], [7, 7], [0, 9]] });
  const found = one(judge(source, full), "TARGET_NOT_EMPTY");
  assert.equal(found.severity, "error");
  assert.deepEqual(found.where, { cluster: "target", topic: "t", partitions: [0] });
  assert.match(found.message, /already holds 3 messages in partition 0 of topic t/);

  const own = (ours: bigint) => ({ ownRecords: () => ours });
  assert.deepEqual(codes(judge(source, full, own(3n))), []);
  assert.deepEqual(codes(judge(source, full, own(2n))), ["error TARGET_NOT_EMPTY"]);
  assert.deepEqual(codes(judge(source, full, { nonEmptyTarget: "append" })), [
    "warning TARGET_NOT_EMPTY",
  ]);
});

Deno.test("preflight() never advises to append to what may be an earlier copy", () => {
  const source = cluster({ t: [[0, 5], [0, 5]] }, [group("g", { t: [1, 2] })]);
  const full = target({ t: [[0, 3], [0, 9]] });
  const remedy = (options: Parameters<typeof judge>[2]) =>
    one(judge(source, full, options), "TARGET_NOT_EMPTY").remedy;
  const looksLikeCopy = ({ partition }: { readonly partition: number }) => partition === 1;
  assert.match(remedy({}), /^Empty the topic, or set nonEmptyTarget: append/);
  assert.equal(
    remedy({ looksLikeCopy }),
    "They may be of an earlier run of this migration: put its state file back, or empty the topic",
  );
  assert.equal(
    remedy({ written: () => true }),
    "Where the state file is an older copy, put the newest back. Where others have written them, set nonEmptyTarget: append to write after them",
  );
  const append = { nonEmptyTarget: "append" } as const;
  assert.equal(remedy(append), "Nothing: nonEmptyTarget is append");
  assert.match(
    remedy({ ...append, looksLikeCopy }),
    /arrive a second time: put its state file back/,
  );
});

Deno.test("preflight() refuses one cluster as source and target, and says only that about the target", () => {
  const source = workedExample();
  const findings = judge(source, source);
  assert.deepEqual(codes(findings), ["error SAME_CLUSTER", "warning MESSAGES_EXPIRED"]);
  const nameless = (snapshot: ClusterSnapshot) => ({ ...snapshot, clusterId: "" });
  assert.deepEqual(codes(judge(nameless(source), nameless(target(EMPTY)))), [
    "warning MESSAGES_EXPIRED",
  ]);
});

Deno.test("preflight() blocks offline partitions on both sides", () => {
  const source = cluster({ t: [[0, 5], null], u: [[0, 5]] }, [
    group("g", { t: [1, 2], u: [0] }),
  ]);
  const findings = judge(source, target({ t: [[0, 0], null], u: [null] }));
  assert.deepEqual(codes(findings), ["error PARTITION_OFFLINE", "error PARTITION_OFFLINE"]);
  assert.deepEqual(findings.map(({ where }) => where), [
    { cluster: "target", topic: "u", partitions: [0] },
    { cluster: "source", topic: "t", partitions: [1] },
  ]);
});

Deno.test("preflight() totals what only the uncommitted rule adds", () => {
  const source = cluster({ t: [[0, 5], [0, 7], [2, 9]] }, [group("g", { t: [5, null, null] })]);
  const onTarget = target({ t: [[0, 0], [0, 0], [0, 0]] });
  const found = one(judge(source, onTarget), "UNCOMMITTED_COUNTED");
  assert.match(found.message, /^14 messages in 2 partitions/);
  assert.deepEqual(found.where.groups, ["g"]);
  assert.deepEqual(codes(judge(source, onTarget, { uncommitted: "skip" })), []);
});

Deno.test("preflight() names open transactions with the offsets they hold back", () => {
  const source = cluster({ t: [[0, 50, 40], [0, 50, 45], [0, 9]] }, [
    group("g", { t: [45, 0, 9] }),
  ]);
  const found = one(judge(source, target({ t: [[0, 0], [0, 0], [0, 0]] })), "OPEN_TRANSACTION");
  assert.equal(found.severity, "warning");
  assert.deepEqual(found.where.partitions, [0, 1]);
  assert.match(found.message, /10 offsets/);
});

Deno.test("preflight() reports every group beyond the end, also where another one sets the start", () => {
  const source = cluster({ t: [[0, 50], [0, 50, 40]] }, [
    group("behind", { t: [10, 0] }),
    group("beyond", { t: [70, 45] }),
  ]);
  const findings = judge(source, target({ t: [[0, 0], [0, 0]] }));
  const found = one(findings, "OFFSET_BEYOND_END");
  assert.deepEqual(found.where.groups, ["beyond"]);
  assert.deepEqual(found.where.partitions, [0]);
  assert.match(found.message, /partition 0: 70, end 50/);
});

Deno.test("preflight() names active groups that are carried, and no others", () => {
  const states = ["Stable", "PreparingRebalance", "Empty", "Dead", ""];
  const groups = states.map((state, i) => group(`g${i}`, { t: [1] }, { state }));
  const elsewhere = group("elsewhere", {}, { state: "Stable" });
  const source = cluster({ t: [[0, 5]] }, [...groups, elsewhere]);
  const found = one(judge(source, target({ t: [[0, 0]] })), "GROUP_ACTIVE");
  assert.deepEqual(found.where.groups, ["g0", "g1"]);
});

Deno.test("preflight() names what is left out: missing topics and partitions, internal topics, share groups", () => {
  const source = cluster({ t: [[0, 5]], __t: [[0, 5]] }, [
    group("g", { t: [5, 3], gone: [1], __t: [1] }),
    group("s", {}, { type: "share" }),
  ]);
  const findings = judge(source, target({}));
  assert.deepEqual(codes(findings), [
    "warning OFFSETS_OF_MISSING_TOPIC",
    "warning OFFSETS_OF_MISSING_TOPIC",
    "warning INTERNAL_TOPIC",
    "warning SHARE_GROUP",
  ]);
  assert.deepEqual(findings.slice(0, 2).map(({ message }) => message), [
    "Group g committed on topic gone, which does not exist: these offsets are left out",
    "Group g committed on partition 1 of topic t, which does not exist: these offsets are left out",
  ]);
});

Deno.test("preflight() blocks where a group can't be read, one finding a reason", () => {
  const problem = failure("NOT_AUTHORIZED", "Not authorized to access group");
  const source = cluster({ t: [[0, 5]] }, [
    group("g", { t: [5] }),
    group("b", {}, { problem }),
    group("a", {}, { problem }),
  ]);
  const found = one(judge(source, target({})), "GROUP_UNREADABLE");
  assert.equal(found.severity, "error");
  assert.deepEqual(found.where.groups, ["a", "b"]);
  assert.match(found.message, /2 groups on the source could not be read \(a, b\): Not authorized/);
});

Deno.test("preflight() makes an empty plan an error of its own", () => {
  const options = { nonEmptyTarget: "refuse", uncommitted: "earliest" } as const;
  const none = cluster({ t: [[0, 5]] });
  const some = cluster({ t: [[0, 5]] }, [group("g", { t: [1] })]);
  const filtered = plan(some, { topics: filter(["x"]) });
  const table = [
    [preflight(plan(none), none, target({}), options), "NO_COMMITTED_OFFSETS"],
    [preflight(filtered, some, target({}), options), "FILTER_MATCHED_NOTHING"],
  ] as const;
  for (const [findings, code] of table) {
    const errors = findings.filter(({ severity }) => severity === "error");
    assert.deepEqual(codes(errors), [`error ${code}`]);
  }
});

Deno.test("preflight() writes messages and remedies as one line without a full stop, names escaped", () => {
  const source = cluster({ t: [[3, 50, 40], null], u: [[0, 5]] }, [
    group("evil\n\u001b[2J", { t: [1, 2], u: [9], "gone\n": [0] }, { state: "Stable" }),
    group("closed\n", {}, { problem: failure("GROUP_UNREADABLE", "Broken\npipe") }),
  ]);
  const findings = judge(source, target({ u: [[0, 1]] }));
  assert.ok(findings.length >= 6);
  for (const { message, remedy } of findings) {
    for (const text of [message, remedy]) assert.match(text, /^[\x20-\x7e]*[^.]$/);
    assert.match(message, /^[A-Z0-9]/);
  }
});

Deno.test("preflight() says where a group may be missed, and only where groups were listed", () => {
  const source = workedExample();
  const missed = (on: ClusterSnapshot) =>
    judge(on, target(EMPTY)).filter(({ code }) => code === "GROUPS_MAY_BE_MISSED");
  assert.deepEqual(missed(source), []);
  assert.deepEqual(missed({ ...source, untold: ["topicSettings"] }), []);
  const [found] = missed({ ...source, untold: ["caughtUp"] });
  assert.equal(found?.severity, "warning");
  assert.match(found?.message ?? "", /ListOffsets 5, which Kafka 2\.2 brought/);
  assert.match(found?.remedy ?? "", /ZooKeeper are never seen$/);
  assert.deepEqual(missed({ ...source, groups: [], untold: ["caughtUp"] }), []);
});
